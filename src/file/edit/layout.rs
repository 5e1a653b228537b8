//! [`Layout`]: the location of each key, value, comma and comment in a file, and the VM that each is about.

use std::collections::HashMap;
use std::ops::Range;

use toml_parser::Source;
use toml_parser::parser::{Event, EventKind, parse_document};

use super::spell::quote_in;
use crate::model::VmPath;

/// A file, split into its parts without losing a byte.
pub(in crate::file) struct Layout<'t> {
    pub text: &'t str,
    /// The file as a whole, then its headers and entries in the order of the text.
    entries: Vec<Entry>,
    /// The comments, in the order of the text.
    pub comments: Vec<Range<usize>>,
    /// All entries about a VM.
    pub vms: HashMap<VmPath, Vec<usize>>,
    /// The entry that a new VM goes after, by group in lower case: the last entry that names a VM, or else the group's table.
    pub groups: HashMap<String, usize>,
    /// The entry that a new group goes after: the last header that names a group, or else the last such entry, or else the table
    /// of all groups. The flag is true for a header.
    pub last: Option<(bool, usize)>,
    /// The line end that most lines have.
    pub newline: &'static str,
    /// The quote character of the last session.
    pub quote: char,
    /// The text between the last session and its key.
    pub equals: &'static str,
}

/// A header, or `key.key = value`.
#[derive(Default)]
pub(in crate::file) struct Entry {
    /// The names from the top of the file down to this entry.
    pub path: Vec<String>,
    /// The bytes of its own keys, which spell the end of its path. A header's keys spell all of it.
    pub keys: Vec<Range<usize>>,
    /// The bytes of the header with its brackets, or of the keys and the value.
    pub span: Range<usize>,
    pub value: Range<usize>,
    /// The position of the comma after it, in braces.
    pub comma: Option<usize>,
    pub kind: Kind,
    /// The header or the braces around it.
    pub parent: usize,
    /// The entries below this header or in these braces.
    pub children: Vec<usize>,
}

#[derive(Default, PartialEq, Eq)]
pub(in crate::file) enum Kind {
    #[default]
    Header,
    /// An entry whose value is an inline table.
    Braces,
    Value,
}

impl Entry {
    /// The number of names in its path that come from its parent.
    pub fn above(&self) -> usize {
        self.path.len() - self.keys.len()
    }

    /// The header, or the keys without the value.
    pub fn head(&self) -> Range<usize> {
        match self.keys.last() {
            Some(key) if self.kind != Kind::Header => self.span.start..key.end,
            _ => self.span.clone(),
        }
    }

    /// The end with the comma.
    pub fn end(&self) -> usize {
        self.comma.map_or(self.span.end, |comma| comma + 1)
    }
}

impl<'t> Layout<'t> {
    /// The layout of `text`. Where that is not valid TOML, the layout lacks the broken parts.
    pub fn new(text: &'t str) -> Self {
        let source = Source::new(text);
        let mut events: Vec<Event> = Vec::new();
        parse_document(&source.lex().into_vec(), &mut events, &mut ());
        let mut walk = Walk {
            source,
            entries: vec![Entry::default()],
            comments: Vec::new(),
            open: vec![0],
            next: Entry::default(),
            arrays: 0,
        };
        for event in events {
            walk.on(event);
        }
        let windows = 2 * text.matches("\r\n").count() > text.matches('\n').count();
        let mut layout = Self {
            text,
            entries: Vec::new(),
            comments: walk.comments,
            vms: HashMap::new(),
            groups: HashMap::new(),
            last: None,
            newline: if windows { "\r\n" } else { "\n" },
            quote: '"',
            equals: " = ",
        };
        for (at, entry) in walk.entries.iter().enumerate() {
            layout.index(at, entry);
        }
        layout.entries = walk.entries;
        layout
    }

    fn index(&mut self, at: usize, entry: &Entry) {
        let path = entry.path.as_slice();
        if path.first().is_none_or(|first| first != "sessions") {
            return;
        }
        let is_header = entry.kind == Kind::Header;
        if entry.above() < 2 && (path.len() > 1 || entry.kind == Kind::Braces) {
            self.last = self.last.max(Some((is_header, at)));
        }
        let [_, group, vm @ ..] = path else {
            return;
        };
        let Some(vm) = vm.first() else {
            self.groups.entry(group.to_lowercase()).or_insert(at);
            return;
        };
        if entry.above() < 3 {
            self.groups.insert(group.to_lowercase(), at);
        }
        if let Ok(vm) = VmPath::new(group, vm) {
            self.vms.entry(vm).or_default().push(at);
        }
        if entry.kind == Kind::Value && entry.path.get(3).is_none_or(|key| key == "session") {
            self.quote = quote_in(self.raw(entry.value.clone())).unwrap_or('"');
            let is_tight = self.raw(entry.head().end..entry.value.start) == "=";
            self.equals = if is_tight { "=" } else { " = " };
        }
    }

