//! The editor of `sessions.toml`. It changes any number of lines and keeps every other byte: comments, order, spelling, line
//! ends.
//!
//! `layout` splits the text into its parts. `insert` spells new entries like their neighbours, with `spell` for TOML's strings.
//! `inline` edits between braces. `check` compares the result with the request.

mod check;
mod inline;
mod insert;
mod layout;
pub(super) mod spell;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use time::Date;

pub(super) use self::layout::{Entry, Kind, Layout};
use crate::model::VmPath;

/// The change to make to one VM's line.
#[derive(Clone, Copy, Debug)]
pub struct Edit<'a> {
    /// The VM, found by its resource group and its name without regard to case.
    pub vm: &'a VmPath,
    /// The session: any text, since a live tag may hold any. None removes the line.
    pub session: Option<&'a str>,
    /// The last day on which the line counts.
    pub ends: Ends,
    /// Another VM, whose line this VM's replaces. If this VM has no line, and both are in one resource group, that line keeps its
    /// place and its comments, and names this VM. Otherwise it goes.
    pub from: Option<&'a VmPath>,
}

/// The change to a line's `expires`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// As it was; a new line has none.
    Keep,
    /// The line has no last day.
    Never,
    /// The line's last day.
    After(Date),
}

impl Ends {
    /// The day to write, if there is one.
    fn day(self) -> Option<Date> {
        match self {
            Self::After(day) => Some(day),
            Self::Keep | Self::Never => None,
        }
    }
}

/// The text is not valid TOML, or its sessions are not one per VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CannotEdit;

