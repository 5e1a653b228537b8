//! The editor of `sessions.toml`: any number of lines change, and every other byte stays: comments, order, spelling, line ends.
//!
//! `layout` takes the text apart, `insert` spells new entries like their neighbours (`spell` knows TOML's strings), `inline` edits
//! between braces, and `check` compares the result with what was asked for.

mod check;
mod inline;
mod insert;
mod layout;
mod spell;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use self::insert::Speller;
use self::layout::{Kind, Layout};
use crate::model::VmPath;

/// What the line of a VM is to say.
#[derive(Clone, Copy, Debug)]
pub struct Edit<'a> {
    /// The VM, found by its resource group and its name without regard to case.
    pub vm: &'a VmPath,
    /// The session: any text, since a live tag may hold any. None takes the line out.
    pub session: Option<&'a str>,
    /// Whether the line loses its `expires`.
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
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let (mark, text) = text.split_at_checked(start)?;
    let mut said = check::said(text)?;
    // The last word on a VM counts.
    let edits: BTreeMap<_, &Edit<'_>> = edits.iter().map(|edit| (edit.vm.folded(), edit)).collect();
    let layout = Layout::new(text);
    let places = Places::new(&layout);
    let mut editor = Editor::new(&layout, &places);
    let mut new: BTreeMap<&str, Vec<&Edit<'_>>> = BTreeMap::new();
    for edit in edits.values() {
        match (places.vms.get(edit.vm), edit.session) {
            (Some(known), Some(session)) => {
                let is_new = said
                    .get(&check::session_of(edit.vm))
                    .is_none_or(|old| old != session);
                editor.change(known, edit.session.filter(|_| is_new), edit.endless)?;
            }
            (Some(known), None) => {
                let top = |at: &&usize| layout.entry(**at).is_some_and(|entry| entry.above() < 3);
                editor.gone.extend(known.iter().filter(top));
            }
            (None, Some(_)) => new.entry(edit.vm.folded_group()).or_default().push(edit),
            (None, None) => {}
        }
    }
    // The groups that are there first: a new one may come to stand behind the same line.
    let mut new = Vec::from_iter(new);
    new.sort_by_key(|(group, _)| !places.groups.contains_key(*group));
    for (group, edits) in new {
        editor.add(group, &edits)?;
    }
    let edited = editor.finish()?;
    check::expect(&mut said, &edits);
    (check::said(&edited)? == said).then(|| format!("{mark}{edited}"))
}

/// The bytes that go, and what takes their place.
type Splice = (Range<usize>, String);

/// Where the file speaks of sessions: places of its entries.
#[derive(Default)]
struct Places {
    /// All that is about a VM.
    vms: HashMap<VmPath, Vec<usize>>,
    /// What a new VM of the group goes behind, by the group in lower case: the last entry of a VM, or else the group's table.
    groups: HashMap<String, usize>,
    /// What a new group goes behind: the last header of a group, or else the last entry of one, or else the table of all.
    last: Option<usize>,
    /// The last session.
    sample: Option<usize>,
}

impl Places {
    fn new(layout: &Layout<'_>) -> Self {
        let mut places = Self::default();
        for (at, entry) in layout.entries.iter().enumerate() {
            let names: Vec<&str> = entry.path.iter().map(String::as_str).collect();
            let is_table = entry.kind != Kind::Value;
            match names.as_slice() {
                ["sessions"] if entry.kind == Kind::Braces => places.last = Some(at),
                ["sessions", group] if is_table => {
                    places.groups.entry(group.to_lowercase()).or_insert(at);
                }
                ["sessions", group, vm, rest @ ..] => {
                    if entry.above() < 3 {
                        places.groups.insert(group.to_lowercase(), at);
                    }
                    if let Ok(vm) = VmPath::new(group, vm) {
                        places.vms.entry(vm).or_default().push(at);
                    }
                    if !is_table && matches!(rest, [] | ["session"]) {
                        places.sample = Some(at);
                    }
                }
                _ => continue,
            }
            let last = places.last.and_then(|last| layout.entry(last));
            let after_header = last.is_some_and(|last| last.kind == Kind::Header);
            if entry.above() < 2 && names.len() > 1 && (entry.kind == Kind::Header || !after_header)
            {
                places.last = Some(at);
            }
        }
        places
    }
}

