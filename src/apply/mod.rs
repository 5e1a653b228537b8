//! Steps → Azure, side by side where the order allows, each checked right before and right after its write (`step`); and
//! what is undone where a circle cannot be closed (`put_back`).

mod put_back;
mod step;

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::sync::watch;

use crate::azure::Arm;
use crate::model::{TagKey, VmId};
use crate::plan::{Outcome, Step, Tried};
pub use put_back::put_back;
use step::carry_out;

/// Where VMs are written: one subscription, and the tag that carries its sessions.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    /// The subscription.
    pub arm: &'a Arm,
    /// The key of the session's tag.
    pub tag: &'a TagKey,
}

/// The place of `vm` among those of a run; none where it is in none.
fn place_of<'a>(places: &[Place<'a>], vm: &VmId) -> Option<Place<'a>> {
    let is_its = |place: &&Place<'_>| place.arm.subscription() == vm.subscription();
    places.iter().find(is_its).copied()
}

/// Carries out `steps` in their `places`, up to `parallelism` at once, and tells `report` each outcome as it is known.
///
/// When `interrupted` ends, the writes under way are finished and no other is begun.
///
/// A step starts when every step that it waits for has succeeded, so that no moment puts a name on one VM more than before. A
/// step that fails holds up only those that wait for it. Answers each step with its outcome, in the order of the steps.
pub async fn apply(
    places: &[Place<'_>],
    steps: &[Step],
    parallelism: usize,
    interrupted: impl Future<Output = ()>,
    report: &mut dyn FnMut(&Step, &Outcome),
) -> Vec<Tried> {
    let mut interrupted = std::pin::pin!(interrupted);
    let (stop, stopping) = watch::channel(false);
    let stopping = &stopping;
    let mut queue = Queue {
        steps,
        open: (0..steps.len()).collect(),
        outcomes: BTreeMap::new(),
    };
    let mut under_way = FuturesUnordered::new();
    loop {
        while under_way.len() < parallelism.max(1)
            && let Some((at, step)) = queue.next()
        {
            // A VM's second step waits for its first.
            let mut first = step.waits_for.iter().filter_map(|at| steps.get(*at));
            let first = first.find(|first| first.vm == step.vm);
            let replaced = first.map(|first| &first.before);
            under_way.push(async move { (at, carry_out(places, step, replaced, stopping).await) });
        }
        tokio::select! {
            biased;
            () = &mut interrupted, if !*stop.borrow() => {
                stop.send_replace(true);
                queue.give_up(report);
            }
            done = under_way.next() => match done {
                Some((at, outcome)) => queue.settle(at, outcome, report),
                None => break,
            },
        }
    }
    let tried = queue.outcomes.into_iter().filter_map(|(at, outcome)| {
        let step = steps.get(at)?.clone();
        Some(Tried { step, outcome })
    });
    tried.collect()
}

/// What is still to be done, and what became of the rest.
struct Queue<'s> {
    steps: &'s [Step],
    /// The steps that have not started.
    open: BTreeSet<usize>,
    outcomes: BTreeMap<usize, Outcome>,
}

impl<'s> Queue<'s> {
    /// The next step that can start, with its place.
    fn next(&mut self) -> Option<(usize, &'s Step)> {
        let succeeded = |first| self.outcomes.get(first).is_some_and(Outcome::is_success);
        let mut open = self
            .open
            .iter()
            .filter_map(|at| Some((*at, self.steps.get(*at)?)));
        let (at, step) = open.find(|(_, step)| step.waits_for.iter().all(succeeded))?;
        self.open.remove(&at);
        Some((at, step))
    }

    /// Takes note of what became of the step at `at`, and skips those that wait for it in vain.
    fn settle(&mut self, at: usize, outcome: Outcome, report: &mut dyn FnMut(&Step, &Outcome)) {
        let mut settled = vec![(at, outcome)];
        while let Some((at, outcome)) = settled.pop() {
            let Some(step) = self.steps.get(at) else {
                continue;
            };
            report(step, &outcome);
            if !outcome.is_success() {
                let waits = |later: &usize| {
                    let later = self.steps.get(*later);
                    later.is_some_and(|later| later.waits_for.contains(&at))
                };
                for later in self.open.extract_if(.., waits) {
                    let because = step.vm.clone();
                    settled.push((later, Outcome::Skipped { because }));
                }
            }
            self.outcomes.insert(at, outcome);
        }
    }

    /// Gives up what has not started.
    fn give_up(&mut self, report: &mut dyn FnMut(&Step, &Outcome)) {
        for at in std::mem::take(&mut self.open) {
            if let Some(step) = self.steps.get(at) {
                report(step, &Outcome::Interrupted);
            }
            self.outcomes.insert(at, Outcome::Interrupted);
        }
    }
}
