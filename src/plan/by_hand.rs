//! What a person wants one VM to hold, now → the steps, through the same plan as a file's.

use std::collections::BTreeSet;

use time::Date;

use super::{Aim, Goal, Step, Why, plan};
use crate::model::{Declared, Desired, Held, Live, Owner, SessionName, Vm};

/// Who sets a session by hand, and how far that goes.
#[derive(Clone, Copy, Debug)]
pub struct Hand<'a> {
    /// The owner in whose folder the person works; the VM of any other is refused.
    pub ours: Option<&'a Owner>,
    /// Go on although the VM is another owner's.
    pub force: bool,
    /// The session goes into our file too, which has no say over another owner's VM, whatever that holds.
    pub saves: bool,
}

/// The steps after which `vm` holds `wanted`, or no session at all; none where it is so already.
///
/// The VM is judged as if a file without an owner had one line for it: what a person sets carries no owner.
///
/// # Errors
/// What stands in the way: another owner's file, or a VM that holds the name or is called so.
pub fn by_hand(
    live: &Live,
    vm: &Vm,
    wanted: Option<&SessionName>,
    &Hand { ours, force, saves }: &Hand<'_>,
) -> Result<Vec<Step>, Why> {
    let may = force || vm.held.is_owned_by(ours);
    if let (Some(by), true) = (&vm.held.owner, saves && !may) {
        return Err(Why::Owned { by: by.clone() });
    }
    let step = |before: Held, session: Option<SessionName>, waits_for| Step {
        file: 0,
        vm: vm.id.clone(),
        machine: vm.machine,
        before,
        after: Goal {
            session,
            owner: None,
        },
        waits_for,
    };
    let Some(wanted) = wanted else {
        return match (&vm.held.session, &vm.held.owner) {
            (None, _) => Ok(Vec::new()),
            (Some(_), Some(by)) if !may => Err(Why::Owned { by: by.clone() }),
            (Some(_), _) => Ok(vec![step(vm.held.clone(), None, Vec::new())]),
        };
    };
    let mut desired = Desired::nothing(vm.id.subscription());
    desired.sessions.push(Declared {
        vm: vm.id.clone(),
        session: wanted.clone(),
        expires: None,
        line: 0,
    });
    let only = BTreeSet::from([vm.id.clone()]);
    let aim = Aim {
        // No line here expires.
        today: Date::MIN,
        take: if may { only.clone() } else { BTreeSet::new() },
        targets: only,
    };
    let plan = plan(&[&desired], live, &aim);
    let mut blocked = plan.files.into_iter().flat_map(|file| file.blocked);
    if let Some(blocked) = blocked.next() {
        return Err(blocked.why);
    }
    if plan.changes.is_empty() && !(force && vm.held.is_anothers(ours)) {
        return Ok(Vec::new());
    }
    if vm.held.owner.is_none() {
        return Ok(plan.steps);
    }
    // Azure's Tags API adds or removes in one request, not both: the owner goes first, with the session, which `apply` gives
    // back if the second write fails.
    Ok(vec![
        step(vm.held.clone(), None, Vec::new()),
        step(Held::default(), Some(wanted.clone()), vec![0]),
    ])
}
