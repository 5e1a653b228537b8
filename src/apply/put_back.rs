//! The names of a circle that could not be closed, back to where they were.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;

use super::step::carry_out;
use super::{Place, place_of};
use crate::azure::{Arm, tags};
use crate::model::{Held, LiveName, Owner, SessionName, VmId};
use crate::plan::{Goal, Outcome, Step};

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
