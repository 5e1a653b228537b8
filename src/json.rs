//! The JSON that azlin writes for other programs.

use std::fmt::Write as _;

use serde::Serialize;

/// The version of the JSON. The first number changes if old readers would misread it.
pub const FORMAT: &str = "1.0";

/// `value` as JSON in ASCII, so that nothing in a tag can act on a terminal or on the reader of a pipeline's log.
pub fn ascii(value: &impl Serialize) -> String {
    let json = serde_json::to_string_pretty(value).unwrap_or_default();
    let mut ascii = String::with_capacity(json.len() + 1);
    let mut last = ' ';
    for c in json.chars() {
        let commands_a_pipeline = (c, std::mem::replace(&mut last, c)) == ('#', '#');
        if c.is_ascii() && c != '\x7f' && !commands_a_pipeline {
            ascii.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    ascii.push('\n');
    ascii
}
