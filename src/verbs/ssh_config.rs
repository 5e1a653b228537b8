//! `azlin ssh-config`.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::path::Path;

use super::context::Context;
use super::replace::replace;
use super::{Exit, Streams, Trouble};
use crate::cli::{Common, SshConfig};
use crate::show;
use crate::ssh;
use crate::text::plain;

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
    let taken = ssh::names_in(&String::from_utf8_lossy(&own));
    let config = ssh::config(&live, &context.file.ssh, &declared, &taken);
    for (name, why) in &config.left_out {
        streams.warn(&show::left_out(name, why));
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
    let ours = folder.join("azlin.d");
    let file = ours.join(format!("{}.conf", context.arm.subscription()));
    let written = private_folder(&ours).and_then(|()| replace(&file, text.as_bytes(), true));
    written.map_err(|error| cannot("write", &file, &error))?;
    let hosts = match config.hosts {
        1 => "1 session".to_owned(),
        n => format!("{n} sessions"),
    };
    streams.note(&format!("{hosts} in {}", shown(&file)));
    include(&folder.join("config"), &own, streams)?;
    Ok(Exit::Done)
}

/// Sees to it that `config`, which holds `text`, includes azlin's files. At the top, because further down the line would
/// belong to the `Host` above it.
fn include(config: &Path, text: &[u8], streams: Streams) -> Result<(), Trouble> {
    let mut lines = text.split(|byte| *byte == b'\n');
    if lines.any(|line| line.trim_ascii().eq_ignore_ascii_case(INCLUDE.as_bytes())) {
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

/// Makes the folder and those above it, for their owner alone.
fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
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
