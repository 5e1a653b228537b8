//! The parts of a message of Azure's or of a tool's that a person needs.

use crate::model::Guid;
use crate::text::guid;

/// A message of Microsoft Entra's without the ids at its end, by which only Microsoft finds the request.
pub(super) fn without_trace(said: &str) -> &str {
    let message = said.split(" Trace ID:").next().unwrap_or(said);
    message.trim().trim_end_matches('.')
}

/// `text` without what looks like a token: three parts of Base64, of which the first opens a JSON object.
pub(super) fn without_tokens(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '=');
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("eyJ") {
        let (before, token) = rest.split_at(at);
        let end = token.find(|c| !is_part(c)).unwrap_or(token.len());
        let (token, after) = token.split_at(end);
        written.push_str(before);
        written.push_str(if token.len() < 20 { token } else { "[token]" });
        rest = after;
    }
    written + rest
}

/// The GUIDs in a message, in their order.
pub(super) fn guids(text: &str) -> impl Iterator<Item = Guid> {
    let words = text.split(|c: char| !c.is_ascii_hexdigit() && c != '-');
    words.filter_map(guid)
}
