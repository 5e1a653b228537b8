//! [`Ids`]: the form in which messages name VMs.

use crate::model::{SubscriptionId, VmId};

/// The form in which a run names VMs. If all are in one subscription, naming it would be noise. If not, omitting it would be
/// ambiguous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ids {
    /// `GROUP/VM`.
    InGroup,
    /// `SUBSCRIPTION/GROUP/VM`.
    InFull,
}

impl Ids {
    /// The form for VMs of these subscriptions.
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

    /// The names of `vms`, as `a, b and c`; of many, only the first few.
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
