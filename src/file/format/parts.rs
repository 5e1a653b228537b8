//! A layout → its tables and lines, each with the comments about it.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::file::edit::{Entry, Kind, Layout, spell};

/// The parts of a file.
#[derive(Default)]
pub(super) struct Parts {
    /// The comments at the top of the file.
    pub head: Vec<Piece>,
    /// The comments at the top of the file and right above its first table, with that table.
    pub top: Option<(Key, Vec<String>)>,
    pub tables: BTreeMap<Key, Table>,
    /// The comments at the end of the file.
    pub tail: Vec<Piece>,
}

/// The names of a table. They sort as the tables do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Key {
    /// The lines above the first table.
    Root,
    Azure,
    /// `[sessions]` itself. If there are groups, it has no header, but may have comments.
    Sessions,
    /// The group in lower case, then as the file spells it.
    Group(String, String),
    Ssh,
}

/// A table with its lines.
#[derive(Default)]
pub(super) struct Table {
    /// The comments before it that a blank line sets apart.
    pub before: Vec<Piece>,
    pub notes: Notes,
    pub body: Vec<Piece>,
}

/// A part of a table's body.
pub(super) enum Piece {
    Blank,
    Comment(String),
    Line(Line),
}

/// A key with its value.
#[derive(Default)]
pub(super) struct Line {
    pub name: String,
    /// The value as TOML; of a VM, its session.
    pub value: String,
    /// The day on which a VM's session expires.
    pub expires: Option<String>,
    pub notes: Notes,
}

/// The comments that move with a table or a line.
#[derive(Default)]
pub(super) struct Notes {
    pub above: Vec<String>,
    /// Those at the end of a line. There may be several if a line was several before.
    pub beside: Vec<String>,
}

/// A comment on a line of its own, whose place is not known yet.
struct Pending {
    text: String,
    is_after_blank: bool,
}

/// A table, or the piece at a place in it.
type Target = (Key, Option<usize>);

/// A place in the text at which something begins or ends.
enum Mark {
    Close(usize),
    Open(usize),
    Comment(Range<usize>),
}

impl Parts {
    /// The parts of `layout`, or none if it is not of a valid file.
    pub fn of(layout: &Layout<'_>) -> Option<Self> {
        let document = DeTable::parse(layout.text).ok()?;
        let mut values = HashMap::new();
        spelled(document.get_ref(), layout, &mut values);
        let mut marks: Vec<(usize, Mark)> = Vec::new();
        for (at, entry) in layout.entries().iter().enumerate().skip(1) {
            marks.push((entry.span.start, Mark::Open(at)));
            if entry.kind == Kind::Braces {
                marks.push((entry.span.end, Mark::Close(at)));
            }
        }
        let comments = layout.comments.iter();
        marks.extend(comments.map(|comment| (comment.start, Mark::Comment(comment.clone()))));
        marks.sort_by_key(|(at, mark)| (*at, !matches!(mark, Mark::Close(_))));
        let mut walk = Walk {
            layout,
            values,
            parts: Self::default(),
            pending: Vec::new(),
            lines: HashMap::new(),
            last: None,
            end: 0,
        };
        for (_, mark) in marks {
            match mark {
                Mark::Open(at) => walk.open(layout.entry(at)?)?,
                Mark::Close(at) => walk.close(layout.entry(at)?)?,
                Mark::Comment(comment) => walk.comment(comment)?,
            }
        }
        Some(walk.finish())
    }
}

/// Collects the values of `table` as formatted TOML, by the byte at which each starts.
fn spelled(table: &DeTable<'_>, layout: &Layout<'_>, values: &mut HashMap<usize, String>) {
    for (_, value) in table {
        let text = match value.get_ref() {
            DeValue::Table(table) => {
                spelled(table, layout, values);
                continue;
            }
            DeValue::String(text) => {
                let has_escapes = text.contains(['"', '\\']);
                spell::string(text, if has_escapes { '\'' } else { '"' })
            }
            _ => layout.raw(value.span()).to_owned(),
        };
        values.insert(value.span().start, text);
    }
}

