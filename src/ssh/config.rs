//! All sessions → an ssh_config, so that `ssh project-alpha`, `scp`, rsync and editors work.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Route, SshDefaults, host_key_alias};
use crate::model::{Live, LiveName, SessionName, Vm, VmId};

/// The `Host` blocks, and the sessions that have none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The blocks, in the order of their names.
    pub text: String,
    /// How many they are.
    pub hosts: usize,
    /// The sessions that were left out, in the order of their names.
    pub left_out: Vec<(LiveName, LeftOut)>,
}

/// Why a session has no `Host` block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// It is no session name: a tag is free text, and a newline or a `*` in it would configure other hosts.
    NoName,
    /// Several VMs hold it.
    Several(Vec<VmId>),
    /// Another VM is called so, to which `connect` goes.
    Shadowed(VmId),
    /// It reads as a host's name, and the file does not declare it: anyone who may write tags could take over
    /// `ssh github.com`.
    LikeHost,
    /// `ssh` knows the name already, or needs it: the user's own `Host`, the jump host, this machine.
    Taken,
    /// The VM has no address.
    NoAddress(VmId),
}

/// The blocks for every session in `live`. `declared` are the file's sessions, `taken` the names that `ssh` knows already.
pub fn config(
    live: &Live,
    defaults: &SshDefaults,
    declared: &BTreeSet<&str>,
    taken: &BTreeSet<String>,
) -> Config {
    let mut holders: BTreeMap<&LiveName, Vec<&Vm>> = BTreeMap::new();
    for vm in live.vms.values() {
        if let Some(name) = &vm.held.session {
            holders.entry(name).or_default().push(vm);
        }
    }
    let called: BTreeMap<&str, &VmId> = live.vms.keys().map(|id| (id.folded_name(), id)).collect();
    let jump = defaults
        .jump
        .as_ref()
        .map(|jump| jump.host().to_lowercase());
    let is_taken = |name: &SessionName| {
        let name = name.as_str();
        let lower = name.to_lowercase();
        taken.contains(name) || lower == "localhost" || jump.as_ref() == Some(&lower)
    };
    let judge = |name: &LiveName, vms: &[&Vm]| {
        let Ok(valid) = SessionName::new(name.raw()) else {
            return Err(LeftOut::NoName);
        };
        let [vm] = vms else {
            return Err(LeftOut::Several(
                vms.iter().map(|vm| vm.id.clone()).collect(),
            ));
        };
        let shadow = called.get(name.raw().to_lowercase().as_str());
        if let Some(other) = shadow.filter(|other| ***other != vm.id) {
            return Err(LeftOut::Shadowed((*other).clone()));
        }
        if is_taken(&valid) {
            return Err(LeftOut::Taken);
        }
        if name.raw().contains('.') && !declared.contains(name.raw()) {
            return Err(LeftOut::LikeHost);
        }
        block(&valid, vm, defaults).ok_or_else(|| LeftOut::NoAddress(vm.id.clone()))
    };
    let mut config = Config::default();
    for (name, vms) in holders {
        match judge(name, &vms) {
            Ok(block) => {
                config.text.push_str(&block);
                config.hosts += 1;
            }
            Err(why) => config.left_out.push((name.clone(), why)),
        }
    }
    config
}

/// One `Host` block, with an empty line before it; none where the VM has no address.
fn block(name: &SessionName, vm: &Vm, defaults: &SshDefaults) -> Option<String> {
    let Route { host, jump } = Route::to(vm, defaults)?;
    let mut block = format!("\n# {}\nHost {name}\n    HostName {host}\n", vm.id);
    if let Some(user) = &defaults.user {
        let _ = writeln!(block, "    User {}", user.as_str());
    }
    if let Some(alias) = host_key_alias(vm) {
        let _ = writeln!(block, "    HostKeyAlias {alias}\n    CheckHostIP no");
    }
    if let Some(jump) = jump {
        let _ = writeln!(block, "    ProxyJump {}", jump.as_str());
    }
    Some(block)
}

/// The names that `text`, an ssh_config, has `Host` blocks for; patterns are none.
pub fn names_in(text: &str) -> BTreeSet<String> {
    let hosts = text.lines().filter_map(|line| {
        let (word, rest) = line.trim_start().split_once([' ', '\t', '='])?;
        word.eq_ignore_ascii_case("host").then_some(rest)
    });
    let names = hosts.flat_map(|rest| rest.split([' ', '\t', '=']));
    let names = names.map(|name| name.trim_matches('"'));
    let plain = names.filter(|name| !name.is_empty() && !name.contains(['*', '?', '!']));
    plain.map(ToOwned::to_owned).collect()
}
