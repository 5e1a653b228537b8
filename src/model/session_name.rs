//! [`SessionName`], a checked name, and [`LiveName`], an unchecked one.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::text::character;

/// A session name that azlin may write and pass to `ssh`.
///
/// 1–256 characters (256 is Azure's limit for a tag's value) of `A-Z a-z 0-9 - _ .`, starting with a letter or a digit.
/// It must not look like an address to `ssh`, for which `2130706433` is 127.0.0.1. Case counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionName(String);

impl SessionName {
    /// Azure's limit for the value of a tag, in characters.
    pub const MAX: usize = 256;
    /// The maximum length, in characters, that is easy to type and fits a table.
    pub const COMFORTABLE: usize = 30;
    /// The characters of a name, as a regular expression.
    pub const PATTERN: &'static str = "^[A-Za-z0-9][A-Za-z0-9._-]*$";
    /// The names that look like a number, or like an address in its usual spelling, as a regular expression.
    pub const NUMBER_PATTERN: &'static str = "^([0-9][0-9_]*|[0-9]+(\\.[0-9]*)?([eE]-?[0-9]+)?|0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+\
        |((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\\.){1,3}(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9]))$";

    /// Checks `name` against the rules above.
    ///
    /// # Errors
    /// The problem, as a phrase that follows "invalid session name: it ".
    pub fn new(name: &str) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() {
            return Err("is empty".to_owned());
        }
        if let Some(odd) = name.chars().find(|c| !allowed(*c)) {
            return Err(format!(
                "contains {}; use only letters, digits, `-`, `_` and `.`",
                character(odd)
            ));
        }
        if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err("does not start with a letter or a digit".to_owned());
        }
        if name.len() > Self::MAX {
            return Err(format!(
                "has {} characters; Azure allows at most {} in a tag",
                name.len(),
                Self::MAX
            ));
        }
        // Both begin with a digit, and most names don't.
        if name.starts_with(|c: char| c.is_ascii_digit())
            && (reads_as_address(name) || reads_as_number(name))
        {
            return Err("looks like an IP address or a number".to_owned());
        }
        Ok(Self(name.to_owned()))
    }

    /// A valid name that reads like `text`, to suggest instead of it: each run of characters that are not allowed becomes a `-`, a
    /// long text is cut, and a number gets a word before it.
    pub fn like(text: &str) -> Option<Self> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let words = text.split(|c| !allowed(c)).filter(|word| !word.is_empty());
        let name = words.collect::<Vec<_>>().join("-");
        let name = name.trim_start_matches(['-', '_', '.']);
        let end = if name.len() > Self::MAX {
            Self::COMFORTABLE
        } else {
            name.len()
        };
        let name = name.get(..end).filter(|name| !name.is_empty())?;
        Self::new(name)
            .or_else(|_| Self::new(&format!("session-{name}")))
            .ok()
    }
}

fn reads_as_number(name: &str) -> bool {
    let numeric = |rest: &str, radix| {
        !rest.is_empty() && rest.chars().all(|c: char| c.is_digit(radix) || c == '_')
    };
    let float = name.parse::<f64>().is_ok();
    let lower = name.to_ascii_lowercase();
    let prefixed = [("0x", 16), ("0o", 8), ("0b", 2)].into_iter();
    let mut rests =
        prefixed.filter_map(|(prefix, radix)| Some((lower.strip_prefix(prefix)?, radix)));
    float || numeric(name, 10) || rests.any(|(rest, radix)| numeric(rest, radix))
}

/// True if the C library's `inet_aton`, which `ssh` uses, reads `name` as an address: one to four numbers, decimal, octal
/// (`0…`) or hexadecimal (`0x…`). The last number fills the remaining bytes.
fn reads_as_address(name: &str) -> bool {
    if name.parse::<IpAddr>().is_ok() {
        return true;
    }
    let parts: Vec<Option<u64>> = name.split('.').map(c_number).collect();
    let Some((last, leading @ ([] | [_] | [_, _] | [_, _, _]))) = parts.split_last() else {
        return false;
    };
    leading.iter().all(|part| part.is_some_and(|n| n <= 0xff))
        && last.is_some_and(|n| n < 1 << (8 * (4 - leading.len())))
}

fn c_number(digits: &str) -> Option<u64> {
    let lower = digits.to_ascii_lowercase();
    if let Some(hex) = lower.strip_prefix("0x") {
        u64::from_str_radix(hex, 16).ok()
    } else if lower.len() > 1 && lower.starts_with('0') {
        u64::from_str_radix(&lower, 8).ok()
    } else {
        lower.parse().ok()
    }
}

/// A session name from Azure: free text from anyone with write access to tags.
///
/// [`fmt::Display`] escapes it, so that it cannot act on a terminal. [`LiveName::raw`] is for comparing it and for sending it
/// back to Azure.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LiveName(String);

impl LiveName {
    /// The name in the value of a tag; none if the value is empty.
    pub fn new(value: &str) -> Option<Self> {
        (!value.is_empty()).then(|| Self(value.to_owned()))
    }

    /// The value as Azure has it, unescaped.
    pub fn raw(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LiveName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = crate::text::escape(&self.0);
        // The quotes make a blank at either end visible.
        if self.0.trim() == self.0 {
            f.write_str(&shown)
        } else {
            write!(f, "\"{shown}\"")
        }
    }
}

impl From<&SessionName> for LiveName {
    fn from(name: &SessionName) -> Self {
        Self(name.0.clone())
    }
}

impl From<&super::Owner> for LiveName {
    fn from(owner: &super::Owner) -> Self {
        Self(owner.as_str().to_owned())
    }
}

impl PartialEq<SessionName> for LiveName {
    fn eq(&self, other: &SessionName) -> bool {
        self.0 == other.0
    }
}

text_as!(SessionName);
