//! Azure's lists → [`Live`].
//!
//! azlin's own slim types read the lists: one odd VM must not fail the whole page, and azlin parses only what it shows. VMs come
//! from the Compute list, never from Resource Graph or the generic resource list, which lag behind.

use std::collections::BTreeMap;

use futures::{StreamExt as _, stream};
use serde::Deserialize;

use super::Failure;
use super::addresses::join;
use super::arm::Arm;
use super::id;
use super::list::Listed;
use super::tags::with_values;
use crate::model::{Addresses, Gaps, Held, Live, Power, Scope, TagKey, Vm, VmId};
use crate::text::guid;

/// The api-versions of Azure that azlin uses.
const COMPUTE: (&str, &str) = ("api-version", "2024-03-01");
const NETWORK: (&str, &str) = ("api-version", "2023-11-01");

/// The number of resource groups listed at once. A file may name hundreds.
const GROUPS_AT_ONCE: usize = 16;

/// A key that another tool writes. azlin mentions it once and leaves it alone.
const FOREIGN_TAG: &str = "azlin-session";

/// The VMs with their sessions, from one list.
///
/// If a later page fails, or Azure forbids one of several groups, the result says that it is incomplete.
///
/// # Errors
/// Azure returned no list at all.
pub async fn sessions(arm: &Arm, scope: &Scope, tag: &TagKey) -> Result<Live, Failure> {
    let listed = vms(arm, scope, false).await?;
    Ok(live(arm, listed, tag))
}

/// The VMs with their sessions, power states and addresses, joined from four lists that are read at once.
///
/// An identity without permission to read the network still sees the VMs, without their addresses.
///
/// The list with power states reportedly omits tags, and the list with tags has no power states, so azlin reads both. It reads
/// interfaces and public addresses for the whole subscription, because they may be in another group than their VM.
///
/// # Errors
/// A page could not be read.
pub async fn everything(arm: &Arm, scope: &Scope, tag: &TagKey) -> Result<Live, Failure> {
    let network = |kind| arm.url(&["providers", "Microsoft.Network", kind], &[NETWORK]);
    let (with_tags, with_power, interfaces, public) = tokio::try_join!(
        vms(arm, scope, false),
        vms(arm, scope, true),
        allowed(arm.list("list the network interfaces", network("networkInterfaces"))),
        allowed(arm.list("list the public IP addresses", network("publicIPAddresses"))),
    )?;
    let mut live = live(arm, with_tags, tag);
    for listed in with_power.items {
        let vm = id::parse(&listed.id, arm.subscription()).and_then(|id| live.vms.get_mut(&id));
        if let Some(vm) = vm {
            vm.power = listed.power();
        }
    }
    let gaps = live.gaps.entry(arm.subscription().clone()).or_default();
    let lists = [
        with_power.incomplete,
        interfaces.incomplete,
        public.incomplete,
    ];
    gaps.details_missing = lists.iter().flatten().map(ToString::to_string).collect();
    join(
        arm.subscription(),
        &mut live,
        interfaces.items,
        &public.items,
    );
    Ok(live)
}

/// A complete list, or an empty one if the identity lacks the permission. Half a list is an error.
async fn allowed<T: Default>(
    listing: impl Future<Output = Result<Listed<T>, Failure>>,
) -> Result<Listed<T>, Failure> {
    let mut allowed = Listed::default();
    match listing.await.and_then(Listed::whole) {
        Ok(items) => allowed.items = items,
        Err(failure) if failure.is_forbidden() => allowed.incomplete.push(failure),
        Err(failure) => return Err(failure),
    }
    Ok(allowed)
}

async fn vms(arm: &Arm, scope: &Scope, status_only: bool) -> Result<Listed<SlimVm>, Failure> {
    // The SDK's lists have no `send()`, only a stream whose strict parser would add 0.6 MB to the program. They also put a group
    // into the path without encoding it, and the list of a group has no `statusOnly`.
    let (doing, query) = if status_only {
        let query = &[COMPUTE, ("statusOnly", "true")][..];
        ("list the VMs' power states", query)
    } else {
        ("list the VMs", &[COMPUTE][..])
    };
    let provider = ["providers", "Microsoft.Compute", "virtualMachines"];
    let groups = match scope {
        Scope::Subscription => return arm.list(doing, arm.url(&provider, query)).await,
        Scope::Groups(groups) => groups,
    };
    let lists = groups.iter().map(|group| {
        let segments = [&["resourceGroups", group.as_str()][..], &provider[..]].concat();
        arm.list(doing, arm.url(&segments, query))
    });
    let mut all = Listed::default();
    let mut lists = stream::iter(lists).buffered(GROUPS_AT_ONCE);
    while let Some(listed) = lists.next().await {
        match listed {
            Ok(listed) => {
                all.items.extend(listed.items);
                all.unreadable += listed.unreadable;
                all.incomplete.extend(listed.incomplete);
            }
            Err(failure) if failure.is_no_such_group() => {}
            // The other groups are still useful; the VMs of this one are unknown.
            Err(failure) if failure.is_forbidden() => all.incomplete.push(failure),
            Err(failure) => return Err(failure),
        }
    }
    Ok(all)
}

fn live(arm: &Arm, listed: Listed<SlimVm>, tag: &TagKey) -> Live {
    let mut live = Live::default();
    let mut gaps = Gaps {
        unreadable: listed.unreadable,
        incomplete: listed.incomplete.iter().map(ToString::to_string).collect(),
        ..Gaps::default()
    };
    for slim in listed.items {
        match id::parse(&slim.id, arm.subscription()) {
            Some(id) => {
                let vm = live.vms.entry(id.clone());
                vm.or_insert_with(|| slim.vm(id, tag));
            }
            None => gaps.unreadable += 1,
        }
    }
    live.gaps.insert(arm.subscription().clone(), gaps);
    live
}

/// A VM in a list. Whatever Azure omits is none.
#[derive(Default, Deserialize)]
struct SlimVm {
    id: String,
    location: Option<String>,
    tags: Option<BTreeMap<String, Option<String>>>,
    properties: Option<Properties>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    vm_id: Option<String>,
    instance_view: Option<InstanceView>,
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
}

impl InstanceView {
    /// The codes of its statuses, such as `PowerState/running`.
    pub(super) fn codes(&self) -> impl Iterator<Item = &str> {
        let statuses = self.statuses.iter();
        statuses.filter_map(|status| status.code.as_deref())
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
}

impl SlimVm {
    fn vm(self, id: VmId, tag: &TagKey) -> Vm {
        let tags = with_values(self.tags.unwrap_or_default());
        let is_foreign = |key: &String| key.eq_ignore_ascii_case(FOREIGN_TAG);
        let machine = self.properties.and_then(|properties| properties.vm_id);
        Vm {
            id,
            machine: machine.as_deref().and_then(guid),
            held: Held::read(&tags, tag),
            region: self.location.unwrap_or_default(),
            foreign_tag: tag.find(&tags).is_none() && tags.keys().any(is_foreign),
            tags,
            power: Power::Unknown,
            addresses: Addresses::default(),
        }
    }

    fn power(self) -> Power {
        let view = self.properties.and_then(|own| own.instance_view);
        view.unwrap_or_default().power()
    }
}
