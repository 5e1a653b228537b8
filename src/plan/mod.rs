//! Desired and live → [`Plan`]: who changes ([`diff`]), in which order ([`order`]).
//!
//! Pure and deterministic: the same file and the same Azure give the same plan, whatever the order in which Azure answered.

mod diff;
mod order;

use crate::model::{LiveName, SessionName, VmId};

/// How Azure differs from the file, and the steps that make it match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The VMs whose session changes, in the order of their ids.
    pub changes: Vec<Change>,
    /// What the file wants and cannot have, in the order of the file.
    pub blocked: Vec<Blocked>,
    /// The writes, in an order in which no name ever has one holder more than it had before.
    pub steps: Vec<Step>,
    /// Names that several VMs hold and that this plan leaves so.
    pub duplicates: Vec<Duplicate>,
    /// How many VMs hold what the file says.
    pub matching: usize,
    /// How many VMs hold a session and are not in the file.
    pub unmanaged: usize,
    /// How many VMs carry another tool's `azlin-session` and no session of ours.
    pub foreign: usize,
    /// How many VMs Azure listed that azlin cannot read.
    pub unreadable: usize,
}

impl Plan {
    /// Whether Azure is as the file wants it.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.blocked.is_empty()
    }
}

/// A VM whose session is not what the file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The VM.
    pub vm: VmId,
    /// What it holds.
    pub from: Option<LiveName>,
    /// What the file gives it.
    pub to: SessionName,
    /// Other VMs that hold `from` as well, when the plan leaves it to one VM at most: the live duplicate that it cures.
    pub cures: Vec<VmId>,
}

/// A line of the file that cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// The VM that the line names.
    pub vm: VmId,
    /// The session that it is to hold.
    pub session: SessionName,
    /// The line, from 1.
    pub line: usize,
    /// What stands in the way.
    pub why: Why,
}

/// What stands in the way of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Azure lists no such VM. Absent is not gone: the identity may not be allowed to see it.
    NoSuchVm {
        /// VMs with a similar name.
        nearest: Vec<VmId>,
    },
    /// VMs that the file does not name hold the session.
    Held {
        /// Those VMs.
        by: Vec<VmId>,
    },
    /// A VM holds the session whose own line is blocked, so that it cannot release it.
    Stuck {
        /// That VM.
        by: VmId,
    },
    /// The session is the name of another VM, to which `connect` would go.
    Shadowed {
        /// That VM.
        by: VmId,
    },
}

/// A name that several VMs hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The name.
    pub name: LiveName,
    /// The VMs that hold it.
    pub holders: Vec<VmId>,
}

/// One write to one VM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The VM.
    pub vm: VmId,
    /// What it must hold right before.
    pub from: Option<LiveName>,
    /// What it holds right after; none is a clear.
    pub to: Option<SessionName>,
    /// The steps, by their place in the plan, that must have succeeded before this one may start.
    pub after: Vec<usize>,
}

/// The plan that takes `live` to `desired`.
pub fn plan(desired: &crate::model::Desired, live: &crate::model::Live) -> Plan {
    let mut plan = diff::diff(desired, live);
    plan.steps = order::order(&plan.changes);
    plan
}
