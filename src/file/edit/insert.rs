//! New entries, spelled like their neighbours.

use std::ops::Range;

use super::Edit;
use super::layout::{Entry, Kind, Layout};
use super::spell::{key, quote_in, string};

/// How many lines above are looked at for their alignment.
const NEIGHBOURS: usize = 50;

/// The spelling of new entries.
pub(super) struct Speller<'l, 't> {
    layout: &'l Layout<'t>,
    /// The quotes of the file's last session, and what stands between it and its key.
    quote: char,
    equals: &'static str,
}

impl<'l, 't> Speller<'l, 't> {
    /// A speller after the model of `sample`, the entry of the file's last session.
    pub fn new(layout: &'l Layout<'t>, sample: Option<&Entry>) -> Self {
        let mut speller = Self {
            layout,
            quote: '"',
            equals: " = ",
        };
        if let Some(sample) = sample {
            speller.quote = quote_in(layout.raw(sample.value.clone())).unwrap_or('"');
            if layout.raw(sample.keys_span().end..sample.value.start) == "=" {
                speller.equals = "=";
            }
        }
        speller
    }

    /// An entry for each of `edits` with nothing beside it to be like.
    pub fn plain(&self, edits: &[&Edit<'_>]) -> Vec<String> {
        let mut entries = Vec::new();
        for edit in edits {
            let session = string(edit.session.unwrap_or_default(), self.quote);
            entries.push(format!(
                "{}{}{session}",
                self.key(edit.vm.name()),
                self.equals
            ));
        }
        entries
    }

    /// One entry for `edits`, which are of one resource group.
    pub fn group(&self, edits: &[&Edit<'_>]) -> String {
        let group = edits.first().map_or("", |edit| edit.vm.group());
        format!("{}{}{}", self.key(group), self.equals, self.braces(edits))
    }

    /// `name` as a key.
    pub fn key(&self, name: &str) -> String {
        key(name, self.quote)
    }

    fn braces(&self, edits: &[&Edit<'_>]) -> String {
        format!("{{ {} }}", self.plain(edits).join(", "))
    }

    /// The entries for `edits`, which are of one resource group, that are like the one at `at`: one for each VM, or one for the
    /// group. Those like a header are sections, with all their lines.
    pub fn like(&self, at: usize, edits: &[&Edit<'_>]) -> Option<Vec<String>> {
        let entry = self.layout.entry(at)?;
        let together = if entry.path.len() == 2 {
            edits.len()
        } else {
            1
        };
        let mut entries = Vec::new();
        for edits in edits.chunks(together.max(1)) {
            let first = edits.first()?;
            if entry.kind == Kind::Header {
                entries.push(self.section(entry, first, edits)?);
                continue;
            }
            let keys = self.keys(entry, entry.keys_span(), first);
            let value = if entry.path.len() == 2 {
                self.braces(edits)
            } else {
                let quote = quote_in(self.layout.raw(entry.value.clone()));
                string(first.session?, quote.unwrap_or(self.quote))
            };
            entries.push(format!("{keys}{}{value}", self.equals_like(at, &keys)?));
        }
        Some(entries)
    }

    /// A section for `edits` that is like that of `header`.
    fn section(&self, header: &Entry, first: &Edit<'_>, edits: &[&Edit<'_>]) -> Option<String> {
        let newline = self.layout.newline;
        let mut indent = self.layout.indent(header.span.start)?;
        let keys = self.keys(header, header.span.clone(), first);
        let mut section = format!("{indent}{keys}{newline}");
        let mut lines = self.plain(edits);
        if let Some(&child) = header.children.first() {
            indent = self.layout.indent(self.layout.entry(child)?.span.start)?;
            lines = self.like(child, edits)?;
        }
        for line in lines {
            section += &format!("{indent}{line}{newline}");
        }
        Some(section)
    }

    /// The text of `span`, the keys of `entry` or its header, with the names of `edit`'s VM in it.
    fn keys(&self, entry: &Entry, span: Range<usize>, edit: &Edit<'_>) -> String {
        let (mut keys, mut at) = (String::new(), span.start);
        let own = entry.path.iter().enumerate().skip(entry.above());
        for ((place, old), key) in own.zip(&entry.keys) {
            let new = match place {
                1 if !edit.vm.is_in(old) => edit.vm.group(),
                2 => edit.vm.name(),
                3 if old != "session" => "session",
                _ => continue,
            };
            keys += self.layout.raw(at..key.start);
            keys += &self.key(new);
            at = key.end;
        }
        keys + self.layout.raw(at..span.end)
    }

    /// The text between `keys` and their value, as the entry at `at` has it, or as far from the margin where that and those above
    /// it are aligned.
    fn equals_like(&self, at: usize, keys: &str) -> Option<String> {
        let entry = self.layout.entry(at)?;
        let equals = |entry: &Entry| self.layout.raw(entry.keys_span().end..entry.value.start);
        let (before, behind) = equals(entry).split_once('=')?;
        let siblings = &self.layout.entry(entry.parent)?.children;
        let above = siblings.partition_point(|sibling| *sibling <= at);
        let width = |entry: &Entry| self.layout.raw(entry.keys_span()).chars().count();
        let column = width(entry) + before.len();
        let mut is_aligned = false;
        for at in siblings.get(..above)?.iter().rev().take(NEIGHBOURS) {
            let other = self.layout.entry(*at)?;
            let (before, _) = equals(other).split_once('=')?;
            if width(other) + before.len() != column {
                is_aligned = false;
                break;
            }
            is_aligned |= width(other) != width(entry);
        }
        if !is_aligned {
            return Some(equals(entry).to_owned());
        }
        let blanks = column.saturating_sub(keys.chars().count()).max(1);
        Some(format!("{}={behind}", " ".repeat(blanks)))
    }
}
