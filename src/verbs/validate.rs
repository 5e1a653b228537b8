//! `azlin validate`.

use super::document::{self, Checked, Document, Seen};
use super::{Exit, Streams, Trouble, runner, today};
use crate::cli::{Common, Validate as Args, ValidateFormat};
use crate::file::{self, Diagnostic};
use crate::show::annotation::{self, Runner};
use crate::show::{self, CheckedFile};
use crate::text::escape;

pub(super) fn run(common: &Common, args: &Args, streams: Streams) -> Result<Exit, Trouble> {
    let files = document::given(common, &args.files, streams)?.files;
    if args.format == ValidateFormat::Text {
        return text(&document::read(files, None, streams)?, streams);
    }
    let Checked { files, troubles } = Checked::of(files);
    streams.fail_with(troubles)?;
    let found = found(&files);
    let files: Vec<CheckedFile<'_>> = files.iter().map(checked_file).collect();
    match args.format {
        ValidateFormat::Sarif => streams.print(&show::sarif(&files, &found))?,
        ValidateFormat::Github => annotate(&files, &found, streams)?,
        _ => streams.print(&show::checkup_json(&files, &found))?,
    }
    let mut invalid = Vec::new();
    let mut errors = 0;
    for error in found.iter().filter(|found| found.is_error()) {
        errors += 1;
        let file = files.get(error.file());
        invalid.extend(file.map(|file| escape(&file.source.name).into_owned()));
    }
    invalid.dedup();
    if invalid.is_empty() {
        return Ok(Exit::Done);
    }
    let help = "fix the errors, then run this again";
    Err(document::invalid_files(&invalid, errors, help))
}

/// Reports on the `valid` files for a person.
fn text(valid: &[Document], streams: Streams) -> Result<Exit, Trouble> {
    document::check_together(valid.iter().map(Document::member).collect(), None, streams)?;
    for document in valid {
        document::warn_expired(document, streams);
        let sessions = show::count(document.file.lines.len(), "session");
        streams.print(&format!("{} is valid: {sessions}\n", document.name()))?;
    }
    Ok(Exit::Done)
}

/// The diagnostics of all `files` and between them, in the order of the files.
fn found(files: &[Seen]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let (mut members, mut places) = (Vec::new(), Vec::new());
    for (at, seen) in files.iter().enumerate() {
        let mut own = seen.found.clone();
        if let Ok(document) = &seen.file {
            own.extend(file::expired(&document.file, today()));
            members.push(document.member());
            places.push(at);
        }
        found.extend(own.into_iter().map(|found| found.in_file(at)));
    }
    for mut clash in file::check_between(&members) {
        for label in &mut clash.labels {
            label.file = places.get(label.file).copied().unwrap_or(label.file);
        }
        found.push(clash);
    }
    found.sort_by_key(|found| (found.file(), found.offset()));
    found
}

fn checked_file(seen: &Seen) -> CheckedFile<'_> {
    let (source, sessions) = match &seen.file {
        Ok(document) => (&document.source, Some(document.file.lines.len())),
        Err(source) => (source, None),
    };
    CheckedFile {
        source,
        path: runner::in_repository(&source.name),
        sessions,
        mark: seen.mark,
    }
}

/// Prints the annotations of GitHub Actions, wherever azlin runs.
fn annotate(
    files: &[CheckedFile<'_>],
    found: &[Diagnostic],
    streams: Streams,
) -> Result<(), Trouble> {
    for diagnostic in found.iter().take(document::MOST_DIAGNOSTICS) {
        if let Some(CheckedFile { source, path, .. }) = files.get(diagnostic.file()) {
            let command = annotation::of_diagnostic(Runner::GitHub, path, source, diagnostic);
            streams.command(&command)?;
        }
    }
    Ok(())
}
