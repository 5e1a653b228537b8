//! The parts of a file → its text.

use super::parts::{Key, Line, Notes, Parts, Piece, Table};
use crate::file::edit::spell;
use crate::file::keys::{AZURE, Key as Setting, SSH};

/// The text of `parts`, with the line end `newline`.
pub(super) fn write(parts: Parts, newline: &str) -> String {
    let Parts {
        head,
        top,
        mut tables,
        tail,
    } = parts;
    let mut text = Text::default();
    text.comments(head);
    let (first, above) = top.unwrap_or((Key::Root, Vec::new()));
    match tables.first_entry() {
        Some(mut table) if *table.key() == first => {
            table.get_mut().notes.above.splice(0..0, above);
        }
        _ => text.apart(above),
    }
    let has_groups = tables.keys().any(|key| matches!(key, Key::Group(..)));
    for (key, table) in tables {
        text.blank();
        let header = match &key {
            Key::Root => None,
            Key::Azure => Some("[azure]".to_owned()),
            Key::Ssh => Some("[ssh]".to_owned()),
            Key::Sessions if has_groups => None,
            Key::Sessions => Some("[sessions]".to_owned()),
            Key::Group(_, name) => Some(format!("[sessions.{}]", spell::key(name, '"'))),
        };
        text.table(&key, header, table);
    }
    text.blank();
    text.comments(tail);
    let mut written = String::new();
    for line in text.lines {
        written += &line;
        written += newline;
    }
    written
}

/// The lines so far.
#[derive(Default)]
struct Text {
    lines: Vec<String>,
    /// True if a blank line comes before the next line.
    is_apart: bool,
}

impl Text {
    fn line(&mut self, line: String) {
        if self.is_apart && !self.lines.is_empty() {
            self.lines.push(String::new());
        }
        self.is_apart = false;
        self.lines.push(line);
    }

    fn blank(&mut self) {
        self.is_apart = true;
    }

    /// Comments between blank lines.
    fn apart(&mut self, comments: Vec<String>) {
        self.blank();
        self.comments(comments.into_iter().map(Piece::Comment).collect());
        self.blank();
    }

    fn comments(&mut self, pieces: Vec<Piece>) {
        for piece in pieces {
            match piece {
                Piece::Blank => self.blank(),
                Piece::Comment(comment) => self.line(comment),
                Piece::Line(_) => {}
            }
        }
    }

    fn table(&mut self, key: &Key, header: Option<String>, table: Table) {
        let Table {
            before,
            notes,
            body,
        } = table;
        self.comments(before);
        if let Some(header) = header {
            self.blank();
            self.noted(header, notes);
            // The header is the head of the first lines.
            self.is_apart = false;
        } else {
            for comment in notes.above.into_iter().chain(notes.beside) {
                self.line(comment);
            }
        }
        let mut is_first = true;
        for mut block in blocks(body) {
            if !is_first {
                self.blank();
            }
            is_first = false;
            block.sort_by_key(|piece| rank(key, piece));
            for piece in block {
                match piece {
                    Piece::Blank => {}
                    Piece::Comment(comment) => self.line(comment),
                    Piece::Line(line) => self.noted(spelled(&line), line.notes),
                }
            }
        }
    }

    /// Adds `line` with its comments. Only one of them can be beside it.
    fn noted(&mut self, line: String, notes: Notes) {
        let Notes { above, mut beside } = notes;
        let last = beside
            .pop()
            .map_or(String::new(), |last| format!("  {last}"));
        for comment in above.into_iter().chain(beside) {
            self.line(comment);
        }
        self.line(format!("{line}{last}"));
    }
}

/// The pieces of `body` that no blank line separates.
fn blocks(body: Vec<Piece>) -> Vec<Vec<Piece>> {
    let mut blocks = vec![Vec::new()];
    for piece in body {
        if matches!(piece, Piece::Blank) {
            blocks.push(Vec::new());
        } else if let Some(block) = blocks.last_mut() {
            block.push(piece);
        }
    }
    blocks.retain(|block| !block.is_empty());
    blocks
}

/// The place of `piece` in its block of the table `key`. A comment stays at the end.
fn rank(key: &Key, piece: &Piece) -> (usize, String) {
    let Piece::Line(line) = piece else {
        return (usize::MAX, String::new());
    };
    let keys: &[Setting] = match key {
        Key::Azure => &AZURE,
        Key::Ssh => &SSH,
        _ => &[],
    };
    let at = keys.iter().position(|key| key.name == line.name);
    (at.unwrap_or(0), line.name.to_lowercase())
}

fn spelled(line: &Line) -> String {
    let (name, value) = (spell::key(&line.name, '"'), &line.value);
    match &line.expires {
        Some(day) => format!("{name} = {{ session = {value}, expires = {day} }}"),
        None => format!("{name} = {value}"),
    }
}
