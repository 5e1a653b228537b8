//! [`SlimVm`] and [`InstanceView`]: a VM in Azure's answers, as far as azlin reads it.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::tags::with_values;
use crate::model::{Addresses, Ended, Held, Power, TagKey, Vm, VmId};
use crate::text::guid;

/// The api-version of VMs.
pub(super) const COMPUTE: (&str, &str) = ("api-version", "2024-03-01");

/// The resource provider of VMs in a path.
pub(super) const VMS: [&str; 3] = ["providers", "Microsoft.Compute", "virtualMachines"];

/// A key that another tool writes. azlin mentions it once and leaves it alone.
const FOREIGN_TAG: &str = "azlin-session";

/// A VM in a list. Whatever Azure omits is none.
#[derive(Default, Deserialize)]
pub(super) struct SlimVm {
    pub id: String,
    location: Option<String>,
    tags: Option<BTreeMap<String, Option<String>>>,
    properties: Option<Properties>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    vm_id: Option<String>,
    provisioning_state: Option<String>,
    instance_view: Option<InstanceView>,
}

impl SlimVm {
    /// Its state, from the list with power states.
    pub(super) fn view(self) -> InstanceView {
        let view = self.properties.and_then(|own| own.instance_view);
        view.unwrap_or_default()
    }

    /// The VM with this `id`, and with the session under `tag`.
    pub(super) fn vm(self, id: VmId, tag: &TagKey) -> Vm {
        let tags = with_values(self.tags.unwrap_or_default());
        let is_foreign = |key: &String| key.eq_ignore_ascii_case(FOREIGN_TAG);
        let own = self.properties.unwrap_or_default();
        let is_deleting = own.provisioning_state.as_deref() == Some("Deleting");
        Vm {
            id,
            machine: own.vm_id.as_deref().and_then(guid),
            held: Held::read(&tags, tag),
            region: self.location.unwrap_or_default(),
            foreign_tag: tag.find(&tags).is_none() && tags.keys().any(is_foreign),
            tags,
            power: Power::Unknown,
            ended: is_deleting.then_some(Ended::Deleting),
            addresses: Addresses::default(),
        }
    }
}

/// The state of a VM, in lists and in single reads.
#[derive(Default, Deserialize)]
pub(super) struct InstanceView {
    #[serde(default)]
    statuses: Vec<Status>,
}

#[derive(Deserialize)]
struct Status {
    code: Option<String>,
    message: Option<String>,
}

impl InstanceView {
    /// The codes of its statuses, such as `PowerState/running`.
    fn codes(&self) -> impl Iterator<Item = &str> {
        let statuses = self.statuses.iter();
        statuses.filter_map(|status| status.code.as_deref())
    }

    /// The code and the message of the operation that failed last, not yet escaped. None if that was an extension's, which runs inside
    /// the VM and says nothing about its start.
    pub(super) fn failure(&self) -> Option<(&str, &str)> {
        self.statuses.iter().find_map(|status| {
            let code = status.code.as_deref()?;
            let code = code.strip_prefix("ProvisioningState/failed/")?;
            let message = status.message.as_deref().unwrap_or_default();
            (!code.starts_with("VMExtension")).then_some((code, message))
        })
    }

    /// The power state among its codes.
    pub(super) fn power(&self) -> Power {
        let mut codes = self.codes();
        match codes.find_map(|code| code.strip_prefix("PowerState/")) {
            Some("running") => Power::Running,
            Some("starting") => Power::Starting,
            Some("stopping" | "deallocating") => Power::Stopping,
            Some("stopped") => Power::Stopped,
            Some("deallocated") => Power::Deallocated,
            _ => Power::Unknown,
        }
    }

    /// The reason among its codes why the VM can never start again.
    pub(super) fn ended(&self) -> Option<Ended> {
        let is = |wanted: &str| self.codes().any(|code| code.eq_ignore_ascii_case(wanted));
        if is("ProvisioningState/deleting") {
            return Some(Ended::Deleting);
        }
        is("OSState/generalized").then_some(Ended::Generalized)
    }
}
