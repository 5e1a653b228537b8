//! Steps → Azure, side by side where the order allows, each checked right before and right after its write.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::sync::watch;

use crate::azure::tags::{self, Patch};
use crate::azure::{Arm, Failure, Turn};
use crate::model::{Held, LiveName, Owner, SessionName, TagKey, Tags, VmId};
use crate::plan::{Goal, Outcome, Step};

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
    let is_its = |place: &&Place<'_>| {
        let subscription = vm.subscription();
        subscription.is_none_or(|own| own == place.arm.subscription())
    };
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

/// Whether somebody wants azlin to end.
type Stopping = watch::Receiver<bool>;

/// Carries out one step, in several attempts where a failure is one that passes and nobody wants azlin to end.
///
/// `replaced` is what an earlier step of the same run took from the VM.
async fn carry_out(
    places: &[Place<'_>],
    step: &Step,
    replaced: Option<&Held>,
    stopping: &Stopping,
) -> Outcome {
    let Some(place) = place_of(places, &step.vm) else {
        return Outcome::Failed {
            why: format!("{} is in no subscription of this run", step.vm),
            help: None,
            in_doubt: false,
        };
    };
    let arm = place.arm;
    let mut attempt = 0;
    let mut in_doubt = false;
    let mut last: Option<Failure> = None;
    loop {
        let ready = async {
            match &last {
                Some(failure) if !arm.pause(failure, attempt).await => None,
                _ => Some(look(arm, step).await),
            }
        };
        let looked = unless_stopped(stopping, ready).await.flatten();
        attempt += 1;
        let (turn, before) = match looked {
            Some(Ok(ready)) => ready,
            Some(Err(failure)) => {
                last = Some(failure);
                continue;
            }
            None => {
                return match last {
                    None => Outcome::Interrupted,
                    Some(failure) => Outcome::Failed {
                        why: failure.to_string(),
                        help: failure.help(),
                        in_doubt,
                    },
                };
            }
        };
        // From the reading on: what was true before a failure need not be true after it.
        let tried = try_step(place, step, replaced, turn, &before, &mut in_doubt).await;
        match tried {
            // What an attempt before this one sent has arrived.
            Ok(Outcome::Already) if in_doubt => return Outcome::Written,
            Ok(outcome) => return outcome,
            Err(failure) => last = Some(failure),
        }
    }
}

/// The turn, and then the tags, so that what was read is not old by the time of the write.
async fn look<'a>(arm: &'a Arm, step: &Step) -> Result<(Turn<'a>, Tags), Failure> {
    let turn = arm.turn(&format!("write the tags of {}", step.vm)).await?;
    Ok((turn, tags::look(arm, &step.vm).await?))
}

/// What comes of `waiting`; nothing where somebody wants azlin to end before that.
async fn unless_stopped<T>(stopping: &Stopping, waiting: impl Future<Output = T>) -> Option<T> {
    let mut stopping = stopping.clone();
    tokio::select! {
        biased;
        Ok(_) = stopping.wait_for(|stop| *stop) => None,
        done = waiting => Some(done),
    }
}

/// Writes if what was read is what the plan saw, and compares what came of it. One attempt: a write is never sent
/// again without a new reading, for someone else may have written in between.
async fn try_step(
    Place { arm, tag }: Place<'_>,
    step: &Step,
    replaced: Option<&Held>,
    turn: Turn<'_>,
    before: &Tags,
    in_doubt: &mut bool,
) -> Result<Outcome, Failure> {
    let wanted = step.to.held();
    let found = Held::read(before, tag);
    if found == wanted {
        return Ok(Outcome::Already);
    }
    if found != step.from && Some(&found) == replaced {
        // Readings were seen to lag behind writes.
        return Err(Failure::old(&step.vm));
    }
    if found != step.from {
        let in_doubt = *in_doubt;
        return Ok(Outcome::Changed { found, in_doubt });
    }
    let patch = patch(tag, before, &found, &wanted);
    let settled = |tags: &Tags| Held::read(tags, tag) == wanted;
    let written = tags::write(arm, &step.vm, &patch, turn, &settled, in_doubt).await?;
    let Some(after) = written else {
        return Ok(Outcome::Accepted);
    };
    let found = Held::read(&after, tag);
    match found == wanted {
        true => Ok(Outcome::Written),
        false => Ok(Outcome::Altered { found }),
    }
}

