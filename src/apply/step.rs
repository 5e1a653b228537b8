//! One step: the tags that it writes to a VM, and the outcome.

use super::{Place, place_of};
use crate::azure::tag_write::{Changed, Decision, change};
use crate::azure::tags::Patch;
use crate::azure::{Kind, Stopping};
use crate::model::{Held, TagKey, Tags};
use crate::plan::{Outcome, Step};

/// Carries out one step. Retries temporary failures unless `stopping`.
///
/// `earlier` is the step of the same run that changed the VM before this one, if any.
pub(super) async fn carry_out(
    places: &[Place<'_>],
    step: &Step,
    earlier: Option<&Step>,
    stopping: &Stopping,
) -> Outcome {
    let Some(Place { arm, tag }) = place_of(places, &step.vm) else {
        return Outcome::Failed {
            why: format!("{} is not in a subscription of this run", step.vm.path()),
            help: None,
        };
    };
    let decide = |tags: &Tags, _| decide(tag, step, earlier, tags);
    match change(arm, &step.vm, Some(stopping), decide).await {
        Changed::Already(_) => Outcome::Already,
        Changed::Written(_) => Outcome::Written,
        Changed::Altered(tags) => Outcome::Altered {
            found: Held::read(&tags, tag),
        },
        Changed::Accepted => Outcome::Accepted,
        Changed::Refused(changed) => changed,
        Changed::Failed(failure) if failure.kind == Kind::Interrupted => Outcome::Interrupted,
        Changed::Failed(failure) => Outcome::Failed {
            why: failure.to_string(),
            help: failure.help(),
        },
        Changed::InDoubt { failure, now } => {
            let why = failure.to_string();
            let found = now.map(|tags| Held::read(&tags, tag));
            if found.is_some() && found == step.halfway() {
                return Outcome::Halfway { why };
            }
            Outcome::InDoubt { why, found }
        }
    }
}

/// Decides to write if `tags` are still those that the plan saw, or to finish if a clear is half done.
fn decide(tag: &TagKey, step: &Step, earlier: Option<&Step>, tags: &Tags) -> Decision<Outcome> {
    let wanted = step.after.held();
    let halfway = step.halfway();
    let found = Held::read(tags, tag);
    let replaced =
        |earlier: &Step| found == earlier.before || earlier.halfway().as_ref() == Some(&found);
    if found == wanted {
        Decision::Done
    } else if found == step.before {
        let next = halfway.unwrap_or(wanted);
        Decision::Write(patch(tag, tags, &found, &next))
    } else if halfway.as_ref() == Some(&found) {
        Decision::Rest(patch(tag, tags, &found, &wanted))
    } else if earlier.is_some_and(replaced) {
        // Azure's reads sometimes lag behind writes.
        Decision::Old
    } else {
        Decision::Refuse(Outcome::Changed { found })
    }
}

/// One request that changes the two tags from `found` to `wanted`.
///
/// It deletes a tag only with the value that azlin read, leaves out a tag that stays the same, and keeps the casing that each
/// key has on the VM.
fn patch(tag: &TagKey, tags: &Tags, found: &Held, wanted: &Held) -> Patch {
    let owner = TagKey::owner();
    let both = [
        (tag, &found.session, &wanted.session),
        (&owner, &found.owner, &wanted.owner),
    ];
    let clears = wanted.session.is_none();
    let mut named = Tags::new();
    for (key, found, wanted) in both {
        let value = if clears { found } else { wanted };
        if found != wanted
            && let Some(value) = value
        {
            named.insert(key.spelled_in(tags).to_owned(), value.raw().to_owned());
        }
    }
    if clears {
        Patch::Delete(named)
    } else {
        Patch::Merge(named)
    }
}
