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
        // Asked once: a line may be as long as the file.
        let lines = self.raw(list.span.clone()).contains('\n');
        for at in &changes.gone {
            self.cut_entry(&list, *at, changes, lines)?;
        }
        let Some((last, others)) = list.items.split_last() else {
            self.fill(&list, &changes.new);
            return Some(());
        };
        if !changes.new.is_empty() {
            self.append(last, changes.gone.contains(&others.len()), &changes.new);
        }
        Some(())
    }

    /// Puts `new` into the empty braces of `list`.
    fn fill(&mut self, list: &List, new: &[String]) {
        let (start, close) = (list.span.start + 1, list.span.end - 1);
        if let (Some(indent), true) = (self.indent(close), self.raw(start..close).contains('\n')) {
            let lines = new.join(&format!(",{}{indent}  ", self.newline));
            let below = close - indent.len();
            let lines = format!("{indent}  {lines}{}", self.newline);
            self.splices.push((below..below, lines));
        } else {
            let blanks = self.blanks(start);
            self.splices
                .push((start..start + blanks, format!(" {} ", new.join(", "))));
        }
    }

    /// Takes an entry out, with its comma.
    fn cut_entry(&mut self, list: &List, at: usize, changes: &Inline, lines: bool) -> Option<()> {
        let item = list.items.get(at)?;
        let (start, end) = (item.span().start, item.end());
        // Without a comma it is the last; unless a new entry takes its place, the last that stays has none then either.
        let follows = item.comma.is_some() || !changes.new.is_empty();
        let mut before = (0..if follows { 0 } else { at }).rev();
        let stays = before.find(|at| !changes.gone.contains(at));
        if let Some(stays) = stays {
            let comma = list.items.get(stays)?.comma?;
            let next = list.items.get(stays + 1)?.span().start;
            let alone = self.blanks(comma + 1) == next - (comma + 1);
            self.cut(comma..if alone { next } else { comma + 1 });
        }
        if lines && self.has_line(item) {
            self.cut_lines(start..end);
        } else if item.comma.is_some() || (stays.is_none() && !follows) {
            self.cut(start..end + self.blanks(end));
        } else {
            self.cut(start..end);
        }
        Some(())
    }

    /// How many blanks stand at `at`.
    fn blanks(&self, at: usize) -> usize {
        let rest = self.raw(at..self.text.len());
        rest.len() - rest.trim_start_matches([' ', '\t']).len()
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
