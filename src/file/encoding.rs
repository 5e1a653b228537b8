//! Bytes → text, or what a file that is not UTF-8 looks like.

use super::{Diagnostic, Source};

/// The characters that Windows-1252 has for the bytes 0x80 to 0x9F, where Latin-1 has controls.
const WINDOWS: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

/// The text in `bytes`, the content of the file `name`, without a byte order mark. If the bytes are not UTF-8, the text is the one
/// that they probably mean, and a diagnostic points at the first byte that differs.
pub(super) fn decode(name: &str, bytes: &[u8]) -> (Source, Option<Diagnostic>) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Some(text) = utf16(bytes) {
        return wrong("UTF-16", 0, Source::new(name, text));
    }
    let error = match std::str::from_utf8(bytes) {
        Ok(text) => return (Source::new(name, text), None),
        Err(error) => error,
    };
    let at = error.valid_up_to();
    // A binary file has controls that no text has.
    let is_text = bytes
        .iter()
        .all(|byte| *byte >= b' ' || b"\t\n\r\x0c".contains(byte));
    if !is_text {
        let source = Source::new(name, String::from_utf8_lossy(bytes));
        let diagnostic = not_utf8("the file is not valid UTF-8", at, &source);
        return (source, Some(diagnostic));
    }
    let is_windows = bytes.iter().any(|byte| (0x80..0xa0).contains(byte));
    let kind = if is_windows {
        "Windows-1252"
    } else {
        "Latin-1"
    };
    let text: String = bytes.iter().map(|byte| single(*byte)).collect();
    // The bytes before it are UTF-8, but each of them is a character now.
    let at = text.char_indices().nth(at).map_or(0, |(at, _)| at);
    wrong(kind, at, Source::new(name, text))
}

/// The error that `source` starts with a second byte order mark. The parser would skip it, and the rest of azlin would not agree on
/// where the first line starts.
pub(super) fn marked_twice(source: &Source) -> Option<Diagnostic> {
    let message = "the file starts with two byte order marks";
    let help = "save the file as UTF-8 without a byte order mark";
    let mark = '\u{feff}';
    let is_twice = source.text.starts_with(mark);
    is_twice.then(|| Diagnostic::error(message, 0..mark.len_utf8(), "here").help(help))
}

/// `source`, read from a file in the encoding `kind`, with the error at byte `at`.
fn wrong(kind: &str, at: usize, source: Source) -> (Source, Option<Diagnostic>) {
    let message = format!("the file is not UTF-8; it looks like {kind}");
    let diagnostic = not_utf8(&message, at, &source);
    (source, Some(diagnostic))
}

fn not_utf8(message: &str, at: usize, source: &Source) -> Diagnostic {
    let rest = source.text.get(at..).unwrap_or_default();
    let end = at + rest.chars().next().map_or(1, char::len_utf8);
    Diagnostic::error(message, at..end, "here").help("save the file as UTF-8, which TOML requires")
}

/// The text in UTF-16, with or without a byte order mark; none if `bytes` are something else.
fn utf16(bytes: &[u8]) -> Option<String> {
    let (bytes, is_big) = if let Some(rest) = bytes.strip_prefix(b"\xff\xfe") {
        (rest, false)
    } else if let Some(rest) = bytes.strip_prefix(b"\xfe\xff") {
        (rest, true)
    } else {
        // Without a mark: the first characters are ASCII, each with a zero byte.
        match bytes {
            [first, 0, second, 0, ..] if *first != 0 && *second != 0 => (bytes, false),
            [0, first, 0, second, ..] if *first != 0 && *second != 0 => (bytes, true),
            _ => return None,
        }
    };
    let pairs = bytes.chunks_exact(2).filter_map(|pair| {
        let pair: [u8; 2] = pair.try_into().ok()?;
        Some(if is_big {
            u16::from_be_bytes(pair)
        } else {
            u16::from_le_bytes(pair)
        })
    });
    let decoded = char::decode_utf16(pairs);
    Some(
        decoded
            .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
    )
}

/// The character of a byte in Windows-1252, which is Latin-1 for all others.
fn single(byte: u8) -> char {
    let windows = byte.checked_sub(0x80).map(usize::from);
    let windows = windows.and_then(|at| WINDOWS.chars().nth(at));
    windows.unwrap_or(char::from(byte))
}
