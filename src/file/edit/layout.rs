//! [`Layout`]: where each key, value, comma and comment of a file stands.

use std::ops::Range;

use toml_parser::Source;
use toml_parser::parser::{Event, EventKind, parse_document};

/// A file, taken apart without losing a byte.
pub(super) struct Layout<'t> {
    pub text: &'t str,
    /// The file as a whole, then its headers and entries in the order of the text.
    pub entries: Vec<Entry>,
    /// The comments, in the order of the text.
    pub comments: Vec<Range<usize>>,
    /// The line end of most lines.
    pub newline: &'static str,
}

/// A header, or `key.key = value`.
#[derive(Default)]
pub(super) struct Entry {
    /// The names from the top of the file down to this entry.
    pub path: Vec<String>,
    /// Its own keys, which spell the end of its path; those of a header spell all of it.
    pub keys: Vec<Range<usize>>,
    /// The header with its brackets, or keys and value.
    pub span: Range<usize>,
    pub value: Range<usize>,
    /// The comma behind it, in braces.
    pub comma: Option<usize>,
    pub kind: Kind,
    /// The header or the braces around it.
    pub parent: usize,
    /// The entries below this header or in these braces.
    pub children: Vec<usize>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Header,
    /// An entry whose value is an inline table.
    Braces,
    Value,
}

impl Entry {
    /// How many names of its path its parent spells.
    pub fn above(&self) -> usize {
        self.path.len() - self.keys.len()
    }

    pub fn keys_span(&self) -> Range<usize> {
        self.span.start..self.keys.last().map_or(self.span.start, |key| key.end)
    }

    /// The end with the comma.
    pub fn end(&self) -> usize {
        self.comma.map_or(self.span.end, |comma| comma + 1)
    }
}

impl<'t> Layout<'t> {
    /// The layout of `text`, which is valid TOML.
    pub fn new(text: &'t str) -> Self {
        let source = Source::new(text);
        let mut events: Vec<Event> = Vec::new();
        parse_document(&source.lex().into_vec(), &mut events, &mut ());
        let mut walk = Walk {
            source,
            entries: vec![Entry::default()],
            comments: Vec::new(),
            open: vec![0],
            names: Vec::new(),
            keys: Vec::new(),
            bracket: 0,
            arrays: 0,
        };
        for event in events {
            walk.on(event);
        }
        let windows = 2 * text.matches("\r\n").count() > text.matches('\n').count();
        Self {
            text,
            entries: walk.entries,
            comments: walk.comments,
            newline: if windows { "\r\n" } else { "\n" },
        }
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
        let rest = self.raw(at..self.text.len());
        rest.find('\n')
            .map_or(self.text.len(), |newline| at + newline + 1)
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
    /// The last header, then the inline tables around the present place.
    open: Vec<usize>,
    /// The keys before `=` or `]`.
    names: Vec<String>,
    keys: Vec<Range<usize>>,
    /// The start of the last header.
    bracket: usize,
    /// How many arrays are open.
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
                self.arrays -= 1;
                self.value(span);
            }
            // An array is one value with all that is in it.
            _ if self.arrays > 0 => {}
            EventKind::StdTableOpen | EventKind::ArrayTableOpen => {
                self.open = vec![0];
                self.bracket = span.start;
            }
            EventKind::StdTableClose | EventKind::ArrayTableClose => {
                self.add(Kind::Header, self.bracket..span.end);
                self.open = vec![self.entries.len() - 1];
            }
            EventKind::SimpleKey => {
                let mut name = String::new();
                if let Some(raw) = self.source.get(event) {
                    raw.decode_key(&mut name, &mut ());
                }
                self.names.push(name);
                self.keys.push(span);
            }
            EventKind::KeyValSep => {
                let start = self.keys.first().map_or(span.start, |key| key.start);
                self.add(Kind::Value, start..span.end);
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

    /// Adds the entry that the keys so far belong to.
    fn add(&mut self, kind: Kind, span: Range<usize>) {
        let (at, parent) = (self.entries.len(), self.open.last().copied().unwrap_or(0));
        let mut path = Vec::new();
        if let Some(parent) = self.entries.get_mut(parent) {
            parent.children.push(at);
            path.clone_from(&parent.path);
        }
        path.append(&mut self.names);
        self.entries.push(Entry {
            path,
            keys: std::mem::take(&mut self.keys),
            span,
            kind,
            parent,
            ..Entry::default()
        });
    }

    /// The last entry of the table that is open.
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
