//! New lines, spelled as their neighbours are.

use std::collections::BTreeMap;
use std::ops::Range;

use super::layout::{At, Item, Key, List};
use super::spell::Style;
use super::{Edit, Editor};

/// How many lines above are looked at for their alignment.
const NEIGHBOURS: usize = 50;

impl Editor<'_> {
    /// Gives each of `new`, by resource group, its line.
    pub(super) fn insert(&mut self, new: &BTreeMap<&str, Vec<&Edit<'_>>>) -> Option<()> {
        // The groups that are there first: a new one may come to stand behind the same line.
        for (group, edits) in new {
            if let Some(group) = self.index.groups.get(*group) {
                let (last, header, table) = (group.last, group.header, group.table);
                if let Some(at) = last {
                    let entries = self.like(at, edits)?;
                    self.put_behind(at, &entries)?;
                } else if let Some(header) = header {
                    self.sections_behind(header, edits)?;
                } else {
                    self.put_into_empty(table?, self.plain(edits))?;
                }
            }
        }
        for (group, edits) in new {
            if !self.index.groups.contains_key(*group) {
                self.new_group(edits)?;
            }
        }
        Some(())
    }

    fn new_group(&mut self, edits: &[&Edit<'_>]) -> Option<()> {
        let first = edits.first()?;
        let header = self.index.header.filter(|_| self.index.inline.is_none());
        if let Some(header) = header {
            let list = self.layout.list(header)?;
            if list.path.len() > 2 {
                for edit in edits {
                    self.tail += &format!("{}{}", self.newline, self.section_like(header, edit)?);
                }
                return Some(());
            }
            let last = list.items.len().checked_sub(1);
            let lines = match last {
                Some(last) => self.like((header, last), edits)?,
                None => self.plain(edits),
            };
            let start = list
                .items
                .first()
                .map_or(list.span.start, |item| item.span().start);
            let above = self.respelled(list.span.clone(), &list.path, 0, first);
            let above = self.lines(self.indent(list.span.start)?, &[above], self.newline);
            let lines = self.lines(self.indent(start)?, &lines, self.newline);
            self.tail += &format!("{}{above}{lines}", self.newline);
        } else if let Some(at) = self.index.last {
            let entries = self.like(at, edits)?;
            self.put_behind(at, &entries)?;
        } else if let Some(table) = self.index.inline {
            let style = self.style();
            let (key, vms) = (style.key(first.vm.group()), self.braces(&style, edits));
            self.put_into_empty(table, vec![format!("{key}{}{vms}", style.equals)])?;
        } else {
            let header = format!("[sessions.{}]", self.style().key(first.vm.group()));
            let lines = [vec![header], self.plain(edits)].concat();
            self.tail += &format!("{}{}", self.newline, self.lines("", &lines, self.newline));
        }
        Some(())
    }

    /// The entries for `edits` that are spelled like the one at `at`.
    fn like(&self, at: At, edits: &[&Edit<'_>]) -> Option<Vec<String>> {
        let (list, item) = (self.layout.list(at.0)?, self.layout.item(at)?);
        let (above, style) = (list.path.len(), self.style_of(item));
        let column = self.column(list, at.1);
        let equals = self.raw(item.keys_span().end..item.value.start);
        let entry = |edit: &Edit<'_>, value: &str| {
            let keys = self.respelled(item.keys_span(), &item.keys, above, edit);
            let Some((column, (_, behind))) = column.zip(equals.split_once('=')) else {
                return format!("{keys}{equals}{value}");
            };
            let blanks = column.saturating_sub(keys.chars().count()).max(1);
            format!("{keys}{}={behind}{value}", " ".repeat(blanks))
        };
        if above + item.keys.len() == 2 {
            let first = edits.first()?;
            return Some(vec![entry(first, &self.braces(&style, edits))]);
        }
        let session = |edit: &&Edit<'_>| Some(entry(edit, &style.string(edit.session?)));
        edits.iter().map(session).collect()
    }

    /// The width of keys and blanks before each `=` of the lines up to `last` that stand together, if those are aligned.
    fn column(&self, list: &List, last: usize) -> Option<usize> {
        let mut below: Option<&Item> = None;
        let mut columns = Vec::new();
        let mut widths = Vec::new();
        for item in list.items.get(..=last)?.iter().rev().take(NEIGHBOURS) {
            let start = item.span().start;
            let between = below.map(|below| self.raw(item.end()..below.span().start));
            if between.is_some_and(|text| text.matches('\n').count() != 1) {
                break;
            }
            let end = item.keys_span().end;
            let before = self.raw(end..item.value.start).find('=')?;
            columns.push((
                self.indent(start)?,
                self.raw(start..end + before).chars().count(),
            ));
            widths.push(self.raw(item.keys_span()).chars().count());
            below = Some(item);
        }
        let same = |row: &[(&str, usize)]| row.iter().all(|column| Some(column) == row.first());
        let aligned = same(&columns) && widths.iter().any(|width| Some(width) != widths.first());
        columns
            .first()
            .filter(|_| aligned)
            .map(|(_, column)| *column)
    }

    /// The text of a key or a header with the names of `edit`'s VM in it; `above` keys of its path stand elsewhere.
    fn respelled(
        &self,
        range: Range<usize>,
        keys: &[Key],
        above: usize,
        edit: &Edit<'_>,
    ) -> String {
        let (mut spelled, mut at) = (String::new(), range.start);
        for (place, key) in (above..).zip(keys) {
            let name = match place {
                1 if !edit.vm.is_in(&key.name) => edit.vm.group(),
                2 => edit.vm.name(),
                3 => "session",
                _ => continue,
            };
            let raw = self.raw(key.span.clone());
            spelled += self.raw(at..key.span.start);
            spelled += &if place == 3 && key.name == name {
                raw.to_owned()
            } else {
                self.style().key_like(name, &key.name, raw)
            };
            at = key.span.end;
        }
        spelled + self.raw(at..range.end)
    }

    /// The style of `item`, with the quotes of the file's last session if it has none.
    fn style_of(&self, item: &Item) -> Style {
        let (value, sample) = (self.raw(item.value.clone()), self.style());
        let equals = self.raw(item.keys_span().end..item.value.start);
        Style::of(value, equals, sample.quote)
    }

    /// The style of the file's last session.
    fn style(&self) -> Style {
        let sample = self.index.sample.and_then(|at| self.layout.item(at));
        let Some(item) = sample else {
            return Style::of("", " = ", '"');
        };
        let equals = self.raw(item.keys_span().end..item.value.start);
        Style::of(self.raw(item.value.clone()), equals, '"')
    }

    /// Entries for `edits` with nothing beside them to be like.
    fn plain(&self, edits: &[&Edit<'_>]) -> Vec<String> {
        let style = self.style();
        edits.iter().map(|edit| style.entry(edit)).collect()
    }

    /// An inline table of `edits`.
    fn braces(&self, style: &Style, edits: &[&Edit<'_>]) -> String {
        let entries: Vec<_> = edits.iter().map(|edit| style.entry(edit)).collect();
        format!("{{ {} }}", entries.join(", "))
    }

    /// The header and the entry of `edit` that are like those of the section at `at`, which is one VM's.
    fn section_like(&self, at: usize, edit: &Edit<'_>) -> Option<String> {
        let list = self.layout.list(at)?;
        let header = self.respelled(list.span.clone(), &list.path, 0, edit);
        let header = self.lines(self.indent(list.span.start)?, &[header], self.newline);
        let first = list.items.first()?;
        let session = self.lines(
            self.indent(first.span().start)?,
            &self.like((at, 0), &[edit])?,
            self.newline,
        );
        Some(header + &session)
    }

    fn sections_behind(&mut self, at: usize, edits: &[&Edit<'_>]) -> Option<()> {
        let list = self.layout.list(at)?;
        let end = list
            .items
            .last()
            .map_or(list.span.end, |item| item.value.end);
        let end = self.end_of_line(end);
        let above = self
            .raw(0..self.start_of_line(list.span.start))
            .lines()
            .last();
        let tight =
            above.is_some_and(|line| !line.trim().is_empty() && !line.trim().starts_with('#'));
        let gap = if tight { "" } else { self.newline };
        let mut sections = String::new();
        for edit in edits {
            sections += &format!("{gap}{}", self.section_like(at, edit)?);
        }
        self.splices.push((end..end, sections));
        Some(())
    }

    fn put_behind(&mut self, at: At, entries: &[String]) -> Option<()> {
        if self.layout.list(at.0)?.inline {
            self.inline
                .entry(at.0)
                .or_default()
                .extend_from_slice(entries);
            return Some(());
        }
        let span = self.layout.item(at)?.span();
        self.put_lines(span, entries)
    }

    fn put_into_empty(&mut self, table: usize, entries: Vec<String>) -> Option<()> {
        let list = self.layout.list(table)?;
        if list.inline {
            self.inline.entry(table).or_default().extend(entries);
            return Some(());
        }
        self.put_lines(list.span.clone(), &entries)
    }

    /// Puts `entries` on the lines below what stands on `span`, and indents them as far.
    fn put_lines(&mut self, span: Range<usize>, entries: &[String]) -> Option<()> {
        let end = self.end_of_line(span.end);
        let above = self.raw(0..end);
        let newline = if above.ends_with("\r\n") {
            "\r\n"
        } else if above.ends_with('\n') {
            "\n"
        } else {
            self.newline
        };
        let lines = self.lines(self.indent(span.start)?, entries, newline);
        self.splices.push((end..end, lines));
        Some(())
    }

    fn lines(&self, indent: &str, entries: &[String], newline: &str) -> String {
        let lines = entries
            .iter()
            .map(|entry| format!("{indent}{entry}{newline}"));
        lines.collect()
    }
}
