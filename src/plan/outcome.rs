//! What became of a plan's steps, and how an apply ends.

use serde::Serialize;

use super::{Plan, Step};
use crate::model::{Held, VmId};

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

/// An apply as JSON: the plan's steps with what became of each.
pub fn report(steps: &[Step], outcomes: &[Outcome], ending: Ending) -> String {
    #[derive(Serialize)]
    struct Report<'r> {
        format_version: &'static str,
        ending: Ending,
        steps: Vec<Done<'r>>,
    }
    #[derive(Serialize)]
    struct Done<'r> {
        #[serde(flatten)]
        step: &'r Step,
        #[serde(flatten)]
        outcome: &'r Outcome,
    }
    let steps = steps
        .iter()
        .zip(outcomes)
        .map(|(step, outcome)| Done { step, outcome })
        .collect();
    super::saved::ascii_json(&Report {
        format_version: super::saved::FORMAT,
        ending,
        steps,
    })
}
