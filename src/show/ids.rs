//! [`Ids`]: how much of a VM's id a person needs.

use crate::model::{SubscriptionId, VmId};

/// How a VM is named among the VMs of a run: where all are in one subscription, naming it would be noise; where they are not,
/// leaving it out would name several VMs at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ids {
    /// `GROUP/VM`.
    InGroup,
    /// `SUBSCRIPTION/GROUP/VM`.
    InFull,
}

impl Ids {
    /// How VMs of these subscriptions are named.
    pub fn over<'s>(mut subscriptions: impl Iterator<Item = &'s SubscriptionId>) -> Self {
        let first = subscriptions.next();
        if subscriptions.any(|other| Some(other) != first) {
            Self::InFull
        } else {
            Self::InGroup
        }
    }

    /// The name of `vm`.
    pub fn name(self, vm: &VmId) -> String {
        match self {
            Self::InGroup => vm.path().to_string(),
            Self::InFull => String::from(vm.clone()),
        }
    }

    /// The names of `vms`, the first few of many, as `a, b and c`.
    pub fn names(self, vms: &[VmId]) -> String {
        let names: Vec<String> = vms.iter().map(|vm| self.name(vm)).collect();
        super::names(&names)
    }

    /// The form that tells one VM from others of the same name.
    pub fn spelling(self) -> &'static str {
        match self {
            Self::InGroup => "GROUP/VM",
            Self::InFull => "SUBSCRIPTION/GROUP/VM",
        }
    }
}
