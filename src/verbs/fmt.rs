//! `azlin fmt`.

use std::path::PathBuf;

use super::document::{self, Given};
use super::{Exit, Streams, Trouble};
use crate::cli::{Common, Fmt as Args};
use crate::file::find::Found;
use crate::file::{self, CannotFormat};
use crate::show;
use crate::text::{escape, shown};

pub(super) fn run(common: &Common, args: &Args, streams: Streams) -> Result<Exit, Trouble> {
    let Given { files, is_stdin } = document::given(common, &args.files, streams)?;
    let all = files.len();
    let (mut troubles, mut changed) = (Vec::new(), Vec::new());
    for found in files {
        match one(found, args.check, is_stdin, streams) {
            Ok(name) => changed.extend(name),
            Err(trouble) => troubles.push(trouble),
        }
    }
    let names: Vec<String> = changed.iter().map(|path| shown(path)).collect();
    let names = show::names(&names);
    if args.check && !changed.is_empty() {
        let are = if changed.len() > 1 { "are" } else { "is" };
        let message = format!("{names} {are} not formatted");
        let help = format!("run azlin fmt{}", words(&changed));
        troubles.push(Trouble::new(message, help));
    } else if !changed.is_empty() {
        streams.say(&format!("Formatted {names}.\n"));
    }
    streams.fail_with(troubles)?;
    if changed.is_empty() && !is_stdin {
        let are = if all > 1 { "are" } else { "is" };
        let files = show::count(all, "file");
        streams.say(&format!("{files} {are} formatted already.\n"));
    }
    Ok(Exit::Done)
}

/// `files` as a shell reads them, each after a blank.
fn words(files: &[PathBuf]) -> String {
    let mut words = String::new();
    for file in files {
        let file = file.to_string_lossy();
        words += &format!(" {}", escape(&shlex::try_quote(&file).unwrap_or_default()));
    }
    words
}

/// Formats one file, or shows the difference if this is only a check. Returns the path of a file that differs.
fn one(
    found: Result<Found, Trouble>,
    is_check: bool,
    is_stdin: bool,
    streams: Streams,
) -> Result<Option<PathBuf>, Trouble> {
    let found = found?;
    let text = formatted(&found, streams)?;
    let is_same = text.as_bytes() == found.bytes;
    if is_check && !is_same {
        let before = String::from_utf8_lossy(&found.bytes);
        let name = shown(&found.path);
        streams.print(&show::changed(&before, &text, &name, streams.stdout))?;
    } else if is_stdin && !is_check {
        streams.print(&text)?;
        return Ok(None);
    } else if !is_same {
        document::rewrite(&found.path, &text)?;
    }
    Ok((!is_same).then_some(found.path))
}

/// The formatted text of `found`. If that is invalid, azlin reports its diagnostics.
fn formatted(found: &Found, streams: Streams) -> Result<String, Trouble> {
    let (file, wrong, source) = file::read(&found.path.to_string_lossy(), &found.bytes);
    let name = escape(&source.name);
    let Some(file) = file else {
        let errors = document::say(wrong, &[&source], streams);
        let message = format!("{name} is invalid: {}", show::count(errors, "error"));
        return Err(Trouble::new(
            message,
            "fix the file; azlin did not change it",
        ));
    };
    file::format(&file, &source.text).map_err(|CannotFormat| {
        let message = format!("cannot format {name} without changing what it says");
        Trouble::new(message, "format it by hand; azlin did not change it")
    })
}
