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
use crate::plan::{Outcome, Step};
pub use put_back::put_back;
use step::carry_out;

/// Where VMs are written: one subscription, and the tag that carries its sessions.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The subscription.
    pub arm: &'a Arm,
    /// The key of the session's tag.
    pub tag: &'a TagKey,
}

/// The place of `vm` among those of a run, which is the only one where its id does not say which; none where it is in none.
fn place_of<'a>(places: &[Place<'a>], vm: &VmId) -> Option<Place<'a>> {
    let is_its = |place: &&Place<'_>| vm.is_within(place.arm.subscription());
    places.iter().find(is_its).copied()
}

/// Carries out `steps` in their `places`, up to `parallelism` at once, and tells `report` each outcome as it is known.
///
/// When `interrupted` ends, the writes under way are finished and no other is begun.
///
/// A step starts when every step that it comes after has succeeded, so that no moment puts a name on one VM more than
/// before. A step that fails holds up only those that come after it. Answers the outcomes in the order of the steps.
pub async fn apply(
    places: &[Place<'_>],
    steps: &[Step],
    parallelism: usize,
    interrupted: impl Future<Output = ()>,
    report: &mut dyn FnMut(&Step, &Outcome),
) -> Vec<Outcome> {
    let mut interrupted = std::pin::pin!(interrupted);
    let (stop, stopping) = watch::channel(false);
    let stopping = &stopping;
    let mut waiting: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let mut ready: BTreeSet<usize> = BTreeSet::new();
    for (at, step) in steps.iter().enumerate() {
        match step.after.is_empty() {
            true => drop(ready.insert(at)),
            false => drop(waiting.insert(at, step.after.iter().copied().collect())),
        }
    }
    let followers = followers(steps);
    let mut outcomes: BTreeMap<usize, Outcome> = BTreeMap::new();
    let mut under_way = FuturesUnordered::new();
    loop {
        while under_way.len() < parallelism.max(1)
            && let Some(at) = ready.pop_first()
            && let Some(step) = steps.get(at)
        {
            // A VM's second step waits for its first.
            let mut first = step.after.iter().filter_map(|at| steps.get(*at));
            let first = first.find(|first| first.vm == step.vm);
            let replaced = first.map(|first| &first.from);
            under_way.push(async move { (at, carry_out(places, step, replaced, stopping).await) });
        }
        let done = tokio::select! {
            biased;
            () = &mut interrupted, if !*stop.borrow() => {
                stop.send_replace(true);
                let left = std::mem::take(&mut ready).into_iter().chain(std::mem::take(&mut waiting).into_keys());
                for at in left {
                    steps.get(at).into_iter().for_each(|step| report(step, &Outcome::Interrupted));
                    outcomes.insert(at, Outcome::Interrupted);
                }
                continue;
            }
            done = under_way.next() => done,
        };
        let Some(done) = done else {
            return outcomes.into_values().collect();
        };
        let mut settled = vec![done];
        while let Some((at, outcome)) = settled.pop() {
            let Some(step) = steps.get(at) else { continue };
            report(step, &outcome);
            for follower in followers.get(&at).into_iter().flatten() {
                let Some(waits) = waiting.get_mut(follower) else {
                    continue;
                };
                waits.remove(&at);
                if !outcome.is_success() {
                    waiting.remove(follower);
                    settled.push((
                        *follower,
                        Outcome::Skipped {
                            because: step.vm.clone(),
                        },
                    ));
                } else if waits.is_empty() {
                    waiting.remove(follower);
                    ready.insert(*follower);
                }
            }
            outcomes.insert(at, outcome);
        }
    }
}

/// The steps that come after each step.
fn followers(steps: &[Step]) -> BTreeMap<usize, Vec<usize>> {
    let mut followers: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, step) in steps.iter().enumerate() {
        for first in &step.after {
            followers.entry(*first).or_default().push(at);
        }
    }
    followers
}
