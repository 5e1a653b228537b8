//! All sessions → an ssh_config, so that `ssh project-alpha`, `scp`, rsync and editors work.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{Route, SshDefaults};
use crate::model::{Live, LiveName, SessionName, Vm, VmId, VmNames};
use crate::text::fits;

/// The `Host` blocks, and the sessions that have none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    /// The blocks, in the order of their names.
    pub hosts: Vec<Host>,
    /// The sessions that were left out, in the order of their names.
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

/// Why a session has no `Host` block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// It is no session name: a tag is free text, and a newline or a `*` in it would configure other hosts.
    NoName,
    /// Several VMs hold it.
    Several(Vec<VmId>),
    /// Another VM is called so, to which `connect` goes.
    Shadowed(VmId),
    /// It reads as a host's name, or `ssh` has settings for hosts like it, and the file does not declare it: anyone who may
    /// write tags could take over `ssh github.com`, or be sent to with the settings of `Host web-*`.
    LikeHost,
    /// `ssh` knows the name already, or needs it: the user's own `Host`, the jump host, this machine.
    Taken,
    /// The VM has no address.
    NoAddress(VmId),
}

/// The blocks for every session in `live`. `defaults` says what a VM's file has for it, `declared` are the files' sessions,
/// `taken` the names that `ssh` knows already, and `jumps` the hosts in lower case that any file jumps over: whoever may tag a
/// VM must not come to sit on the way to others.
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

/// One `Host` block, with an empty line before it; none where the VM has no address.
fn block(name: &SessionName, vm: &Vm, defaults: &SshDefaults) -> Option<String> {
    let Route { host, options } = Route::to(vm, defaults)?;
    let mut block = format!("\n# {}\nHost {name}\n    HostName {host}\n", vm.id.path());
    if let Some(user) = &defaults.user {
        // Here a backslash escapes.
        let user = user.as_str().replace('\\', "\\\\");
        let _ = writeln!(block, "    User {user}");
    }
    for (key, value) in options {
        let _ = writeln!(block, "    {key} {value}");
    }
    Some(block)
}

/// The names and patterns that `text`, an ssh_config, has `Host` blocks for, but for those that mean every host.
pub fn hosts_in(text: &str) -> BTreeSet<String> {
    let hosts = words_of(text, "host").filter(|name| !name.starts_with('!'));
    let some = hosts.filter(|name| !name.chars().all(|c| c == '*'));
    some.map(ToOwned::to_owned).collect()
}

/// The files that `text`, an ssh_config, includes.
pub fn includes_in(text: &str) -> impl Iterator<Item = &str> {
    words_of(text, "include")
}

/// The words behind `keyword` in the lines that have it.
fn words_of<'t>(text: &'t str, keyword: &'static str) -> impl Iterator<Item = &'t str> {
    let rests = text.lines().filter_map(move |line| {
        let (word, rest) = keyword_of(line)?;
        word.eq_ignore_ascii_case(keyword).then_some(rest)
    });
    let words = rests.flat_map(|rest| rest.split([' ', '\t', '=']));
    let words = words.map(|word| word.trim_matches('"').trim_end());
    words.filter(|word| !word.is_empty())
}

/// True if `text`, an ssh_config, has `wanted` as a line that holds for every host: further down, a line belongs to the
/// `Host` or `Match` above it.
pub fn has_for_all(text: &str, wanted: &str) -> bool {
    let is_block = |line: &&str| {
        let keyword = keyword_of(line).map(|(word, _)| word.to_ascii_lowercase());
        matches!(keyword.as_deref(), Some("host" | "match"))
    };
    let mut lines = text.lines().take_while(|line| !is_block(line));
    lines.any(|line| line.trim().eq_ignore_ascii_case(wanted))
}

/// A line's keyword, and what stands behind it.
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
