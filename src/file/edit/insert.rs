//! New entries, spelled like their neighbours.

use time::Date;

use super::Edit;
use super::layout::{Entry, Kind, Layout};
use super::spell::{key, quote_in, string};

/// The number of entries above whose alignment is considered.
const NEIGHBOURS: usize = 50;

/// The value of a line for `session`, which is spelled already, that ends on `day`.
pub(super) fn with_day(session: &str, day: Date) -> String {
    format!("{{ session = {session}, expires = {day} }}")
}

impl Layout<'_> {
    /// Entries for `edits` in the style of the file's last session.
    pub fn plain(&self, edits: &[&Edit<'_>]) -> Vec<String> {
        let mut entries = Vec::new();
        for edit in edits {
            let mut session = string(edit.session.unwrap_or_default(), self.quote);
            if let Some(day) = edit.ends.day() {
                session = with_day(&session, day);
            }
            let name = key(edit.vm.name(), self.quote);
            entries.push(format!("{name}{}{session}", self.equals));
        }
        entries
    }

    /// One entry for `edits` under the key `group`.
    pub fn group(&self, group: &str, edits: &[&Edit<'_>]) -> String {
        format!("{group}{}{}", self.equals, self.braces(edits))
    }

    fn braces(&self, edits: &[&Edit<'_>]) -> String {
        format!("{{ {} }}", self.plain(edits).join(", "))
    }

    /// Entries for `edits`, all of one resource group, in the style of the entry at `at`: one for each VM, or one for the group.
    /// If that entry is a header, the new entry is a section with all its lines.
    pub fn like(&self, at: usize, edits: &[&Edit<'_>]) -> Option<Vec<String>> {
        let entry = self.entry(at)?;
        let is_vms = entry.path.len() > 2;
        let mut entries = Vec::new();
        for edits in edits.chunks(if is_vms { 1 } else { edits.len().max(1) }) {
            let first = edits.first()?;
            let head = self.head(entry, first, "session");
            if entry.kind == Kind::Header {
                entries.push(head + &self.lines_below(entry, edits)?);
                continue;
            }
            let day = first.ends.day().filter(|_| is_vms);
            let mut value = if is_vms {
                let quote = quote_in(self.raw(entry.value.clone()));
                string(first.session?, quote.unwrap_or(self.quote))
            } else {
                self.braces(edits)
            };
            if let Some(day) = day.filter(|_| entry.path.len() == 3) {
                value = with_day(&value, day);
            }
            entries.push(format!("{head}{}{value}", self.equals_like(at, &head)?));
            if let Some(day) = day.filter(|_| entry.path.len() > 3) {
                let head = self.head(entry, first, "expires");
                entries.push(format!("{head}{}{day}", self.equals_like(at, &head)?));
            }
        }
        Some(entries)
    }

    /// The lines for `edits` below a header, each after a newline, in the style of the first below `header`.
    fn lines_below(&self, header: &Entry, edits: &[&Edit<'_>]) -> Option<String> {
        let (mut model, mut lines) = (header, self.plain(edits));
        if let Some(&child) = header.children.first() {
            model = self.entry(child)?;
            lines = self.like(child, edits)?;
        }
        let indent = self.indent(model.span.start)?;
        let lines = lines
            .iter()
            .map(|line| format!("{}{indent}{line}", self.newline));
        Some(lines.collect())
    }

    /// The keys or the header of `entry` with the names of `edit`'s VM, and `setting` if they name one.
    pub fn head(&self, entry: &Entry, edit: &Edit<'_>, setting: &str) -> String {
        let span = entry.head();
        let (mut head, mut at) = (String::new(), span.start);
        let own = entry.path.iter().enumerate().skip(entry.above());
        for ((place, old), spelled) in own.zip(&entry.keys) {
            let new = match place {
                1 if !edit.vm.is_in(old) => edit.vm.group(),
                2 => edit.vm.name(),
                3 if old != setting => setting,
                _ => continue,
            };
            head += self.raw(at..spelled.start);
            head += &key(new, self.quote);
            at = spelled.end;
        }
        head + self.raw(at..span.end)
    }

    /// The text between `keys` and their value. It is that of the entry at `at`. If the `=` signs there are aligned with those of
    /// an entry whose keys have another width, it has as many blanks as keep the alignment.
    pub fn equals_like(&self, at: usize, keys: &str) -> Option<String> {
        let entry = self.entry(at)?;
        let width = |entry: &Entry| self.raw(entry.head()).chars().count();
        let column = |entry: &Entry| {
            let raw = self.raw(entry.span.start..entry.value.start);
            Some(raw.rsplit_once('=')?.0.chars().count())
        };
        let siblings = &self.entry(entry.parent)?.children;
        let place = siblings.partition_point(|other| *other < at);
        let above = siblings.get(..place)?.iter().rev().take(NEIGHBOURS);
        let mut above = above.filter_map(|other| self.entry(*other));
        let other = above.find(|other| width(other) != width(entry));
        let equals = self.raw(entry.head().end..entry.value.start);
        if other.is_none_or(|other| column(other) != column(entry)) {
            return Some(equals.to_owned());
        }
        let blanks = column(entry)?.saturating_sub(keys.chars().count()).max(1);
        Some(" ".repeat(blanks) + equals.trim_start())
    }
}
