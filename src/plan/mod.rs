//! Desired and live → [`Plan`]. `diff` finds the changes, `blocked` the lines that cannot be applied, and `order` the order of
//! the steps. `guard` refuses a plan that goes too far, and `saved` keeps a plan in a file. One file or several make one plan.
//!
//! Pure and deterministic: the same files, the same Azure and the same day give the same plan, in whatever order Azure answered.

mod blocked;
mod by_hand;
mod diff;
mod guard;
mod options;
mod order;
mod origin;
mod outcome;
mod saved;
mod stale;
mod take;

use serde::{Deserialize, Serialize};
use time::Date;

use crate::model::{
    Basis, Desired, Guid, Held, Live, LiveName, Owner, SessionName, Shown, VmId, Written,
};

pub use by_hand::{Hand, by_hand};
pub use guard::{Allow, Refusal, Refused, refusals};
pub use options::Options;
pub use origin::{Base, Origin, mark_since};
pub use outcome::{
    Ending, Freed, Outcome, Report, Tried, disputed, doubles, ending, freed, settle,
};
pub use saved::{Saved, Standing, Unusable, What, fingerprint};
pub use stale::{Difference, Write, differences, stale_report};
pub use take::{NoRename, NoTake, may_rename, may_take};

/// The inputs of a plan besides the file and Azure.
#[derive(Clone, Debug)]
pub struct Aim {
    /// Today in UTC, which decides the sessions that have expired.
    pub today: Date,
    /// The options that the user gave.
    pub options: Options,
}

impl Aim {
    /// The aim for `today` without any option.
    pub fn on(today: Date) -> Self {
        Self {
            today,
            options: Options::default(),
        }
    }
}

/// The differences between Azure and the files, and the steps that make Azure match, in one order across all files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The reports on the files that were planned together.
    pub files: Vec<FilePlan>,
    /// The VMs whose tags change, in the order of their ids.
    pub changes: Vec<Change>,
    /// The writes, in an order that never creates a duplicate or adds to one.
    pub steps: Vec<Step>,
    /// The older version of the files that it was compared with, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Base>,
}

/// A report on one file, besides its changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FilePlan {
    /// The file and the Azure that it was made from.
    #[serde(flatten)]
    pub basis: Basis,
    /// The lines that cannot be applied, in the order of the file.
    pub blocked: Vec<Blocked>,
    /// The names that several VMs hold, even after the plan.
    pub duplicates: Vec<Duplicate>,
    /// The lines that expire within a week.
    pub expiring: Vec<Expiring>,
    /// The lines that have expired.
    pub expired: Vec<Expiring>,
    /// The number of VMs that already match the file.
    pub matching: usize,
    /// The number of VMs with a session although no file has a line for them and none of the files' owners set it.
    pub unmanaged: usize,
    /// The number of VMs with a session that this file's owner set, before the plan. Includes those that it takes over from
    /// [`Options::take_ownership_from`].
    pub owned: usize,
    /// True if the file declares no session.
    pub declares_nothing: bool,
    /// The number of VMs that differ from the file but are not targets.
    pub left_out: usize,
    /// The number of them whose session the file would clear. Guards count them: a plan for a few targets must not pass where the
    /// whole plan would not.
    pub left_out_clears: usize,
    /// The number of VMs that have another tool's tag `azlin-session` and no session of azlin's.
    pub foreign: usize,
    /// The number of VMs in Azure's list that azlin cannot read.
    pub unreadable: usize,
    /// The reasons why VMs may be missing from Azure's list, if any.
    pub incomplete: Vec<Shown>,
}

impl Plan {
    /// True if Azure matches all files.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.blocked() == 0
    }

    /// The number of blocked lines.
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

/// A VM whose tags differ from the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The place of its file in [`Plan::files`].
    pub file: usize,
    /// The VM.
    pub vm: VmId,
    /// The machine, by its `vmId`.
    #[serde(rename = "vm_id")]
    pub machine: Option<Guid>,
    /// The kind of change.
    #[serde(flatten)]
    pub action: Action,
    /// The tags before the change.
    pub before: Held,
    /// The tags after the change.
    pub after: Goal,
    /// A few of the other VMs that hold the old name now, if the plan resolves that duplicate: afterwards at most one VM holds
    /// the name.
    pub cures: Vec<VmId>,
    /// Its origin, an edit of the file or drift, if the plan was compared with [`Plan::base`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The last write of the VM's tags, if someone looked it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Written>,
}

