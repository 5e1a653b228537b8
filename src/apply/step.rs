//! One step: read, compare, write, compare; again where a failure passes.

use tokio::sync::watch;

use super::{Place, place_of};
use crate::azure::tags::{self, Patch};
use crate::azure::{Arm, Failure, Turn};
use crate::model::{Held, LiveName, TagKey, Tags};
use crate::plan::{Outcome, Step};

/// Whether somebody wants azlin to end.
pub(super) type Stopping = watch::Receiver<bool>;

/// Carries out one step, in several attempts where a failure is one that passes and nobody wants azlin to end.
///
/// `replaced` is what an earlier step of the same run took from the VM.
pub(super) async fn carry_out(
    places: &[Place<'_>],
    step: &Step,
    replaced: Option<&Held>,
    stopping: &Stopping,
) -> Outcome {
    let Some(place) = place_of(places, &step.vm) else {
        return Outcome::Failed {
            why: format!("{} is in no subscription of this run", step.vm.path()),
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
    let turn = arm
        .turn(&format!("write the tags of {}", step.vm.path()))
        .await?;
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
    let wanted = step.after.held();
    let found = Held::read(before, tag);
    if found == wanted {
        return Ok(Outcome::Already);
    }
    if found != step.before && Some(&found) == replaced {
        // Readings were seen to lag behind writes.
        return Err(Failure::old(&step.vm));
    }
    if found != step.before {
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
