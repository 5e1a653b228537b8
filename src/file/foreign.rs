//! Tells a `sessions.toml` with mistakes from a file of another kind, which may be a secret.
//!
//! A link or a wrong path can lead to any file. An error about such a file shows none of its lines.

use std::ops::Range;

use toml::de::DeTable;

use super::encoding::decode;
use super::keys::{TOP, names};
use super::{Diagnostic, Severity, Source};
use crate::text::{escape, nearest};

/// The tables of a `sessions.toml`.
const TABLES: [&str; 3] = ["azure", "sessions", "ssh"];

/// True if `bytes` may be a `sessions.toml`: it has a key of one, or a similar one, or none that azlin can read.
pub fn is_sessions_file(bytes: &[u8]) -> bool {
    let (source, _) = decode("", bytes);
    let (document, _) = DeTable::parse_recoverable(&source.text);
    document.get_ref().is_empty() || has_any(document.get_ref(), &names(&TOP))
}

/// The error if `source`, read as `document`, is no `sessions.toml` at all. `broken` is the place of its first syntax error.
///
/// A file that has nothing but an owner is one, and so is an empty file.
pub(super) fn not_ours(
    source: &Source,
    document: &DeTable<'_>,
    broken: Option<Range<usize>>,
) -> Option<Diagnostic> {
    const NO_TABLE: &str = "has no table that azlin knows";
    let Some(broken) = broken else {
        let is_ours = document.keys().all(|key| key.get_ref() == "owner");
        let is_ours = is_ours || has_any(document, &TABLES);
        return (!is_ours).then(|| foreign(source, &format!("it {NO_TABLE}")));
    };
    if opens_table(&source.text) {
        return None;
    }
    let (line, column) = (source.line_of(broken.start), source.column_of(broken.start));
    let text = source.line(line);
    let is_yaml = !text.contains('=') && (text.trim_end().ends_with(':') || text.contains(": "));
    let why = if source.text.trim_start().starts_with('{') {
        "it is JSON, not TOML".to_owned()
    } else if is_yaml {
        "it is YAML, not TOML".to_owned()
    } else {
        format!("it is not valid TOML (line {line}, column {column}), and {NO_TABLE}")
    };
    Some(foreign(source, &why))
}

/// The error if `source`, which is not UTF-8, is no `sessions.toml` at all.
pub(super) fn not_utf8(source: &Source) -> Option<Diagnostic> {
    (!opens_table(&source.text)).then(|| foreign(source, "it is not UTF-8 text"))
}

fn foreign(source: &Source, why: &str) -> Diagnostic {
    let name = escape(&source.name);
    let help = "check the path; azlin guide file shows what a sessions file contains";
    Diagnostic {
        severity: Severity::Error,
        message: format!("{name} is not a sessions file: {why}"),
        labels: Vec::new(),
        help: Some(help.to_owned()),
    }
}

/// True if `document` has one of `keys` at its top, or a similar one.
fn has_any(document: &DeTable<'_>, keys: &[&str]) -> bool {
    let mut own = document.keys();
    own.any(|key| !nearest(key.get_ref(), keys.iter().copied(), 1).is_empty())
}

/// True if a line of `text` opens one of the tables, or sets a key in one: `[sessions.rg]`, `azure.cloud =`. It is for a text that
/// the parser can't read.
fn opens_table(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start();
        let inner = line.trim_start_matches(['[', ' ', '\t', '"', '\'']);
        let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
        let (word, rest) = inner.split_at(end.unwrap_or(inner.len()));
        let is_set = || rest.trim_start().starts_with(['.', '=']);
        TABLES.contains(&word) && (line.starts_with('[') || is_set())
    })
}
