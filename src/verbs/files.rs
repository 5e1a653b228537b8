//! The files that a command is about, found, read and held against each other.

use std::path::PathBuf;

use etcetera::{BaseStrategy as _, choose_base_strategy};

use super::{Streams, Trouble};
use crate::cli::Common;
use crate::file::find::{self, Found};
use crate::file::{self, Diagnostic, File, Member, Source};
use crate::model::SubscriptionId;
use crate::text::escape;
use crate::{plan, show};

/// How many diagnostics are shown of a file. One with more has one thing wrong with it, many times.
const MOST_DIAGNOSTICS: usize = 200;

/// A valid file.
pub(super) struct Valid {
    pub path: PathBuf,
    pub file: File,
    pub source: Source,
    /// The SHA-256 of its bytes.
    pub sha256: String,
}

/// Where the files are that `--file`, `AZLIN_FILE` or the folders name, whether or not they can be read.
pub(super) fn locate(common: &Common) -> Result<Vec<PathBuf>, Trouble> {
    find::locate(&named(common), config().as_deref())
}

/// The same, where there has to be one.
pub(super) fn find(common: &Common) -> Result<Vec<PathBuf>, Trouble> {
    let paths = locate(common)?;
    if paths.is_empty() {
        return Err(find::none());
    }
    Ok(paths)
}

/// What `--file` or `AZLIN_FILE` names.
pub(super) fn named(common: &Common) -> Vec<PathBuf> {
    if !common.file.is_empty() {
        return common.file.clone();
    }
    let name = std::env::var_os("AZLIN_FILE").filter(|name| !name.is_empty());
    name.map(PathBuf::from).into_iter().collect()
}

/// The folder of the user's own file: `$XDG_CONFIG_HOME/azlin`, `~/.config/azlin`, or on Windows `%APPDATA%\azlin`.
fn config() -> Option<PathBuf> {
    let folders = choose_base_strategy().ok()?;
    Some(folders.config_dir().join("azlin"))
}

/// Reads all of `paths`. What is wrong with any is said, and what they have against each other.
pub(super) fn read(paths: Vec<PathBuf>, streams: Streams) -> Result<Vec<Valid>, Trouble> {
    let several = paths.len() > 1;
    let (mut valid, mut invalid, mut errors) = (Vec::new(), Vec::new(), 0);
    let mut troubles = Vec::new();
    for path in paths {
        let found = match find::read(path) {
            Ok(found) => found,
            Err(trouble) => {
                troubles.push(trouble);
                continue;
            }
        };
        match read_one(found, streams) {
            Ok(file) => valid.push(file),
            Err((name, wrong)) => {
                invalid.push(name);
                errors += wrong;
            }
        }
    }
    if !invalid.is_empty() {
        // Reported together with the rest, so that a person fixes the files once.
        let own = valid
            .iter()
            .map(|valid| (valid, valid.file.azure.subscription.as_ref()));
        errors += clashes(own, streams);
        let (names, are) = (
            show::names(&invalid),
            if invalid.len() > 1 { "are" } else { "is" },
        );
        let message = format!("{names} {are} not valid: {}", show::count(errors, "error"));
        let fix = if several {
            "fix the files"
        } else {
            "fix the file"
        };
        let help = format!("{fix}; nothing was read from Azure");
        troubles.push(Trouble::new(message, help));
    }
    streams.fail_with(troubles)?;
    Ok(valid)
}

/// Reads a file; where it is not valid, answers its name and how many errors it has.
fn read_one(found: Found, streams: Streams) -> Result<Valid, (String, usize)> {
    let name = found.path.to_string_lossy();
    let (file, diagnostics, source) = file::read(&name, &found.bytes);
    let errors = say(diagnostics, &[&source], streams);
    let file = file.ok_or_else(|| (escape(&name).into_owned(), errors))?;
    Ok(Valid {
        sha256: plan::sha256(&found.bytes),
        path: found.path,
        file,
        source,
    })
}

/// Says what is wrong with the files of `sources`, and answers how many errors there are.
fn say(mut diagnostics: Vec<Diagnostic>, sources: &[&Source], streams: Streams) -> usize {
    let errors = diagnostics.iter().filter(|found| found.is_error()).count();
    let all = diagnostics.len();
    if all > MOST_DIAGNOSTICS {
        // What is left unsaid are warnings, where there are any.
        diagnostics.sort_by_key(|found| !found.is_error());
    }
    for diagnostic in diagnostics.iter().take(MOST_DIAGNOSTICS) {
        let text = show::diagnostic(sources, diagnostic, streams.stderr);
        streams.say(&format!("{text}\n"));
        if let Some(source) = sources.get(diagnostic.file()) {
            streams.annotate(|| show::annotation::of_diagnostic(source, diagnostic));
        }
    }
    if all > MOST_DIAGNOSTICS {
        streams.say(&format!("… and {} more\n\n", all - MOST_DIAGNOSTICS));
    }
    errors
}

/// Fails where `files`, each with its subscription if that is known, do not go together; says what they have against each
/// other.
pub(super) fn check_together<'f>(
    files: impl Iterator<Item = (&'f Valid, Option<&'f SubscriptionId>)>,
    streams: Streams,
) -> Result<(), Trouble> {
    match clashes(files, streams) {
        0 => Ok(()),
        errors => {
            let errors = show::count(errors, "error");
            let message = format!("the files are not valid together: {errors}");
            let help = "fix the files; nothing was read from Azure";
            Err(Trouble::new(message, help))
        }
    }
}

/// Says what `files` have against each other, and answers how many errors that are.
fn clashes<'f>(
    files: impl Iterator<Item = (&'f Valid, Option<&'f SubscriptionId>)>,
    streams: Streams,
) -> usize {
    let members = files.map(|(valid, subscription)| Member {
        file: &valid.file,
        source: &valid.source,
        subscription,
    });
    let members: Vec<Member<'_>> = members.collect();
    let sources: Vec<&Source> = members.iter().map(|member| member.source).collect();
    let mut found = file::check(&members);
    // What is wrong with each by itself was said when it was read.
    found.retain(Diagnostic::is_across);
    say(found, &sources, streams)
}
