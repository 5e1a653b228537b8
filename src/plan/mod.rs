//! Desired and live → [`Plan`]: who changes (`diff`), what stands in the way (`blocked`), in which order (`order`), what is
//! refused (`guard`), and a plan that waits in a file (`saved`). One file or several make one plan.
//!
//! Pure and deterministic: the same file, the same Azure and the same day give the same plan, whatever the order in which
//! Azure answered.

mod blocked;
mod by_hand;
mod diff;
mod guard;
mod order;
mod outcome;
mod saved;
mod take;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use time::Date;

use crate::model::{Basis, Desired, Guid, Held, Live, LiveName, Owner, SessionName, VmId};

pub use by_hand::{Hand, by_hand};
pub use guard::{Allowed, Refusal, refusals};
pub use outcome::{Ending, Outcome, Tried, correct, doubles, ending, report};
pub use saved::{Saved, Standing, Unusable, What, fingerprint, sha256};
pub use take::{NoTake, may_take};

/// What a plan is made for, besides the file and Azure.
#[derive(Clone, Debug)]
pub struct Aim {
    /// The day, in UTC, by which sessions expire.
    pub today: Date,
    /// The VMs that may be taken from another owner.
    pub take: BTreeSet<VmId>,
    /// The only VMs that may change; all, if there is none.
    pub targets: BTreeSet<VmId>,
}

impl Aim {
    /// A plan for `today` without any exception.
    pub fn on(today: Date) -> Self {
        Self {
            today,
            take: BTreeSet::new(),
            targets: BTreeSet::new(),
        }
    }

    fn reaches(&self, vm: &VmId) -> bool {
        self.targets.is_empty() || self.targets.contains(vm)
    }
}

/// How Azure differs from the files, and the steps that make it match: one order over all files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The files that were planned together.
    pub files: Vec<FilePlan>,
    /// The VMs whose tags change, in the order of their ids.
    pub changes: Vec<Change>,
    /// The writes, in an order in which no name ever has one holder more than it had before.
    pub steps: Vec<Step>,
}

/// What there is to say about one file besides its changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePlan {
    /// What this was made from.
    #[serde(flatten)]
    pub basis: Basis,
    /// What the file wants and cannot have, in the order of the file.
    pub blocked: Vec<Blocked>,
    /// Names that several VMs hold and that the plan leaves so.
    pub duplicates: Vec<Duplicate>,
    /// The lines that expire within a week.
    pub expiring: Vec<Expiring>,
    /// How many VMs hold what the file says.
    pub matching: usize,
    /// How many VMs hold a session although no file has a line for them and none of the files' owners set it.
    pub unmanaged: usize,
    /// How many VMs hold a session that this file's owner gave, before the plan.
    pub owned: usize,
    /// True if the file declares no session at all.
    pub declares_nothing: bool,
    /// How many VMs differ from the file and are no targets.
    pub left_out: usize,
    /// How many VMs carry another tool's `azlin-session` and no session of ours.
    pub foreign: usize,
    /// How many VMs Azure listed that azlin cannot read.
    pub unreadable: usize,
    /// Why VMs may be missing from Azure's list, if they may.
    pub incomplete: Vec<String>,
}

impl Plan {
    /// True if Azure matches all files.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.blocked() == 0
    }

    /// How many lines are blocked.
    pub fn blocked(&self) -> usize {
        self.files.iter().map(|file| file.blocked.len()).sum()
    }

    /// The changes that the file at `file` makes.
    pub fn changes_of(&self, file: usize) -> impl Iterator<Item = &Change> {
        let changes = self.changes.iter();
        changes.filter(move |change| change.file == file)
    }

    /// The change of `vm`, if it changes.
    pub fn change_of(&self, vm: &VmId) -> Option<&Change> {
        let found = self.changes.binary_search_by(|change| change.vm.cmp(vm));
        self.changes.get(found.ok()?)
    }
}

