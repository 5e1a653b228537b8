//! What is refused until someone says that it is wanted.

use serde::{Deserialize, Serialize};

use super::{Action, Change, FilePlan, Plan};

/// What the person who runs azlin has allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// How many sessions may be cleared, however many that is of all.
    #[serde(rename = "max_removals")]
    pub removals: Option<usize>,
    /// True if the run goes on where Azure's list may lack VMs.
    #[serde(rename = "allow_incomplete")]
    pub incomplete: bool,
}

/// A plan that goes further than a slip of the pen should. `allow` is what [`Allowed::removals`] has to be for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It clears more than five sessions, which are more than 30 percent of this owner's.
    TooMany {
        /// How many it clears.
        clears: usize,
        /// Of how many.
        owned: usize,
        /// How many have to be allowed.
        allow: usize,
    },
    /// It clears all the sessions of this owner.
    All {
        /// How many these are.
        clears: usize,
        /// How many have to be allowed.
        allow: usize,
    },
    /// It clears sessions for a file that declares none.
    EmptyFile {
        /// How many it clears.
        clears: usize,
        /// How many have to be allowed.
        allow: usize,
    },
    /// Azure's list may lack VMs, and with them holders of names.
    Incomplete {
        /// Why.
        reasons: Vec<String>,
    },
}

/// How many sessions may be cleared without a word.
const FEW: usize = 5;
/// What part of an owner's sessions may be cleared without a word, in percent.
const SHARE: usize = 30;

/// Why `plan` may not be applied, unless `allowed` says that it may: each reason with the place of the file that it is about.
/// Each file's share is judged by itself; what is allowed to be cleared is allowed of all of them together.
pub fn refusals(plan: &Plan, allowed: &Allowed) -> Vec<(usize, Refusal)> {
    let clears = |file| {
        plan.changes_of(file)
            .filter(|change| is_removal(change))
            .count()
    };
    let allow = (0..plan.files.len()).map(clears).sum();
    let is_allowed = allowed.removals.is_some_and(|most| allow <= most);
    let mut refusals = Vec::new();
    for (at, file) in plan.files.iter().enumerate() {
        if let Some(refusal) = removal(file, clears(at), allow).filter(|_| !is_allowed) {
            refusals.push((at, refusal));
        }
        if !file.incomplete.is_empty() && !allowed.incomplete {
            let reasons = file.incomplete.clone();
            refusals.push((at, Refusal::Incomplete { reasons }));
        }
    }
    refusals
}

/// True if `change` clears a session that the file does not name any more; an expired one is cleared because the file says so,
/// with its day.
fn is_removal(change: &Change) -> bool {
    matches!(change.action, Action::Clear { expired: None })
}

fn removal(file: &FilePlan, clears: usize, allow: usize) -> Option<Refusal> {
    let owned = file.owned;
    if clears == 0 {
        None
    } else if file.declares_nothing {
        Some(Refusal::EmptyFile { clears, allow })
    } else if clears == owned && owned > 1 {
        Some(Refusal::All { clears, allow })
    } else if clears > FEW && clears * 100 > owned * SHARE {
        Some(Refusal::TooMany {
            clears,
            owned,
            allow,
        })
    } else {
        None
    }
}
