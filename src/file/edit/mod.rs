//! The editor of `sessions.toml`: any number of lines change, and every other byte stays: comments, order, spelling, line ends.
//!
//! `layout` takes the text apart, `index` finds each VM in it, `insert` and `inline` give new lines and the entries of inline
//! tables the style of their neighbours (`spell`), and `check` holds the result against what was asked for.

mod check;
mod index;
mod inline;
mod insert;
mod layout;
mod spell;

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::DeTable;

use self::check::Said;
use self::index::{Index, Vm};
use self::inline::Inline;
use self::layout::{At, Layout};
use self::spell::Style;
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
/// the end of the file, both spelled as their neighbours are.
///
/// # Errors
/// The text cannot be edited, or the result would say anything else than was asked for.
pub fn edit(text: &str, edits: &[Edit<'_>]) -> Result<String, CannotEdit> {
    edited(text, edits).ok_or(CannotEdit)
}

fn edited(text: &str, edits: &[Edit<'_>]) -> Option<String> {
    let start = text.len() - text.trim_start_matches('\u{feff}').len();
    let (mark, text) = text.split_at_checked(start)?;
    let document = DeTable::parse(text).ok()?;
    let mut said = Said::read(document.get_ref(), text)?;
    // The last word on a VM counts.
    let edits: BTreeMap<_, &Edit<'_>> = edits.iter().map(|edit| (edit.vm.folded(), edit)).collect();
    let mut editor = Editor::new(text);
    let mut new: BTreeMap<&str, Vec<&Edit<'_>>> = BTreeMap::new();
    for ((group, vm), edit) in &edits {
        let known = editor
            .index
            .groups
            .get(*group)
            .and_then(|group| group.vms.get(*vm));
        match (known, edit.session) {
            (Some(known), Some(session)) => {
                if said.session(group, vm) != Some(session) {
                    editor.splices.push(editor.says(known, session)?);
                }
                if let Some(at) = known.expires.filter(|_| edit.endless) {
                    editor.gone.push(at);
                }
            }
            (Some(known), None) => {
                editor.gone.extend(&known.items);
                editor.gone_sections.extend(&known.sections);
            }
            (None, Some(_)) => new.entry(group).or_default().push(edit),
            (None, None) => {}
        }
        said.edit(edit);
    }
    editor.insert(&new)?;
    let edited = editor.finish()?;
    let document = DeTable::parse(&edited).ok()?;
    let as_asked = Said::read(document.get_ref(), &edited)? == said;
    as_asked.then(|| format!("{mark}{edited}"))
}

/// The edits under way.
struct Editor<'t> {
    text: &'t str,
    layout: Layout,
    index: Index,
    /// What comes into the place of which bytes, in any order.
    splices: Vec<(Range<usize>, String)>,
    /// The entries that go.
    gone: Vec<At>,
    gone_sections: Vec<usize>,
    /// The entries that come into each inline table.
    inline: BTreeMap<usize, Vec<String>>,
    /// What comes to the end of the file.
    tail: String,
    newline: &'static str,
}

impl<'t> Editor<'t> {
    fn new(text: &'t str) -> Self {
        let layout = Layout::new(text);
        let windows = 2 * text.matches("\r\n").count() > text.matches('\n').count();
        Self {
            text,
            index: Index::new(&layout),
            layout,
            splices: Vec::new(),
            gone: Vec::new(),
            gone_sections: Vec::new(),
            inline: BTreeMap::new(),
            tail: String::new(),
            newline: if windows { "\r\n" } else { "\n" },
        }
    }

    fn raw(&self, span: Range<usize>) -> &'t str {
        self.text.get(span).unwrap_or_default()
    }

    fn start_of_line(&self, at: usize) -> usize {
        self.raw(0..at).rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// The end of the line with its newline.
    fn end_of_line(&self, at: usize) -> usize {
        let rest = self.raw(at..self.text.len());
        rest.find('\n')
            .map_or(self.text.len(), |newline| at + newline + 1)
    }

    /// What stands before `at` on its line, if that is only its indent.
    fn indent(&self, at: usize) -> Option<&'t str> {
        let before = self.raw(self.start_of_line(at)..at);
        before.trim().is_empty().then_some(before)
    }

    /// The new value of a VM's session, in the quotes of the old.
    fn says(&self, vm: &Vm, session: &str) -> Option<(Range<usize>, String)> {
        let place = vm.session.clone()?;
        let style = Style::of(self.raw(place.clone()), "", '"');
        Some((place, style.string(session)))
    }

    /// Takes `range` out, but for the comments that have a line to themselves.
    fn cut(&mut self, range: Range<usize>) {
        let comments = &self.layout.comments;
        let first = comments.partition_point(|comment| comment.start < range.start);
        let mut kept = String::new();
        for comment in comments.iter().skip(first) {
            if comment.start >= range.end {
                break;
            }
            let line = self.start_of_line(comment.start);
            if line >= range.start && self.indent(comment.start).is_some() {
                kept.push_str(self.raw(line..self.end_of_line(comment.end)));
            }
        }
        self.splices.push((range, kept));
    }

    fn cut_lines(&mut self, range: Range<usize>) {
        self.cut(self.start_of_line(range.start)..self.end_of_line(range.end));
    }

    /// The blank line above that of `at`.
    fn blank_above(&self, at: usize) -> Option<Range<usize>> {
        let line = self.start_of_line(at);
        let above = self.start_of_line(line.checked_sub(1)?);
        self.raw(above..line)
            .trim()
            .is_empty()
            .then_some(above..line)
    }

    /// Takes a header and its entries out, and the blank line above it.
    fn cut_section(&mut self, at: usize) -> Option<()> {
        let list = self.layout.list(at)?;
        let header = list.span.clone();
        let spans: Vec<_> = list.items.iter().map(layout::Item::span).collect();
        if let Some(blank) = self.blank_above(header.start) {
            self.cut(blank);
        }
        self.cut_lines(header);
        for span in spans {
            self.cut_lines(span);
        }
        Some(())
    }

    /// The text with everything in its place.
    fn finish(mut self) -> Option<String> {
        for at in std::mem::take(&mut self.gone_sections) {
            self.cut_section(at)?;
        }
        let mut inline: BTreeMap<usize, Inline> = BTreeMap::new();
        for (list, entries) in std::mem::take(&mut self.inline) {
            inline.entry(list).or_default().new = entries;
        }
        for at in std::mem::take(&mut self.gone) {
            if self.layout.list(at.0)?.inline {
                inline.entry(at.0).or_default().gone.insert(at.1);
            } else {
                self.cut_lines(self.layout.item(at)?.span());
            }
        }
        for (list, changes) in inline {
            self.rewrite(list, &changes)?;
        }
        self.splices.sort_by_key(|(range, _)| range.start);
        let mut edited = String::with_capacity(self.text.len() + self.tail.len());
        let mut at = 0;
        for (range, new) in &self.splices {
            edited.push_str(self.raw(at..range.start.max(at)));
            // Whole lines begin on a line of their own, after a last one without an end too.
            if new.ends_with('\n') && !edited.is_empty() && !edited.ends_with('\n') {
                edited.push_str(self.newline);
            }
            edited.push_str(new);
            at = range.end.max(at);
        }
        edited.push_str(self.raw(at..self.text.len()));
        if !self.tail.is_empty() && !edited.is_empty() && !edited.ends_with('\n') {
            edited.push_str(self.newline);
        }
        // A new group stands apart.
        let stands_apart = edited
            .lines()
            .last()
            .is_none_or(|line| line.trim().is_empty());
        let apart = if stands_apart { self.newline.len() } else { 0 };
        edited.push_str(self.tail.get(apart..).unwrap_or_default());
        Some(edited)
    }
}
