//! All sessions → an ssh_config, so that `ssh project-alpha`, `scp`, rsync and editors work.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Known, Route, SshDefaults};
use crate::model::{Live, LiveName, SessionName, Vm, VmId, VmNames};

/// The `Host` blocks, and the sessions without one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The blocks, in the order of their names.
    pub hosts: Vec<Host>,
    /// The sessions without a block, in the order of their names.
    pub left_out: Vec<(LiveName, LeftOut)>,
}

/// A `Host` block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The VM that it leads to.
    pub vm: VmId,
    /// Its text, with an empty line before it.
    pub block: String,
}

/// The reason why a session has no `Host` block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// The session name is invalid. A tag is free text, and a newline or a `*` in it would configure other hosts.
    NoName,
    /// Several VMs hold it.
    Several(Vec<VmId>),
    /// Another VM has this name, and `connect` goes there.
    Shadowed(VmId),
    /// It contains a dot, as host names do, and the file does not declare it. Otherwise anyone who may write tags could take over
    /// `ssh github.com`.
    LikeHost,
    /// It fits a pattern that `ssh` knows, and the file does not declare it. Otherwise anyone who may write tags could receive
    /// connections with the settings of `Host web-*`.
    Fits {
        /// The pattern.
        pattern: String,
        /// Its place.
        place: String,
    },
    /// `ssh` already knows the name, from this place.
    Known(String),
    /// The VM has no address.
    NoAddress(VmId),
}

/// Returns the blocks for every session in `live`.
///
/// - `defaults` returns the settings of a VM's file.
/// - `declared` are the sessions of the files.
/// - `known` are the names that `ssh` already knows. A person who may only tag a VM must not be able to take one over.
pub fn config<'d>(
    live: &Live,
    defaults: &dyn Fn(&VmId) -> &'d SshDefaults,
    declared: &BTreeSet<&str>,
    known: &Known,
) -> Config {
    let mut holders: BTreeMap<&LiveName, Vec<&Vm>> = BTreeMap::new();
    for vm in live.vms.values() {
        if let Some(name) = &vm.held.session {
            holders.entry(name).or_default().push(vm);
        }
    }
    let called = VmNames::of(live.vms.keys());
    let judge = |name: &LiveName, vms: &[&Vm]| {
        let Ok(valid) = SessionName::new(name.raw()) else {
            return Err(LeftOut::NoName);
        };
        let [vm] = vms else {
            let ids = vms.iter().map(|vm| vm.id.clone());
            return Err(LeftOut::Several(ids.collect()));
        };
        if let Some(other) = called.another(name.raw(), |other| **other == vm.id) {
            return Err(LeftOut::Shadowed((*other).clone()));
        }
        if let Some(place) = known.place_of(name.raw()) {
            return Err(LeftOut::Known(place.to_owned()));
        }
        if !declared.contains(name.raw()) {
            if name.raw().contains('.') {
                return Err(LeftOut::LikeHost);
            }
            if let Some((pattern, place)) = known.pattern_for(name.raw()) {
                let (pattern, place) = (pattern.to_owned(), place.to_owned());
                return Err(LeftOut::Fits { pattern, place });
            }
        }
        let block = block(&valid, vm, defaults(&vm.id));
        let block = block.ok_or_else(|| LeftOut::NoAddress(vm.id.clone()))?;
        Ok(Host {
            vm: vm.id.clone(),
            block,
        })
    };
    let mut config = Config::default();
    for (name, vms) in holders {
        match judge(name, &vms) {
            Ok(host) => config.hosts.push(host),
            Err(why) => config.left_out.push((name.clone(), why)),
        }
    }
    config
}

/// One `Host` block, with an empty line before it; none if the VM has no address.
fn block(name: &SessionName, vm: &Vm, defaults: &SshDefaults) -> Option<String> {
    let Route { host, options } = Route::to(vm, defaults)?;
    let mut block = format!("\n# {}\nHost {name}\n    HostName {host}\n", vm.id.path());
    if let Some(user) = &defaults.user {
        // In an ssh_config, a backslash escapes.
        let user = user.as_str().replace('\\', "\\\\");
        let _ = writeln!(block, "    User {user}");
    }
    for (key, value) in options {
        let _ = writeln!(block, "    {key} {value}");
    }
    Some(block)
}
