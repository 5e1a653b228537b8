//! A TOML table, read in the order of the file, with a diagnostic for everything unexpected.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{AZURE, SSH, names};
use super::{Diagnostic, Source};
use crate::text::{and, nearest, or, quote, typed};

/// The help where a section is not a table.
pub(super) const SECTION: &str =
    "make it a table: put its name in brackets, and its settings on the lines below";

/// The place of the keys at the top, in messages.
pub(super) const TOP_OF_FILE: &str = "the file";

/// The help where a VM has no group. The text of its line follows.
pub(super) const UNDER_GROUP: &str =
    "put it under the header of its resource group: [sessions.GROUP], then ";

/// A key with the bytes that spell it, and its value.
pub(super) struct Entry<'t, 'i> {
    pub key: &'t str,
    pub span: Range<usize>,
    pub value: &'t Spanned<DeValue<'i>>,
}

/// The entries of `table` in the order of the file; the parser sorts them by key.
pub(super) fn entries<'t, 'i>(table: &'t DeTable<'i>) -> Vec<Entry<'t, 'i>> {
    let mut entries: Vec<_> = table
        .iter()
        .map(|(key, value)| Entry {
            key: key.get_ref(),
            span: key.span(),
            value,
        })
        .collect();
    entries.sort_by_key(|entry| entry.span.start);
    entries
}

/// The reader of a file. It continues after each error.
pub(super) struct Reader<'a> {
    pub source: &'a Source,
    pub found: Vec<Diagnostic>,
    /// `owner`, if the file has it, and the keys of `[azure]` that it has.
    pub set: BTreeSet<String>,
}

impl Reader<'_> {
    /// Returns the string that `entry` holds, or reports that it holds something else.
    pub fn string<'t>(&mut self, entry: &Entry<'t, '_>) -> Option<&'t str> {
        if let DeValue::String(text) = entry.value.get_ref() {
            return Some(text);
        }
        let raw = self.source.text.get(entry.value.span()).unwrap_or_default();
        let help = match entry.value.get_ref() {
            DeValue::Array(_) | DeValue::Table(_) => "write one string in quotes".to_owned(),
            _ => format!("write it in quotes: \"{}\"", typed(raw)),
        };
        self.expected("a string", entry, &help);
        None
    }

    /// Returns the entries of the table that `entry` holds, or reports that it holds something else, with `help`.
    pub fn table<'t, 'i>(&mut self, entry: &Entry<'t, 'i>, help: &str) -> Vec<Entry<'t, 'i>> {
        if let DeValue::Table(table) = entry.value.get_ref() {
            return entries(table);
        }
        let raw = self.source.text.get(entry.value.span()).unwrap_or_default();
        let header = raw
            .strip_prefix("[[")
            .and_then(|raw| raw.strip_suffix("]]"));
        let header = header.map(|header| format!("write `[{}]`", typed(header)));
        self.expected("a table", entry, &header.unwrap_or(help.to_owned()));
        Vec::new()
    }

    /// Reports that `entry` should hold `what`.
    pub fn expected(&mut self, what: &str, entry: &Entry<'_, '_>, help: &str) {
        let kind = match entry.value.get_ref().type_str() {
            kind @ ("array" | "integer") => format!("an {kind}"),
            kind => format!("a {kind}"),
        };
        let message = format!("{} takes {what}, not {kind}", quote(entry.key));
        let label = format!("this is {kind}");
        self.found
            .push(Diagnostic::error(message, entry.value.span(), label).help(help));
    }

    /// The text of `entry`'s line, as it is to be typed.
    pub fn line_of(&self, entry: &Entry<'_, '_>) -> String {
        let line = self.source.line(self.source.line_of(entry.span.start));
        typed(line.trim())
    }

    /// Reports that `entry`'s key is unknown in `place`, and suggests the nearest of the `known` ones.
    pub fn unknown(&mut self, entry: &Entry<'_, '_>, place: &str, known: &[&str]) {
        let nearest = nearest(entry.key, known.iter().copied(), 1);
        let is_top = place == TOP_OF_FILE;
        let is_table = matches!(entry.value.get_ref(), DeValue::Table(_));
        let is_string = matches!(entry.value.get_ref(), DeValue::String(_));
        let is_known = home(entry.key).is_some() || !nearest.is_empty();
        let help = match (home(entry.key), nearest.first()) {
            (Some(home), _) => format!("move `{}` {home}", entry.key),
            (None, Some(nearest)) => format!("did you mean `{nearest}`?"),
            (None, None) if is_top && is_table => {
                format!("did you mean `sessions.{}`?", typed(entry.key))
            }
            (None, None) if is_top && is_string => {
                format!("{UNDER_GROUP}{}", self.line_of(entry))
            }
            (None, None) => format!(
                "delete this line; {place} takes only {}",
                and(&quoted(known))
            ),
        };
        let message = format!("unknown key {} in {place}", quote(entry.key));
        let diagnostic = Diagnostic::error(message, entry.span.clone(), "unknown key");
        let mut diagnostic = diagnostic.help(help);
        if !is_known {
            // Its value is for another program, and may be a secret.
            diagnostic = diagnostic.without_value();
        }
        self.found.push(diagnostic);
    }
}

/// The place of `key`, if it is easily written elsewhere.
pub(super) fn home(key: &str) -> Option<&'static str> {
    if key == "owner" {
        Some("to the top of the file, above the first table")
    } else if names(&AZURE).contains(&key) {
        Some("under [azure]")
    } else if names(&SSH).contains(&key) {
        Some("under [ssh]")
    } else {
        None
    }
}

/// `words` in backquotes, as alternatives.
pub(super) fn listed(words: &[&str]) -> String {
    or(&quoted(words))
}

fn quoted(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| format!("`{word}`")).collect()
}
