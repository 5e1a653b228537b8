//! [`Shown`] and [`Hex`]: text that a plan carries from its maker to its reader, checked when it is read.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::{is_unprintable, writing_out, written_out};

/// Text that is safe to show: nothing in it acts on a terminal. It is made so once, and checked when it is read from JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shown(String);

impl Shown {
    /// `text` with every unprintable character written out. A backslash stays, because the text may have been escaped already.
    pub fn new(text: &str) -> Self {
        Self(writing_out(text, is_unprintable).into_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Shown {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.chars().find(|c| is_unprintable(*c)) {
            Some(odd) => Err(format!("text cannot contain `{}`", written_out(odd))),
            None => Ok(Self(text)),
        }
    }
}

impl From<Shown> for String {
    fn from(text: Shown) -> Self {
        text.0
    }
}

/// A hash in hexadecimal: a SHA-256, or the id of a git commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hex(String);

impl Hex {
    /// Checks that `digits` are hexadecimal, and at most 128 of them.
    ///
    /// # Errors
    /// They are not: a message that follows "error: ".
    pub fn new(digits: &str) -> Result<Self, String> {
        const MOST: usize = 128;
        if digits.len() <= MOST && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            Ok(Self(digits.to_owned()))
        } else {
            Err("a hash has only hexadecimal digits, at most 128".to_owned())
        }
    }

    /// The SHA-256 of `bytes`.
    pub fn sha256(bytes: &[u8]) -> Self {
        let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
        let digest = digest.as_ref().iter();
        Self(digest.map(|byte| format!("{byte:02x}")).collect())
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Hex {
    type Error = String;

    fn try_from(digits: String) -> Result<Self, String> {
        Self::new(&digits)
    }
}

impl From<Hex> for String {
    fn from(hash: Hex) -> Self {
        hash.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_json_that_acts_is_refused() {
        let read = serde_json::from_str::<Shown>;
        assert_eq!(read(r#""a\\n größe""#).unwrap().as_str(), r"a\n größe");
        assert!(read(r#""a\nb""#).is_err() && read(r#""\u202e""#).is_err());
        assert_eq!(Shown::new("a\n\\").as_str(), r"a\n\");
        assert!(serde_json::from_str::<Hex>(r#""c0ffee\n""#).is_err());
    }
}
