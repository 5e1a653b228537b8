//! The names that a shell completes: what the file declares, and what Azure said a short while ago.
//!
//! They run within a TAB, so they fail by knowing no names, and say nothing.

mod cache;
mod candidates;
mod refresh;

pub(super) use cache::Cache;
pub(super) use refresh::run;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap_complete::CompletionCandidate;

use super::subscription::subscription;
use super::{context, target};
use crate::cli::Common;
use crate::file::{self, find};
use crate::model::{Live, SessionName, VmId};

/// A VM, and the session that it holds or is to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    vm: VmId,
    session: Option<SessionName>,
}

/// The VMs of `live` with those of their sessions that are names: anything else on a tag is nothing to put on a command line.
pub(super) fn of_live(live: &Live) -> Vec<Name> {
    let names = live.vms.values().map(|vm| {
        let session = vm.held.session.as_ref();
        Name {
            vm: vm.id.clone(),
            session: session.and_then(|session| SessionName::new(session.raw()).ok()),
        }
    });
    names.collect()
}

/// For an argument that takes a VM: its name, or `GROUP/VM` where several groups have one of that name.
pub(super) fn vms(current: &OsStr) -> Vec<CompletionCandidate> {
    candidates::vms(&known(), current)
}

/// For an argument that takes a VM by its name or its session's.
pub(super) fn sessions_and_vms(current: &OsStr) -> Vec<CompletionCandidate> {
    candidates::sessions_and_vms(&known(), current)
}

/// For an argument that takes a resource group.
pub(super) fn groups(current: &OsStr) -> Vec<CompletionCandidate> {
    candidates::groups(&known(), current)
}

/// The live names, then the declared ones. None where there is no valid file, because it says which Azure to ask.
fn known() -> Vec<Name> {
    let common = typed(std::env::args_os());
    // A pipe that is opened would hold up the line.
    let is_file = context::locate(&common).is_some_and(|path| path.is_file());
    let Some(found) = is_file.then(|| context::find(&common).ok()).flatten() else {
        return Vec::new();
    };
    let (Some(file), ..) = file::read(&found.path.to_string_lossy(), &found.bytes) else {
        return Vec::new();
    };
    let elsewhere = target::endpoint(&common);
    let cache = subscription(&common, &file, "", true, elsewhere.is_some());
    let cache = cache.ok().and_then(|subscription| {
        let (folder, elsewhere) = (find::folder(&found.path), elsewhere.as_deref());
        Cache::of(&file.azure, &subscription.id, folder, elsewhere)
    });
    let mut names = cache.map_or_else(Vec::new, |cache| refresh::live(&cache, &common));
    names.extend(file.desired.sessions.into_iter().map(|line| Name {
        vm: line.vm,
        session: Some(line.session),
    }));
    names
}

/// What the line that is being typed says to every command: the file and the subscription.
fn typed(words: impl Iterator<Item = OsString>) -> Common {
    let mut common = Common::default();
    // The first `--` stands before the line; from the second on, nothing is azlin's.
    let words = words.skip_while(|word| word != "--").skip(1);
    // Bash hands over `--file=x` as three words.
    let mut words = words.filter(|word| word != "=");
    while let Some(word) = words.next() {
        let word = word.to_string_lossy();
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(OsString::from(value))),
            None => (word.as_ref(), None),
        };
        match flag {
            "--" => break,
            "--file" => common.file = value.or_else(|| words.next()).map(PathBuf::from),
            "--subscription" | "--endpoint" => {
                let value = value.or_else(|| words.next());
                let value = value.map(|value| value.to_string_lossy().into_owned());
                match flag {
                    "--endpoint" => common.endpoint = value,
                    _ => common.subscription = value,
                }
            }
            _ => {}
        }
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_which_file_and_which_subscription() {
        let typed = |line: &str| {
            let words = ["azlin", "--", "azlin"].into_iter().chain(line.split(' '));
            let common = typed(words.map(OsString::from));
            let file = common.file.map(|file| file.to_string_lossy().into_owned());
            (file, common.subscription)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(typed("connect a"), (None, None));
        assert_eq!(typed("--file a.toml connect"), (some("a.toml"), None));
        assert_eq!(
            typed("connect --subscription=1 --file=b"),
            (some("b"), some("1"))
        );
        assert_eq!(typed("connect --file = b"), (some("b"), None));
        assert_eq!(typed("connect a -- --file c"), (None, None));
        assert_eq!(typed("connect --file"), (None, None));
    }
}
