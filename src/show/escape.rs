//! Text of others, made safe for a terminal and a log.

use std::borrow::Cow;

/// `text` with everything that could move a cursor, colour a line, reorder or hide what stands beside it written out:
/// control characters, bidirectional overrides, zero-width and unassigned characters become `\u{…}` or `\n`.
///
/// Quotes and other scripts stay as they are; a backslash is doubled, so that two different texts never look the same.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| c == '\\' || is_unprintable(c)) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if c == '\\' || is_unprintable(c) {
            escaped.extend(c.escape_debug());
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// Whether `c` has no picture of its own: controls, formats, private use, unassigned, separators other than the space.
pub fn is_unprintable(c: char) -> bool {
    !c.is_ascii_graphic() && c != ' ' && c.escape_debug().len() > 1
}

/// `text` in backquotes for a message: escaped, and cut where it would fill the screen.
pub fn quote(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("`{}…`", escape(text.get(..end).unwrap_or_default())),
        None => format!("`{}`", escape(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_a_terminal_is_written_out() {
        assert_eq!(escape("a\x1b[31mb"), r"a\u{1b}[31mb");
        assert_eq!(escape("a\nb\0\u{7f}\u{9b}"), r"a\nb\0\u{7f}\u{9b}");
        assert_eq!(
            escape("\u{202e}txt\u{2066}\u{200b}\u{feff}"),
            r"\u{202e}txt\u{2066}\u{200b}\u{feff}"
        );
    }

    #[test]
    fn what_a_person_can_read_stays() {
        assert_eq!(escape("größe 東京 \"it's\""), "größe 東京 \"it's\"");
        assert_eq!(escape(r"a\nb"), r"a\\nb");
    }

    #[test]
    fn a_quote_is_cut_before_it_fills_the_screen() {
        assert_eq!(quote("abc"), "`abc`");
        assert_eq!(quote(&"x".repeat(1_000_000)).chars().count(), 63);
    }
}
