//! Azure's lists → [`Live`].
//!
//! azlin's own slim types read the lists: one odd VM must not fail the whole page, and azlin parses only what it shows. VMs come
//! from the Compute list, never from Resource Graph or the generic resource list, which lag behind.

use futures::FutureExt as _;

use super::Failure;
use super::addresses::join;
use super::arm::Arm;
use super::details::{interfaces, missing, of_groups, public_addresses, some_of, states};
use super::id;
use super::list::Listed;
use super::vm::{COMPUTE, SlimVm, VMS};
use crate::model::{Gaps, Live, Scope, TagKey};
use crate::text::quote;

/// The details that a command shows beside the tags. Each costs lists of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Details {
    /// Only the tags.
    None,
    /// Power states.
    States,
    /// Addresses, for a command that writes them down: it fails if they cannot be read for another reason than a missing
    /// permission.
    Addresses,
    /// Power states and addresses.
    All,
}

/// The VMs with their sessions, from one list.
///
/// # Errors
/// As for [`read`].
pub async fn sessions(arm: &Arm, scope: &Scope, tag: &TagKey) -> Result<Live, Failure> {
    read(arm, scope, tag, Details::None).await
}

/// The VMs with their sessions and `details`, joined from lists that are read at once.
///
/// If a later page fails, if Azure forbids one of several groups, or if azlin cannot read a VM, the result says that it is
/// incomplete. A list of details that fails costs only what it would have shown, and the result says so.
///
/// The list with power states reportedly omits tags, and the list with tags has no power states, so azlin reads both.
///
/// # Errors
/// Azure returned no list of VMs. That failure is reported even if another list failed before it, so that the same cause always
/// has the same message.
pub async fn read(
    arm: &Arm,
    scope: &Scope,
    tag: &TagKey,
    details: Details,
) -> Result<Live, Failure> {
    let with_states = matches!(details, Details::States | Details::All);
    let with_addresses = matches!(details, Details::Addresses | Details::All);
    // The list of VMs comes first, because all wait for the same sign-in, and its failure counts.
    let (vms, states, interfaces, public) = tokio::try_join!(
        biased;
        vms(arm, scope),
        states(arm, with_states).map(Ok),
        interfaces(arm, scope, with_addresses).map(Ok),
        public_addresses(arm, scope, with_addresses).map(Ok),
    )?;
    let (narrowed, interfaces, public) = (interfaces.narrowed, interfaces.listed, public.listed);
    if details == Details::Addresses {
        let mut failures = interfaces.incomplete.iter().chain(&public.incomplete);
        if let Some(failure) = failures.find(|failure| !failure.is_forbidden()) {
            return Err(failure.clone());
        }
    }
    let mut live = live(arm, vms, tag);
    let gaps = live.gaps.entry(arm.subscription().clone()).or_default();
    gaps.details_missing
        .extend(missing("VMs with power states", &states));
    gaps.details_missing
        .extend(missing("network interfaces", &interfaces));
    gaps.details_missing
        .extend(missing("public IP addresses", &public));
    for listed in states.items {
        let vm = id::parse(&listed.id, arm.subscription()).and_then(|id| live.vms.get_mut(&id));
        if let Some(vm) = vm {
            let view = listed.view();
            vm.power = view.power();
            vm.ended = vm.ended.or(view.ended());
        }
    }
    join(
        arm.subscription(),
        &mut live,
        interfaces.items,
        &public.items,
    );
    let mut vms = live.vms.values();
    if let Some(failure) = narrowed
        && vms.any(|vm| vm.addresses.private.is_empty())
    {
        let gaps = live.gaps.entry(arm.subscription().clone()).or_default();
        gaps.details_missing.push(failure.to_string());
    }
    Ok(live)
}

/// The VMs with their tags.
///
/// The SDK's lists have no `send()`, only a stream whose strict parser would add 0.6 MB to the program. They also put a group into
/// the path without encoding it.
async fn vms(arm: &Arm, scope: &Scope) -> Result<Listed<SlimVm>, Failure> {
    let doing = "list the VMs";
    match scope {
        Scope::Subscription => arm.list(doing, arm.url(&VMS, &[COMPUTE])).await,
        // The other groups are still useful; the VMs of a forbidden one are unknown.
        Scope::Groups(groups) => {
            of_groups(arm, groups, doing, (&VMS, COMPUTE), Failure::is_forbidden).await
        }
    }
}

fn live(arm: &Arm, listed: Listed<SlimVm>, tag: &TagKey) -> Live {
    let mut live = Live::default();
    let mut unreadable = listed.unreadable;
    for slim in listed.items {
        match id::parse(&slim.id, arm.subscription()) {
            Some(id) => {
                let vm = live.vms.entry(id.clone());
                vm.or_insert_with(|| slim.vm(id, tag));
            }
            None => {
                let id = quote(&slim.id);
                unreadable.push(format!("{id} is not the id of a VM in this subscription"));
            }
        }
    }
    let mut gaps = Gaps {
        unreadable: unreadable.len(),
        incomplete: listed.incomplete.iter().map(ToString::to_string).collect(),
        ..Gaps::default()
    };
    let odd = some_of(&unreadable).map(|item| format!("cannot read one of the VMs: {item}"));
    gaps.incomplete.extend(odd);
    live.gaps.insert(arm.subscription().clone(), gaps);
    live
}
