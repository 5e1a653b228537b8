//! Returns the names of a circle that could not be closed to the VMs that held them.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::watch;

use super::step::carry_out;
use super::{Place, place_of};
use crate::azure::{Arm, tags};
use crate::model::{Held, LiveName, Owner, SessionName, VmId};
use crate::plan::{Goal, Outcome, Step, Tried};

/// Gives back the names that azlin freed to open a circle, if the VM that should have taken them could not. The outcome of
/// such a step becomes [`Outcome::PutBack`].
///
/// azlin gives back only a name that it freed itself, and only if certainly no VM received it: a write that Azure accepted, or
/// did not answer, may still arrive. A name that has moved on stays where it is, and its former VM goes without.
///
/// This takes up to a minute, regardless of the deadline. When `at_once` completes, azlin does not wait any longer.
pub async fn put_back(
    places: &[Place<'_>],
    tried: &mut [Tried],
    at_once: impl Future<Output = ()>,
    report: &mut dyn FnMut(&Step, &Outcome),
) {
    const ITS_TIME: Duration = Duration::from_secs(60);
    let longer = |place: &Place<'_>| place.arm.with_more_time(ITS_TIME);
    let arms: Vec<Arm> = places.iter().map(longer).collect();
    let places = arms.iter().zip(places);
    let places = places.map(|(arm, Place { tag, .. })| Place { arm, tag });
    let places: Vec<Place<'_>> = places.collect();
    let mut at_once = pin!(at_once);
    let mut is_over = false;
    for freed in freed(tried) {
        let outcome = if is_over {
            Some(interrupted())
        } else {
            tokio::select! {
                biased;
                () = &mut at_once => {
                    is_over = true;
                    Some(interrupted())
                }
                outcome = restore(&places, &freed) => outcome,
            }
        };
        let Some(outcome) = outcome else {
            continue;
        };
        report(&freed.back, &outcome);
        if let Some(tried) = tried.get_mut(freed.at) {
            tried.outcome = outcome;
        }
    }
}

fn interrupted() -> Outcome {
    let why = "interrupted".to_owned();
    Outcome::NotPutBack { why }
}

/// Gives one name back. None if the VM that should have taken it holds it after all.
async fn restore(places: &[Place<'_>], freed: &Freed) -> Option<Outcome> {
    let before = &freed.step.before;
    // One more read is cheap compared to a name on two VMs.
    if let Some(taker) = &freed.taker
        && let Some(Place { arm, tag }) = place_of(places, taker)
    {
        match tags::read(arm, taker).await {
            Ok(tags) if Held::read(&tags, tag).session == before.session => return None,
            Ok(_) => {}
            Err(failure) => {
                let why = failure.to_string();
                return Some(Outcome::NotPutBack { why });
            }
        }
    }
    let (_stop, stopping) = watch::channel(false);
    let why = match carry_out(places, &freed.back, Some(&freed.step), &stopping).await {
        Outcome::Written | Outcome::Already => return Some(Outcome::PutBack),
        Outcome::Failed { why, .. } => why,
        Outcome::Accepted => "Azure accepted the write, but the VM does not show it yet".to_owned(),
        Outcome::InDoubt { why, .. } => format!("{why}; it may still arrive"),
        _ => "the VM's tags have changed in the meantime".to_owned(),
    };
    Some(Outcome::NotPutBack { why })
}

/// A name that azlin freed to open a circle, and that no VM holds.
struct Freed {
    /// The index of the step that freed it.
    at: usize,
    /// The step that freed it.
    step: Step,
    /// The step that gives it back.
    back: Step,
    /// The VM that should have taken it.
    taker: Option<VmId>,
}

/// The names that azlin freed, and that certainly no VM received.
fn freed(tried: &[Tried]) -> Vec<Freed> {
    let mut last: BTreeMap<&VmId, (usize, &Tried)> = BTreeMap::new();
    let mut takers: BTreeMap<&str, &Tried> = BTreeMap::new();
    for (at, one) in tried.iter().enumerate() {
        last.insert(&one.step.vm, (at, one));
        if let Some(name) = &one.step.after.session {
            takers.insert(name.as_str(), one);
        }
    }
    let mut freed = Vec::new();
    for (at, Tried { step, outcome }) in tried.iter().enumerate() {
        let ended = last.get(&step.vm).filter(|(last, _)| *last > at);
        let Some(back) = cleared(step, outcome).and_then(|now| give_back(step, now)) else {
            continue;
        };
        let name = step.before.session.as_ref().map(LiveName::raw);
        let taker = name.and_then(|name| takers.get(name));
        if ended.is_some_and(|(_, ended)| ended.outcome.gave_nothing())
            && taker.is_none_or(|taker| taker.outcome.gave_nothing())
        {
            let taker = taker.map(|taker| taker.step.vm.clone());
            freed.push(Freed {
                at,
                step: step.clone(),
                back,
                taker,
            });
        }
    }
    freed
}

/// The VM's tags after `step`, if that certainly cleared its session.
fn cleared(step: &Step, outcome: &Outcome) -> Option<Held> {
    let now = match outcome {
        Outcome::Written => step.after.held(),
        Outcome::Halfway { .. } => step.halfway()?,
        _ => return None,
    };
    now.session.is_none().then_some(now)
}

/// The step that undoes a clear, of a VM that has the tags `now`.
fn give_back(freed: &Step, now: Held) -> Option<Step> {
    let Held { session, owner } = &freed.before;
    let session = SessionName::new(session.as_ref()?.raw()).ok()?;
    let owner = owner
        .as_ref()
        .and_then(|owner| Owner::new(owner.raw()).ok());
    Some(Step {
        before: now,
        after: Goal {
            session: Some(session),
            owner,
        },
        waits_for: Vec::new(),
        ..freed.clone()
    })
}
