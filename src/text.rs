//! Text: makes foreign text safe for a terminal and a log, and joins, matches and compares words.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;

use similar::get_close_matches;
use uuid::Uuid;
use uuid::fmt::Hyphenated;
use wildmatch::WildMatch;

/// Escapes every character of `text` that could move a cursor, colour a line, or reorder or hide the text beside it. Control
/// characters, bidirectional overrides, zero-width and unassigned characters become `\u{…}` or `\n`.
///
/// Quotes and other scripts stay. A backslash is doubled, so that two different texts never look the same.
pub fn escape(text: &str) -> Cow<'_, str> {
    writing_out(text, |c| c == '\\' || is_unprintable(c))
}

/// Escapes only the characters of `line` that could act on a terminal. It is for text whose own spelling counts: tabs, backslashes
/// and combining marks stay.
pub fn inert(line: &str) -> Cow<'_, str> {
    // After another character, Rust prints a combining mark.
    let is_mark = |c: char| !c.is_ascii() && format!("a{c}").escape_debug().count() == 2;
    writing_out(line, |c| {
        c != '\t' && is_unprintable(c) && (is_blank(c) || !is_mark(c))
    })
}

/// The beginning of `text` for a help that tells what to type: escaped, but with its own quotes and backslashes, and with spaces
/// for tabs.
pub fn typed(text: &str) -> String {
    const MOST: usize = 100;
    let end = text.char_indices().nth(MOST);
    let text = text.get(..end.map_or(text.len(), |(end, _)| end));
    inert(text.unwrap_or_default()).replace('\t', " ")
}

/// Escapes the characters of `text` that `acts` accepts.
pub fn writing_out(text: &str, acts: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&acts) {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if acts(c) {
            written.push_str(&written_out(c));
        } else {
            written.push(c);
        }
    }
    Cow::Owned(written)
}

/// True if `c` has no visible form: controls, formats, private use, unassigned, separators other than the space.
pub fn is_unprintable(c: char) -> bool {
    is_blank(c) || (!c.is_ascii_graphic() && c != ' ' && c.escape_debug().len() > 1)
}

/// True if `c` is a letter by its class, but invisible: Hangul fillers and the Braille blank.
fn is_blank(c: char) -> bool {
    matches!(
        c,
        '\u{115f}' | '\u{1160}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
    )
}

/// `text` in backquotes for a message: escaped, and cut if it would fill the screen.
pub fn quote(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("`{}…`", escape(text.get(..end).unwrap_or_default())),
        None => format!("`{}`", escape(text)),
    }
}

/// `c` as `\n`, `\\` or `\u{…}`, even if Rust would print it.
pub fn written_out(c: char) -> String {
    let short = c.escape_debug().to_string();
    if short.len() > 1 && short.starts_with('\\') {
        short
    } else {
        c.escape_unicode().collect()
    }
}

/// The character in a message about it: in backquotes, and a space as a word.
pub fn character(c: char) -> String {
    match c {
        ' ' => "a space".to_owned(),
        c => format!("`{}`", c.escape_debug()),
    }
}

/// The GUID in `text`, in the only form that Azure accepts: with hyphens and without braces.
pub fn guid(text: &str) -> Option<Uuid> {
    let guid = Uuid::try_parse(text).ok()?;
    (text.len() == Hyphenated::LENGTH).then_some(guid)
}

/// A path for a message.
pub fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy()).into_owned()
}

/// The text of an I/O error, without the system's error number.
pub fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    let told = text.split(" (os error").next();
    told.unwrap_or_default().to_lowercase()
}

/// `a`, `a and b`, or `a, b and c`: facts that all hold.
pub fn and(words: &[impl Display]) -> String {
    join(words, "and")
}

/// `a`, `a or b`, or `a, b or c`: alternatives.
pub fn or(words: &[impl Display]) -> String {
    join(words, "or")
}

fn join(words: &[impl Display], conjunction: &str) -> String {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    match words.split_last() {
        Some((last, rest @ [_, ..])) => format!("{} {conjunction} {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

/// True if `pattern` matches all of `text`; `*` matches any text and `?` any character.
pub fn fits(pattern: &str, text: &str) -> bool {
    WildMatch::new(pattern).matches(text)
}

/// Up to `most` of `candidates` that are similar to `word`, the nearest first. Case does not count.
pub fn nearest<'c>(
    word: &str,
    candidates: impl Iterator<Item = &'c str>,
    most: usize,
) -> Vec<&'c str> {
    const LONGEST: usize = 100;
    if word.len() > LONGEST {
        return Vec::new();
    }
    let short = candidates.filter(|name| name.len() <= LONGEST);
    let mut originals: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in short {
        originals.entry(name.to_lowercase()).or_default().push(name);
    }
    let folded: Vec<&str> = originals.keys().map(String::as_str).collect();
    let near = get_close_matches(word.to_lowercase().as_str(), &folded, most, 0.6);
    let near = near.into_iter().filter_map(|name| originals.get(name));
    near.flatten().copied().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_some_texts() {
        for (pattern, name, is) in [
            ("web-*", "web-1", true),
            ("web-*", "web-", true),
            ("web-?", "web-1", true),
            ("web-?", "web-12", false),
            ("*.example.com", "a.example.com", true),
            ("*a*b", "xaxbxab", true),
            ("web", "webs", false),
            ("a*a", "a", false),
            ("**", "a/b", true),
            ("*", "", true),
        ] {
            assert_eq!(fits(pattern, name), is, "{pattern} {name}");
        }
    }

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
    fn what_is_ordinary_in_a_file_stays() {
        assert_eq!(
            inert("e\u{301} \u{26a0}\u{fe0f}"),
            "e\u{301} \u{26a0}\u{fe0f}"
        );
        assert_eq!(
            inert("\u{200b}\u{200d}\u{3164}"),
            r"\u{200b}\u{200d}\u{3164}"
        );
        assert_eq!(inert("### A \\ ## b[c]"), "### A \\ ## b[c]");
    }

    #[test]
    fn what_has_an_empty_picture_is_written_out() {
        assert_eq!(escape("a\u{3164}\u{2800}b"), r"a\u{3164}\u{2800}b");
    }

    #[test]
    fn what_a_person_can_read_stays() {
        assert_eq!(escape("größe 東京 \"it's\""), "größe 東京 \"it's\"");
        assert_eq!(escape(r"a\nb"), r"a\\nb");
    }

    #[test]
    fn words_are_joined_as_in_a_sentence() {
        assert_eq!(and(&[] as &[&str]), "");
        assert_eq!(or(&["a"]), "a");
        assert_eq!(and(&["a", "b"]), "a and b");
        assert_eq!(or(&["a", "b", "c"]), "a, b or c");
    }

    #[test]
    fn a_quote_is_cut_before_it_fills_the_screen() {
        assert_eq!(quote("abc"), "`abc`");
        assert_eq!(quote(&"x".repeat(1_000_000)).chars().count(), 63);
    }
}
