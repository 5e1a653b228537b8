//! Returns the names of a circle that could not be closed to the VMs that held them.

use std::collections::BTreeMap;
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
/// This takes up to a minute, regardless of the deadline.
pub async fn put_back(
    places: &[Place<'_>],
    tried: &mut [Tried],
    report: &mut dyn FnMut(&Step, &Outcome),
) {
    const ITS_TIME: Duration = Duration::from_secs(60);
    let longer = |place: &Place<'_>| place.arm.with_more_time(ITS_TIME);
    let arms: Vec<Arm> = places.iter().map(longer).collect();
    let places = arms.iter().zip(places);
    let places = places.map(|(arm, Place { tag, .. })| Place { arm, tag });
    let places: Vec<Place<'_>> = places.collect();
    let (_stop, stopping) = watch::channel(false);
    for freed in freed(tried) {
        let before = &freed.before;
        // One more read is cheap compared to a name on two VMs.
        let looked = match freed
            .taker
            .and_then(|taker| Some((place_of(&places, &taker)?, taker)))
        {
            Some((Place { arm, tag }, taker)) => {
                let tags = tags::read(arm, &taker).await;
                tags.map(|tags| Held::read(&tags, tag).session)
            }
            None => Ok(None),
        };
        let why = match looked {
            Ok(Some(name)) if Some(&name) == before.session.as_ref() => continue,
            Ok(_) => match carry_out(&places, &freed.back, Some(before), &stopping).await {
                Outcome::Written | Outcome::Already => None,
                Outcome::Failed { why, .. } => Some(why),
                Outcome::Accepted => {
                    Some("Azure accepted the write, but the VM does not show it yet".to_owned())
                }
                _ => Some("the VM's tags have changed in the meantime".to_owned()),
            },
            Err(failure) => Some(failure.to_string()),
        };
        let outcome = why.map_or(Outcome::PutBack, |why| Outcome::NotPutBack { why });
        report(&freed.back, &outcome);
        if let Some(tried) = tried.get_mut(freed.at) {
            tried.outcome = outcome;
        }
    }
}

/// A name that azlin freed to open a circle, and that no VM holds.
struct Freed {
    /// The index of the step that freed it.
    at: usize,
    /// The VM's two tags before that step.
    before: Held,
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
        let Some(back) = give_back(step) else {
            continue;
        };
        let name = step.before.session.as_ref().map(LiveName::raw);
        let taker = name.and_then(|name| takers.get(name));
        if *outcome == Outcome::Written
            && step.after.session.is_none()
            && ended.is_some_and(|(_, ended)| ended.outcome.gave_nothing())
            && taker.is_none_or(|taker| taker.outcome.gave_nothing())
        {
            let taker = taker.map(|taker| taker.step.vm.clone());
            freed.push(Freed {
                at,
                before: step.before.clone(),
                back,
                taker,
            });
        }
    }
    freed
}

/// The step that undoes a clear.
fn give_back(freed: &Step) -> Option<Step> {
    let Held { session, owner } = &freed.before;
    let session = SessionName::new(session.as_ref()?.raw()).ok()?;
    let owner = owner
        .as_ref()
        .and_then(|owner| Owner::new(owner.raw()).ok());
    Some(Step {
        before: Held::default(),
        after: Goal {
            session: Some(session),
            owner,
        },
        waits_for: Vec::new(),
        ..freed.clone()
    })
}
