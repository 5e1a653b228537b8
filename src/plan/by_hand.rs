//! A session set by hand on one VM → the steps, through the same plan as a file's.

use std::collections::BTreeSet;

use time::Date;

use super::{Aim, Goal, Options, Step, Why, plan};
use crate::model::{Declared, Desired, Held, Live, Owner, SessionName, Vm};

/// The person who sets a session by hand, and the limits of it.
#[derive(Clone, Copy, Debug)]
pub struct Hand<'a> {
    /// The owner of the file in use. A VM of any other owner is refused.
    pub ours: Option<&'a Owner>,
    /// Continue even if the VM belongs to another owner.
    pub force: bool,
    /// Save the session to our file too. Our file has no say over another owner's VM, whatever that VM holds.
    pub saves: bool,
}

/// Returns the steps after which `vm` holds `wanted`, or no session; no steps if it does already.
///
/// The plan is that of a file that has one line for the VM. The file has no owner, because a session set by hand has none, unless
/// our file saves the session and so owns it.
///
/// # Errors
/// The VM belongs to another owner, or another VM holds the name or is named so.
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
            // A clear that ended halfway left the owner.
            (None, Some(_)) if may => Ok(vec![step(vm.held.clone(), None, Vec::new())]),
            (None, _) => Ok(Vec::new()),
            (Some(_), Some(by)) if !may => Err(Why::Owned { by: by.clone() }),
            (Some(_), _) => Ok(vec![step(vm.held.clone(), None, Vec::new())]),
        };
    };
    let mut desired = Desired::nothing(vm.id.subscription());
    desired.basis.owner = ours.filter(|_| saves).cloned();
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
        options: Options {
            take_ownership: if may { only.clone() } else { BTreeSet::new() },
            targets: only,
            ..Options::default()
        },
    };
    let plan = plan(&[&desired], live, &aim);
    let mut blocked = plan.files.into_iter().flat_map(|file| file.blocked);
    if let Some(blocked) = blocked.next() {
        return Err(blocked.why);
    }
    if plan.changes.is_empty() && !(force && vm.held.is_anothers(ours)) {
        return Ok(Vec::new());
    }
    if vm.held.owner.is_none() || desired.basis.owner.is_some() {
        return Ok(plan.steps);
    }
    // One request to Azure's Tags API adds or removes tags, not both. So the first write removes the owner with the session, and
    // `apply` restores the session if the second write fails.
    Ok(vec![
        step(vm.held.clone(), None, Vec::new()),
        step(Held::default(), Some(wanted.clone()), vec![0]),
    ])
}