    /// Every header and entry, in the order of the text.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn entry(&self, at: usize) -> Option<&Entry> {
        self.entries.get(at)
    }

    pub fn raw(&self, span: Range<usize>) -> &'t str {
        self.text.get(span).unwrap_or_default()
    }

    pub fn start_of_line(&self, at: usize) -> usize {
        self.raw(0..at).rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// The end of the line with its newline.
    pub fn end_of_line(&self, at: usize) -> usize {
        let newline = self.raw(at..self.text.len()).find('\n');
        newline.map_or(self.text.len(), |newline| at + newline + 1)
    }

    /// The end of the comments on the lines from `line` on, the start of a line.
    pub fn end_of_comments(&self, line: usize) -> usize {
        let mut end = line;
        while self
            .raw(end..self.text.len())
            .trim_start_matches([' ', '\t'])
            .starts_with('#')
        {
            end = self.end_of_line(end);
        }
        end
    }

    /// The text before `at` on its line, if that is only an indent.
    pub fn indent(&self, at: usize) -> Option<&'t str> {
        let before = self.raw(self.start_of_line(at)..at);
        before.trim().is_empty().then_some(before)
    }
}

struct Walk<'t> {
    source: Source<'t>,
    entries: Vec<Entry>,
    comments: Vec<Range<usize>>,
    /// The last header, then the inline tables around the current position.
    open: Vec<usize>,
    /// The entry whose keys are being read.
    next: Entry,
    /// The number of open arrays.
    arrays: usize,
}

impl Walk<'_> {
    fn on(&mut self, event: Event) {
        let span = event.span().start()..event.span().end();
        match event.kind() {
            EventKind::Comment => self.comments.push(span),
            EventKind::ArrayOpen => {
                self.arrays += 1;
                self.value(span);
            }
            EventKind::ArrayClose => {
                self.arrays = self.arrays.saturating_sub(1);
                self.value(span);
            }
            // An array counts as one value, with everything in it.
            _ if self.arrays > 0 => {}
            EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                self.open = vec![0];
                self.next.span = span;
            }
            // Keys are complete at the end of their line; without a value they were broken.
            EventKind::Newline => self.next = Entry::default(),
            EventKind::StdTableClose | EventKind::ArrayTableClose => {
                self.next.span.end = span.end;
                self.add();
                self.open = vec![self.entries.len() - 1];
            }
            EventKind::SimpleKey => {
                let mut name = String::new();
                if let Some(raw) = self.source.get(event) {
                    raw.decode_key(&mut name, &mut ());
                }
                self.next.path.push(name);
                self.next.keys.push(span);
            }
            EventKind::KeyValSep => {
                let first = self.next.keys.first();
                self.next.span.start = first.map_or(span.start, |key| key.start);
                self.next.kind = Kind::Value;
                self.add();
            }
            EventKind::Scalar => self.value(span),
            EventKind::InlineTableOpen => {
                self.value(span);
                if let Some(entry) = self.last() {
                    entry.kind = Kind::Braces;
                }
                self.open.push(self.entries.len() - 1);
            }
            EventKind::InlineTableClose => {
                self.open.pop();
                self.value(span);
            }
            EventKind::ValueSep => {
                if let Some(entry) = self.last() {
                    entry.comma = Some(span.start);
                }
            }
            _ => {}
        }
    }

    /// Adds the entry whose keys are complete to the open table.
    fn add(&mut self) {
        let mut entry = std::mem::take(&mut self.next);
        entry.parent = self.open.last().copied().unwrap_or(0);
        let at = self.entries.len();
        if let Some(parent) = self.entries.get_mut(entry.parent) {
            parent.children.push(at);
            entry.path.splice(0..0, parent.path.iter().cloned());
        }
        self.entries.push(entry);
    }

    /// The last entry of the open table.
    fn last(&mut self) -> Option<&mut Entry> {
        let table = self.entries.get(*self.open.last()?)?;
        let last = *table.children.last()?;
        self.entries.get_mut(last)
    }

    /// Extends the value of the last entry to the end of `span`.
    fn value(&mut self, span: Range<usize>) {
        if let Some(entry) = self.last() {
            if entry.value.is_empty() {
                entry.value.start = span.start;
            }
            entry.value.end = span.end;
            entry.span.end = span.end;
        }
    }
}
