//! [`VmId`]: which VM.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::SubscriptionId;

/// A VM: its resource group and its name, and its subscription in a run over several.
///
/// Azure compares group and name without regard to case and does not keep the casing of ids (recorded lists answer with an
/// upper-cased resource group), so equality, order and hashing ignore case, while display keeps the casing that was seen.
/// VM names are unique only within a group, and groups within a subscription.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VmId {
    subscription: Option<SubscriptionId>,
    group: String,
    name: String,
    folded: (String, String),
}

impl VmId {
    /// The longest resource group name that Azure allows, in characters.
    pub const MAX_GROUP: usize = 90;
    /// The longest VM name that Azure allows (on Linux), in characters.
    pub const MAX_NAME: usize = 64;

    /// Checks both names against Azure's naming rules, so that they are safe in a URL's path, a terminal and a log.
    ///
    /// # Errors
    /// What is wrong with which of the two, as a phrase that follows "error: ".
    pub fn new(group: &str, name: &str) -> Result<Self, String> {
        check_azure_name("resource group", group, Self::MAX_GROUP, "-_.()")?;
        check_azure_name("VM", name, Self::MAX_NAME, "-_.")?;
        Ok(Self {
            subscription: None,
            group: group.to_owned(),
            name: name.to_owned(),
            folded: (group.to_lowercase(), name.to_lowercase()),
        })
    }

    /// The same VM, in a run over several subscriptions, of which `subscription` is its own.
    pub fn within(self, subscription: &SubscriptionId) -> Self {
        Self {
            subscription: Some(subscription.clone()),
            ..self
        }
    }

    /// The same VM among those of its own subscription: without it.
    pub fn local(&self) -> Self {
        Self {
            subscription: None,
            ..self.clone()
        }
    }

    /// `GROUP/VM`: what tells it from the others of its subscription.
    pub fn in_subscription(&self) -> String {
        format!("{}/{}", self.group, self.name)
    }

    /// Its subscription, in a run over several.
    pub fn subscription(&self) -> Option<&SubscriptionId> {
        self.subscription.as_ref()
    }

    /// Whether it is in `subscription`; always, in a run over one, where ids do not say so.
    pub fn is_within(&self, subscription: &SubscriptionId) -> bool {
        self.subscription
            .as_ref()
            .is_none_or(|own| own == subscription)
    }

    /// The resource group, as first seen.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// The VM's name, as first seen.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same VM, with its resource group spelled as `group`, which differs in case at most.
    pub(super) fn spelled(&self, group: &str) -> Self {
        Self {
            group: group.to_owned(),
            ..self.clone()
        }
    }

    /// Whether `name` is this VM's name, without regard to case.
    pub fn is_named(&self, name: &str) -> bool {
        self.folded.1 == name.to_lowercase()
    }

    /// Whether `name` is this VM's, without regard to case: its own, or `GROUP/VM`, or `SUBSCRIPTION/GROUP/VM`.
    pub fn answers_to(&self, name: &str) -> bool {
        let (place, vm) = match name.rsplit_once('/') {
            Some((place, vm)) => (Some(place), vm),
            None => (None, name),
        };
        let is_at = |place: &str| match place.split_once('/') {
            Some((subscription, group)) => self.is_of(subscription) && self.is_in(group),
            None => self.is_in(place),
        };
        self.is_named(vm) && place.is_none_or(is_at)
    }

    /// The resource group in `name`, if it says one; see [`VmId::answers_to`].
    pub fn group_in(name: &str) -> Option<&str> {
        let (place, _) = name.rsplit_once('/')?;
        place.rsplit('/').next()
    }

    fn is_of(&self, subscription: &str) -> bool {
        let own = self.subscription.as_ref();
        own.is_some_and(|own| own.as_str().eq_ignore_ascii_case(subscription))
    }

    /// Whether this VM is in the resource group `group`, without regard to case.
    pub fn is_in(&self, group: &str) -> bool {
        self.folded.0 == group.to_lowercase()
    }

    /// Group and name in lower case: what does not change with the casing that Azure answers in.
    pub fn folded(&self) -> (&str, &str) {
        (&self.folded.0, &self.folded.1)
    }

    /// The id by which Azure's own tools know it; in `subscription`, where it does not carry its own.
    pub fn in_azure(&self, subscription: &SubscriptionId) -> String {
        let subscription = self.subscription.as_ref().unwrap_or(subscription);
        let (group, name) = (&self.group, &self.name);
        format!(
            "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"
        )
    }

    /// The name in lower case: the key by which VM names are looked up.
    pub fn folded_name(&self) -> &str {
        &self.folded.1
    }
}

fn check_azure_name(what: &str, name: &str, max: usize, punctuation: &str) -> Result<(), String> {
    let length = name.chars().count();
    if length == 0 {
        return Err(format!("a {what} name is empty"));
    }
    if length > max {
        return Err(format!(
            "a {what} name has {length} characters; Azure allows at most {max}"
        ));
    }
    let odd = |c: &char| !c.is_alphanumeric() && !punctuation.contains(*c);
    if let Some(odd) = name.chars().find(odd) {
        return Err(format!(
            "`{}` cannot stand in a {what} name",
            odd.escape_debug()
        ));
    }
    if name.ends_with('.') {
        return Err(format!("a {what} name cannot end with a period"));
    }
    Ok(())
}

impl fmt::Display for VmId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(subscription) = &self.subscription {
            write!(f, "{subscription}/")?;
        }
        write!(f, "{}/{}", self.group, self.name)
    }
}

impl VmId {
    /// What tells it from every other.
    fn key(&self) -> (Option<&SubscriptionId>, &(String, String)) {
        (self.subscription.as_ref(), &self.folded)
    }
}

impl PartialEq for VmId {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for VmId {}

impl PartialOrd for VmId {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for VmId {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl std::hash::Hash for VmId {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl TryFrom<String> for VmId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match *text.split('/').collect::<Vec<_>>() {
            [group, name] => Self::new(group, name),
            [subscription, group, name] => {
                Ok(Self::new(group, name)?.within(&SubscriptionId::new(subscription)?))
            }
            _ => Err(format!("{} is not GROUP/VM", crate::text::quote(&text))),
        }
    }
}

impl From<VmId> for String {
    fn from(id: VmId) -> Self {
        id.to_string()
    }
}
