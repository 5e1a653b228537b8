//! Steps → Azure, side by side where the order allows, each checked right before and right after its write.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;

use crate::azure::tags::{self, Patch};
use crate::azure::{Arm, Failure};
use crate::model::{LiveName, TagKey, VmId};
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
        found: Option<LiveName>,
    },
    /// Written, and Azure's answer says something else: a policy changed it.
    Altered {
        /// What Azure's answer says.
        found: Option<LiveName>,
    },
    /// Azure said no, or did not answer.
    Failed(Failure),
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
/// A step starts when every step that it comes after has succeeded, so that no moment puts a name on one VM more than
/// before. A step that fails holds up only those that come after it. Answers the outcomes in the order of the steps.
pub async fn apply(
    arm: &Arm,
    tag: &TagKey,
    steps: &[Step],
    parallelism: usize,
    report: &mut dyn FnMut(&Step, &Outcome),
) -> Vec<Outcome> {
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
        let Some(done) = under_way.next().await else {
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
    let wanted = step.to.as_ref().map(LiveName::from);
    let before = tags::read(arm, &step.vm).await?;
    let (key, value) = tag.find(&before).unwrap_or((tag.as_str(), ""));
    let held = LiveName::new(value);
    if held == wanted {
        return Ok(Outcome::Already);
    }
    if held != step.from {
        return Ok(Outcome::Changed { found: held });
    }
    let one = |value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
    let patch = match &step.to {
        Some(name) => Patch::Merge(one(name.as_str())),
        None => Patch::Delete(one(value)),
    };
    let after = tags::write(arm, &step.vm, &patch).await?;
    let found = tag.find(&after).and_then(|(_, value)| LiveName::new(value));
    match found == wanted {
        true => Ok(Outcome::Written),
        false => Ok(Outcome::Altered { found }),
    }
}