/// The edits under way.
struct Editor<'l, 't> {
    layout: &'l Layout<'t>,
    places: &'l Places,
    speller: Speller<'l, 't>,
    /// In any order.
    splices: Vec<Splice>,
    /// The entries that go.
    gone: BTreeSet<usize>,
    /// The entries that come into each inline table.
    new: BTreeMap<usize, Vec<String>>,
    /// The sections that come to the end of the file.
    tail: Vec<String>,
}

impl<'l, 't> Editor<'l, 't> {
    fn new(layout: &'l Layout<'t>, places: &'l Places) -> Self {
        let sample = places.sample.and_then(|at| layout.entry(at));
        Self {
            layout,
            speller: Speller::new(layout, sample),
            places,
            splices: Vec::new(),
            gone: BTreeSet::new(),
            new: BTreeMap::new(),
            tail: Vec::new(),
        }
    }

    /// Writes `session` in the quotes of the old one into the entries `known` of a VM, and takes its day out if it is `endless`.
    fn change(&mut self, known: &[usize], session: Option<&str>, endless: bool) -> Option<()> {
        for at in known {
            let entry = self.layout.entry(*at)?;
            match (entry.path.get(3).map(String::as_str), session) {
                (Some("expires"), _) if endless => {
                    self.gone.insert(*at);
                }
                (None | Some("session"), Some(session)) if entry.kind == Kind::Value => {
                    let quote = spell::quote_in(self.layout.raw(entry.value.clone()))?;
                    self.splices
                        .push((entry.value.clone(), spell::string(session, quote)));
                }
                _ => {}
            }
        }
        Some(())
    }