/// The kind of change to a VM's session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// It has none and gets one.
    Set,
    /// It has one and gets another.
    Change {
        /// True if the file has an owner, and the old one has none: someone set it by hand, or a file without an owner did.
        unowned: bool,
    },
    /// It has the right one without this file's owner, and gets the owner's tag.
    Adopt,
    /// It has one that this owner set, and loses it because the file no longer wants it.
    Clear {
        /// The last day on which the file's line counted; none if the line is gone.
        expired: Option<Date>,
    },
}

/// The wanted values of a VM's two tags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// The session; none is a clear.
    pub session: Option<SessionName>,
    /// The owner; none if the file has no owner, and after a clear.
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

/// A line of the file that cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// The VM that the line names.
    pub vm: VmId,
    /// The session that the line assigns to it.
    pub session: SessionName,
    /// The line's number, from 1.
    pub line: usize,
    /// True if the VM already holds the session. With [`Why::Held`], the session is then a duplicate.
    pub holds: bool,
    /// The reason.
    #[serde(flatten)]
    pub why: Why,
    /// Its origin, an edit of the file or drift, if the plan was compared with [`Plan::base`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// The reason why a line cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Why {
    /// Azure does not list the VM. It may still exist: this identity may not see it.
    NoSuchVm {
        /// VMs with a similar name.
        nearest: Vec<VmId>,
        /// VMs that hold the session and that the plan would clear if it did not keep it there for this line.
        kept: Vec<VmId>,
    },
    /// Another owner's file gave the VM its session.
    Owned {
        /// The owner.
        by: LiveName,
    },
    /// Other VMs hold the session, and this plan does not change them.
    Held {
        /// Those VMs.
        by: Vec<VmId>,
        /// Those of them whose own line has expired. The file's owner did not set their session, so the plan does not clear it.
        expired: Vec<VmId>,
    },
    /// Another VM holds the session and cannot release it, because its own line is blocked.
    Stuck {
        /// The VM.
        by: VmId,
    },
    /// The session is the name of another VM, and `connect` would go there.
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
    /// The duplicate `name`, if it has several `holders`.
    pub(crate) fn of(name: &str, holders: &[&VmId]) -> Option<Self> {
        let name = LiveName::new(name).filter(|_| holders.len() > 1)?;
        let holders = holders.iter().map(|vm| (*vm).clone()).collect();
        Some(Self { name, holders })
    }
}

/// A line that expires soon, or has expired.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expiring {
    /// The VM that the line names.
    pub vm: VmId,
    /// Its session.
    pub session: SessionName,
    /// The last day on which it counts.
    pub day: Date,
}

/// One write to one VM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The place of its file in [`Plan::files`].
    pub file: usize,
    /// The VM.
    pub vm: VmId,
    /// The machine, by its `vmId`.
    #[serde(rename = "vm_id")]
    pub machine: Option<Guid>,
    /// The tags that the VM must have right before.
    pub before: Held,
    /// The tags that the VM has right after.
    pub after: Goal,
    /// The steps that must succeed before this one starts, by their place in [`Plan::steps`].
    pub waits_for: Vec<usize>,
}

impl Step {
    /// The tags between the two writes of a clear: the session is gone, its owner is still there. None if the step is one write.
    ///
    /// Azure's Tags API checks the value of each tag that it removes, but not of all together. Had someone renamed the session in the
    /// meantime, one request for both would remove the owner alone. So the session goes first, and the owner only once it is gone.
    pub fn halfway(&self) -> Option<Held> {
        let Held { session, owner } = &self.before;
        let clears_both = session.is_some() && owner.is_some() && self.after.session.is_none();
        clears_both.then(|| Held {
            session: None,
            owner: owner.clone(),
        })
    }
}

/// Returns the plan that makes `live` match `files`. It puts no name on two VMs, neither at the end nor on the way, even across
/// files and subscriptions. A subscription has at most one file of each owner.
pub fn plan(files: &[&Desired], live: &Live, aim: &Aim) -> Plan {
    let (files, changes) = diff::diff(files, live, aim);
    let steps = order::order(&changes);
    Plan {
        files,
        changes,
        steps,
        base: None,
    }
}
