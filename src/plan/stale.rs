//! The differences that make a saved plan out of date.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::saved::{by_vm, is_same};
use super::{Blocked, Goal, Plan, Step, Why};
use crate::json::{self, FORMAT};
use crate::model::{Held, Live, Shown, Vm, VmId};

/// A difference between a saved plan and now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Difference {
    /// The plan was made from a different version of the file.
    OtherVersion {
        /// The file.
        file: Shown,
    },
    /// The plan was made for other files.
    OtherFiles {
        /// The names of its files.
        then: Shown,
        /// The names of the files now.
        now: Shown,
    },
    /// Azure no longer lists the VM.
    Gone {
        /// The VM.
        vm: VmId,
    },
    /// The VM was deleted and created again.
    OtherMachine {
        /// The VM.
        vm: VmId,
    },
    /// The VM holds other tags.
    Holds {
        /// The VM.
        vm: VmId,
        /// The tags that the plan was made for.
        then: Held,
        /// The tags now.
        now: Held,
    },
    /// A line is blocked now.
    Blocked {
        /// The line.
        line: Box<Blocked>,
    },
    /// A line was blocked and now is not.
    Unblocked {
        /// The VM that the line names.
        vm: VmId,
    },
    /// A step is needed that the plan does not have.
    StepAdded(Write),
    /// A step of the plan that nothing needs any more.
    StepDropped(Write),
}

/// A step without its place in a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// The VM.
    pub vm: VmId,
    /// The tags before.
    pub before: Held,
    /// The tags after.
    pub after: Goal,
}

impl Write {
    fn of(step: &Step) -> Self {
        Self {
            vm: step.vm.clone(),
            before: step.before.clone(),
            after: step.after.clone(),
        }
    }
}

/// The differences between the plan `then` and the plan `now`, which was made for `live`. They are in the order of their VMs, and
/// a VM that has changed itself is named once.
pub fn differences(then: &Plan, now: &Plan, live: &Live) -> Vec<Difference> {
    let (own, left) = (by_vm(&then.steps), by_vm(&now.steps));
    let mut changed: BTreeMap<&VmId, Difference> = BTreeMap::new();
    for (vm, steps) in &own {
        if let Some(difference) = of_vm(vm, steps, live.vms.get(*vm)) {
            changed.insert(vm, difference);
        }
    }
    let (blocked_then, blocked_now) = (blocked(then), blocked(now));
    for (vm, entry) in &blocked_now {
        if !blocked_then.contains_key(vm) {
            let is_gone = matches!(entry.why, Why::NoSuchVm { .. });
            changed.entry(vm).or_insert_with(|| {
                if is_gone {
                    Difference::Gone { vm: (*vm).clone() }
                } else {
                    let line = Box::new((*entry).clone());
                    Difference::Blocked { line }
                }
            });
        }
    }
    for vm in blocked_then.keys() {
        if !blocked_now.contains_key(vm) {
            let unblocked = Difference::Unblocked { vm: (*vm).clone() };
            changed.entry(vm).or_insert(unblocked);
        }
    }
    let vms: BTreeSet<&VmId> = own
        .keys()
        .chain(left.keys())
        .chain(changed.keys())
        .copied()
        .collect();
    let mut all = Vec::new();
    for vm in vms {
        if let Some(difference) = changed.remove(vm) {
            all.push(difference);
        } else {
            let steps = own.get(vm).map_or(&[][..], Vec::as_slice);
            let rest = not_done(steps, live.vms.get(vm));
            let left = left.get(vm).map_or(&[][..], Vec::as_slice);
            all.extend(of_steps(rest, left));
        }
    }
    all
}

/// The difference in the VM itself: it is gone, another machine, or in none of the states of its own `steps`.
fn of_vm(vm: &VmId, steps: &[&Step], found: Option<&Vm>) -> Option<Difference> {
    let first = steps.first()?;
    let vm = vm.clone();
    let Some(found) = found else {
        return Some(Difference::Gone { vm });
    };
    if found.machine != first.machine {
        return Some(Difference::OtherMachine { vm });
    }
    let is_known =
        found.held == first.before || steps.iter().any(|step| step.after.held() == found.held);
    (!is_known).then(|| Difference::Holds {
        vm,
        then: first.before.clone(),
        now: found.held.clone(),
    })
}

/// The steps after the last one that `found` has reached.
fn not_done<'s, 'p>(steps: &'s [&'p Step], found: Option<&Vm>) -> &'s [&'p Step] {
    let is_reached = |step: &&Step| found.is_some_and(|vm| step.after.held() == vm.held);
    let done = steps.iter().rposition(is_reached).map_or(0, |at| at + 1);
    steps.get(done..).unwrap_or_default()
}

/// The steps that only one of the two plans for a VM has.
fn of_steps(then: &[&Step], now: &[&Step]) -> Vec<Difference> {
    let only = |these: &[&Step], others: &[&Step]| {
        let is_only = |step: &&&Step| !others.iter().any(|other| is_same(step, other));
        let only = these.iter().filter(is_only);
        only.map(|step| Write::of(step)).collect::<Vec<_>>()
    };
    let added = only(now, then).into_iter().map(Difference::StepAdded);
    let dropped = only(then, now).into_iter().map(Difference::StepDropped);
    added.chain(dropped).collect()
}

/// The blocked lines of `plan`, by VM.
fn blocked(plan: &Plan) -> BTreeMap<&VmId, &Blocked> {
    let entries = plan.files.iter().flat_map(|file| &file.blocked);
    entries.map(|entry| (&entry.vm, entry)).collect()
}

/// The refusal of a saved plan as JSON.
pub fn stale_report(differences: &[Difference]) -> String {
    #[derive(Serialize)]
    struct Report<'r> {
        format_version: &'static str,
        azlin_version: &'static str,
        ending: &'static str,
        differences: &'r [Difference],
    }
    json::ascii(&Report {
        format_version: FORMAT,
        azlin_version: env!("CARGO_PKG_VERSION"),
        ending: "stale",
        differences,
    })
}
