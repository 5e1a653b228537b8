//! What became of a plan's steps, and how an apply ends.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Change, Duplicate, FilePlan, Plan, Step};
use crate::model::{Held, Live, VmId};

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Written, and Azure's answer says so.
    Written,
    /// Nothing was written: the VM held it already.
    Already,
    /// Nothing was written: the VM's tags are not what they were when the plan was made.
    Changed {
        /// What they are.
        found: Held,
        /// True if the write of an earlier attempt may yet arrive.
        in_doubt: bool,
    },
    /// Written, and Azure's answer says something else: a policy changed it.
    Altered {
        /// What Azure's answer says.
        found: Held,
    },
    /// Azure has accepted the write, and the VM does not show it yet.
    Accepted,
    /// Azure said no, or did not answer.
    Failed {
        /// What happened.
        why: String,
        /// What to do now.
        help: Option<String>,
        /// True if a write was sent whose fate is unknown: it may have arrived, or may yet.
        in_doubt: bool,
    },
    /// Nothing was written: someone interrupted azlin before it came to this.
    Interrupted,
    /// Nothing was written: a step that has to come first did not succeed.
    Skipped {
        /// The VM of that step.
        because: VmId,
    },
    /// The name was freed for a VM that then could not take it, and is back.
    PutBack,
    /// The name was freed for a VM that then could not take it, and could not be put back: no VM holds it.
    NotPutBack {
        /// What happened.
        why: String,
    },
}

impl Outcome {
    /// True if it is certain that the step has given its VM no name, and will not.
    pub fn gave_nothing(&self) -> bool {
        match self {
            Self::Interrupted | Self::Skipped { .. } => true,
            Self::Changed { in_doubt, .. } | Self::Failed { in_doubt, .. } => !in_doubt,
            Self::Written
            | Self::Already
            | Self::Altered { .. }
            | Self::Accepted
            | Self::PutBack
            | Self::NotPutBack { .. } => false,
        }
    }

    /// True if the VM now holds what the step wants.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Written | Self::Already)
    }

    /// True if the VM is not, or may not be for long, as it was before the run.
    pub fn changed_something(&self) -> bool {
        self.is_success() || matches!(self, Self::Accepted | Self::NotPutBack { .. })
    }
}

/// A step with what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// The step.
    #[serde(flatten)]
    pub step: Step,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// How an apply ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Every step succeeded, and Azure is as the file wants it.
    Complete,
    /// Some steps succeeded, and something is left.
    Partial,
    /// No step succeeded.
    Nothing,
    /// Someone wanted azlin to end.
    Interrupted,
}

/// How an apply that came to `tried` ends, after which Azure was read once more: `matches` says whether it is known to be as
/// the files want it, and `doubles` are the names that turned out to be on several VMs.
pub fn ending(tried: &[Tried], matches: bool, doubles: &[Duplicate]) -> Ending {
    let all = tried.iter().all(|tried| tried.outcome.is_success());
    if all && matches && doubles.is_empty() {
        Ending::Complete
    } else if tried.iter().any(|tried| tried.outcome.changed_something()) || tried.is_empty() {
        Ending::Partial
    } else {
        Ending::Nothing
    }
}

/// Corrects `live`, read after `tried`, where it shows of a VM what they have replaced there: Azure has confirmed each write,
/// and its lists were seen to lag behind.
pub fn correct(live: &mut Live, tried: &[Tried]) {
    let mut replaced: BTreeMap<&VmId, Vec<&Held>> = BTreeMap::new();
    for Tried { step, outcome } in tried {
        if !outcome.is_success() {
            continue;
        }
        let replaced = replaced.entry(&step.vm).or_default();
        replaced.push(&step.before);
        if let Some(vm) = live.vms.get_mut(&step.vm)
            && replaced.contains(&&vm.held)
        {
            vm.held = step.after.held();
        }
    }
}

/// The names that `tried` gave out and that several VMs hold in `live`, read after them: somebody else gave them out at the
/// same time.
pub fn doubles(tried: &[Tried], live: &Live) -> Vec<Duplicate> {
    let mut given: BTreeSet<&str> = BTreeSet::new();
    for Tried { step, outcome } in tried {
        if let (Some(name), false) = (&step.after.session, outcome.gave_nothing()) {
            given.insert(name.as_str());
        }
    }
    let holders = live.holders();
    let doubles = given.into_iter();
    doubles
        .filter_map(|name| Duplicate::of(name, holders.get(name)?))
        .collect()
}

/// An apply as JSON: the plan, its steps with what became of each.
pub fn report(plan: &Plan, tried: &[Tried], doubles: &[Duplicate], ending: Ending) -> String {
    #[derive(Serialize)]
    struct Report<'r> {
        format_version: &'static str,
        azlin_version: &'static str,
        ending: Ending,
        doubles: &'r [Duplicate],
        files: &'r [FilePlan],
        changes: &'r [Change],
        steps: &'r [Tried],
    }
    crate::json::ascii(&Report {
        format_version: crate::json::FORMAT,
        azlin_version: env!("CARGO_PKG_VERSION"),
        ending,
        doubles,
        files: &plan.files,
        changes: &plan.changes,
        steps: tried,
    })
}
