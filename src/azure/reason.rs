//! [`Reason`]: Azure's explanation in the body of an error, read leniently.
//!
//! Microsoft documents `{"error":{"code","message","target","details":[…],"additionalInfo":[…]}}`. Recorded answers also are
//! flat, begin with a byte order mark, spell their keys in upper case, have numbers as codes and nulls as messages, or put
//! another error into a message as text.

use serde_json::{Map, Value};

use super::violation::{Violation, violations};
use crate::text::quote;

/// Errors within errors are read to this depth.
const DEPTH: u8 = 6;

/// Azure's explanation of an error. Any part may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reason {
    pub code: String,
    pub message: String,
    pub target: String,
    /// The errors that caused this one.
    pub details: Vec<Reason>,
    /// The policies that deny the request.
    pub violations: Vec<Violation>,
}

impl Reason {
    /// The reason in `body`, or none if that is not an error of Azure's: a JSON object with a code or a message.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let body = without_mark(body);
        Self::of(&serde_json::from_slice(body).ok()?, DEPTH)
    }

    fn of(value: &Value, depth: u8) -> Option<Self> {
        let depth = depth.checked_sub(1)?;
        let object = match value {
            Value::Object(object) => object,
            // Some providers return a list with one error.
            Value::Array(list) => return list.iter().find_map(|one| Self::of(one, depth)),
            _ => return None,
        };
        let wrapped = ["error", "odata.error"].map(|key| member(object, key));
        if let Some(reason) = wrapped
            .iter()
            .flatten()
            .find_map(|one| Self::of(one, depth))
        {
            return Some(reason);
        }
        let mut reason = Self {
            code: first_text(object, &["code", "error"]),
            message: first_text(object, &["message", "error_description"]),
            target: first_text(object, &["target"]),
            details: list(member(object, "details"))
                .filter_map(|detail| Self::of(detail, depth))
                .collect(),
            violations: violations(object),
        };
        reason.unpack(depth);
        let is_empty = reason.code.is_empty()
            && reason.message.is_empty()
            && reason.details.is_empty()
            && reason.violations.is_empty();
        (!is_empty).then_some(reason)
    }

    /// Replaces a reason whose message is another error as text by that error, which has the better code. If the text is JSON but
    /// no error, it is numbers, and the target says more.
    fn unpack(&mut self, depth: u8) {
        if !self.message.starts_with('{') {
            return;
        }
        let Ok(text) = serde_json::from_str(&self.message) else {
            return;
        };
        if let Some(inner) = Self::of(&text, depth) {
            *self = inner;
        } else if !self.target.is_empty() {
            self.message = self.target.clone();
        }
    }

    /// This reason and those below it, the outermost first.
    pub(super) fn all(&self) -> Vec<&Self> {
        let mut all = vec![self];
        for detail in &self.details {
            all.extend(detail.all());
        }
        all
    }
}

/// `body` without a byte order mark.
pub(super) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// The member `key` of `object`, in any case.
pub(super) fn member<'v>(object: &'v Map<String, Value>, key: &str) -> Option<&'v Value> {
    let mut members = object.iter();
    let (_, value) = members.find(|(name, _)| name.eq_ignore_ascii_case(key))?;
    Some(value)
}

/// The first of the members `keys` of `object` that is a text or a number, or an empty text.
pub(super) fn first_text(object: &Map<String, Value>, keys: &[&str]) -> String {
    let texts = keys.iter().map(|key| text(member(object, key)));
    texts
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_default()
}

/// `value` as text on one line. OData puts a message into an object with its language.
fn text(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => one_line(text),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Object(object)) => match member(object, "value") {
            Some(Value::String(text)) => one_line(text),
            _ => String::new(),
        },
        _ => String::new(),
    }
}

/// The items of a list, or the value itself if it is not a list.
pub(super) fn list(value: Option<&Value>) -> std::slice::Iter<'_, Value> {
    match value {
        Some(Value::Array(items)) => items.iter(),
        Some(value) => std::slice::from_ref(value).iter(),
        None => [].iter(),
    }
}

/// `text` with each run of blanks and line breaks as one space.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ")
}

/// The words of a body that is not JSON: the title of a page, or the text.
pub(super) fn plain_words(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(without_mark(body));
    match title(&text) {
        Some(title) => title,
        None if is_page(&text) => String::new(),
        None => one_line(&text),
    }
}

/// A description of a body that is not Azure's: the title of a page, or the start of the body.
pub(super) fn shown(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    match title(&text) {
        Some(title) => format!("a page titled {}", quote(&title)),
        None => quote(&text),
    }
}

