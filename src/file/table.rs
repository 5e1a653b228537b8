//! A TOML table, walked in the order of the file, with a diagnostic for whatever is not as expected.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Diagnostic;
use crate::text::{nearest, quote};

/// A key with the bytes that it stands on, and its value.
pub(super) struct Entry<'t, 'i> {
    pub key: &'t str,
    pub span: Range<usize>,
    pub value: &'t Spanned<DeValue<'i>>,
}

impl Entry<'_, '_> {
    pub fn value_span(&self) -> Range<usize> {
        self.value.span()
    }
}

/// `table`'s entries as the file has them; the parser sorts them by key.
pub(super) fn entries<'t, 'i>(table: &'t DeTable<'i>) -> Vec<Entry<'t, 'i>> {
    let mut entries: Vec<_> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref().as_ref(),
            span: key.span(),
            value,
        })
        .collect();
    entries.sort_by_key(|entry| entry.span.start);
    entries
}

/// The string that `entry` holds.
pub(super) fn string<'t>(entry: &Entry<'t, '_>, found: &mut Vec<Diagnostic>) -> Option<&'t str> {
    match entry.value.get_ref() {
        DeValue::String(text) => Some(text.as_ref()),
        other => {
            found.push(expected("a string", entry, other).help("write it in quotes"));
            None
        }
    }
}

/// The table that `entry` holds.
pub(super) fn table<'t, 'i>(
    entry: &Entry<'t, 'i>,
    found: &mut Vec<Diagnostic>,
) -> Option<&'t DeTable<'i>> {
    match entry.value.get_ref() {
        DeValue::Table(table) => Some(table),
        other => {
            found.push(expected("a table", entry, other));
            None
        }
    }
}

/// That `entry` should hold `what`.
pub(super) fn expected(what: &str, entry: &Entry<'_, '_>, value: &DeValue<'_>) -> Diagnostic {
    let kind = match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    };
    Diagnostic::error(
        format!("{} takes {what}, not {kind}", quote(entry.key)),
        entry.value_span(),
        format!("this is {kind}"),
    )
}

/// That `entry`'s key means nothing in `place`, with the nearest of the `known` ones.
pub(super) fn unknown(entry: &Entry<'_, '_>, place: &str, known: &[&str]) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        format!("unknown key {} in {place}", quote(entry.key)),
        entry.span.clone(),
        "not known here",
    );
    let nearest = nearest(entry.key, known.iter().copied(), 1);
    match nearest.first() {
        Some(nearest) => diagnostic.help(format!("did you mean `{nearest}`?")),
        None => diagnostic.help(format!("{place} takes {}", listed(known))),
    }
}

/// `a`, `b` or `c`.
pub(super) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => "nothing".to_owned(),
    }
}
