//! Edits inline tables: adds and removes entries between commas.

use std::collections::BTreeSet;

use super::Splice;
use super::layout::{Entry, Layout};

const BLANKS: [char; 2] = [' ', '\t'];

impl Layout<'_> {
    /// Removes the `gone` entries from the braces of `table`, appends `new`, and fixes the commas.
    pub fn rewrite(
        &self,
        table: usize,
        gone: &BTreeSet<usize>,
        new: &[String],
    ) -> Option<Vec<Splice>> {
        let table = self.entry(table)?;
        let last = table.children.last().and_then(|at| self.entry(*at));
        let trailing = last.is_some_and(|last| last.comma.is_some());
        let mut splices = Vec::new();
        let mut follows = trailing || !new.is_empty();
        for at in table.children.iter().rev() {
            let entry = self.entry(*at)?;
            if gone.contains(at) {
                splices.push(self.cut_entry(entry));
                continue;
            }
            match entry.comma {
                None if follows => splices.push((entry.end()..entry.end(), ",".to_owned())),
                Some(comma) if !follows => splices.push((comma..comma + 1, String::new())),
                _ => {}
            }
            follows = true;
        }
        if new.is_empty() {
            return Some(splices);
        }
        let (mut lead, mut end) = (" ", "");
        let mut place = last.map_or(table.value.start + 1, Entry::end);
        if let Some(last) = last.filter(|last| self.has_line(last)) {
            lead = self.indent(last.span.start)?;
            end = self.newline;
            place = self.end_of_line(place);
        }
        let entries: Vec<String> = new.iter().map(|entry| format!("{lead}{entry}")).collect();
        let comma = if trailing { "," } else { "" };
        let mut text = entries.join(&format!(",{end}")) + comma + end;
        if last.is_none() && place + 1 == table.value.end {
            text.push(' ');
        }
        splices.push((place..place, text));
        Some(splices)
    }

    /// Removes an entry with its comma.
    fn cut_entry(&self, entry: &Entry) -> Splice {
        if self.has_line(entry) {
            return self.cut_lines(&entry.span);
        }
        let (start, end) = (entry.span.start, entry.end());
        let before = self.raw(0..start).trim_end_matches(BLANKS);
        if before.ends_with(['{', ',']) {
            return self.cut(before.len()..end);
        }
        let rest = self.raw(end..self.text.len());
        self.cut(start..self.text.len() - rest.trim_start_matches(BLANKS).len())
    }

    /// True if the entry and its comma share their lines with nothing but a comment.
    ///
    /// It stops as early as it can, because a line may be as long as the file.
    fn has_line(&self, entry: &Entry) -> bool {
        let before = self.raw(0..entry.span.start);
        let behind = self.raw(entry.end()..self.text.len());
        let comma = self.raw(entry.span.end..entry.end());
        before.trim_end_matches(BLANKS).ends_with('\n')
            && behind
                .trim_start_matches(BLANKS)
                .starts_with(['#', '\r', '\n'])
            && !comma.contains('\n')
    }
}
