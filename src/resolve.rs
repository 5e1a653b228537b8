//! (Live, name) → the VM that `connect` goes to, or why not.
//!
//! Reads live tags, not the file: `connect` must reach where the name is now, even when an apply is overdue.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::model::{Live, Vm, VmId};
use crate::text::nearest;

/// Why a name leads to no VM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Miss {
    /// Several VMs answer to it.
    Ambiguous {
        /// What they have in common.
        by: By,
        /// Those VMs.
        vms: Vec<VmId>,
    },
    /// None does.
    NotFound {
        /// What looks like it: names of VMs and sessions, the nearest first.
        nearest: Vec<String>,
        /// What there is: each session with its VM.
        sessions: Vec<(String, VmId)>,
        /// How many VMs were looked at.
        among: usize,
    },
    /// No VM is called so, where only a VM's name counts.
    NoVm {
        /// VMs whose names look like it, wherever they are, the nearest first.
        nearest: Vec<VmId>,
        /// The VM that holds a session of this name.
        holder: Option<Box<VmId>>,
        /// How many VMs were looked at.
        among: usize,
    },
}

/// What a VM answers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Its name.
    Name,
    /// Its session.
    Session,
    /// One of its addresses.
    Address,
}

/// The VM called `name`: by VM name (or `GROUP/VM`, as no session is called) without regard to case, then by session name, then by IP address.
///
/// # Errors
/// Several VMs answer to it in the first of these ways that any does, or none does in any.
pub fn resolve<'l>(live: &'l Live, name: &str) -> Result<&'l Vm, Miss> {
    let candidates = || live.vms.values();
    let by_name: Vec<&Vm> = candidates().filter(|vm| vm.id.answers_to(name)).collect();
    if let Some(vm) = only(By::Name, by_name)? {
        return Ok(vm);
    }
    // No session is called like an address: a tag that says so was not written by azlin and must not shadow the machine.
    if let Some(address) = address(name) {
        let by_address = candidates()
            .filter(|vm| vm.addresses.contains(address))
            .collect();
        if let Some(vm) = only(By::Address, by_address)? {
            return Ok(vm);
        }
    } else {
        let by_session = candidates().filter(|vm| vm.held.is(name)).collect();
        if let Some(vm) = only(By::Session, by_session)? {
            return Ok(vm);
        }
    }
    let sessions =
        candidates().filter_map(|vm| Some((vm.held.session.as_ref()?.to_string(), vm.id.clone())));
    let mut sessions: Vec<(String, VmId)> = sessions.collect();
    sessions.sort();
    let names = candidates().map(|vm| vm.id.name());
    let names = names.chain(sessions.iter().map(|(session, _)| session.as_str()));
    let nearest = nearest(name, names, 3)
        .into_iter()
        .map(ToOwned::to_owned)
        .collect();
    Err(Miss::NotFound {
        nearest,
        sessions,
        among: candidates().count(),
    })
}

/// The VM called `name`, which is `VM` or `GROUP/VM`, without regard to case; never by its session, for what changes a VM
/// must be told which.
///
/// # Errors
/// Several VMs are called so, or none is.
pub fn vm_called<'l>(live: &'l Live, name: &str, group: Option<&str>) -> Result<&'l Vm, Miss> {
    let in_group = |id: &VmId| group.is_none_or(|group| id.path().is_in(group));
    let is = |id: &VmId| id.answers_to(name) && in_group(id);
    let named = live.vms.values().filter(|vm| is(&vm.id)).collect();
    if let Some(vm) = only(By::Name, named)? {
        return Ok(vm);
    }
    let holder = live.vms.values().find(|vm| vm.held.is(name));
    let vm = name.rsplit('/').next().unwrap_or(name).to_lowercase();
    let names = live.vms.keys().map(|id| id.path().folded_name());
    let names: BTreeSet<&str> = names.collect();
    let similar = nearest(&vm, names.into_iter(), 3);
    let called = |name| {
        let ids = live.vms.keys();
        ids.filter(move |id| id.path().folded_name() == name)
    };
    let nearest = similar.into_iter().flat_map(called).take(3).cloned();
    Err(Miss::NoVm {
        nearest: nearest.collect(),
        holder: holder.map(|vm| Box::new(vm.id.clone())),
        among: live.vms.keys().filter(|id| in_group(id)).count(),
    })
}

fn only(by: By, vms: Vec<&Vm>) -> Result<Option<&Vm>, Miss> {
    match vms.as_slice() {
        [] => Ok(None),
        [vm] => Ok(Some(vm)),
        several => {
            let vms = several.iter().map(|vm| vm.id.clone()).collect();
            Err(Miss::Ambiguous { by, vms })
        }
    }
}

/// The plain form of an address only, never what `ssh` alone would take for one; an IPv4 address within IPv6 as IPv4.
fn address(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.parse().ok()?;
    Some(address.to_canonical())
}
