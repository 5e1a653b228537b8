//! Steps → Azure, side by side where the order allows, each checked right before and right after its write.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use crate::azure::tags::{self, Patch, Tags};
use crate::azure::{Arm, Failure};
use crate::model::{Held, LiveName, TagKey, VmId};
use crate::plan::Step;

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Written, and Azure's answer says so.
    Written,
    /// Nothing was written: the VM held it already.
    Already,
    /// Nothing was written: the VM's session is not what it was when the plan was made.
    Changed {
        /// What it is.
        found: Held,
    },
    /// Written, and Azure's answer says something else: a policy changed it.
    Altered {
        /// What Azure's answer says.
        found: Held,
    },
    /// Azure said no, or did not answer.
    Failed(Failure),
    /// Nothing was written: someone interrupted azlin before it came to this.
    Interrupted,
    /// Nothing was written: a step that has to come first did not succeed.
    Skipped {
        /// The VM of that step.
        because: VmId,
    },
}

impl Outcome {
    /// Whether the VM now holds what the step wants.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Written | Self::Already)
    }
}

/// Carries out `steps`, up to `parallelism` at once, and tells `report` each outcome as it is known.
///
/// When `interrupted` ends, the writes under way are finished and no other is begun.
///
/// A step starts when every step that it comes after has succeeded, so that no moment puts a name on one VM more than
/// before. A step that fails holds up only those that come after it. Answers the outcomes in the order of the steps.
pub async fn apply(
    arm: &Arm,
    tag: &TagKey,
    steps: &[Step],
    parallelism: usize,
    interrupted: impl Future<Output = ()>,
    report: &mut dyn FnMut(&Step, &Outcome),
) -> Vec<Outcome> {
    let mut interrupted = std::pin::pin!(interrupted);
    let mut stopping = false;
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
            under_way.push(async move { (at, carry_out(arm, tag, step).await) });
        }
        let done = tokio::select! {
            biased;
            () = &mut interrupted, if !stopping => {
                stopping = true;
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

async fn carry_out(arm: &Arm, tag: &TagKey, step: &Step) -> Outcome {
    match try_step(arm, tag, step).await {
        Ok(outcome) => outcome,
        Err(failure) => Outcome::Failed(failure),
    }
}

/// Reads, writes if what was read is what the plan saw, and compares the answer.
async fn try_step(arm: &Arm, tag: &TagKey, step: &Step) -> Result<Outcome, Failure> {
    let wanted = step.to.held();
    let before = tags::read(arm, &step.vm).await?;
    let found = Held::read(&before, tag);
    if found == wanted {
        return Ok(Outcome::Already);
    }
    if found != step.from {
        return Ok(Outcome::Changed { found });
    }
    let after = tags::write(arm, &step.vm, &patch(tag, &before, &found, &wanted)).await?;
    let found = Held::read(&after, tag);
    match found == wanted {
        true => Ok(Outcome::Written),
        false => Ok(Outcome::Altered { found }),
    }
}

/// One request that takes the two tags from `found` to `wanted`: what is to go goes with the value that it is known to
/// have, what stays as it is is not named, and each tag keeps the casing that it has on the VM.
fn patch(tag: &TagKey, tags: &Tags, found: &Held, wanted: &Held) -> Patch {
    let owner = TagKey::owner();
    let key = |key: &TagKey| {
        key.find(tags)
            .map_or(key.as_str(), |(key, _)| key)
            .to_owned()
    };
    let both = [
        (key(tag), &found.session, &wanted.session),
        (key(&owner), &found.owner, &wanted.owner),
    ];
    let differs = both
        .into_iter()
        .filter(|(_, found, wanted)| found != wanted);
    let value = |name: &LiveName| name.raw().to_owned();
    if wanted.session.is_none() {
        Patch::Delete(
            differs
                .filter_map(|(key, found, _)| Some((key, value(found.as_ref()?))))
                .collect(),
        )
    } else {
        Patch::Merge(
            differs
                .filter_map(|(key, _, wanted)| Some((key, value(wanted.as_ref()?))))
                .collect(),
        )
    }
}
