//! A key or a table that appears twice, with both places.

use std::collections::HashMap;
use std::ops::Range;

use super::Diagnostic;
use super::edit::{Kind, Layout};
use crate::text::{escape, quote};

/// The keys of a file, each by the names that lead to it.
pub(super) struct Keys<'l> {
    /// The first appearance of each path.
    firsts: HashMap<&'l [String], Key<'l>>,
    /// The key that starts at each byte.
    at: HashMap<usize, Key<'l>>,
}

/// One key of a header or of `key.key = value`.
#[derive(Clone)]
struct Key<'l> {
    /// The names from the top of the file down to it.
    path: &'l [String],
    /// The bytes to underline: the key, or all of a header that ends with it.
    span: Range<usize>,
    in_header: bool,
}

impl<'l> Keys<'l> {
    /// The keys of `layout`.
    pub fn new(layout: &'l Layout<'_>) -> Self {
        let mut keys = Self {
            firsts: HashMap::new(),
            at: HashMap::new(),
        };
        for entry in layout.entries() {
            for (at, span) in entry.keys.iter().enumerate() {
                let end = entry.above() + at + 1;
                let Some(path) = entry.path.get(..end) else {
                    continue;
                };
                let in_header = entry.kind == Kind::Header;
                let is_last = end == entry.path.len();
                let key = Key {
                    path,
                    span: if in_header && is_last {
                        entry.span.clone()
                    } else {
                        span.clone()
                    },
                    in_header,
                };
                keys.at.insert(span.start, key.clone());
                keys.firsts.entry(path).or_insert(key);
            }
        }
        keys
    }

    /// The diagnostic for the key at `span` of `text`, which appeared before.
    pub fn twice(&self, text: &str, span: Range<usize>) -> Diagnostic {
        let again = self.at.get(&span.start);
        let first = again.and_then(|again| self.firsts.get(again.path));
        let (Some(again), Some(first)) = (again, first) else {
            let key = text.get(span.clone()).unwrap_or_default();
            let message = format!("{} appears twice in this table", quote(key));
            return Diagnostic::error(message, span, "again here").help("keep one of the lines");
        };
        let name = again.path.last().map_or("", String::as_str);
        let (message, help) = match (first.in_header, again.in_header) {
            // The lines below a header that is only deleted would belong to the table above it.
            (true, true) => (
                format!("table {} appears twice", quote(header(text, &again.span))),
                "move the lines below this header to the first one, then delete this header",
            ),
            (false, true) => (
                format!("{} appears twice", quote(name)),
                "keep one of them; delete a header only together with the lines below it",
            ),
            (true, false) => (
                format!("{} appears twice", quote(name)),
                "move this line to the table of that name, without the name before the dot",
            ),
            (false, false) => (
                format!("{} appears twice in this table", quote(name)),
                "keep one of the lines",
            ),
        };
        let diagnostic = Diagnostic::error(message, again.span.clone(), "again here");
        let diagnostic = diagnostic.help(escape(help));
        if first.span == again.span {
            return diagnostic;
        }
        diagnostic.with_in(0, first.span.clone(), "first here")
    }
}

/// The header at `span`, as the file spells it.
fn header<'t>(text: &'t str, span: &Range<usize>) -> &'t str {
    text.get(span.clone()).unwrap_or_default()
}
