//! Refuses a plan that goes too far, until a flag allows it.

use std::fmt;

use serde::{Serialize, Serializer};

use super::{Action, Change, FilePlan, Options, Plan};
use crate::model::Shown;

/// A guard's refusal of the plan for one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The place of the file in [`Plan::files`].
    pub file: usize,
    /// The reason.
    #[serde(flatten)]
    pub why: Refusal,
    /// The option that allows the plan.
    #[serde(rename = "flag")]
    pub allow: Allow,
}

/// An option that allows a plan which a guard refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allow {
    /// [`Options::max_removals`] of at least this number.
    Removals(usize),
    /// [`Options::allow_incomplete`].
    Incomplete,
}

impl Allow {
    /// True if `options` have it.
    pub fn is_in(self, options: &Options) -> bool {
        match self {
            Self::Removals(number) => options.max_removals.is_some_and(|most| number <= most),
            Self::Incomplete => options.allow_incomplete,
        }
    }
}

impl fmt::Display for Allow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Removals(number) => write!(f, "--max-removals {number}"),
            Self::Incomplete => f.write_str("--allow-incomplete"),
        }
    }
}

impl Serialize for Allow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The reason to refuse a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Refusal {
    /// It clears more than five sessions, and more than 30 percent of this owner's.
    TooMany {
        /// The number of sessions that it clears, or would clear without targets.
        clears: usize,
        /// The number of sessions that the owner has.
        owned: usize,
    },
    /// It clears all the sessions of this owner.
    All {
        /// The number of sessions that it clears.
        clears: usize,
    },
    /// It clears sessions of a former owner and takes over none of them: probably the wrong owner.
    Former {
        /// The number of sessions that it clears.
        clears: usize,
    },
    /// It clears sessions for a file that declares none.
    EmptyFile {
        /// The number of sessions that it clears.
        clears: usize,
    },
    /// Azure's list may lack VMs that hold names.
    Incomplete {
        /// The reasons for that.
        reasons: Vec<Shown>,
    },
}

/// The number of sessions that a plan may clear without a flag.
const FEW: usize = 5;
/// The share of an owner's sessions that a plan may clear without a flag, in percent.
const SHARE: usize = 30;

/// Returns the refusals of `plan` that `options` do not allow. Each file's share is judged separately, but the number to allow is
/// for all files together.
pub fn refusals(plan: &Plan, options: &Options) -> Vec<Refused> {
    let clears = |file| {
        plan.changes_of(file)
            .filter(|change| is_removal(change))
            .count()
    };
    let all = Allow::Removals((0..plan.files.len()).map(clears).sum());
    let mut refusals = Vec::new();
    for (at, file) in plan.files.iter().enumerate() {
        let former = former(plan, at);
        let removal = match removal(file, clears(at)) {
            None if former > 1 => Some(Refusal::Former { clears: former }),
            removal => removal,
        };
        let incomplete = (!file.incomplete.is_empty()).then(|| Refusal::Incomplete {
            reasons: file.incomplete.clone(),
        });
        for (why, allow) in [(removal, all), (incomplete, Allow::Incomplete)] {
            if let Some(why) = why.filter(|_| !allow.is_in(options)) {
                refusals.push(Refused {
                    file: at,
                    why,
                    allow,
                });
            }
        }
    }
    refusals
}

/// True if `change` clears a session that the file no longer names. An expired session does not count, because the file says when
/// to clear it.
pub(super) fn is_removal(change: &Change) -> bool {
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

/// The reason to refuse that `file` clears `here` sessions of the targets, if the plan has targets.
fn removal(file: &FilePlan, here: usize) -> Option<Refusal> {
    let (clears, owned) = (here + file.left_out_clears, file.owned);
    if here == 0 {
        None
    } else if file.declares_nothing {
        Some(Refusal::EmptyFile { clears })
    } else if clears == owned && owned > 1 {
        Some(Refusal::All { clears })
    } else if clears > FEW && clears * 100 > owned * SHARE {
        Some(Refusal::TooMany { clears, owned })
    } else {
        None
    }
}
