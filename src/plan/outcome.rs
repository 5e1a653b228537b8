//! What became of a plan's steps, and how an apply ends.

use super::Plan;
use crate::model::{Held, VmId};

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Written, and Azure's answer says so.
    Written,
    /// Nothing was written: the VM held it already.
    Already,
    /// Nothing was written: the VM's tags are not what they were when the plan was made.
    Changed {
        /// What they are.
        found: Held,
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
}

impl Outcome {
    /// Whether the VM now holds what the step wants.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Written | Self::Already)
    }
}

/// How an apply ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every step succeeded, and Azure is as the file wants it.
    Complete,
    /// Some steps succeeded, and something is left.
    Partial,
    /// No step succeeded.
    Nothing,
}

/// How an apply with these outcomes ends, after which Azure was read once more and planned for; none where that could not
/// be done.
pub fn ending(outcomes: &[Outcome], after: Option<&Plan>) -> Ending {
    let all = outcomes.iter().all(Outcome::is_success);
    if all && after.is_some_and(Plan::is_empty) {
        Ending::Complete
    } else if outcomes.iter().any(Outcome::is_success) {
        Ending::Partial
    } else {
        Ending::Nothing
    }
}
