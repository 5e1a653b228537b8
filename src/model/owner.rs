//! [`Owner`]: the owner of a file and its sessions.

use serde::{Deserialize, Serialize};

use crate::text::character;

/// The owner of a file: the value of the tag `azlin_owner` on each VM whose session the file set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Owner(String);

impl Owner {
    /// The key of the tag.
    pub const TAG: &'static str = "azlin_owner";
    /// The maximum length, in characters.
    pub const MAX: usize = 100;
    /// The rules of [`Self::new`] except for the length, as a regular expression.
    pub const PATTERN: &'static str = "^[A-Za-z0-9][A-Za-z0-9._/@:-]*$";

    /// Checks `owner`: 1–100 characters of `A-Z a-z 0-9 - _ . / @ :`, starting with a letter or a digit, so that
    /// `org/repository` fits.
    ///
    /// # Errors
    /// The rule that it breaks, as a phrase that follows "an owner ".
    pub fn new(owner: &str) -> Result<Self, String> {
        let odd = |c: &char| !c.is_ascii_alphanumeric() && !"-_./@:".contains(*c);
        if owner.is_empty() {
            Err("cannot be empty".to_owned())
        } else if !owner.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            Err("must start with a letter or a digit".to_owned())
        } else if let Some(odd) = owner.chars().find(odd) {
            Err(format!("cannot contain {}", character(odd)))
        } else if owner.len() > Self::MAX {
            Err(format!(
                "cannot have more than {1} characters (this one has {0})",
                owner.len(),
                Self::MAX
            ))
        } else {
            Ok(Self(owner.to_owned()))
        }
    }
}

impl Default for Owner {
    /// An owner for a file of a team whose name is not known.
    fn default() -> Self {
        Self("my-team".to_owned())
    }
}

text_as!(Owner);
