//! Refuses a plan that goes too far, until a flag allows it.

use serde::{Deserialize, Serialize};

use super::{Action, Change, FilePlan, Plan};

/// The exceptions that the user allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// The number of sessions that may be cleared, whatever share of all that is.
    #[serde(rename = "max_removals")]
    pub removals: Option<usize>,
    /// True if the run continues even if Azure's list may lack VMs.
    #[serde(rename = "allow_incomplete")]
    pub incomplete: bool,
}

/// The reason to refuse a plan. `allow` is the value of [`Allowed::removals`] that allows the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It clears more than five sessions, and more than 30 percent of this owner's.
    TooMany {
        /// The number of sessions that it clears.
        clears: usize,
        /// The number of sessions that the owner has.
        owned: usize,
        /// The number to allow.
        allow: usize,
    },
    /// It clears all the sessions of this owner.
    All {
        /// The number of sessions that it clears.
        clears: usize,
        /// The number to allow.
        allow: usize,
    },
    /// It clears sessions of a former owner and takes over none of them: probably the wrong owner.
    Former {
        /// The number of sessions that it clears.
        clears: usize,
        /// The number to allow.
        allow: usize,
    },
    /// It clears sessions for a file that declares none.
    EmptyFile {
        /// The number of sessions that it clears.
        clears: usize,
        /// The number to allow.
        allow: usize,
    },
    /// Azure's list may lack VMs that hold names.
    Incomplete {
        /// The reasons for that.
        reasons: Vec<String>,
    },
}

/// The number of sessions that a plan may clear without a flag.
const FEW: usize = 5;
/// The share of an owner's sessions that a plan may clear without a flag, in percent.
const SHARE: usize = 30;

/// Returns the reasons to refuse `plan` that `allowed` does not cover, each with the place of its file. Each file's share is
/// judged separately, but the number that is allowed is for all files together.
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
        let former = former(plan, at);
        let refusal = match removal(file, clears(at), allow) {
            None if former > 1 => Some(Refusal::Former {
                clears: former,
                allow,
            }),
            refusal => refusal,
        };
        if let Some(refusal) = refusal.filter(|_| !is_allowed) {
            refusals.push((at, refusal));
        }
        if !file.incomplete.is_empty() && !allowed.incomplete {
            let reasons = file.incomplete.clone();
            refusals.push((at, Refusal::Incomplete { reasons }));
        }
    }
    refusals
}

/// True if `change` clears a session that the file no longer names. An expired session does not count, because the file says when
/// to clear it.
fn is_removal(change: &Change) -> bool {
    matches!(change.action, Action::Clear { expired: None }) && change.before.session.is_some()
}

/// The number of sessions that the file at `at` clears although they belong to an owner of whom it takes over none. Renaming an owner
/// takes over some.
fn former(plan: &Plan, at: usize) -> usize {
    let is_taken = |change: &&Change| {
        let held = change.before.is_owned_by(
            plan.files
                .get(at)
                .and_then(|file| file.basis.owner.as_ref()),
        );
        change.before.owner.is_some() && !held
    };
    let taken = || plan.changes_of(at).filter(is_taken);
    let kept: Vec<_> = taken()
        .filter(|change| !is_removal(change) && change.before.session.is_some())
        .map(|change| &change.before.owner)
        .collect();
    taken()
        .filter(|change| is_removal(change) && !kept.contains(&&change.before.owner))
        .count()
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
