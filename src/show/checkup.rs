//! The diagnostics of `validate` as JSON.

use std::ops::Range;

use serde::Serialize;

use super::diagnostic::level;
use crate::file::{Diagnostic, Label, Source};
use crate::json;

/// A file that was checked.
#[derive(Clone, Debug)]
pub struct CheckedFile<'a> {
    /// Its text.
    pub source: &'a Source,
    /// Its path from the root of its repository, or else as the user gave it.
    pub path: String,
    /// The number of its sessions; none if it is invalid.
    pub sessions: Option<usize>,
    /// The number of bytes before its text: those of a byte order mark. None if the file is not UTF-8.
    pub mark: Option<usize>,
}

#[derive(Serialize)]
struct Document<'a> {
    format_version: &'static str,
    column_unit: &'static str,
    valid: bool,
    files: Vec<File<'a>>,
    diagnostics: Vec<Found<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    file: &'a str,
    sessions: Option<usize>,
}

#[derive(Serialize)]
struct Found<'a> {
    severity: &'static str,
    message: &'a str,
    help: Option<&'a str>,
    #[serde(flatten)]
    place: Option<Place<'a>>,
    related: Vec<Place<'a>>,
}

/// Lines and columns count from 1, offsets from 0. The end is the place behind the last character.
#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    offset: Option<usize>,
    end_offset: Option<usize>,
    label: &'a str,
}

/// `found` in `files` as JSON. Columns are in characters, and offsets in bytes of the file.
pub fn checkup_json(files: &[CheckedFile<'_>], found: &[Diagnostic]) -> String {
    let mut diagnostics = Vec::with_capacity(found.len());
    for diagnostic in found {
        let mut places = diagnostic
            .labels
            .iter()
            .filter_map(|label| place(files, label));
        diagnostics.push(Found {
            severity: level(diagnostic.severity),
            message: &diagnostic.message,
            help: diagnostic.help.as_deref(),
            place: places.next(),
            related: places.collect(),
        });
    }
    let document = Document {
        format_version: json::FORMAT,
        column_unit: "characters",
        valid: !found.iter().any(Diagnostic::is_error),
        files: files
            .iter()
            .map(|checked| File {
                file: &checked.source.name,
                sessions: checked.sessions,
            })
            .collect(),
        diagnostics,
    };
    json::ascii(&document)
}

fn place<'a>(files: &'a [CheckedFile<'_>], label: &'a Label) -> Option<Place<'a>> {
    let CheckedFile { source, mark, .. } = files.get(label.file)?;
    let Range { start, end } = label.span;
    Some(Place {
        file: &source.name,
        line: source.line_of(start),
        column: source.column_of(start),
        end_line: source.line_of(end),
        end_column: source.column_of(end),
        offset: mark.map(|mark| mark + start),
        end_offset: mark.map(|mark| mark + end),
        label: &label.text,
    })
}
