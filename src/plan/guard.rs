//! What is refused until someone says that it is wanted.

use serde::{Deserialize, Serialize};

use super::{Action, Plan};

/// What the person who runs azlin has allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// How many sessions may be cleared, however many that is of all.
    #[serde(rename = "max_removals")]
    pub removals: Option<usize>,
    /// Whether to go on where Azure's list may lack VMs.
    #[serde(rename = "allow_incomplete")]
    pub incomplete: bool,
}

/// A plan that goes further than a slip of the pen should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It clears more than five sessions, which are more than 30 percent of this owner's.
    TooMany {
        /// How many it clears.
        clears: usize,
        /// Of how many.
        owned: usize,
    },
    /// It clears all the sessions of this owner.
    All {
        /// How many these are.
        clears: usize,
    },
    /// It clears sessions for a file that declares none.
    EmptyFile {
        /// How many it clears.
        clears: usize,
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

/// Why `plan` may not be applied, unless `allowed` says that it may.
pub fn refusals(plan: &Plan, allowed: &Allowed) -> Vec<Refusal> {
    // An expired session is cleared because the file says so, with its day.
    let clears = plan.count(|action| matches!(action, Action::Clear { expired: None }));
    let owned = plan.owned;
    let removal = if clears == 0 || allowed.removals.is_some_and(|most| clears <= most) {
        None
    } else if plan.declares_nothing {
        Some(Refusal::EmptyFile { clears })
    } else if clears == owned && owned > 1 {
        Some(Refusal::All { clears })
    } else if clears > FEW && clears * 100 > owned * SHARE {
        Some(Refusal::TooMany { clears, owned })
    } else {
        None
    };
    let reasons = plan.incomplete.clone();
    let lacking =
        (!reasons.is_empty() && !allowed.incomplete).then_some(Refusal::Incomplete { reasons });
    removal.into_iter().chain(lacking).collect()
}