/// A VM whose tags are not what the file says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The place of its file in [`Plan::files`].
    pub file: usize,
    /// The VM.
    pub vm: VmId,
    /// Which machine it is.
    #[serde(rename = "vm_id")]
    pub machine: Option<Guid>,
    /// What happens to it.
    #[serde(flatten)]
    pub action: Action,
    /// What it holds.
    pub before: Held,
    /// What it is to hold.
    pub after: Goal,
    /// Other VMs that hold the old name now, a few at the most, where the plan leaves it on one VM or none: the live duplicate
    /// that it cures.
    pub cures: Vec<VmId>,
}

/// What happens to a VM's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// It has none and gets one.
    Set,
    /// It has one and gets another.
    Change {
        /// True if a person had set the old one by hand, on a VM of a file that has an owner.
        by_hand: bool,
    },
    /// It has the right one, set by hand; the owner is noted.
    Adopt,
    /// It has one of this owner's that the file no longer wants.
    Clear {
        /// The day after which the file's line no longer counts; none where the line is gone.
        expired: Option<Date>,
    },
}

/// What a VM's two tags are to say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// The session; none is a clear.
    pub session: Option<SessionName>,
    /// The owner; none where the file has none, and after a clear.
    pub owner: Option<Owner>,
}

impl Goal {
    /// The tags of a VM that has reached it.
    pub fn held(&self) -> Held {
        Held {
            session: self.session.as_ref().map(LiveName::from),
            owner: self.owner.as_ref().map(LiveName::from),
        }
    }
}

/// A line of the file that cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// The VM that the line names.
    pub vm: VmId,
    /// The session that it is to hold.
    pub session: SessionName,
    /// The line, from 1.
    pub line: usize,
    /// True if the VM holds the session already: what stands in the way then makes it a duplicate.
    pub holds: bool,
    /// What stands in the way.
    #[serde(flatten)]
    pub why: Why,
}

/// What stands in the way of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Why {
    /// Azure lists no such VM. Absent is not gone: the identity may not be allowed to see it.
    NoSuchVm {
        /// VMs with a similar name.
        nearest: Vec<VmId>,
    },
    /// Another owner's file gave the VM its session.
    Owned {
        /// The owner.
        by: LiveName,
    },
    /// VMs hold the session that this plan does not change.
    Held {
        /// Those VMs.
        by: Vec<VmId>,
    },
    /// A VM holds the session whose own line is blocked, so that it cannot release it.
    Stuck {
        /// The VM.
        by: VmId,
    },
    /// The session is the name of another VM, to which `connect` would go.
    Shadowed {
        /// The VM.
        by: VmId,
    },
}

/// A name that several VMs hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicate {
    /// The name.
    pub name: LiveName,
    /// The VMs that hold it.
    pub holders: Vec<VmId>,
}

impl Duplicate {
    /// The name `name`, if several VMs are its `holders`.
    pub(crate) fn of(name: &str, holders: &[&VmId]) -> Option<Self> {
        let name = LiveName::new(name).filter(|_| holders.len() > 1)?;
        let holders = holders.iter().map(|vm| (*vm).clone()).collect();
        Some(Self { name, holders })
    }
}

/// A line that expires soon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiring {
    /// The VM that the line names.
    pub vm: VmId,
    /// Its session.
    pub session: SessionName,
    /// The last day on which it is wanted.
    pub day: Date,
}

/// One write to one VM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The place of its file in [`Plan::files`].
    pub file: usize,
    /// The VM.
    pub vm: VmId,
    /// Which machine it is.
    #[serde(rename = "vm_id")]
    pub machine: Option<Guid>,
    /// What it must hold right before.
    pub before: Held,
    /// What it holds right after.
    pub after: Goal,
    /// The steps, by their place in [`Plan::steps`], that must have succeeded before this one may start.
    pub waits_for: Vec<usize>,
}

/// The plan that turns `live` into what `files` want. No name is on two VMs at the end or on the way, even across files and
/// subscriptions. A subscription has at most one file of each owner.
pub fn plan(files: &[&Desired], live: &Live, aim: &Aim) -> Plan {
    let (files, changes) = diff::diff(files, live, aim);
    let steps = order::order(&changes);
    Plan {
        files,
        changes,
        steps,
    }
}
