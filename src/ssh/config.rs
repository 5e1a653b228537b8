//! All sessions → an ssh_config, so that `ssh project-alpha`, `scp`, rsync and editors work.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Route, SshDefaults};
use crate::model::{Live, LiveName, SessionName, Vm, VmId, VmNames};
use crate::text::fits;

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
    /// It looks like a host name, or `ssh` has settings for hosts like it, and the file does not declare it. Otherwise anyone
    /// who may write tags could take over `ssh github.com`, or receive connections with the settings of `Host web-*`.
    LikeHost,
    /// The name already means something to `ssh`: the user's own `Host`, the jump host or this machine.
    Taken,
    /// The VM has no address.
    NoAddress(VmId),
}

/// Returns the blocks for every session in `live`.
///
/// - `defaults` returns the settings of a VM's file.
/// - `declared` are the sessions of the files.
/// - `taken` are the names that `ssh` already knows.
/// - `jumps` are the jump hosts of all files, in lower case. A person who may only tag a VM must not be able to replace one.
pub fn config<'d>(
    live: &Live,
    defaults: &dyn Fn(&VmId) -> &'d SshDefaults,
    declared: &BTreeSet<&str>,
    taken: &BTreeSet<String>,
    jumps: &BTreeSet<String>,
) -> Config {
    let mut holders: BTreeMap<&LiveName, Vec<&Vm>> = BTreeMap::new();
    for vm in live.vms.values() {
        if let Some(name) = &vm.held.session {
            holders.entry(name).or_default().push(vm);
        }
    }
    let called = VmNames::of(live.vms.keys());
    let is_taken = |name: &SessionName| {
        let name = name.as_str();
        let lower = name.to_lowercase();
        taken.contains(name) || lower == "localhost" || jumps.contains(&lower)
    };
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
        if is_taken(&valid) {
            return Err(LeftOut::Taken);
        }
        let is_hosts = name.raw().contains('.') || taken.iter().any(|host| fits(host, name.raw()));
        if is_hosts && !declared.contains(name.raw()) {
            return Err(LeftOut::LikeHost);
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

/// The names and patterns of the `Host` blocks in `text`, an ssh_config, except those that match every host.
pub fn hosts_in(text: &str) -> BTreeSet<String> {
    let hosts = words_of(text, "host").filter(|name| !name.starts_with('!'));
    let some = hosts.filter(|name| !name.chars().all(|c| c == '*'));
    some.map(ToOwned::to_owned).collect()
}

/// The files that `text`, an ssh_config, includes.
pub fn includes_in(text: &str) -> impl Iterator<Item = &str> {
    words_of(text, "include")
}

/// The words after `keyword` in the lines that have it.
fn words_of<'t>(text: &'t str, keyword: &'static str) -> impl Iterator<Item = &'t str> {
    let rests = text.lines().filter_map(move |line| {
        let (word, rest) = keyword_of(line)?;
        word.eq_ignore_ascii_case(keyword).then_some(rest)
    });
    let words = rests.flat_map(|rest| rest.split([' ', '\t', '=']));
    let words = words.map(|word| word.trim_matches('"').trim_end());
    words.filter(|word| !word.is_empty())
}

/// True if `text`, an ssh_config, has the line `wanted` for every host, which is above the first `Host` or `Match`.
pub fn has_for_all(text: &str, wanted: &str) -> bool {
    let is_block = |line: &&str| {
        let keyword = keyword_of(line).map(|(word, _)| word.to_ascii_lowercase());
        matches!(keyword.as_deref(), Some("host" | "match"))
    };
    let mut lines = text.lines().take_while(|line| !is_block(line));
    lines.any(|line| line.trim().eq_ignore_ascii_case(wanted))
}

/// A line's keyword, and the rest of the line.
fn keyword_of(line: &str) -> Option<(&str, &str)> {
    line.trim_start().split_once([' ', '\t', '='])
}

#[cfg(test)]
mod tests {
    use super::hosts_in;

    #[test]
    fn hosts_are_found_in_every_spelling() {
        let text = "Host a \"b\"\r\n  hostname x\nhost=c d-*\n\tHOST * !e\n# Host f\n";
        let hosts: Vec<String> = hosts_in(text).into_iter().collect();
        assert_eq!(hosts, ["a", "b", "c", "d-*"]);
    }
}
