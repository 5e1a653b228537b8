//! The editor of `sessions.toml`: any number of lines change, and every other byte stays: comments, order, spelling, line ends.
//!
//! `layout` takes the text apart, `insert` spells new entries like their neighbours (`spell` knows TOML's strings), `inline` edits
//! between braces, and `check` compares the result with what was asked for.

mod check;
mod inline;
mod insert;
mod layout;
mod spell;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use self::layout::{Kind, Layout};
use crate::model::VmPath;

/// The change to make to one VM's line.
#[derive(Clone, Copy, Debug)]
pub struct Edit<'a> {
    /// The VM, found by its resource group and its name without regard to case.
    pub vm: &'a VmPath,
    /// The session: any text, since a live tag may hold any. None takes the line out.
    pub session: Option<&'a str>,
    /// Removes `expires` from the line.
    pub endless: bool,
}

/// The text is not valid TOML, or not sessions of VMs, each once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CannotEdit;

/// `text` after all of `edits`; a line that says so already is left as it is.
///
/// A line that changes keeps its place, its quotes and its comment. One that goes takes the comment at its end with it; comments
/// above it stay, and so does the header of a group without VMs. A new line goes to the end of its resource group, a new group to
/// the end of the file or of the table that holds all groups, both spelled like their neighbours.
///
/// # Errors
/// The text cannot be edited, or the result would say anything else than was asked for.
pub fn edit(text: &str, edits: &[Edit<'_>]) -> Result<String, CannotEdit> {
    edited(text, edits).ok_or(CannotEdit)
}

fn edited(text: &str, edits: &[Edit<'_>]) -> Option<String> {
    let has_mark = text.starts_with('\u{feff}');
    let mark = if has_mark { "\u{feff}" } else { "" };
    let text = text.strip_prefix(mark)?;
    let mut said = check::said(text)?;
    // The last word on a VM counts.
    let edits: BTreeMap<_, &Edit<'_>> = edits.iter().map(|edit| (edit.vm.folded(), edit)).collect();
    let layout = Layout::new(text);
    let mut changes = Changes::default();
    let mut new: BTreeMap<&str, Vec<&Edit<'_>>> = BTreeMap::new();
    for edit in edits.values() {
        if let Some(known) = layout.vms.get(edit.vm) {
            changes.change(&layout, known, edit, said.get(&check::session_of(edit.vm)))?;
        } else if edit.session.is_some() {
            new.entry(edit.vm.folded_group()).or_default().push(edit);
        }
    }
    // The groups that are there first: a new one may come to stand behind the same line.
    let mut new = Vec::from_iter(new);
    new.sort_by_key(|(group, _)| !layout.groups.contains_key(*group));
    for (group, edits) in new {
        changes.add(&layout, group, &edits)?;
    }
    let edited = changes.apply(&layout)?;
    check::expect(&mut said, &edits);
    (check::said(&edited)? == said).then(|| format!("{mark}{edited}"))
}

/// The bytes that go, and what takes their place.
type Splice = (Range<usize>, String);

/// What becomes of a layout.
#[derive(Default)]
struct Changes {
    /// In any order.
    splices: Vec<Splice>,
    /// The entries that go.
    gone: BTreeSet<usize>,
    /// The entries that come into each inline table.
    new: BTreeMap<usize, Vec<String>>,
    /// The sections that come to the end of the file.
    tail: Vec<String>,
}

impl Changes {
    /// Carries `edit` out on the entries `known` of its VM, which has the session `old`.
    fn change(
        &mut self,
        layout: &Layout<'_>,
        known: &[usize],
        edit: &Edit<'_>,
        old: Option<&String>,
    ) -> Option<()> {
        for at in known {
            let entry = layout.entry(*at)?;
            let setting = entry.path.get(3).map_or("session", String::as_str);
            let Some(session) = edit.session else {
                if entry.above() < 3 {
                    self.gone.insert(*at);
                }
                continue;
            };
            if setting == "expires" && edit.endless {
                self.gone.insert(*at);
            } else if setting == "session" && entry.kind == Kind::Value && old? != session {
                let quote = spell::quote_in(layout.raw(entry.value.clone()))?;
                let session = spell::string(session, quote);
                self.splices.push((entry.value.clone(), session));
            }
        }
        Some(())
    }

    /// Adds an entry for each of `edits`, which are of one resource group, in lower case.
    fn add(&mut self, layout: &Layout<'_>, group: &str, edits: &[&Edit<'_>]) -> Option<()> {
        let newline = layout.newline;
        let name = spell::key(edits.first()?.vm.group(), layout.quote);
        let known = layout.groups.get(group).copied();
        let Some(at) = known.or(layout.last.map(|(_, at)| at)) else {
            let lines = layout.plain(edits).join(newline);
            let section = format!("[sessions.{name}]{newline}{lines}{newline}");
            self.tail.push(section);
            return Some(());
        };
        let above = layout.entry(at)?;
        let (table, entries) = match above.path.len() {
            1 => (at, vec![layout.group(&name, edits)]),
            2 if known.is_some() => (at, layout.plain(edits)),
            _ => (above.parent, layout.like(at, edits)?),
        };
        if layout.entry(table)?.kind == Kind::Braces {
            self.new.entry(table).or_default().extend(entries);
            return Some(());
        }
        let indent = layout.indent(above.span.start)?;
        let lines = entries
            .iter()
            .map(|entry| format!("{indent}{entry}{newline}"));
        let is_section = above.kind == Kind::Header && table != at;
        if is_section && known.is_none() {
            self.tail.extend(lines);
            return Some(());
        }
        let (mut end, mut gap) = (above.span.end, "");
        if is_section {
            let last = above.children.last().and_then(|last| layout.entry(*last));
            end = last.map_or(end, |last| last.span.end);
            // Sections stand apart in a file that has a blank line anywhere.
            if layout.text.contains(&newline.repeat(2)) {
                gap = newline;
            }
        }
        let end = layout.end_of_line(end);
        let lines = lines.map(|line| format!("{gap}{line}")).collect();
        self.splices.push((end..end, lines));
        Some(())
    }

    /// The text with all changes.
    fn apply(mut self, layout: &Layout<'_>) -> Option<String> {
        let newline = layout.newline;
        let mut tables: BTreeSet<usize> = self.new.keys().copied().collect();
        for at in &self.gone {
            let entry = layout.entry(*at)?;
            if layout.entry(entry.parent)?.kind == Kind::Braces {
                tables.insert(entry.parent);
                continue;
            }
            self.splices.push(layout.cut_lines(&entry.span));
            if entry.kind == Kind::Header {
                self.splices
                    .extend(layout.cut_blank_above(entry.span.start));
                for child in &entry.children {
                    self.splices
                        .push(layout.cut_lines(&layout.entry(*child)?.span));
                }
            }
        }
        for table in tables {
            let new = self.new.remove(&table).unwrap_or_default();
            self.splices
                .extend(layout.rewrite(table, &self.gone, &new)?);
        }
        self.splices.sort_by_key(|(range, _)| range.start);
        let mut edited = String::with_capacity(layout.text.len());
        let mut at = 0;
        for (range, new) in &self.splices {
            edited.push_str(layout.raw(at..range.start.max(at)));
            // Whole lines begin on a line of their own, after a last one without an end too.
            if new.ends_with('\n') && !edited.is_empty() && !edited.ends_with('\n') {
                edited.push_str(newline);
            }
            edited.push_str(new);
            at = range.end.max(at);
        }
        edited.push_str(layout.raw(at..layout.text.len()));
        for section in &self.tail {
            if !edited.is_empty() && !edited.ends_with('\n') {
                edited.push_str(newline);
            }
            let last = edited.lines().next_back();
            if last.is_some_and(|line| !line.trim().is_empty()) {
                edited.push_str(newline);
            }
            edited.push_str(section);
        }
        Some(edited)
    }
}

impl Layout<'_> {
    /// Takes `range` out, but for the comments that have a line to themselves.
    fn cut(&self, range: Range<usize>) -> Splice {
        let first = self
            .comments
            .partition_point(|comment| comment.start < range.start);
        let mut kept = String::new();
        for comment in self.comments.iter().skip(first) {
            if comment.start >= range.end {
                break;
            }
            let line = self.start_of_line(comment.start);
            if line >= range.start && self.indent(comment.start).is_some() {
                kept.push_str(self.raw(line..self.end_of_line(comment.end)));
            }
        }
        (range, kept)
    }

    /// Takes the lines that hold `span` out.
    fn cut_lines(&self, span: &Range<usize>) -> Splice {
        self.cut(self.start_of_line(span.start)..self.end_of_line(span.end))
    }

    /// Takes the line above that of `at` out, if it is blank.
    fn cut_blank_above(&self, at: usize) -> Option<Splice> {
        let line = self.start_of_line(at);
        let above = self.start_of_line(line.checked_sub(1)?);
        let is_blank = self.raw(above..line).trim().is_empty();
        is_blank.then(|| (above..line, String::new()))
    }
}
