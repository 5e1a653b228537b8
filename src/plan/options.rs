//! [`Options`]: what the user lets a plan do.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::model::{LiveName, VmId};

/// The options that shape a plan. All but the targets are permissions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Options {
    /// The only VMs that may change. If empty, all may.
    pub targets: BTreeSet<VmId>,
    /// The VMs that may be taken from another owner.
    pub take_ownership: BTreeSet<VmId>,
    /// The owners whose sessions all become those of the file in their subscription.
    pub take_ownership_from: BTreeSet<LiveName>,
    /// The number of sessions that may be cleared, whatever share of all that is.
    pub max_removals: Option<usize>,
    /// True if the run continues even if Azure's list may lack VMs.
    pub allow_incomplete: bool,
}

impl Options {
    /// True if `vm` may change.
    pub(super) fn reaches(&self, vm: &VmId) -> bool {
        self.targets.is_empty() || self.targets.contains(vm)
    }

    /// The permissions to take ownership that `run` does not give.
    pub fn taking_beyond(&self, run: &Self) -> Self {
        let vms = self.take_ownership.difference(&run.take_ownership);
        let owners = self
            .take_ownership_from
            .difference(&run.take_ownership_from);
        Self {
            take_ownership: vms.cloned().collect(),
            take_ownership_from: owners.cloned().collect(),
            ..Self::default()
        }
    }

    /// These options as far as `run` gives the permissions too. Whoever wrote a saved plan cannot allow more than the person who
    /// applies it.
    pub fn within(&self, run: &Self) -> Self {
        let vms = self.take_ownership.intersection(&run.take_ownership);
        let owners = self
            .take_ownership_from
            .intersection(&run.take_ownership_from);
        let most = self.max_removals.zip(run.max_removals);
        Self {
            targets: self.targets.clone(),
            take_ownership: vms.cloned().collect(),
            take_ownership_from: owners.cloned().collect(),
            max_removals: most.map(|(saved, run)| saved.min(run)),
            allow_incomplete: self.allow_incomplete && run.allow_incomplete,
        }
    }
}