    /// Adds an entry for each of `edits`, which are of one resource group, in lower case.
    fn add(&mut self, group: &str, edits: &[&Edit<'_>]) -> Option<()> {
        let known = self.places.groups.get(group).copied();
        let Some(at) = known.or(self.places.last) else {
            let header = format!("[sessions.{}]", self.speller.key(edits.first()?.vm.group()));
            let lines = [vec![header], self.speller.plain(edits)].concat();
            self.tail
                .push(lines.join(self.layout.newline) + self.layout.newline);
            return Some(());
        };
        let entry = self.layout.entry(at)?;
        if known.is_some() && entry.path.len() == 2 {
            self.put(at, at, self.speller.plain(edits))
        } else if entry.path.len() == 1 {
            self.put(at, at, vec![self.speller.group(edits)])
        } else if entry.kind != Kind::Header {
            self.put(entry.parent, at, self.speller.like(at, edits)?)
        } else if known.is_none() {
            self.tail.extend(self.speller.like(at, edits)?);
            Some(())
        } else {
            self.put_sections(at, &self.speller.like(at, edits)?)
        }
    }

    /// Puts `entries` to the end of the braces of `table`, or else on lines of their own below the entry `above`.
    fn put(&mut self, table: usize, above: usize, entries: Vec<String>) -> Option<()> {
        if self.layout.entry(table)?.kind == Kind::Braces {
            self.new.entry(table).or_default().extend(entries);
            return Some(());
        }
        let above = &self.layout.entry(above)?.span;
        let (indent, newline) = (self.layout.indent(above.start)?, self.layout.newline);
        let lines: String = entries
            .iter()
            .map(|entry| format!("{indent}{entry}{newline}"))
            .collect();
        let end = self.layout.end_of_line(above.end);
        self.splices.push((end..end, lines));
        Some(())
    }

    /// Puts `sections` behind that of `header`, and as far apart as that is from what is above it.
    fn put_sections(&mut self, header: usize, sections: &[String]) -> Option<()> {
        let header = self.layout.entry(header)?;
        let last = header
            .children
            .last()
            .and_then(|last| self.layout.entry(*last));
        let end = self.layout.end_of_line(last.unwrap_or(header).span.end);
        let above = self
            .layout
            .raw(0..self.layout.start_of_line(header.span.start));
        let is_tight = |line: &str| !line.trim().is_empty() && !line.trim().starts_with('#');
        let tight = above.lines().next_back().is_some_and(is_tight);
        let gap = if tight { "" } else { self.layout.newline };
        let sections = sections.iter().map(|section| format!("{gap}{section}"));
        self.splices.push((end..end, sections.collect()));
        Some(())
    }

    /// The text with everything in its place.
    fn finish(mut self) -> Option<String> {
        let mut tables: BTreeSet<usize> = self.new.keys().copied().collect();
        for at in &self.gone {
            let entry = self.layout.entry(*at)?;
            if self.layout.entry(entry.parent)?.kind == Kind::Braces {
                tables.insert(entry.parent);
                continue;
            }
            self.splices.push(cut_lines(self.layout, &entry.span));
            if entry.kind == Kind::Header {
                let blank = blank_above(self.layout, entry.span.start);
                self.splices
                    .extend(blank.map(|blank| (blank, String::new())));
                for child in &entry.children {
                    let child = self.layout.entry(*child)?;
                    self.splices.push(cut_lines(self.layout, &child.span));
                }
            }
        }
        for table in tables {
            let new = self.new.remove(&table).unwrap_or_default();
            let splices = inline::rewrite(self.layout, table, &self.gone, &new)?;
            self.splices.extend(splices);
        }
        self.splices.sort_by_key(|(range, _)| range.start);
        let newline = self.layout.newline;
        let mut edited = String::with_capacity(self.layout.text.len());
        let mut at = 0;
        for (range, new) in &self.splices {
            edited.push_str(self.layout.raw(at..range.start.max(at)));
            // Whole lines begin on a line of their own, after a last one without an end too.
            if new.ends_with('\n') && !edited.is_empty() && !edited.ends_with('\n') {
                edited.push_str(newline);
            }
            edited.push_str(new);
            at = range.end.max(at);
        }
        edited.push_str(self.layout.raw(at..self.layout.text.len()));
        for section in &self.tail {
            if !edited.is_empty() && !edited.ends_with('\n') {
                edited.push_str(newline);
            }
            if edited
                .lines()
                .next_back()
                .is_some_and(|line| !line.trim().is_empty())
            {
                edited.push_str(newline);
            }
            edited.push_str(section);
        }
        Some(edited)
    }
}

/// Takes `range` out, but for the comments that have a line to themselves.
fn cut(layout: &Layout<'_>, range: Range<usize>) -> Splice {
    let comments = &layout.comments;
    let first = comments.partition_point(|comment| comment.start < range.start);
    let mut kept = String::new();
    for comment in comments
        .iter()
        .skip(first)
        .take_while(|comment| comment.start < range.end)
    {
        let line = layout.start_of_line(comment.start);
        if line >= range.start && layout.indent(comment.start).is_some() {
            kept.push_str(layout.raw(line..layout.end_of_line(comment.end)));
        }
    }
    (range, kept)
}

/// Takes the lines that hold `range` out.
fn cut_lines(layout: &Layout<'_>, range: &Range<usize>) -> Splice {
    cut(
        layout,
        layout.start_of_line(range.start)..layout.end_of_line(range.end),
    )
}

/// The blank line above that of `at`.
fn blank_above(layout: &Layout<'_>, at: usize) -> Option<Range<usize>> {
    let line = layout.start_of_line(at);
    let above = layout.start_of_line(line.checked_sub(1)?);
    let is_blank = layout.raw(above..line).trim().is_empty();
    is_blank.then_some(above..line)
}
