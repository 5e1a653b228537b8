//! Spells strings and keys in TOML.

use crate::text::is_unprintable;

/// The first quote character in `raw`, which is a string or contains one.
pub(super) fn quote_in(raw: &str) -> Option<char> {
    raw.chars().find(|c| "\"'".contains(*c))
}

/// `text` as a string in these quotes, or in `"` if it requires escapes.
///
/// Escapes characters that could act on a terminal. Later steps then need not escape them in a way that TOML does not know.
pub(in crate::file) fn string(text: &str, quote: char) -> String {
    let acts = text.chars().any(is_unprintable);
    if quote == '\'' && !acts && !text.contains('\'') {
        return format!("'{text}'");
    }
    let mut string = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => string.extend(['\\', c]),
            '\n' => string.push_str("\\n"),
            '\t' => string.push_str("\\t"),
            _ if !is_unprintable(c) => string.push(c),
            '\0'..='\u{ffff}' => string.push_str(&format!("\\u{:04X}", u32::from(c))),
            _ => string.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
    }
    string + "\""
}

/// `name` as a key, without quotes if TOML allows that.
pub(in crate::file) fn key(name: &str, quote: char) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if name.chars().all(bare) {
        name.to_owned()
    } else {
        string(name, quote)
    }
}