struct Walk<'l, 't> {
    layout: &'l Layout<'t>,
    values: HashMap<usize, String>,
    parts: Parts,
    pending: Vec<Pending>,
    /// The place of each line that may have several entries.
    lines: HashMap<(Key, String), usize>,
    /// The last table or line that began or ended.
    last: Option<Target>,
    /// The end of the last mark.
    end: usize,
}

impl Walk<'_, '_> {
    fn open(&mut self, entry: &Entry) -> Option<()> {
        let (key, name) = place(&entry.path)?;
        let is_after_blank = self.is_blank_before(entry.span.start);
        self.end = match entry.kind {
            Kind::Braces => entry.value.start + 1,
            _ => entry.span.end,
        };
        let known = name.and_then(|name| self.lines.get(&(key.clone(), name.to_owned())));
        if let Some(at) = known.copied() {
            let pending = std::mem::take(&mut self.pending);
            let line = self.line(&key, at)?;
            line.notes.above.extend(texts(pending));
            self.last = Some((key, Some(at)));
            return self.set(entry);
        }
        let is_new = !self.parts.tables.contains_key(&key);
        let is_here = self.last.as_ref().is_some_and(|(here, _)| *here == key);
        let above = self.settle(&key, is_after_blank, is_new, is_here);
        let is_after_blank = above
            .first()
            .map_or(is_after_blank, |first| first.is_after_blank);
        let above = texts(above);
        // Are the comments right above it at the top of the file?
        let is_top = self.last.is_none() && self.parts.head.is_empty();
        let table = self.parts.tables.entry(key.clone()).or_default();
        let Some(name) = name else {
            if is_top {
                self.parts.top = Some((key.clone(), above));
            } else {
                table.notes.above.extend(above);
            }
            self.last = Some((key, None));
            return Some(());
        };
        let is_ended = matches!(table.body.last(), Some(Piece::Comment(_)));
        let is_apart = is_here && is_after_blank && entry.kind != Kind::Header;
        if is_ended || (is_apart && !table.body.is_empty()) {
            table.body.push(Piece::Blank);
        }
        let mut line = Line {
            name: name.to_owned(),
            ..Line::default()
        };
        if is_top && key != Key::Root {
            // A header will come before this line, but these comments are at the top of the file.
            self.parts
                .head
                .extend(above.into_iter().map(Piece::Comment));
        } else {
            line.notes.above = above;
        }
        self.lines
            .insert((key.clone(), name.to_owned()), table.body.len());
        self.last = Some((key, Some(table.body.len())));
        table.body.push(Piece::Line(line));
        self.set(entry)
    }

    /// Puts the value of `entry` into the last line.
    fn set(&mut self, entry: &Entry) -> Option<()> {
        if entry.kind != Kind::Value {
            return Some(());
        }
        let value = self.values.remove(&entry.value.start)?;
        let (key, at) = self.last.clone()?;
        let line = self.line(&key, at?)?;
        if entry
            .path
            .get(3)
            .is_some_and(|setting| setting == "expires")
        {
            line.expires = Some(value);
        } else {
            line.value = value;
        }
        Some(())
    }

    /// Puts the pending comments where they belong, before an entry of the table `key`, and returns those right above it.
    fn settle(
        &mut self,
        key: &Key,
        is_after_blank: bool,
        is_new: bool,
        is_here: bool,
    ) -> Vec<Pending> {
        let mut loose = std::mem::take(&mut self.pending);
        let blank = loose.iter().rposition(|comment| comment.is_after_blank);
        let above = if is_after_blank {
            Vec::new()
        } else {
            loose.split_off(blank.unwrap_or(0))
        };
        if is_here {
            self.add(key, loose);
        } else if let Some((here, _)) = self.last.clone() {
            let apart = loose.iter().position(|comment| comment.is_after_blank);
            let apart = loose.split_off(apart.unwrap_or(loose.len()));
            self.add(&here, loose);
            let is_group = |key: &Key| matches!(key, Key::Group(..) | Key::Sessions);
            if matches!(key, Key::Group(..)) && !is_group(&here) {
                self.add(&Key::Sessions, apart);
            } else if is_new {
                let table = self.parts.tables.entry(key.clone()).or_default();
                push(&mut table.before, apart);
            } else {
                self.add(key, apart);
            }
        } else {
            push(&mut self.parts.head, loose);
        }
        above
    }

