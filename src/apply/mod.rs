//! Steps → Azure, in parallel where the order allows.
//!
//! `step` checks each VM right before and right after its write. `put_back` returns the names of a circle that failed halfway.

mod look_again;
mod put_back;
mod step;

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::sync::watch;

use crate::azure::Arm;
use crate::model::{TagKey, VmId};
use crate::plan::{Outcome, Step, Tried};
pub use look_again::look_again;
pub use put_back::put_back;
use step::carry_out;

/// One subscription and the tag that holds its sessions: where azlin writes VMs.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The subscription.
    pub arm: &'a Arm,
    /// The key of the session's tag.
    pub tag: &'a TagKey,
}

/// The place of `vm` among the `places` of a run, if it is in one of them.
fn place_of<'a>(places: &[Place<'a>], vm: &VmId) -> Option<Place<'a>> {
    let is_its = |place: &&Place<'_>| place.arm.subscription() == vm.subscription();
    places.iter().find(is_its).copied()
}

/// Carries out `steps` in their `places`, up to `parallelism` at once, and calls `report` with each outcome as it becomes
/// known. Returns each step with its outcome, in the order of the steps.
///
/// A step starts when every step that it waits for has succeeded, so that a name is never on more VMs than before. A failure
/// skips only the steps that wait for the failed one.
///
/// When `stop` completes, azlin finishes the writes in progress and starts no more. When `at_once` completes, it does not wait
/// for them either, and their outcomes are in doubt.
pub async fn apply(
    places: &[Place<'_>],
    steps: &[Step],
    parallelism: usize,
    stop: impl Future<Output = ()>,
    at_once: impl Future<Output = ()>,
    report: &mut dyn FnMut(&Step, &Outcome),
) -> Vec<Tried> {
    let (mut stop, mut at_once) = (pin!(stop), pin!(at_once));
    let (stops, stopping) = watch::channel(false);
    let stopping = &stopping;
    let mut queue = Queue::new(steps);
    let mut under_way = FuturesUnordered::new();
    loop {
        while under_way.len() < parallelism.max(1)
            && let Some((at, step)) = queue.next()
        {
            // A VM's second step waits for its first.
            let mut first = step.waits_for.iter().filter_map(|at| steps.get(*at));
            let first = first.find(|first| first.vm == step.vm);
            under_way.push(async move { (at, carry_out(places, step, first, stopping).await) });
        }
        tokio::select! {
            biased;
            () = &mut at_once => {
                queue.give_up(report);
                queue.abandon(report);
                return queue.into_tried();
            }
            () = &mut stop, if !*stops.borrow() => {
                stops.send_replace(true);
                queue.give_up(report);
            }
            done = under_way.next() => match done {
                Some((at, outcome)) => queue.settle(at, outcome, report),
                None => return queue.into_tried(),
            },
        }
    }
}

/// The steps that remain, and the outcomes of those that ended.
struct Queue<'s> {
    steps: &'s [Step],
    /// The steps that can start.
    ready: BTreeSet<usize>,
    /// The steps that cannot start, each with the steps that it still waits for.
    waiting: BTreeMap<usize, BTreeSet<usize>>,
    /// The steps that wait for each step.
    followers: BTreeMap<usize, Vec<usize>>,
    outcomes: BTreeMap<usize, Outcome>,
}

impl<'s> Queue<'s> {
    fn new(steps: &'s [Step]) -> Self {
        let mut queue = Self {
            steps,
            ready: BTreeSet::new(),
            waiting: BTreeMap::new(),
            followers: BTreeMap::new(),
            outcomes: BTreeMap::new(),
        };
        for (at, step) in steps.iter().enumerate() {
            if step.waits_for.is_empty() {
                queue.ready.insert(at);
                continue;
            }
            queue
                .waiting
                .insert(at, step.waits_for.iter().copied().collect());
            for first in &step.waits_for {
                queue.followers.entry(*first).or_default().push(at);
            }
        }
        queue
    }

    /// The next step that can start, with its index.
    fn next(&mut self) -> Option<(usize, &'s Step)> {
        let at = self.ready.pop_first()?;
        Some((at, self.steps.get(at)?))
    }

    /// Records the outcome of the step at `at`, then makes its followers ready or skips them.
    fn settle(&mut self, at: usize, outcome: Outcome, report: &mut dyn FnMut(&Step, &Outcome)) {
        let mut settled = vec![(at, outcome)];
        while let Some((at, outcome)) = settled.pop() {
            let Some(step) = self.steps.get(at) else {
                continue;
            };
            report(step, &outcome);
            for follower in self.followers.get(&at).into_iter().flatten() {
                let Some(waits) = self.waiting.get_mut(follower) else {
                    continue;
                };
                waits.remove(&at);
                if !outcome.is_success() {
                    self.waiting.remove(follower);
                    let because = step.vm.clone();
                    settled.push((*follower, Outcome::Skipped { because }));
                } else if waits.is_empty() {
                    self.waiting.remove(follower);
                    self.ready.insert(*follower);
                }
            }
            self.outcomes.insert(at, outcome);
        }
    }

    /// Marks every step that has not started as interrupted.
    fn give_up(&mut self, report: &mut dyn FnMut(&Step, &Outcome)) {
        let ready = std::mem::take(&mut self.ready).into_iter();
        let waiting = std::mem::take(&mut self.waiting).into_keys();
        for at in ready.chain(waiting) {
            if let Some(step) = self.steps.get(at) {
                report(step, &Outcome::Interrupted);
            }
            self.outcomes.insert(at, Outcome::Interrupted);
        }
    }

    /// Marks every step in progress as in doubt.
    fn abandon(&mut self, report: &mut dyn FnMut(&Step, &Outcome)) {
        for (at, step) in self.steps.iter().enumerate() {
            if self.outcomes.contains_key(&at) {
                continue;
            }
            let outcome = Outcome::InDoubt {
                why: "interrupted before Azure answered".to_owned(),
                found: None,
            };
            report(step, &outcome);
            self.outcomes.insert(at, outcome);
        }
    }

    fn into_tried(self) -> Vec<Tried> {
        let outcomes = self.outcomes.into_iter();
        let tried = outcomes.filter_map(|(at, outcome)| {
            let step = self.steps.get(at)?.clone();
            Some(Tried { step, outcome })
        });
        tried.collect()
    }
}
