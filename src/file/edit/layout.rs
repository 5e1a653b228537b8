//! [`Layout`]: where each key, value, comma and comment of a TOML text stands.

use std::ops::Range;

use toml_parser::Source;
use toml_parser::parser::{Event, EventKind, parse_document};

/// A TOML text, taken apart without a byte being lost.
pub(super) struct Layout {
    /// The lists of entries, each before those inside its values. The first stands above all headers.
    pub lists: Vec<List>,
    /// The comments, in the order of the text.
    pub comments: Vec<Range<usize>>,
}

/// Entries that stand together: below one header, or in the braces of one inline table.
#[derive(Default)]
pub(super) struct List {
    /// The keys from the top of the file down to this table.
    pub path: Vec<Key>,
    /// The header or the braces.
    pub span: Range<usize>,
    pub inline: bool,
    pub items: Vec<Item>,
}

/// `key.key = value`.
pub(super) struct Item {
    pub keys: Vec<Key>,
    pub value: Range<usize>,
    /// Where the comma behind it stands, in an inline table.
    pub comma: Option<usize>,
}

#[derive(Clone)]
pub(super) struct Key {
    pub name: String,
    pub span: Range<usize>,
}

/// Which entry: the list, and the place in it.
pub(super) type At = (usize, usize);

impl Item {
    /// Keys and value, without the comma.
    pub fn span(&self) -> Range<usize> {
        self.keys_span().start..self.value.end
    }

    pub fn keys_span(&self) -> Range<usize> {
        let start = self.keys.first().map_or(0, |key| key.span.start);
        start..self.keys.last().map_or(start, |key| key.span.end)
    }

    /// The end with the comma.
    pub fn end(&self) -> usize {
        self.comma.map_or(self.value.end, |comma| comma + 1)
    }
}

impl Layout {
    /// The layout of `text`, which is valid TOML.
    pub fn new(text: &str) -> Self {
        let source = Source::new(text);
        let mut events: Vec<Event> = Vec::new();
        parse_document(&source.lex().into_vec(), &mut events, &mut ());
        let mut walk = Walk {
            source,
            layout: Self {
                lists: vec![List::default()],
                comments: Vec::new(),
            },
            open: vec![0],
            keys: Vec::new(),
            arrays: 0,
        };
        for event in events {
            walk.on(event);
        }
        walk.layout
    }

    pub fn list(&self, at: usize) -> Option<&List> {
        self.lists.get(at)
    }

    pub fn item(&self, (list, item): At) -> Option<&Item> {
        self.lists.get(list)?.items.get(item)
    }

    /// The keys from the top of the file down to the entry's value.
    pub fn path(&self, (list, item): At) -> Vec<&Key> {
        let list = self.lists.get(list).into_iter();
        let item = list.clone().filter_map(|list| list.items.get(item));
        let above = list.flat_map(|list| &list.path);
        above.chain(item.flat_map(|item| &item.keys)).collect()
    }
}

struct Walk<'t> {
    source: Source<'t>,
    layout: Layout,
    /// The list of the last header, then the inline tables around the present place.
    open: Vec<usize>,
    /// The keys before `=` or `]`.
    keys: Vec<Key>,
    /// How many brackets deep in an array: its inside is one value.
    arrays: usize,
}

impl Walk<'_> {
    fn on(&mut self, event: Event) {
        let span = event.span().start()..event.span().end();
        if event.kind() == EventKind::Comment {
            self.layout.comments.push(span);
            return;
        }
        if self.arrays > 0 {
            match event.kind() {
                EventKind::ArrayOpen | EventKind::InlineTableOpen => self.arrays += 1,
                EventKind::ArrayClose | EventKind::InlineTableClose => {
                    self.arrays -= 1;
                    self.value_ends(span.end);
                }
                _ => {}
            }
            return;
        }
        match event.kind() {
            EventKind::StdTableOpen | EventKind::ArrayTableOpen => self.section(span),
            EventKind::StdTableClose => {
                let keys = std::mem::take(&mut self.keys);
                if let Some(list) = self.list() {
                    list.path = keys;
                    list.span.end = span.end;
                }
            }
            // An element of an array has no path of keys.
            EventKind::ArrayTableClose => self.keys.clear(),
            EventKind::SimpleKey => {
                let mut name = String::new();
                if let Some(raw) = self.source.get(event) {
                    raw.decode_key(&mut name, &mut ());
                }
                self.keys.push(Key { name, span });
            }
            EventKind::KeyValSep => {
                let item = Item {
                    keys: std::mem::take(&mut self.keys),
                    value: span.end..span.end,
                    comma: None,
                };
                if let Some(list) = self.list() {
                    list.items.push(item);
                }
            }
            EventKind::Scalar => {
                self.value_starts(span.start);
                self.value_ends(span.end);
            }
            EventKind::ArrayOpen => {
                self.value_starts(span.start);
                self.arrays = 1;
            }
            EventKind::InlineTableOpen => self.inline_table(span),
            EventKind::InlineTableClose => {
                if let Some(list) = self.list() {
                    list.span.end = span.end;
                }
                self.open.pop();
                self.value_ends(span.end);
            }
            EventKind::ValueSep => {
                if let Some(item) = self.item() {
                    item.comma = Some(span.start);
                }
            }
            _ => {}
        }
    }

    fn list(&mut self) -> Option<&mut List> {
        let list = self.open.last().copied()?;
        self.layout.lists.get_mut(list)
    }

    fn item(&mut self) -> Option<&mut Item> {
        self.list()?.items.last_mut()
    }

    fn section(&mut self, span: Range<usize>) {
        self.open = vec![self.layout.lists.len()];
        self.layout.lists.push(List {
            span,
            ..List::default()
        });
    }

    fn inline_table(&mut self, span: Range<usize>) {
        self.value_starts(span.start);
        let mut path = Vec::new();
        if let Some(list) = self.list() {
            path.clone_from(&list.path);
            path.extend(
                list.items
                    .last()
                    .into_iter()
                    .flat_map(|item| item.keys.clone()),
            );
        }
        self.open.push(self.layout.lists.len());
        self.layout.lists.push(List {
            path,
            span,
            inline: true,
            items: Vec::new(),
        });
    }

    fn value_starts(&mut self, at: usize) {
        if let Some(item) = self.item() {
            item.value.start = at;
        }
    }

    fn value_ends(&mut self, at: usize) {
        if let Some(item) = self.item() {
            item.value.end = at;
        }
    }
}
