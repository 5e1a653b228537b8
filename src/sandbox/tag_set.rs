//! The tags of one resource.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Tags by name. Names are case-insensitive and values case-sensitive ("tag names are case-insensitive for operations, tag values
/// are case-sensitive": Microsoft's documentation of tags).
///
/// A sorted vector, because most VMs have one or two tags, and a tree would take several times the memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TagSet(Vec<(Box<str>, Box<str>)>);

pub(super) fn same_name(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || one.to_lowercase() == other.to_lowercase()
}

impl TagSet {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(held, _)| same_name(held, name))?;
        Some(value)
    }

    /// Sets a tag. An existing name keeps its casing. Microsoft's documentation does not say which casing a provider keeps.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        if let Some((_, held)) = self.0.iter_mut().find(|(held, _)| same_name(held, name)) {
            *held = value.into();
            return;
        }
        let position = self.0.partition_point(|(held, _)| held.as_ref() < name);
        self.0.insert(position, (name.into(), value.into()));
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.0.retain(|(held, _)| !same_name(held, name));
    }

    /// The stored name, whose casing may differ from `name`.
    pub(super) fn held_name(&self, name: &str) -> Option<&str> {
        let (held, _) = self.0.iter().find(|(held, _)| same_name(held, name))?;
        Some(held)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for TagSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl<'de> Deserialize<'de> for TagSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TagSet, D::Error> {
        let mut tags = TagSet::default();
        for (name, value) in BTreeMap::<String, String>::deserialize(deserializer)? {
            tags.set(&name, &value);
        }
        tags.0.shrink_to_fit();
        Ok(tags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tags(text: &str) -> TagSet {
        serde_json::from_str(text).unwrap()
    }

    fn text(tags: &TagSet) -> String {
        serde_json::to_string(tags).unwrap()
    }

    #[test]
    fn a_name_is_found_in_any_case_and_keeps_the_case_it_had() {
        let mut tags = tags(r#"{"Azlin_Session":"a"}"#);
        tags.set("azlin_session", "b");
        assert_eq!(tags.get("AZLIN_SESSION"), Some("b"));
        assert_eq!(text(&tags), r#"{"Azlin_Session":"b"}"#);
    }

    #[test]
    fn tags_come_sorted_by_name() {
        let mut tags = tags(r#"{"team":"1","env":"2"}"#);
        tags.set("owner", "3");
        assert_eq!(text(&tags), r#"{"env":"2","owner":"3","team":"1"}"#);
    }

    #[test]
    fn a_tag_is_removed_in_any_case() {
        let mut tags = tags(r#"{"Größe":"1","env":"2"}"#);
        tags.remove("GRÖSSE");
        tags.remove("GRÖßE");
        tags.remove("ENV");
        assert!(tags.is_empty(), "{tags:?}");
    }
}
