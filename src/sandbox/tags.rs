//! The Tags API on a VM: `{vm id}/providers/Microsoft.Resources/tags/default`.
//!
//! Rules from Microsoft's documentation of `Tags - Update At Scope` and of the limits of tags.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::activity;
use super::arm::{Answer, Call, Response};
use super::errors;
use super::tag_set::{self, TagSet};
use super::vms;

const MAX_TAGS: usize = 50;
const MAX_NAME: usize = 512;
const MAX_VALUE: usize = 256;

/// A fault that changes the effect of a write.
#[derive(Clone, Copy, Debug)]
pub(super) enum Twist<'a> {
    /// No fault.
    None,
    /// The VM has the maximum number of tags, whatever a read shows.
    Full,
    /// A policy with the `modify` effect: a write of `tag` sets this value instead, or removes it. ("The Modify effect is used
    /// to add, update, or remove properties or tags … during creation or update": Microsoft's documentation of policies.)
    Modified {
        tag: &'a str,
        value: Option<&'a str>,
    },
}

impl Twist<'_> {
    fn apply(self, patch: &Patch, before: &TagSet, mut after: TagSet) -> Result<TagSet, Response> {
        match self {
            Twist::Full if after.len() > before.len() => {
                let added = after.len() - before.len();
                return Err(errors::too_many_tags(MAX_TAGS + added, MAX_TAGS));
            }
            Twist::Modified { tag, value } if patch.sets(tag) => match value {
                Some(value) => after.set(tag, value),
                None => after.remove(tag),
            },
            _ => {}
        }
        Ok(after)
    }
}

pub(super) fn answer(call: &Call<'_>) -> Answer {
    if call.request.method != "PATCH" {
        let fleet = call.store.read()?;
        let tags = call.shadows.tags(vms::find(&fleet, call)?);
        return Ok(tags_resource(call, &tags));
    }
    check_media_type(call.request.content_type)?;
    let patch = Patch::read(call.request.body)?;
    // Checking the lock here keeps a rejected request from touching the disk.
    vms::check_lock(call, vms::find(&*call.store.read()?, call)?)?;
    let tags = call.store.update(|fleet| {
        let vm = vms::find(fleet, call)?;
        vms::check_lock(call, vm)?;
        let tags = call.twist.apply(&patch, &vm.tags, patch.apply(&vm.tags)?)?;
        if let Some(vm) = fleet.vm_mut(call.subscription, &call.route.group, &call.route.name) {
            vm.tags = tags.clone();
        }
        Ok::<_, Response>(tags)
    })?;
    activity::record(call);
    Ok(tags_resource(call, &tags))
}

fn tags_resource(call: &Call<'_>, tags: &TagSet) -> Response {
    let body = json!({
        "id": call.route.tags_id(),
        "name": "default",
        "type": "Microsoft.Resources/tags",
        "properties": {"tags": tags},
    });
    Response::json(200, &body)
}

fn check_media_type(content_type: Option<&str>) -> Result<(), Response> {
    let media_type = content_type.and_then(|text| text.split(';').next());
    if media_type.is_some_and(|text| text.trim().eq_ignore_ascii_case("application/json")) {
        Ok(())
    } else {
        Err(errors::unsupported_media_type(
            content_type.unwrap_or("<null>"),
        ))
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    operation: Operation,
    properties: Properties,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Operation {
    Merge,
    Replace,
    Delete,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Properties {
    tags: Pairs,
}

/// The names and values as sent. A map would hide a duplicate name.
#[derive(Debug)]
struct Pairs(Vec<(String, Option<String>)>);

impl Patch {
    fn read(body: &[u8]) -> Result<Patch, Response> {
        let patch: Patch = serde_json::from_slice(body).map_err(errors::invalid_content)?;
        patch.check()?;
        Ok(patch)
    }

    fn check(&self) -> Result<(), Response> {
        let Pairs(pairs) = &self.properties.tags;
        if pairs.len() > MAX_TAGS {
            return Err(errors::too_many_tags(pairs.len(), MAX_TAGS));
        }
        for (position, (name, value)) in pairs.iter().enumerate() {
            if name.trim().is_empty() {
                return Err(errors::empty_tag_name());
            }
            if length(name) > MAX_NAME {
                return Err(errors::tag_name_length(name, MAX_NAME));
            }
            let mut earlier = pairs.iter().take(position);
            if earlier.any(|(earlier, _)| tag_set::same_name(earlier, name)) {
                let why = format!("An item with the same key has already been added. Key: {name}");
                return Err(errors::invalid_content(why));
            }
            match value {
                Some(value) if length(value) > MAX_VALUE => {
                    return Err(errors::tag_value_length(value, MAX_VALUE));
                }
                None if self.operation != Operation::Delete => {
                    let why = format!("The tag '{name}' has no value");
                    return Err(errors::invalid_content(why));
                }
                _ => {}
            }
        }
        let mut names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        names.retain(|name| has_reserved_characters(name));
        if names.is_empty() {
            Ok(())
        } else {
            Err(errors::tag_name_characters(names.join(", ")))
        }
    }

    fn sets(&self, tag: &str) -> bool {
        let Pairs(pairs) = &self.properties.tags;
        let mut names = pairs.iter().map(|(name, _)| name);
        self.operation != Operation::Delete && names.any(|name| tag_set::same_name(name, tag))
    }

    fn apply(&self, before: &TagSet) -> Result<TagSet, Response> {
        let mut after = match self.operation {
            Operation::Merge | Operation::Delete => before.clone(),
            Operation::Replace => TagSet::default(),
        };
        for (name, value) in &self.properties.tags.0 {
            let value = value.as_deref().unwrap_or_default();
            match self.operation {
                Operation::Merge | Operation::Replace => {
                    after.set(before.held_name(name).unwrap_or(name), value);
                }
                // "Selectively deleting tags based on given names or name/value pairs."
                Operation::Delete if value.is_empty() || after.get(name) == Some(value) => {
                    after.remove(name);
                }
                Operation::Delete => {}
            }
        }
        // "A maximum of 50 tags at the end of the operation."
        if after.len() > MAX_TAGS {
            return Err(errors::too_many_tags(after.len(), MAX_TAGS));
        }
        Ok(after)
    }
}

/// The length as .NET counts it: a character outside the basic plane counts as two.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Returns true if Azure forbids a character in `name`. Azure's own tags, which start with `hidden` or `link`, may contain a
/// resource id.
fn has_reserved_characters(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let own = lower.starts_with("hidden") || lower.starts_with("link");
    name.chars()
        .any(|c| c.is_control() || !own && matches!(c, '<' | '>' | '%' | '&' | '\\' | '?' | '/'))
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pairs, D::Error> {
        struct Tags;
        impl<'de> Visitor<'de> for Tags {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of strings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Tags)
    }
}