    fn close(&mut self, entry: &Entry) -> Option<()> {
        let (key, name) = place(&entry.path)?;
        let pending = std::mem::take(&mut self.pending);
        let at = name.and_then(|name| self.lines.get(&(key.clone(), name.to_owned())));
        let at = at.copied();
        if let Some(at) = at {
            let line = self.line(&key, at)?;
            line.notes.above.extend(texts(pending));
        } else {
            let (here, _) = self.last.clone()?;
            self.add(&here, pending);
        }
        self.last = Some((key, at));
        self.end = entry.span.end;
        Some(())
    }

    fn comment(&mut self, span: Range<usize>) -> Option<()> {
        let text = self.layout.raw(span.clone()).trim_end().to_owned();
        if self.layout.indent(span.start).is_some() {
            let is_after_blank = self.is_blank_before(span.start);
            self.pending.push(Pending {
                text,
                is_after_blank,
            });
        } else {
            let (key, at) = self.last.clone()?;
            let notes = match at {
                Some(at) => &mut self.line(&key, at)?.notes,
                None => &mut self.parts.tables.get_mut(&key)?.notes,
            };
            notes.beside.push(text);
        }
        self.end = span.end;
        Some(())
    }

    fn finish(mut self) -> Parts {
        let mut loose = self.pending;
        let Some((here, _)) = self.last else {
            push(&mut self.parts.head, loose);
            return self.parts;
        };
        let apart = loose.iter().position(|comment| comment.is_after_blank);
        let apart = loose.split_off(apart.unwrap_or(loose.len()));
        let table = self.parts.tables.entry(here).or_default();
        push(&mut table.body, loose);
        push(&mut self.parts.tail, apart);
        self.parts
    }

    fn add(&mut self, key: &Key, comments: Vec<Pending>) {
        if !comments.is_empty() {
            let table = self.parts.tables.entry(key.clone()).or_default();
            push(&mut table.body, comments);
        }
    }

    fn line(&mut self, key: &Key, at: usize) -> Option<&mut Line> {
        match self.parts.tables.get_mut(key)?.body.get_mut(at)? {
            Piece::Line(line) => Some(line),
            _ => None,
        }
    }

    /// True if there is a blank line between the last mark and `start`.
    fn is_blank_before(&self, start: usize) -> bool {
        let between = self.layout.raw(self.end..start);
        let lines = between
            .split_once('\n')
            .and_then(|(_, rest)| rest.rsplit_once('\n'));
        lines.is_some_and(|(lines, _)| lines.split('\n').any(|line| line.trim().is_empty()))
    }
}

/// The table of the entry with `path`, and the name of its line, if it is part of one.
fn place(path: &[String]) -> Option<(Key, Option<&str>)> {
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    Some(match names.as_slice() {
        ["owner"] => (Key::Root, Some("owner")),
        ["azure", rest @ ..] => (Key::Azure, rest.first().copied()),
        ["ssh", rest @ ..] => (Key::Ssh, rest.first().copied()),
        ["sessions"] => (Key::Sessions, None),
        ["sessions", group, rest @ ..] => {
            let key = Key::Group(group.to_lowercase(), (*group).to_owned());
            (key, rest.first().copied())
        }
        _ => return None,
    })
}

fn texts(comments: Vec<Pending>) -> Vec<String> {
    comments.into_iter().map(|comment| comment.text).collect()
}

fn push(pieces: &mut Vec<Piece>, comments: Vec<Pending>) {
    for comment in comments {
        if comment.is_after_blank {
            pieces.push(Piece::Blank);
        }
        pieces.push(Piece::Comment(comment.text));
    }
}