/// Gives back the names that were freed to open a circle, where the VM that was to take them could not, so that a VM that
/// fails costs no other its name; each outcome of such a step becomes [`Outcome::PutBack`].
///
/// This has a minute of its own, whatever time was left. Only what azlin itself has freed, and only where it is certain that
/// nobody was given the name: a write that was accepted, or went without an answer, may yet arrive.
pub async fn put_back(
    places: &[Place<'_>],
    steps: &[Step],
    outcomes: &mut [Outcome],
    report: &mut dyn FnMut(&Step, &Outcome),
) {
    let last: BTreeMap<&VmId, usize> = steps
        .iter()
        .enumerate()
        .map(|(at, step)| (&step.vm, at))
        .collect();
    let takers: BTreeMap<&str, usize> = steps
        .iter()
        .enumerate()
        .filter_map(|(at, step)| Some((step.to.session.as_ref()?.as_str(), at)))
        .collect();
    const ITS_TIME: Duration = Duration::from_secs(60);
    let arms: Vec<Arm> = places
        .iter()
        .map(|place| place.arm.with_more_time(ITS_TIME))
        .collect();
    let places = arms
        .iter()
        .zip(places)
        .map(|(arm, Place { tag, .. })| Place { arm, tag });
    let places: Vec<Place<'_>> = places.collect();
    let (_stop, stopping) = watch::channel(false);
    for (at, freed) in steps.iter().enumerate() {
        let gave_nothing = |at: &usize| outcomes.get(*at).is_some_and(Outcome::gave_nothing);
        let opened = outcomes.get(at) == Some(&Outcome::Written)
            && freed.to.session.is_none()
            && last
                .get(&freed.vm)
                .is_some_and(|last| *last > at && gave_nothing(last));
        let name = freed.from.session.as_ref().map(LiveName::raw);
        let taker = name.and_then(|name| takers.get(name));
        let is_free = opened && taker.is_none_or(gave_nothing);
        let Some(back) = give_back(freed).filter(|_| is_free) else {
            continue;
        };
        // A look costs little beside a name on two VMs.
        let taker = taker.and_then(|at| steps.get(*at));
        let looked = match taker.and_then(|taker| Some((place_of(&places, &taker.vm)?, taker))) {
            Some((Place { arm, tag }, taker)) => {
                let tags = tags::read(arm, &taker.vm).await;
                tags.map(|tags| Held::read(&tags, tag).session)
            }
            None => Ok(None),
        };
        let outcome = match looked {
            Ok(Some(name)) if Some(&name) == freed.from.session.as_ref() => continue,
            Ok(_) => match carry_out(&places, &back, Some(&freed.from), &stopping).await {
                Outcome::Written | Outcome::Already => Outcome::PutBack,
                other => Outcome::NotPutBack { why: why(&other) },
            },
            Err(failure) => Outcome::NotPutBack {
                why: failure.to_string(),
            },
        };
        report(&back, &outcome);
        if let Some(freed) = outcomes.get_mut(at) {
            *freed = outcome;
        }
    }
}

/// Why a name was not put back.
fn why(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Failed { why, .. } => why.clone(),
        Outcome::Accepted => "Azure has taken the write and does not show it yet".to_owned(),
        _ => "the VM has changed meanwhile".to_owned(),
    }
}

/// The step that undoes a clear.
fn give_back(freed: &Step) -> Option<Step> {
    let name = freed.from.session.as_ref()?;
    let owner = freed
        .from
        .owner
        .as_ref()
        .and_then(|owner| Owner::new(owner.raw()).ok());
    Some(Step {
        vm: freed.vm.clone(),
        machine: freed.machine.clone(),
        from: Held::default(),
        to: Goal {
            session: Some(SessionName::new(name.raw()).ok()?),
            owner,
        },
        after: Vec::new(),
        after_others: Vec::new(),
    })
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
