//! The types that name a part of Azure: [`Cloud`], [`SubscriptionId`], [`Scope`] and [`TagKey`].

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Tags;
use crate::text::{character, escape, guid};

/// The key of a tag. By default, the session's tag is `azlin_session`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TagKey(String);

impl TagKey {
    /// Azure's limit for the name of a tag, in characters.
    pub const MAX: usize = 512;
    /// The characters that Azure accepts, as a regular expression.
    pub const PATTERN: &'static str = r"^[^<>%&\\?/]*$";

    /// Checks `key` against Azure's rules for tag names: no `< > % & \ ? /` and no control characters.
    ///
    /// # Errors
    /// The rule that it breaks, as a phrase that follows "a tag key ".
    pub fn new(key: &str) -> Result<Self, String> {
        let odd = |c: &char| "<>%&\\?/".contains(*c) || crate::text::is_unprintable(*c);
        let length = key.chars().count();
        if length == 0 {
            Err("cannot be empty".to_owned())
        } else if length > Self::MAX {
            Err(format!(
                "cannot have more than {} characters (this one has {length})",
                Self::MAX
            ))
        } else if let Some(odd) = key.chars().find(odd) {
            Err(format!("cannot contain {}", character(odd)))
        } else {
            Ok(Self(key.to_owned()))
        }
    }

    /// The key of the tag that carries the owner.
    pub fn owner() -> Self {
        Self(super::Owner::TAG.to_owned())
    }

    /// True if Azure treats `other` as this key: tag names ignore case.
    pub fn is(&self, other: &str) -> bool {
        self.0.to_lowercase() == other.to_lowercase()
    }

    /// The entry of `tags` with this key, in the casing that the key has there.
    pub fn find<'a>(&self, tags: &'a Tags) -> Option<(&'a str, &'a str)> {
        let found = tags.iter().find(|(key, _)| self.is(key));
        found.map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// This key in the casing that it has in `tags`, or in its own if `tags` lacks it.
    pub fn spelled_in<'a>(&'a self, tags: &'a Tags) -> &'a str {
        self.find(tags).map_or(self.as_str(), |(key, _)| key)
    }
}

impl Default for TagKey {
    fn default() -> Self {
        Self("azlin_session".to_owned())
    }
}

/// A subscription's id: a GUID, in lower case. Its text is shared, because each VM's id carries it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SubscriptionId(Arc<str>);

impl PartialOrd for SubscriptionId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SubscriptionId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // The VMs of a list share one text, so most comparisons need not read it.
        if Arc::ptr_eq(&self.0, &other.0) {
            return std::cmp::Ordering::Equal;
        }
        self.0.cmp(&other.0)
    }
}

impl SubscriptionId {
    /// Checks that `id` is a GUID, so that it is safe in a URL.
    ///
    /// # Errors
    /// It is not a GUID: a message that follows "error: ".
    pub fn new(id: &str) -> Result<Self, String> {
        let guid = guid(id).ok_or_else(|| {
            let shown = escape(id);
            format!(
                "invalid subscription id `{shown}`: expected a GUID, as in `az account show --query id`"
            )
        })?;
        Ok(Self(guid.to_string().into()))
    }
}

/// The Azure of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Cloud {
    /// Azure itself.
    #[default]
    Public,
    /// Azure for the government of the United States.
    UsGovernment,
    /// Azure in China, run by 21Vianet.
    China,
    /// The embedded Azure, for trying azlin out and for its tests.
    Sandbox,
}

impl Cloud {
    /// Every cloud, with its name in the file.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("public", Self::Public),
        ("usgovernment", Self::UsGovernment),
        ("china", Self::China),
        ("sandbox", Self::Sandbox),
    ];
}

/// The VMs that count for uniqueness and for a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// All VMs of the subscription, as `connect` sees them.
    #[default]
    Subscription,
    /// The VMs of the resource groups that the file names, in lower case.
    Groups(BTreeSet<String>),
}

impl Scope {
    /// Every scope, with its name in the file.
    pub const NAMES: [(&'static str, Self); 2] = [
        ("subscription", Self::Subscription),
        ("groups", Self::Groups(BTreeSet::new())),
    ];

    /// The VMs of one resource group.
    pub fn of_group(group: &str) -> Self {
        Self::Groups(BTreeSet::from([group.to_lowercase()]))
    }

    /// True if `vm` counts.
    pub fn covers(&self, vm: &super::VmId) -> bool {
        match self {
            Self::Subscription => true,
            Self::Groups(groups) => groups.contains(vm.path().folded_group()),
        }
    }
}

text_as!(SubscriptionId);
text_as!(TagKey);