/// Applies all of `edits` to `text`, and leaves a line that is already right as it is.
///
/// - A changed line keeps its place, its quotes and its comment.
/// - A removed line takes the comment at its end with it. Comments above it stay, and so does the header of a group without VMs.
/// - A new line goes to the end of its resource group, and a new group after the last one, with the comments right below that.
///   Both are spelled like their neighbours.
///
/// # Errors
/// The text cannot be edited, or the result would differ from the request.
pub fn edit(text: &str, edits: &[Edit<'_>]) -> Result<String, CannotEdit> {
    edited(text, edits).ok_or(CannotEdit)
}

fn edited(text: &str, edits: &[Edit<'_>]) -> Option<String> {
    let has_mark = text.starts_with('\u{feff}');
    let mark = if has_mark { "\u{feff}" } else { "" };
    let text = text.strip_prefix(mark)?;
    let mut said = check::said(text)?;
    // The last edit of a VM wins.
    let edits: BTreeMap<_, &Edit<'_>> = edits.iter().map(|edit| (edit.vm.folded(), edit)).collect();
    let layout = Layout::new(text);
    let mut changes = Changes::default();
    let mut new: BTreeMap<&str, Vec<&Edit<'_>>> = BTreeMap::new();
    for edit in edits.values() {
        let known = layout.vms.get(edit.vm);
        let from = edit.from.and_then(|vm| Some((vm, layout.vms.get(vm)?)));
        match (known, from) {
            (None, Some((vm, from))) if edit.vm.is_in(vm.folded_group()) => {
                changes.rename(&layout, from, edit)?;
                continue;
            }
            (_, Some((_, from))) => changes.remove(&layout, from)?,
            (_, None) => {}
        }
        if let Some(known) = known {
            changes.change(&layout, known, edit, said.get(&check::session_of(edit.vm)))?;
        } else if edit.session.is_some() {
            new.entry(edit.vm.folded_group()).or_default().push(edit);
        }
    }
    // Existing groups come first: a new group may go after the same line.
    let mut new = Vec::from_iter(new);
    new.sort_by_key(|(group, _)| !layout.groups.contains_key(*group));
    for (group, edits) in new {
        changes.add(&layout, group, &edits)?;
    }
    let edited = changes.apply(&layout)?;
    check::expect(&mut said, &edits);
    (check::said(&edited)? == said).then(|| format!("{mark}{edited}"))
}

/// The comments that an edit from `before` to `after` removed, in the order of the file.
pub fn comments_gone(before: &str, after: &str) -> Vec<String> {
    let (before, after) = (Layout::new(before), Layout::new(after));
    let mut kept: HashMap<&str, usize> = HashMap::new();
    for comment in &after.comments {
        *kept.entry(after.raw(comment.clone())).or_default() += 1;
    }
    let mut gone = Vec::new();
    for comment in &before.comments {
        let comment = before.raw(comment.clone());
        match kept.get_mut(comment).filter(|left| **left > 0) {
            Some(left) => *left -= 1,
            None => gone.push(comment.trim_end().to_owned()),
        }
    }
    gone
}

/// The bytes to replace, and the replacement.
type Splice = (Range<usize>, String);

/// The changes to a layout.
#[derive(Default)]
struct Changes {
    /// In any order.
    splices: Vec<Splice>,
    /// The entries to remove.
    gone: BTreeSet<usize>,
    /// The entries to add to each inline table.
    new: BTreeMap<usize, Vec<String>>,
    /// The sections to append to the file.
    tail: Vec<String>,
}

impl Changes {
    /// Applies `edit` to the entries `known` of its VM, whose session is `old`.
    fn change(
        &mut self,
        layout: &Layout<'_>,
        known: &[usize],
        edit: &Edit<'_>,
        old: Option<&String>,
    ) -> Option<()> {
        let Some(session) = edit.session else {
            return self.remove(layout, known);
        };
        let mut day = edit.ends.day();
        for at in known {
            let entry = layout.entry(*at)?;
            if entry.path.get(3).is_none_or(|setting| setting != "expires") {
                continue;
            }
            match edit.ends {
                Ends::Keep => {}
                Ends::Never => {
                    self.gone.insert(*at);
                }
                Ends::After(day) => self.splices.push((entry.value.clone(), day.to_string())),
            }
            day = None;
        }
        for at in known {
            let entry = layout.entry(*at)?;
            let is_session = entry.path.get(3).is_none_or(|setting| setting == "session");
            if !is_session || entry.kind != Kind::Value {
                continue;
            }
            let raw = layout.raw(entry.value.clone());
            let mut value = raw.to_owned();
            if old? != session {
                value = spell::string(session, spell::quote_in(raw)?);
            }
            match day {
                Some(day) if entry.path.len() > 3 => {
                    let expires = layout.head(entry, edit, "expires");
                    let expires = format!("{expires}{}{day}", layout.equals);
                    self.beside(layout, entry, expires)?;
                }
                Some(day) => value = insert::with_day(&value, day),
                None => {}
            }
            if value != raw {
                self.splices.push((entry.value.clone(), value));
            }
        }
        Some(())
    }

    /// Adds the setting `new` to the VM that `entry` is about.
    fn beside(&mut self, layout: &Layout<'_>, entry: &Entry, new: String) -> Option<()> {
        if layout.entry(entry.parent)?.kind == Kind::Braces {
            self.new.entry(entry.parent).or_default().push(new);
            return Some(());
        }
        let indent = layout.indent(entry.span.start)?;
        let end = layout.end_of_line(entry.span.end);
        let newline = layout.newline;
        self.splices
            .push((end..end, format!("{indent}{new}{newline}")));
        Some(())
    }

    /// Removes the entries `known` of a VM.
    fn remove(&mut self, layout: &Layout<'_>, known: &[usize]) -> Option<()> {
        for at in known {
            if layout.entry(*at)?.above() < 3 {
                self.gone.insert(*at);
            }
        }
        Some(())
    }

    /// Puts the VM of `edit` in the place of the one that the entries `known` are about.
    fn rename(&mut self, layout: &Layout<'_>, known: &[usize], edit: &Edit<'_>) -> Option<()> {
        for at in known {
            let entry = layout.entry(*at)?;
            if entry.above() > 2 {
                continue;
            }
            let setting = entry.path.get(3).map_or("session", String::as_str);
            let mut head = layout.head(entry, edit, setting);
            let mut span = entry.head();
            if entry.kind != Kind::Header {
                head += &layout.equals_like(*at, &head)?;
                span.end = entry.value.start;
            }
            self.splices.push((span, head));
        }
        Some(())
    }

    /// Adds an entry for each of `edits`, which are all of the resource group `group`, in lower case.
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
        let (mut end, mut gap) = (above.span.end, "");
        if is_section {
            let last = above.children.last().and_then(|last| layout.entry(*last));
            end = last.map_or(end, |last| last.span.end);
            // If the file has a blank line anywhere, blank lines separate its sections.
            if known.is_none() || layout.text.contains(&newline.repeat(2)) {
                gap = newline;
            }
        }
        let mut end = layout.end_of_line(end);
        if is_section && known.is_none() {
            end = layout.end_of_comments(end);
        }
        let lines = lines.map(|line| format!("{gap}{line}")).collect();
        self.splices.push((end..end, lines));
        Some(())
    }

    /// Returns the text with all changes.
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
            // Whole lines begin on a new line, even after a last line without a line end.
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
    /// Removes `range`, except for comments on a line of their own.
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

    /// Removes the lines that hold `span`.
    fn cut_lines(&self, span: &Range<usize>) -> Splice {
        self.cut(self.start_of_line(span.start)..self.end_of_line(span.end))
    }

    /// Removes the line above that of `at`, if it is blank.
    fn cut_blank_above(&self, at: usize) -> Option<Splice> {
        let line = self.start_of_line(at);
        let above = self.start_of_line(line.checked_sub(1)?);
        let is_blank = self.raw(above..line).trim().is_empty();
        is_blank.then(|| (above..line, String::new()))
    }
}
