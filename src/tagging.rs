//! Words and a VM's tags → the tags that `tag add` and `tag remove` write, or the reason why they refuse.
//!
//! They change only the named tags. The session's tag and the owner's are azlin's own: written here, they could put a name on two
//! VMs.

use std::collections::BTreeMap;

use crate::model::{TagKey, Tags};
use crate::text::nearest;

/// Azure's limit for the tags of a VM.
pub const MOST: usize = 50;

/// Azure's limit for the value of a tag, in UTF-16 units: a character outside the basic plane counts as two.
pub const MAX_VALUE: usize = 256;

/// The reason why azlin does not write tags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadTag {
    /// A word is not `KEY=VALUE`.
    NoValue {
        /// The word.
        word: String,
    },
    /// A key breaks one of Azure's rules.
    Key {
        /// The key.
        key: String,
        /// The rule, as a phrase that follows "a tag key ".
        rule: String,
    },
    /// A value is longer than Azure allows.
    TooLong {
        /// Its key.
        key: String,
        /// Its length.
        length: usize,
    },
    /// A key appears twice.
    Twice {
        /// The key.
        key: String,
    },
    /// The key is the session's or the owner's.
    Ours {
        /// The key.
        key: String,
    },
    /// The VM would have more tags than Azure allows.
    TooMany {
        /// The number of tags that it has.
        there: usize,
        /// The number of new tags.
        new: usize,
    },
    /// The VM has no such tag.
    NotThere {
        /// The key.
        key: String,
        /// Similar keys that it has, the nearest first.
        nearest: Vec<String>,
    },
}

/// A change to some tags of a VM. Each key appears once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TagEdit {
    /// Adds the tags, or changes their values.
    Add(Vec<(TagKey, String)>),
    /// Removes the tags.
    Remove(Vec<TagKey>),
}

impl TagEdit {
    /// Reads each of `words` as `KEY=VALUE`. Everything after the first `=` is the value. `session` is the key of the session's
    /// tag.
    ///
    /// # Errors
    /// The first invalid word, with the reason.
    pub fn add(words: &[String], session: &TagKey) -> Result<Self, BadTag> {
        let pair = |word: &String| {
            let Some((key, value)) = word.split_once('=') else {
                return Err(BadTag::NoValue { word: word.clone() });
            };
            let length = value.encode_utf16().count();
            if length > MAX_VALUE {
                let key = key.to_owned();
                return Err(BadTag::TooLong { key, length });
            }
            Ok((checked(key, session)?, value.to_owned()))
        };
        let pairs: Vec<_> = words.iter().map(pair).collect::<Result<_, _>>()?;
        each_once(pairs.iter().map(|(key, _)| key))?;
        Ok(Self::Add(pairs))
    }

    /// Reads `words` as the keys of tags to remove. `session` is the key of the session's tag.
    ///
    /// # Errors
    /// The first invalid word, with the reason.
    pub fn remove(words: &[String], session: &TagKey) -> Result<Self, BadTag> {
        let keys = words.iter().map(|word| checked(word, session));
        let keys: Vec<TagKey> = keys.collect::<Result<_, _>>()?;
        each_once(keys.iter())?;
        Ok(Self::Remove(keys))
    }

    /// Returns the tags to write to a VM that has `tags`, without those that are already right. Each key is spelled as in
    /// `tags`, and a tag to remove has its current value.
    ///
    /// `again` is true after a write without an answer. Then a missing tag is not an error, because that write may have removed
    /// it.
    ///
    /// # Errors
    /// The VM would have too many tags, or lacks a tag to remove. Then nothing may be written.
    pub fn on(&self, tags: &Tags, again: bool) -> Result<Tags, BadTag> {
        match self {
            Self::Add(pairs) => {
                let new = pairs.iter().filter(|(key, _)| key.find(tags).is_none());
                let (there, new) = (tags.len(), new.count());
                if new > 0 && there + new > MOST {
                    return Err(BadTag::TooMany { there, new });
                }
                let spelled = |(key, value): &(TagKey, String)| {
                    (key.spelled_in(tags).to_owned(), value.clone())
                };
                let differs = |(key, value): &(String, String)| tags.get(key) != Some(value);
                Ok(pairs.iter().map(spelled).filter(differs).collect())
            }
            Self::Remove(keys) => {
                let found = |key: &TagKey| match key.find(tags) {
                    Some((key, value)) => Some(Ok((key.to_owned(), value.to_owned()))),
                    None if again => None,
                    None => Some(Err(BadTag::NotThere {
                        key: key.as_str().to_owned(),
                        nearest: similar(key, tags),
                    })),
                };
                keys.iter().filter_map(found).collect()
            }
        }
    }

    /// The first tag in `tags` that differs from this change: its key and its current value.
    pub fn unlike<'t>(&self, tags: &'t Tags) -> Option<(String, Option<&'t str>)> {
        let odd = |key: &TagKey, wanted: Option<&String>| {
            let value = key.find(tags).map(|(_, value)| value);
            let is_odd = value != wanted.map(String::as_str);
            is_odd.then(|| (key.as_str().to_owned(), value))
        };
        match self {
            Self::Add(pairs) => pairs.iter().find_map(|(key, value)| odd(key, Some(value))),
            Self::Remove(keys) => keys.iter().find_map(|key| odd(key, None)),
        }
    }
}

fn checked(key: &str, session: &TagKey) -> Result<TagKey, BadTag> {
    let checked = TagKey::new(key).map_err(|rule| BadTag::Key {
        key: key.to_owned(),
        rule,
    })?;
    if session.is(key) || TagKey::owner().is(key) {
        let key = key.to_owned();
        return Err(BadTag::Ours { key });
    }
    Ok(checked)
}

fn each_once<'k>(keys: impl Iterator<Item = &'k TagKey>) -> Result<(), BadTag> {
    let mut seen: Vec<&TagKey> = Vec::new();
    for key in keys {
        if seen.iter().any(|earlier| earlier.is(key.as_str())) {
            let key = key.as_str().to_owned();
            return Err(BadTag::Twice { key });
        }
        seen.push(key);
    }
    Ok(())
}

fn similar(key: &TagKey, tags: &Tags) -> Vec<String> {
    let there: BTreeMap<String, &String> =
        tags.keys().map(|key| (key.to_lowercase(), key)).collect();
    let folded = key.as_str().to_lowercase();
    let found = nearest(&folded, there.keys().map(String::as_str), 3);
    let spelled = found.iter().filter_map(|folded| there.get(*folded));
    spelled.map(|key| (*key).clone()).collect()
}
