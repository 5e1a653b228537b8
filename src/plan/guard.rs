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

/// Why `plans`, made together, may not be applied, unless `allowed` says that they may: each reason with the place of its
/// plan. What is allowed to be cleared is allowed of all of them together.
pub fn refusals(plans: &[Plan], allowed: &Allowed) -> Vec<(usize, Refusal)> {
    let allow = plans.iter().map(clears).sum();
    let is_allowed = allowed.removals.is_some_and(|most| allow <= most);
    let mut refusals = Vec::new();
    for (at, plan) in plans.iter().enumerate() {
        let removal = removal(plan, allow).filter(|_| !is_allowed);
        let reasons = plan.incomplete.clone();
        let lacks = !reasons.is_empty() && !allowed.incomplete;
        let lacking = lacks.then_some(Refusal::Incomplete { reasons });
        refusals.extend(
            removal
                .into_iter()
                .chain(lacking)
                .map(|refusal| (at, refusal)),
        );
    }
    refusals
}

/// How many sessions `plan` clears that the file does not name any more; an expired one is cleared because the file says so,
/// with its day.
fn clears(plan: &Plan) -> usize {
    plan.count(|action| matches!(action, Action::Clear { expired: None }))
}

fn removal(plan: &Plan, allow: usize) -> Option<Refusal> {
    let (clears, owned) = (clears(plan), plan.owned);
    if clears == 0 {
        None
    } else if plan.declares_nothing {
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
