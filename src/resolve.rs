//! (Live, name) → the VM that `connect` goes to, or the reason why it finds none.
//!
//! It uses the live tags, not the file: `connect` must reach the VM that holds the name now, even if an apply is overdue.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::model::{Live, Vm, VmId};
use crate::text::nearest;

/// The reason why a name leads to no VM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Miss {
    /// Several VMs match it.
    Ambiguous {
        /// The property that matches.
        by: By,
        /// Those VMs.
        vms: Vec<VmId>,
    },
    /// Nothing matches it.
    NotFound {
        /// Similar names of VMs and sessions, the nearest first.
        nearest: Vec<String>,
        /// All sessions, each with its VM.
        sessions: Vec<(String, VmId)>,
        /// The number of VMs searched.
        among: usize,
    },
    /// No VM has this name, and only a VM's name counts.
    NoVm {
        /// VMs with similar names in any resource group, the nearest first.
        nearest: Vec<VmId>,
        /// The VM that holds a session of this name.
        holder: Option<Box<VmId>>,
        /// The number of VMs searched.
        among: usize,
    },
}

/// The property by which a name matches a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Its name.
    Name,
    /// Its session.
    Session,
    /// One of its addresses.
    Address,
}

/// The name that was probably meant instead of one that matches nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meant {
    /// The name without the user before its `@`.
    NoUser(String),
    /// The address without its brackets or its port.
    Address {
        /// The address.
        address: IpAddr,
        /// The port that stood behind it.
        port: Option<u16>,
    },
    /// VMs of this name, or with this session, in other resource groups.
    Elsewhere(Vec<VmId>),
    /// Resource groups with a similar name; the one that was given has no VM.
    Groups(Vec<String>),
    /// The session of this name in another case, and its VM.
    Case(String, VmId),
}

/// Returns what was probably meant by `name`, which matches nothing in `live`. `group` is the resource group that was searched, if
/// it was only one.
pub fn meant(live: &Live, name: &str, group: Option<&str>) -> Option<Meant> {
    if let Some((_, name)) = name.rsplit_once('@') {
        return Some(Meant::NoUser(name.to_owned()));
    }
    if let Some((address, port)) = dressed_address(name) {
        return Some(Meant::Address { address, port });
    }
    let last = name.rsplit('/').next().unwrap_or(name);
    if let Some(group) = group.or_else(|| VmId::group_in(name)) {
        let elsewhere =
            |vm: &&Vm| !vm.id.path().is_in(group) && (vm.id.answers_to(last) || vm.held.is(last));
        let vms: Vec<VmId> = live
            .vms
            .values()
            .filter(elsewhere)
            .map(|vm| vm.id.clone())
            .collect();
        if !vms.is_empty() {
            return Some(Meant::Elsewhere(vms));
        }
        let groups: BTreeSet<&str> = live.vms.keys().map(VmId::group).collect();
        let is_there = groups.iter().any(|there| there.eq_ignore_ascii_case(group));
        let similar = nearest(group, groups.into_iter(), 3);
        if !is_there && !similar.is_empty() {
            return Some(Meant::Groups(
                similar.into_iter().map(ToOwned::to_owned).collect(),
            ));
        }
    }
    let folded = last.to_lowercase();
    let in_group = |vm: &&Vm| group.is_none_or(|group| vm.id.path().is_in(group));
    live.vms.values().filter(in_group).find_map(|vm| {
        let session = vm.held.session.as_ref()?;
        let is_it = session.raw().to_lowercase() == folded && session.raw() != last;
        is_it.then(|| Meant::Case(session.to_string(), vm.id.clone()))
    })
}

/// The address in `[ADDRESS]`, `[ADDRESS]:PORT` or `ADDRESS:PORT`, and the port.
fn dressed_address(name: &str) -> Option<(IpAddr, Option<u16>)> {
    let (address, port) = match name.strip_prefix('[') {
        Some(rest) => {
            let (address, rest) = rest.split_once(']')?;
            (address, rest.strip_prefix(':'))
        }
        None => {
            let (address, port) = name.split_once(':')?;
            (address, Some(port))
        }
    };
    Some((
        self::address(address)?,
        port.and_then(|port| port.parse().ok()),
    ))
}

/// Returns the VM that `name` means: by VM name or `GROUP/VM`, ignoring case, or else by session name, or else by IP address. No
/// session name contains a `/`.
///
/// # Errors
/// Several VMs match in the first of these ways that matches any, or no VM matches at all.
pub fn resolve<'l>(live: &'l Live, name: &str) -> Result<&'l Vm, Miss> {
    let candidates = || live.vms.values();
    let by_name: Vec<&Vm> = candidates().filter(|vm| vm.id.answers_to(name)).collect();
    if let Some(vm) = only(By::Name, by_name)? {
        return Ok(vm);
    }
    // No valid session name is an address. A tag with an address is not azlin's, and must not shadow the machine at that address.
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

/// Returns the VM named `name`, which is `VM` or `GROUP/VM`, ignoring case. A session name does not match, because a command that
/// changes a VM requires its own name.
///
/// # Errors
/// Several VMs have this name, or none.
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

/// Parses an address in its plain form only, and not in the other forms that `ssh` accepts. Returns an IPv4 address within IPv6
/// as IPv4.
fn address(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.parse().ok()?;
    Some(address.to_canonical())
}
