//! The files that a command is about, found, read and held against each other.

use std::path::PathBuf;

use super::{Streams, Trouble};
use crate::cli::Common;
use crate::file::find::{self, Found};
use crate::file::{self, File, Member, Severity, Source};
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
    let said = |(message, help): (String, String)| Trouble::new(message, help);
    find::locate(&named(common), config().as_deref()).map_err(said)
}

/// The same, where there has to be one.
pub(super) fn find(common: &Common) -> Result<Vec<PathBuf>, Trouble> {
    let paths = locate(common)?;
    match paths.is_empty() {
        false => Ok(paths),
        true => {
            let (message, help) = find::none();
            Err(Trouble::new(message, help))
        }
    }
}

/// What `--file` or `AZLIN_FILE` names.
pub(super) fn named(common: &Common) -> Vec<PathBuf> {
    if !common.file.is_empty() {
        return common.file.clone();
    }
    let name = std::env::var_os("AZLIN_FILE").filter(|name| !name.is_empty());
    name.map(PathBuf::from).into_iter().collect()
}

/// The folder of the user's own file.
fn config() -> Option<PathBuf> {
    let home = |name| {
        std::env::var_os(name)
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
    };
    let config = home("XDG_CONFIG_HOME").or_else(|| Some(home("HOME")?.join(".config")));
    config.map(|config| config.join("azlin"))
}

/// Reads all of `paths`. What is wrong with any is said, and what they have against each other.
pub(super) fn read(paths: Vec<PathBuf>, streams: Streams) -> Result<Vec<Valid>, Trouble> {
    let several = paths.len() > 1;
    let (mut valid, mut invalid, mut errors) = (Vec::new(), Vec::new(), 0);
    let mut troubles = Vec::new();
    for path in paths {
        let found = match find::read(path) {
            Ok(found) => found,
            Err((message, help)) => {
                troubles.push(Trouble::new(message, help));
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
        // Told together with the rest, so that the files are mended once.
        let own = valid
            .iter()
            .map(|valid| (valid, valid.file.azure.subscription.as_ref()));
        errors += clashes(own, streams);
        let (names, are) = (
            show::names(&invalid),
            if invalid.len() > 1 { "are" } else { "is" },
        );
        let message = format!("{names} {are} not valid: {}", show::count(errors, "error"));
        let mend = if several {
            "mend the files"
        } else {
            "mend the file"
        };
        troubles.push(Trouble::new(
            message,
            format!("{mend}; nothing was read from Azure"),
        ));
    }
    streams.fail_with(troubles)?;
    Ok(valid)
}

/// Reads a file; where it is not valid, answers its name and how many errors it has.
fn read_one(found: Found, streams: Streams) -> Result<Valid, (String, usize)> {
    let name = found.path.to_string_lossy();
    let (file, mut diagnostics, source) = file::read(&name, &found.bytes);
    let errors = diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error)
        .count();
    if diagnostics.len() > MOST_DIAGNOSTICS {
        // What is left unsaid are warnings, where there are any.
        diagnostics.sort_by_key(|found| found.severity == Severity::Warning);
    }
    for diagnostic in diagnostics.iter().take(MOST_DIAGNOSTICS) {
        streams.say(&show::diagnostic(&source, diagnostic, streams.stderr));
        streams.say("\n");
        streams.annotate(|| show::annotation::of_diagnostic(&source, diagnostic));
    }
    more(diagnostics.len(), streams);
    let file = file.ok_or_else(|| (escape(&name).into_owned(), errors))?;
    Ok(Valid {
        sha256: plan::sha256(&found.bytes),
        path: found.path,
        file,
        source,
    })
}

fn more(all: usize, streams: Streams) {
    if all > MOST_DIAGNOSTICS {
        streams.say(&format!("… and {} more\n\n", all - MOST_DIAGNOSTICS));
    }
}

/// That `files`, each with its subscription if that is known, go together; what they have against each other is said.
pub(super) fn check_together<'f>(
    files: impl Iterator<Item = (&'f Valid, Option<&'f SubscriptionId>)>,
    streams: Streams,
) -> Result<(), Trouble> {
    match clashes(files, streams) {
        0 => Ok(()),
        errors => {
            let errors = show::count(errors, "error");
            let message = format!("the files are not valid together: {errors}");
            let help = "mend the files; nothing was read from Azure";
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
    let mut clashes = file::together(&members);
    if clashes.len() > MOST_DIAGNOSTICS {
        clashes.sort_by_key(|clash| !clash.is_error());
    }
    for clash in clashes.iter().take(MOST_DIAGNOSTICS) {
        let (Some(file), Some(other)) = (members.get(clash.file), members.get(clash.other)) else {
            continue;
        };
        let text = show::clash(file.source, other.source, clash, streams.stderr);
        streams.say(&format!("{text}\n"));
        streams.annotate(|| show::annotation::of_diagnostic(file.source, &clash.diagnostic));
    }
    more(clashes.len(), streams);
    clashes.iter().filter(|clash| clash.is_error()).count()
}
