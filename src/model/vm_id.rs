//! [`VmId`]: which VM.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::SubscriptionId;

/// A VM within one subscription: its resource group and its name.
///
/// Azure compares both without regard to case and does not keep the casing of ids (recorded lists answer with an
/// upper-cased resource group), so equality, order and hashing ignore case, while display keeps the casing that was seen.
/// VM names are unique only within a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VmId {
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
            group: group.to_owned(),
            name: name.to_owned(),
            folded: (group.to_lowercase(), name.to_lowercase()),
        })
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

    /// Whether `name`, a VM's or `GROUP/VM`, is this VM's, without regard to case.
    pub fn answers_to(&self, name: &str) -> bool {
        match name.split_once('/') {
            Some((group, name)) => self.is_named(name) && self.is_in(group),
            None => self.is_named(name),
        }
    }

    /// Whether this VM is in the resource group `group`, without regard to case.
    pub fn is_in(&self, group: &str) -> bool {
        self.folded.0 == group.to_lowercase()
    }

    /// Group and name in lower case: what does not change with the casing that Azure answers in.
    pub fn folded(&self) -> (&str, &str) {
        (&self.folded.0, &self.folded.1)
    }

    /// The id by which Azure's own tools know it.
    pub fn in_azure(&self, subscription: &SubscriptionId) -> String {
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
        write!(f, "{}/{}", self.group, self.name)
    }
}

impl PartialEq for VmId {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
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
        self.folded.cmp(&other.folded)
    }
}

impl std::hash::Hash for VmId {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
    }
}

impl TryFrom<String> for VmId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once('/') {
            Some((group, name)) => Self::new(group, name),
            None => Err(format!("{} is not GROUP/VM", crate::text::quote(&text))),
        }
    }
}

impl From<VmId> for String {
    fn from(id: VmId) -> Self {
        id.to_string()
    }
}
