//! The outcomes of a plan's steps, and the ending of an apply.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Change, Duplicate, FilePlan, Plan, Refused, Step};
use crate::model::{Held, Live, LiveName, VmId};

/// The outcome of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Written, and Azure's answer confirms it.
    Written,
    /// Nothing was written: the VM held it already.
    Already,
    /// Nothing was written: the VM's tags changed after the plan was made.
    Changed {
        /// The tags now.
        found: Held,
    },
    /// Written, but Azure's answer has other values: a policy changed them.
    Altered {
        /// The tags in Azure's answer.
        found: Held,
    },
    /// Azure accepted the write, but the VM does not show it yet.
    Accepted,
    /// The session is gone, but azlin could not remove its owner: see [`Step::halfway`].
    Halfway {
        /// The reason.
        why: String,
    },
    /// azlin sent a write and does not know its outcome: it may have arrived, or may still arrive.
    InDoubt {
        /// The reason.
        why: String,
        /// The tags when azlin looked again; none if it could not.
        found: Option<Held>,
    },
    /// Nothing was written: Azure refused the write, or did not answer before azlin sent it.
    Failed {
        /// The reason.
        why: String,
        /// The one thing to do now.
        help: Option<String>,
    },
    /// Nothing was written: the user interrupted azlin before this step.
    Interrupted,
    /// Nothing was written: a step that this one waits for did not succeed.
    Skipped {
        /// The VM of that step.
        because: VmId,
    },
    /// The VM released the name, the next VM could not take it, and azlin restored it.
    PutBack,
    /// The VM released the name, the next VM could not take it, and azlin could not restore it: no VM holds it.
    NotPutBack {
        /// The reason.
        why: String,
    },
}

impl Outcome {
    /// True if the step certainly gave its VM no name, and never will.
    pub fn gave_nothing(&self) -> bool {
        match self {
            Self::Interrupted
            | Self::Skipped { .. }
            | Self::Changed { .. }
            | Self::Failed { .. } => true,
            Self::Written
            | Self::Already
            | Self::Altered { .. }
            | Self::Accepted
            | Self::Halfway { .. }
            | Self::InDoubt { .. }
            | Self::PutBack
            | Self::NotPutBack { .. } => false,
        }
    }

    /// True if the VM now has the tags that the step wants.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Written | Self::Already)
    }

    /// True if the step changed the VM, or may have done so, or may still do so.
    pub fn may_have_changed(&self) -> bool {
        match self {
            Self::Written
            | Self::Already
            | Self::Altered { .. }
            | Self::Accepted
            | Self::Halfway { .. }
            | Self::InDoubt { .. }
            | Self::NotPutBack { .. } => true,
            Self::Changed { .. }
            | Self::Failed { .. }
            | Self::Interrupted
            | Self::Skipped { .. }
            | Self::PutBack => false,
        }
    }
}

/// A step and its outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tried {
    /// The step.
    #[serde(flatten)]
    pub step: Step,
    /// Its outcome.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// The ending of an apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Every step succeeded, and Azure matches the file.
    Complete,
    /// Some steps changed something, or may have done so, and something is left to do.
    Partial,
    /// Certainly no step changed anything.
    Nothing,
    /// The user interrupted it.
    Interrupted,
    /// A guard refused the plan, so azlin wrote nothing.
    Refused,
    /// Lines are blocked, so azlin wrote nothing.
    Blocked,
}

/// Returns the ending of an apply with the outcomes `tried`, after Azure was read once more. `matches` is true if Azure is
/// known to match the files, and `doubles` are the names that turned out to be on several VMs.
pub fn ending(tried: &[Tried], matches: bool, doubles: &[Duplicate]) -> Ending {
    let all = tried.iter().all(|tried| tried.outcome.is_success());
    if all && matches && doubles.is_empty() {
        Ending::Complete
    } else if tried.iter().any(|tried| tried.outcome.may_have_changed()) || tried.is_empty() {
        Ending::Partial
    } else {
        Ending::Nothing
    }
}

/// Settles the doubts in `tried` that `live`, read afterwards, can settle: a VM that now shows what a step wanted was written, even if
/// the answer said otherwise.
/// Returns the indices of these steps.
pub fn settle(tried: &mut [Tried], live: &Live) -> Vec<usize> {
    let mut settled = Vec::new();
    for (at, Tried { step, outcome }) in tried.iter_mut().enumerate() {
        let Some(vm) = live.vms.get(&step.vm) else {
            continue;
        };
        match outcome {
            // Something between azlin and Azure may have answered in Azure's place.
            Outcome::InDoubt { .. } | Outcome::Failed { .. } if vm.held == step.after.held() => {
                *outcome = Outcome::Written;
                settled.push(at);
            }
            Outcome::InDoubt { found, .. } if found.is_none() => {
                *found = Some(vm.held.clone());
            }
            _ => {}
        }
    }
    settled
}

