//! `azlin ssh-config`.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::context::Context;
use super::part::Part;
use super::{Exit, Streams, Trouble, names};
use crate::cli::{Common, SshConfig};
use crate::model::{Scope, TagKey, VmId};
use crate::plan;
use crate::replace::{private_folder, replace};
use crate::show;
use crate::ssh;
use crate::text::{fits, plain};

/// The folder of azlin's files, in `~/.ssh`.
const OURS: &str = "azlin.d";

/// The line that makes `ssh` read what azlin writes; relative to `~/.ssh`.
const INCLUDE: &str = "Include azlin.d/*.conf";

pub(super) async fn run(
    common: &Common,
    args: &SshConfig,
    streams: Streams,
) -> Result<Exit, Trouble> {
    let context = Context::open_without_file(common, streams)?;
    let now = SystemTime::now();
    let live = context.everything(&Scope::clone).await?;
    names::remember(&context, &live, &Scope::clone, now);
    streams.warn_incomplete(&live);
    let home = std::env::home_dir().map(|home| home.join(".ssh"));
    let own = home.as_ref().map(|folder| read(&folder.join("config")));
    let own = own.transpose()?.unwrap_or_default();
    let lines = context.parts().flat_map(|part| &part.desired.sessions);
    let declared: BTreeSet<&str> = lines.map(|line| line.session.as_str()).collect();
    let parts: Vec<&Part> = context.subscriptions().collect();
    // One run writes all of these, so that none of them stands in another's way.
    let ours: BTreeSet<String> = parts.iter().map(|part| file_name(&context, part)).collect();
    let taken = match &home {
        Some(folder) => taken(folder, &ours),
        None => BTreeSet::new(),
    };
    let defaults = |vm: &VmId| &context.part_of(vm).file.ssh;
    let jumps = context
        .parts()
        .filter_map(|part| part.file.ssh.jump.as_ref());
    let jumps: BTreeSet<String> = jumps.map(|jump| jump.host().to_lowercase()).collect();
    let config = ssh::config(&live, &defaults, &declared, &taken, &jumps);
    for (name, why) in &config.left_out {
        streams.warn(&show::left_out(name, why, &context.name(), context.ids));
    }
    let text = |part: &Part| {
        let place = part.place();
        let head = format!(
            "# The sessions in {place}, as `azlin ssh-config` found them; it writes this file anew.\n"
        );
        let subscription = part.arm.subscription();
        let own = config
            .hosts
            .iter()
            .filter(|host| host.vm.subscription() == subscription);
        let blocks: Vec<&str> = own.map(|host| host.block.as_str()).collect();
        (head + &blocks.concat(), blocks.len())
    };
    if !args.write {
        let all: String = parts.iter().map(|part| text(part).0).collect();
        streams.print(&all)?;
        return Ok(Exit::Done);
    }
    let Some(home) = home else {
        let message = "there is no home folder to write into";
        return Err(Trouble::new(message, "set HOME, or leave --write out"));
    };
    for part in parts {
        let file = home.join(OURS).join(file_name(&context, part));
        let (text, hosts) = text(part);
        let folder = private_folder(&home.join(OURS));
        let written = folder.and_then(|()| replace(&file, text.as_bytes(), true));
        written.map_err(|error| cannot("write", &file, &error))?;
        let hosts = show::count(hosts, "session");
        streams.note(&format!("{hosts} in {}", shown(&file)));
    }
    include(&home.join("config"), &own, streams)?;
    Ok(Exit::Done)
}

/// The name of azlin's file for what this command sees: two that see different parts of one subscription write two.
fn file_name(context: &Context, part: &Part) -> String {
    let (tag, subscription) = (&part.file.azure.tag, part.arm.subscription());
    let scope = context.scope_of(subscription);
    if scope == Scope::Subscription && *tag == TagKey::default() {
        return format!("{subscription}.conf");
    }
    let part = format!("{scope:?} {}", tag.as_str());
    let part = plan::sha256(part.as_bytes());
    format!("{subscription}-{}.conf", part.get(..8).unwrap_or_default())
}

/// The hosts that `ssh` knows from elsewhere than azlin's files `ours`: `config` in `folder`, and what it includes.
fn taken(folder: &Path, ours: &BTreeSet<String>) -> BTreeSet<String> {
    const MOST_FILES: usize = 200;
    let mut taken = BTreeSet::new();
    let mut files = vec![folder.join("config")];
    files.extend(matching(&folder.join(OURS).join("*.conf")));
    let own = ours.iter().map(|name| folder.join(OURS).join(name));
    let mut seen: BTreeSet<PathBuf> = own.collect();
    let most = MOST_FILES + seen.len();
    while let Some(file) = files.pop() {
        if seen.len() > most || !seen.insert(file.clone()) {
            continue;
        }
        // What cannot be read here, ssh tells the user of.
        let text = fs::read(&file).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        taken.extend(ssh::hosts_in(&text));
        for include in ssh::includes_in(&text) {
            let path = match include.strip_prefix("~/") {
                Some(rest) => folder.parent().unwrap_or(folder).join(rest),
                None => folder.join(include),
            };
            files.extend(matching(&path));
        }
    }
    taken
}

/// The files that `path` means, the last part of which may have a `*`.
fn matching(path: &Path) -> Vec<PathBuf> {
    let (folder, name) = match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => (folder, name.to_string_lossy()),
        _ => return Vec::new(),
    };
    if !name.contains('*') {
        return vec![path.to_owned()];
    }
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name());
    let fitting = names.filter(|entry| {
        let entry = entry.to_string_lossy();
        fits(&name, &entry) && !entry.starts_with('.')
    });
    fitting.map(|entry| folder.join(entry)).collect()
}

/// Sees to it that `config`, which holds `text`, includes azlin's files. At the top, because further down the line would
/// belong to the `Host` above it.
fn include(config: &Path, text: &[u8], streams: Streams) -> Result<(), Trouble> {
    if ssh::has_for_all(&String::from_utf8_lossy(text), INCLUDE) {
        return Ok(());
    }
    let gap = if text.is_empty() { "\n" } else { "\n\n" };
    let text = [INCLUDE.as_bytes(), gap.as_bytes(), text].concat();
    replace(config, &text, !config.exists()).map_err(|error| cannot("write", config, &error))?;
    streams.note(&format!("{} now has the line `{INCLUDE}`", shown(config)));
    Ok(())
}

/// The bytes of a file; none where there is no file.
fn read(path: &Path) -> Result<Vec<u8>, Trouble> {
    match fs::read(path) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(cannot("read", path, &error)),
    }
}

fn shown(path: &Path) -> String {
    crate::text::escape(&path.to_string_lossy()).into_owned()
}

fn cannot(what: &str, path: &Path, error: &io::Error) -> Trouble {
    let message = format!("cannot {what} {}: {}", shown(path), plain(error));
    Trouble::new(
        message,
        "check that it is yours and that you may write to it",
    )
}
