//! The lists of details beside that of the VMs: power states, network interfaces and public addresses.
//!
//! Nothing here fails. A list that cannot be read is a gap, because it costs only what it would have shown.

use std::collections::BTreeSet;

use futures::{StreamExt as _, stream};
use serde::de::DeserializeOwned;

use super::Failure;
use super::addresses::{Interface, PublicAddress, Resource};
use super::arm::Arm;
use super::list::Listed;
use super::vm::{COMPUTE, SlimVm, VMS};
use crate::model::Scope;

/// The api-version of network resources.
const NETWORK: (&str, &str) = ("api-version", "2023-11-01");

/// The number of resource groups listed at once. A file may name hundreds.
const GROUPS_AT_ONCE: usize = 16;

/// A list of network resources.
pub(super) struct Network<T> {
    pub listed: Listed<T>,
    /// The reason why it has those of some groups only. The interface of a VM may be in another group than the VM.
    pub narrowed: Option<Failure>,
}

/// The power states of the whole subscription, if they are `wanted`. The list of a group documents no `statusOnly`.
pub(super) async fn states(arm: &Arm, wanted: bool) -> Listed<SlimVm> {
    if !wanted {
        return Listed::default();
    }
    let query = [COMPUTE, ("statusOnly", "true")];
    let listing = arm.list("list the VMs' power states", arm.url(&VMS, &query));
    listing.await.unwrap_or_else(Listed::failed)
}

/// The network interfaces that may belong to VMs in `scope`, if they are `wanted`.
pub(super) async fn interfaces(
    arm: &Arm,
    scope: &Scope,
    wanted: bool,
) -> Network<Resource<Interface>> {
    let doing = "list the network interfaces";
    network(arm, scope, wanted, doing, "networkInterfaces").await
}

/// The public addresses that may belong to VMs in `scope`, if they are `wanted`.
pub(super) async fn public_addresses(
    arm: &Arm,
    scope: &Scope,
    wanted: bool,
) -> Network<Resource<PublicAddress>> {
    let doing = "list the public IP addresses";
    network(arm, scope, wanted, doing, "publicIPAddresses").await
}

/// The network resources of one `kind`.
///
/// azlin reads them for the whole subscription, because they may be in another group than their VM. An identity that may not do
/// that gets those in the groups of `scope`.
async fn network<T: DeserializeOwned>(
    arm: &Arm,
    scope: &Scope,
    wanted: bool,
    doing: &str,
    kind: &str,
) -> Network<T> {
    let whole = |listed| Network {
        listed,
        narrowed: None,
    };
    if !wanted {
        return whole(Listed::default());
    }
    let provider = ["providers", "Microsoft.Network", kind];
    let failure = match arm.list(doing, arm.url(&provider, &[NETWORK])).await {
        Ok(listed) => return whole(listed),
        Err(failure) => failure,
    };
    match scope {
        Scope::Groups(groups) if failure.is_forbidden() => {
            let listing = of_groups(arm, groups, doing, (&provider, NETWORK), |_| true);
            Network {
                listed: listing.await.unwrap_or_else(Listed::failed),
                narrowed: Some(failure),
            }
        }
        _ => whole(Listed::failed(failure)),
    }
}

/// The lists of several groups as one. A group that does not exist is empty. A failure that `is_gap` accepts is a gap in the list.
pub(super) async fn of_groups<T: DeserializeOwned>(
    arm: &Arm,
    groups: &BTreeSet<String>,
    doing: &str,
    (provider, version): (&[&str], (&str, &str)),
    is_gap: impl Fn(&Failure) -> bool,
) -> Result<Listed<T>, Failure> {
    let lists = groups.iter().map(|group| {
        let segments = [&["resourceGroups", group.as_str()][..], provider].concat();
        arm.list(doing, arm.url(&segments, &[version]))
    });
    let mut all = Listed::default();
    let mut lists = stream::iter(lists).buffered(GROUPS_AT_ONCE);
    while let Some(listed) = lists.next().await {
        match listed {
            Ok(listed) => all.extend(listed),
            Err(failure) if failure.is_no_such_group() => {}
            Err(failure) if is_gap(&failure) => all.incomplete.push(failure),
            Err(failure) => return Err(failure),
        }
    }
    Ok(all)
}

/// The reasons why a list of details, which names its items `what`, lacks some of them.
pub(super) fn missing<T>(what: &str, listed: &Listed<T>) -> Vec<String> {
    let failures = listed.incomplete.iter().map(ToString::to_string);
    let odd = some_of(&listed.unreadable);
    let odd = odd.map(|item| format!("cannot read one of the {what}: {item}"));
    failures.chain(odd).collect()
}

/// The first of `reasons`, and a count of the others.
pub(super) fn some_of(reasons: &[String]) -> impl Iterator<Item = String> {
    const MOST: usize = 10;
    let more = reasons.len().saturating_sub(MOST);
    let more = (more > 0).then(|| format!("{more} more items"));
    reasons.iter().take(MOST).cloned().chain(more)
}