/// The last successful step of each VM in `tried` that `live`, read afterwards, does not show. Either Azure's list lags behind, or
/// someone has changed the VM since: only the VM itself can tell.
pub fn disputed<'t>(tried: &'t [Tried], live: &Live) -> Vec<&'t Step> {
    let mut last: BTreeMap<&VmId, &Step> = BTreeMap::new();
    for Tried { step, outcome } in tried {
        if outcome.is_success() {
            last.insert(&step.vm, step);
        }
    }
    let differs = |step: &&Step| {
        let found = live.vms.get(&step.vm);
        found.is_some_and(|vm| vm.held != step.after.held())
    };
    last.into_values().filter(differs).collect()
}

/// A name that a step of `tried` took from a VM and no VM got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Freed {
    /// The name.
    pub name: LiveName,
    /// The VM that should have got it.
    pub vm: VmId,
}

/// The names that no VM holds because `tried` took them from one VM, and the step for the next one did not happen.
pub fn freed(tried: &[Tried]) -> Vec<Freed> {
    let mut released: BTreeSet<&LiveName> = BTreeSet::new();
    for Tried { step, outcome } in tried {
        let is_gone = matches!(
            outcome,
            Outcome::Written | Outcome::Halfway { .. } | Outcome::NotPutBack { .. }
        );
        if let Some(name) = step.before.session.as_ref().filter(|_| is_gone)
            && step
                .after
                .session
                .as_ref()
                .is_none_or(|after| *name != *after)
        {
            released.insert(name);
        }
    }
    let mut freed = Vec::new();
    for Tried { step, outcome } in tried {
        if let Some(name) = step.after.session.as_ref().map(LiveName::from)
            && step.before.session.as_ref() != Some(&name)
            && outcome.gave_nothing()
            && released.contains(&name)
        {
            let vm = step.vm.clone();
            freed.push(Freed { name, vm });
        }
    }
    freed
}

/// The names that `tried` gave to a VM and that several VMs hold in `live`, read afterwards. Someone else assigned them at the
/// same time, or a policy wrote them instead of the name that azlin asked for.
pub fn doubles(tried: &[Tried], live: &Live) -> Vec<Duplicate> {
    let mut given: BTreeSet<&str> = BTreeSet::new();
    for Tried { step, outcome } in tried {
        if let (Some(name), false) = (&step.after.session, outcome.gave_nothing())
            && !step.before.is(name.as_str())
        {
            given.insert(name.as_str());
        }
        if let Outcome::Altered { found } = outcome
            && let Some(name) = &found.session
        {
            given.insert(name.raw());
        }
    }
    let holders = live.holders();
    let doubles = given.into_iter();
    doubles
        .filter_map(|name| Duplicate::of(name, holders.get(name)?))
        .collect()
}

/// The report on an apply: the plan, the outcome of each step, and what Azure shows afterwards.
#[derive(Clone, Copy, Debug)]
pub struct Report<'r> {
    /// The plan.
    pub plan: &'r Plan,
    /// How the apply ended.
    pub ending: Ending,
    /// The guards that refused it.
    pub refused: &'r [Refused],
    /// The steps, in the order of the plan; none if azlin did not start.
    pub tried: &'r [Tried],
    /// The names that turned out to be on several VMs.
    pub doubles: &'r [Duplicate],
    /// Azure after the apply; none if azlin did not read it, or not all of it.
    pub now: Option<&'r Live>,
}

impl Report<'_> {
    /// The tags that `vm` has after the apply, if they are known.
    pub fn held_now(&self, vm: &VmId) -> Option<&Held> {
        Some(&self.now?.vms.get(vm)?.held)
    }

    /// The report as JSON.
    pub fn json(&self) -> String {
        #[derive(Serialize)]
        struct Document<'r> {
            format_version: &'static str,
            azlin_version: &'static str,
            ending: Ending,
            refused: &'r [Refused],
            doubles: &'r [Duplicate],
            freed: Vec<Freed>,
            files: &'r [FilePlan],
            changes: &'r [Change],
            steps: Vec<Row<'r>>,
        }
        #[derive(Serialize)]
        struct Row<'r> {
            #[serde(flatten)]
            tried: &'r Tried,
            now: Option<&'r Held>,
        }
        let row = |tried| Row {
            tried,
            now: self.held_now(&tried.step.vm),
        };
        crate::json::ascii(&Document {
            format_version: crate::json::FORMAT,
            azlin_version: env!("CARGO_PKG_VERSION"),
            ending: self.ending,
            refused: self.refused,
            doubles: self.doubles,
            freed: freed(self.tried),
            files: &self.plan.files,
            changes: &self.plan.changes,
            steps: self.tried.iter().map(row).collect(),
        })
    }
}
