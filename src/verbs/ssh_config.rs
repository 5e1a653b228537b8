//! `azlin ssh-config`.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::context::Context;
use super::replace::{private_folder, replace};
use super::{Exit, Streams, Trouble};
use crate::cli::{Common, SshConfig};
use crate::model::{Scope, TagKey};
use crate::plan;
use crate::show;
use crate::ssh;
use crate::text::plain;

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
    let live = context.everything(&context.file.azure.scope).await?;
    streams.warn_incomplete(&live);
    let folder = std::env::home_dir().map(|home| home.join(".ssh"));
    let own = folder.as_ref().map(|folder| read(&folder.join("config")));
    let own = own.transpose()?.unwrap_or_default();
    let sessions = context.file.desired.sessions.iter();
    let declared: BTreeSet<&str> = sessions.map(|line| line.session.as_str()).collect();
    let ours = file_name(&context);
    let taken = match &folder {
        Some(folder) => taken(folder, &ours),
        None => BTreeSet::new(),
    };
    let config = ssh::config(&live, &context.file.ssh, &declared, &taken);
    for (name, why) in &config.left_out {
        streams.warn(&show::left_out(name, why, &context.name));
    }
    let text = format!(
        "# The sessions in {}, as `azlin ssh-config` found them; it writes this file anew.\n{}",
        context.place, config.text
    );
    if !args.write {
        streams.print(&text)?;
        return Ok(Exit::Done);
    }
    let Some(folder) = folder else {
        let message = "there is no home folder to write into";
        return Err(Trouble::new(message, "set HOME, or leave --write out"));
    };
    let file = folder.join(OURS).join(ours);
    let written =
        private_folder(&folder.join(OURS)).and_then(|()| replace(&file, text.as_bytes(), true));
    written.map_err(|error| cannot("write", &file, &error))?;
    let hosts = match config.hosts {
        1 => "1 session".to_owned(),
        n => format!("{n} sessions"),
    };
    streams.note(&format!("{hosts} in {}", shown(&file)));
    include(&folder.join("config"), &own, streams)?;
    Ok(Exit::Done)
}

/// The name of azlin's file for what this command sees: two that see different parts of one subscription write two.
fn file_name(context: &Context) -> String {
    let (azure, subscription) = (&context.file.azure, context.arm.subscription());
    if azure.scope == Scope::Subscription && azure.tag == TagKey::default() {
        return format!("{subscription}.conf");
    }
    let part = format!("{:?} {}", azure.scope, azure.tag.as_str());
    let part = plan::sha256(part.as_bytes());
    format!("{subscription}-{}.conf", part.get(..8).unwrap_or_default())
}

/// The hosts that `ssh` knows from elsewhere than azlin's file `ours`: `config` in `folder`, and what it includes.
fn taken(folder: &Path, ours: &str) -> BTreeSet<String> {
    const MOST_FILES: usize = 200;
    let mut taken = BTreeSet::new();
    let mut files = vec![folder.join("config")];
    files.extend(matching(&folder.join(OURS).join("*.conf")));
    let mut seen = BTreeSet::from([folder.join(OURS).join(ours)]);
    while let Some(file) = files.pop() {
        if seen.len() > MOST_FILES || !seen.insert(file.clone()) {
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
        ssh::fits(&name, &entry) && !entry.starts_with('.')
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

/// What a file holds, in whatever encoding; nothing where there is no file.
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