fn is_page(text: &str) -> bool {
    text.trim_start().starts_with('<')
}

/// The title of a page, if it has one.
fn title(text: &str) -> Option<String> {
    const TAG: &str = "<title>";
    // Lower case, in ASCII only, keeps every position.
    let lower = text.to_ascii_lowercase();
    let start = lower.find(TAG)? + TAG.len();
    let length = lower.get(start..)?.find('<')?;
    let title = one_line(text.get(start..start + length)?);
    (is_page(text) && !title.is_empty()).then_some(title)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reason in `body`, its details and policies in brackets.
    fn read(body: &str) -> String {
        fn shown(reason: &Reason) -> String {
            let mut text = format!("{}|{}", reason.code, reason.message);
            for detail in &reason.details {
                text += &format!(" [{}]", shown(detail));
            }
            for violation in &reason.violations {
                text += &format!(" <{}: {}>", violation.policy, violation.reason);
            }
            text
        }
        Reason::read(body.as_bytes()).map_or("none".to_owned(), |reason| shown(&reason))
    }

    #[test]
    fn any_object_with_a_code_or_a_message_is_azures() {
        for (body, expected) in [
            (r#"{"error":{"code":"C","message":"M"}}"#, "C|M"),
            (r#"{"code":"C","message":"M"}"#, "C|M"),
            (r#"{"Code":"C","Message":"M"}"#, "C|M"),
            (r#"{"ERROR":{"CODE":"C","MESSAGE":"M"}}"#, "C|M"),
            (
                "\u{feff}{\"error\":{\"code\":\"C\",\"message\":\"M\"}}",
                "C|M",
            ),
            (r#"{"error":{"code":409,"message":null}}"#, "409|"),
            (
                r#"{"statusCode":429,"message":"Rate limit"}"#,
                "|Rate limit",
            ),
            (r#"{"error":null,"code":"C"}"#, "C|"),
            (r#"[{"error":{"code":"C"}}]"#, "C|"),
            (
                r#"{"odata.error":{"code":"C","message":{"lang":"en","value":"M"}}}"#,
                "C|M",
            ),
            (
                r#"{"error":"invalid_grant","error_description":"M"}"#,
                "invalid_grant|M",
            ),
            (r#"{"error":{"code":"C","message":"a\r\n  b"}}"#, "C|a b"),
            (r#"{"error":{"code":{},"message":[]}}"#, "none"),
            (r#"{"error":{}}"#, "none"),
            ("{}", "none"),
            ("[]", "none"),
            ("null", "none"),
            ("\"text\"", "none"),
            ("Too many requests", "none"),
            ("", "none"),
        ] {
            assert_eq!(read(body), expected, "{body}");
        }
    }

    #[test]
    fn details_are_read_wherever_they_are() {
        for (body, expected) in [
            (
                r#"{"error":{"code":"C","details":[{"code":"D","message":"one"},{"Code":"E"},7,null]}}"#,
                "C| [D|one] [E|]",
            ),
            (
                r#"{"error":{"code":"C","details":{"code":"D"}}}"#,
                "C| [D|]",
            ),
            (
                r#"{"error":{"code":"C","message":"{\"code\":\"D\",\"message\":\"M\"}"}}"#,
                "D|M",
            ),
            (
                r#"{"code":"C","details":[{"code":"D","target":"HighCostGet","message":"{\"n\":1}"}]}"#,
                "C| [D|HighCostGet]",
            ),
            (r#"{"error":{"details":[{"message":"M"}]}}"#, "| [|M]"),
        ] {
            assert_eq!(read(body), expected, "{body}");
        }
    }

    #[test]
    fn a_deep_error_ends() {
        let mut body = "{}".to_owned();
        for _ in 0..40 {
            body = format!(r#"{{"code":"C","details":[{body}]}}"#);
        }
        let reason = Reason::read(body.as_bytes()).unwrap();
        assert_eq!(reason.all().len(), usize::from(DEPTH));
    }

    #[test]
    fn a_page_goes_by_its_title() {
        for (body, expected) in [
            (
                "<html><head><TITLE>503 Service\r\nUnavailable</title>",
                "503 Service Unavailable",
            ),
            ("<html><body>no title", ""),
            ("<title>never closed", ""),
            ("\u{feff} Too many\nrequests ", "Too many requests"),
            ("", ""),
        ] {
            assert_eq!(plain_words(body.as_bytes()), expected, "{body}");
        }
    }
}
