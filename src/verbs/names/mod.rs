//! The names that a shell completes: those that the file declares, and those that Azure had recently.
//!
//! This code runs at a TAB, so on failure it returns no names and prints nothing.

mod cache;
mod candidates;
mod refresh;

pub(super) use candidates::{Name, groups, sessions, sessions_and_vms, vms};
pub(super) use refresh::{is_refresh, refresh};

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::SystemTime;

use super::context::{Context, What};
use super::part::Part;
use super::subscription::subscription;
use super::{Streams, Trouble, document, target};
use crate::cli::Common;
use crate::file::find::{self, How};
use crate::file::{self, File};
use crate::model::{Live, Scope, SessionName};
use cache::Cache;

/// Reads Azure. On a terminal it also caches the names for the next TAB; a script leaves no files behind.
///
/// `scope` narrows the scope of each subscription for this read. azlin does not cache a narrowed scope or a list that may be
/// incomplete, because the missing names would seem to be gone.
pub(super) async fn read_azure(
    context: &Context,
    what: What,
    scope: &dyn Fn(&Scope) -> Scope,
) -> Result<Live, Trouble> {
    read_azure_for(context, what, scope, None).await
}

/// Reads as [`read_azure`] does, for a command about one `group`; see [`Context::read_for`].
pub(super) async fn read_azure_for(
    context: &Context,
    what: What,
    scope: &dyn Fn(&Scope) -> Scope,
    group: Option<&str>,
) -> Result<Live, Trouble> {
    let now = SystemTime::now();
    let live = context.read_for(what, scope, group).await?;
    if !Streams::is_watched() {
        return Ok(live);
    }
    for part in context.parts() {
        let subscription = part.arm.subscription();
        let own = context.scope_of(subscription);
        let gaps = live.gaps.get(subscription);
        let is_incomplete = gaps.is_none_or(|gaps| !gaps.incomplete.is_empty());
        if scope(&own) == own
            && !is_incomplete
            && let Some(cache) = cache_of(part)
        {
            // A failure does not matter: the next TAB reads Azure itself.
            let _ = cache.write(of_live(&live, part), now);
        }
    }
    Ok(live)
}

/// The cache for the names of `part`.
fn cache_of(part: &Part) -> Option<Cache> {
    let (document, subscription) = (&part.document, part.arm.subscription());
    let elsewhere = part.elsewhere.as_deref();
    Cache::of(
        &document.file.azure,
        subscription,
        document.folder(),
        elsewhere,
    )
}

/// The VMs of `live` in the subscription and scope of `part`, with their sessions. It omits a session that is not a valid name,
/// because such a tag must not end up on a command line.
fn of_live(live: &Live, part: &Part) -> Vec<Name> {
    let scope = &part.desired.scope;
    let mut names = Vec::new();
    for vm in live.vms.values() {
        if vm.id.subscription() == part.arm.subscription() && scope.covers(&vm.id) {
            let session = vm.held.session.as_ref();
            names.push(Name {
                subscription: Some(vm.id.subscription().clone()),
                vm: vm.id.path().clone(),
                session: session.and_then(|session| SessionName::new(session.raw()).ok()),
            });
        }
    }
    names
}

/// The live names, then the declared ones. Empty if a file is invalid, because the file says which Azure to read.
pub(super) fn known() -> Vec<Name> {
    let common = typed(std::env::args_os());
    let elsewhere = target::endpoint(&common);
    let mut caches = BTreeSet::new();
    let mut declared = Vec::new();
    let located = document::locate(&common).unwrap_or_default();
    for path in located.files {
        let Some((path, file)) = read(path, located.how) else {
            return Vec::new();
        };
        let subscription = subscription(&common, &file, Some(""));
        let id = subscription.ok().map(|subscription| subscription.id);
        if let Some(id) = &id {
            let folder = find::folder(&path);
            caches.extend(Cache::of(&file.azure, id, folder, elsewhere.as_deref()));
        }
        for line in file.lines {
            declared.push(Name {
                subscription: id.clone(),
                vm: line.vm,
                session: Some(line.session),
            });
        }
    }
    let mut names = refresh::live(&caches, &common);
    names.extend(declared);
    names
}

/// The file at `path`, if it is valid. Does not open a pipe, which would block.
fn read(path: PathBuf, how: How) -> Option<(PathBuf, File)> {
    if !path.is_file() {
        return None;
    }
    let found = find::read(path, how).ok()?;
    let (file, ..) = file::read(&found.path.to_string_lossy(), &found.bytes);
    Some((found.path, file?))
}

/// The files, the subscription and the endpoint on the line that the user is typing.
///
/// This does not use clap, which stops at the first invalid or unfinished word, and an unfinished line has one.
fn typed(words: impl Iterator<Item = OsString>) -> Common {
    let text = |value: OsString| value.into_string().ok();
    let mut common = Common::default();
    let mut words = words
        // The line starts after the first `--`. Words after the second one are not for azlin.
        .skip_while(|word| word != "--")
        .skip(1)
        .take_while(|word| word != "--")
        // Bash passes `--file=x` as three words.
        .filter(|word| word != "=");
    while let Some(word) = words.next() {
        let word = word.to_string_lossy();
        let (flag, inline) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(OsString::from(value))),
            None => (word.as_ref(), None),
        };
        let value = || inline.or_else(|| words.next());
        match flag {
            "--file" | "-f" => common.file.extend(value().map(PathBuf::from)),
            "--subscription" => common.subscription = value().and_then(text),
            "--endpoint" => common.sign_in.endpoint = value().and_then(text),
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
            let files = common.file.iter().map(|file| file.to_string_lossy());
            (files.collect::<Vec<_>>().join(" "), common.subscription)
        };
        let some = |text: &str| Some(text.to_owned());
        let none = String::new;
        assert_eq!(typed("connect a"), (none(), None));
        assert_eq!(typed("--file a.toml connect"), ("a.toml".into(), None));
        assert_eq!(
            typed("connect --subscription=1 --file=b"),
            ("b".into(), some("1"))
        );
        assert_eq!(typed("connect --file = b --file c"), ("b c".into(), None));
        assert_eq!(typed("connect a -- --file c"), (none(), None));
        assert_eq!(typed("connect --file"), (none(), None));
    }
}
