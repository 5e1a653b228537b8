//! Strings and keys as TOML spells them.

use super::Edit;
use crate::text::is_unprintable;

/// How a file writes its strings and what stands between a key and its value.
#[derive(Clone)]
pub(super) struct Style {
    pub quote: char,
    pub equals: &'static str,
}

impl Style {
    /// The style of `value`, which stands behind `equals`; with `quote`, if it has no quotes.
    pub fn of(value: &str, equals: &str, quote: char) -> Self {
        Self {
            quote: value.chars().find(|c| "\"'".contains(*c)).unwrap_or(quote),
            equals: if equals == "=" { "=" } else { " = " },
        }
    }

    /// `text` as a string in these quotes, or in `"` where it has to be. What could act on a terminal or on the reader of a
    /// pipeline's log is escaped, so that no later step has to write it out in a way that TOML does not know.
    pub fn string(&self, text: &str) -> String {
        let acts = text.contains("##") || text.chars().any(is_unprintable);
        if self.quote == '\'' && !acts && !text.contains('\'') {
            return format!("'{text}'");
        }
        let mut string = String::from("\"");
        let mut last = ' ';
        for c in text.chars() {
            match c {
                '"' | '\\' => string.extend(['\\', c]),
                '\n' => string.push_str("\\n"),
                '\t' => string.push_str("\\t"),
                _ if !is_unprintable(c) && (c, last) != ('#', '#') => string.push(c),
                '\0'..='\u{ffff}' => string.push_str(&format!("\\u{:04X}", u32::from(c))),
                _ => string.push_str(&format!("\\U{:08X}", u32::from(c))),
            }
            last = c;
        }
        string + "\""
    }

    /// The line of `edit`.
    pub fn entry(&self, edit: &Edit<'_>) -> String {
        let session = self.string(edit.session.unwrap_or_default());
        format!("{}{}{session}", self.key(edit.vm.name()), self.equals)
    }

    /// `name` as a key, bare where it may be.
    pub fn key(&self, name: &str) -> String {
        if is_bare(name) {
            name.to_owned()
        } else {
            self.string(name)
        }
    }

    /// `name` as a key in the place of `other`, spelled `raw`: in quotes if that has some that it could do without.
    pub fn key_like(&self, name: &str, other: &str, raw: &str) -> String {
        if raw == other {
            return self.key(name);
        }
        let style = Self::of(raw, self.equals, self.quote);
        if is_bare(other) {
            style.string(name)
        } else {
            style.key(name)
        }
    }
}

fn is_bare(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}
