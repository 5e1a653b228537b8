//! Inline tables: entries that come and go between commas.

use std::collections::BTreeSet;

use super::Editor;
use super::layout::{Item, List};

/// What happens to the entries of an inline table.
#[derive(Default)]
pub(super) struct Inline {
    /// Those that go, by their places.
    pub gone: BTreeSet<usize>,
    /// Those that come, to the end.
    pub new: Vec<String>,
}

impl Editor<'_> {
    pub(super) fn rewrite(&mut self, list: usize, changes: &Inline) -> Option<()> {
        let list = std::mem::take(self.layout.lists.get_mut(list)?);
        for at in &changes.gone {
            self.cut_entry(&list, *at, changes)?;
        }
        if changes.new.is_empty() {
            return Some(());
        }
        match list.items.split_last() {
            Some((last, others)) => {
                self.append(last, changes.gone.contains(&others.len()), &changes.new)
            }
            None => {
                let inside = list.span.start + 1..list.span.end - 1;
                let blank = self
                    .raw(inside.clone())
                    .trim_matches([' ', '\t'])
                    .is_empty();
                let (end, close) = if blank {
                    (inside.end, " ")
                } else {
                    (inside.start, "")
                };
                let entries = changes.new.join(", ");
                self.splices
                    .push((inside.start..end, format!(" {entries}{close}")));
            }
        }
        Some(())
    }

    /// Takes an entry out, with its comma.
    fn cut_entry(&mut self, list: &List, at: usize, changes: &Inline) -> Option<()> {
        let item = list.items.get(at)?;
        let (start, end) = (item.span().start, item.end());
        if self.has_line(item) {
            self.cut_lines(start..end);
            return Some(());
        }
        let rest = self.raw(end..self.text.len());
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        if item.comma.is_some() {
            self.cut(start..end + blanks);
            return Some(());
        }
        if !changes.new.is_empty() {
            // A new entry takes its place.
            self.cut(start..end);
            return Some(());
        }
        // The last one, without a comma: then the last one that stays has none either, unless a comment or a line's end
        // stands between.
        let stays = (0..at).rev().find(|at| !changes.gone.contains(at));
        let comma = stays.and_then(|at| {
            let comma = list.items.get(at)?.comma?;
            let next = list.items.get(at + 1)?.span().start;
            let between = self.raw(comma + 1..next);
            between
                .trim_matches([' ', '\t'])
                .is_empty()
                .then_some(comma)
        });
        match comma {
            Some(comma) => self.cut(comma..end),
            None => self.cut(start..end + blanks),
        }
        Some(())
    }

    /// Puts `new` behind `last`, the last entry of its table.
    fn append(&mut self, last: &Item, gone: bool, new: &[String]) {
        let (start, end) = (last.span().start, last.end());
        let comma = last.comma.is_some();
        if self.has_line(last) {
            let indent = self.indent(start).unwrap_or_default();
            let lines = new.iter().enumerate().map(|(at, entry)| {
                let comma = if comma || at + 1 < new.len() { "," } else { "" };
                format!("{indent}{entry}{comma}{}", self.newline)
            });
            let lines: String = lines.collect();
            let below = self.end_of_line(end);
            if !gone && !comma {
                self.splices.push((end..end, ",".to_owned()));
            }
            self.splices.push((below..below, lines));
            return;
        }
        let entries = new.join(", ");
        let (place, text) = match (gone, comma) {
            (true, true) => (start, format!("{entries}, ")),
            (true, false) => (start, entries),
            (false, true) => (end, format!(" {entries},")),
            (false, false) => (end, format!(", {entries}")),
        };
        self.splices.push((place..place, text));
    }

    /// Whether the entry has lines of its own, with its comma and nothing but a comment.
    fn has_line(&self, item: &Item) -> bool {
        let (start, end) = (item.span().start, item.end());
        let below = self.raw(end..self.end_of_line(end));
        let bare = below.trim_start();
        self.indent(start).is_some()
            && !self.raw(item.value.end..end).contains('\n')
            && below.ends_with('\n')
            && (bare.is_empty() || bare.starts_with('#'))
    }
}
