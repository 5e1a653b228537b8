//! [`VmId`] identifies a VM, and [`VmPath`] a VM within its subscription.

use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use super::SubscriptionId;
use crate::text::character;

/// A VM's resource group and name, which identify it within its subscription.
///
/// Azure ignores case in both and does not keep the casing of ids: recorded lists have upper-case resource groups. So equality,
/// order and hashing ignore case, and display keeps the original casing.
#[derive(Clone, Debug)]
pub struct VmPath {
    group: String,
    name: String,
    folded: (String, String),
}

impl VmPath {
    /// Azure's limit for a resource group name, in characters.
    pub const MAX_GROUP: usize = 90;
    /// Azure's limit for a VM name (on Linux), in characters.
    pub const MAX_NAME: usize = 64;
    /// The ASCII characters of a resource group, as a regular expression; a period is not the last one.
    pub const GROUP_PATTERN: &'static str = "^([0-9A-Za-z_.()-]|[^ -~])*([0-9A-Za-z_()-]|[^ -~])$";
    /// The ASCII characters of a VM's name, as a regular expression; a period is not the last one.
    pub const NAME_PATTERN: &'static str = "^([0-9A-Za-z_.-]|[^ -~])*([0-9A-Za-z_-]|[^ -~])$";

    /// Checks both names against Azure's naming rules, so that they are safe in a URL's path, a terminal and a log.
    ///
    /// # Errors
    /// The rule that one of them breaks: a message that follows "error: ".
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

    /// The resource group in lower case, for lookups.
    pub fn folded_group(&self) -> &str {
        &self.folded.0
    }

    /// The name in lower case, for lookups.
    pub fn folded_name(&self) -> &str {
        &self.folded.1
    }

    /// Resource group and name in lower case, the same in whatever casing Azure answers.
    pub fn folded(&self) -> (&str, &str) {
        (&self.folded.0, &self.folded.1)
    }

    /// True if this VM is in the resource group `group`, without regard to case.
    pub fn is_in(&self, group: &str) -> bool {
        self.folded.0 == group.to_lowercase()
    }

    /// True if `name` is this VM's name, without regard to case.
    pub fn is_named(&self, name: &str) -> bool {
        self.folded.1 == name.to_lowercase()
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
        return Err(format!("a {what} name cannot contain {}", character(odd)));
    }
    if name.ends_with('.') {
        return Err(format!("a {what} name cannot end with a period"));
    }
    Ok(())
}

impl fmt::Display for VmPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.group, self.name)
    }
}

impl PartialEq for VmPath {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for VmPath {}

impl PartialOrd for VmPath {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for VmPath {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded.cmp(&other.folded)
    }
}

impl Hash for VmPath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
    }
}

/// A VM: its subscription, its resource group and its name.
///
/// It does not implement `Display`: how much of it a person needs depends on the other VMs, which `show` knows. Programs always
/// get `SUBSCRIPTION/GROUP/VM`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VmId {
    subscription: SubscriptionId,
    path: VmPath,
}

impl Hash for VmId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // The subscription is long, and most VMs share it.
        self.path.hash(state);
    }
}

impl VmId {
    /// The VM at `path` in `subscription`.
    pub fn new(subscription: &SubscriptionId, path: VmPath) -> Self {
        Self {
            subscription: subscription.clone(),
            path,
        }
    }

    /// The subscription.
    pub fn subscription(&self) -> &SubscriptionId {
        &self.subscription
    }

    /// The resource group and the name.
    pub fn path(&self) -> &VmPath {
        &self.path
    }

    /// The resource group, as first seen.
    pub fn group(&self) -> &str {
        self.path.group()
    }

    /// The VM's name, as first seen.
    pub fn name(&self) -> &str {
        self.path.name()
    }

    /// The id with its resource group spelled as `group`, which may differ only in case.
    pub(super) fn spelled(&self, group: &str) -> Self {
        let mut id = self.clone();
        group.clone_into(&mut id.path.group);
        id
    }

    /// Its path as a new line of a file spells it. `groups` are the resource groups that the file has, in lower case. A new group
    /// that Azure spells in upper case only is in lower case: Azure's lists were seen to change it, and ignore case.
    pub fn spelled_for(&self, groups: &HashSet<&str>) -> VmPath {
        let mut path = self.path.clone();
        let is_known = groups.contains(path.folded_group());
        if !is_known && !path.group.chars().any(char::is_lowercase) {
            path.group.clone_from(&path.folded.0);
        }
        path
    }

    /// True if `name` means this VM, without regard to case: as `VM`, `GROUP/VM` or `SUBSCRIPTION/GROUP/VM`.
    pub fn answers_to(&self, name: &str) -> bool {
        let mut parts = name.rsplitn(3, '/');
        let vm = parts.next().unwrap_or_default();
        let is_own =
            |own: &str, part: Option<&str>| part.is_none_or(|part| own == part.to_lowercase());
        self.path.is_named(vm)
            && is_own(self.path.folded_group(), parts.next())
            && is_own(self.subscription.as_str(), parts.next())
    }

    /// The resource group in `name`, if it has one; see [`VmId::answers_to`].
    pub fn group_in(name: &str) -> Option<&str> {
        name.rsplit('/').nth(1)
    }
}

impl TryFrom<String> for VmId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let [subscription, group, name] = parts.as_slice() else {
            let shown = crate::text::quote(&text);
            return Err(format!(
                "invalid VM id {shown}: expected SUBSCRIPTION/GROUP/VM"
            ));
        };
        let subscription = SubscriptionId::new(subscription)?;
        Ok(Self::new(&subscription, VmPath::new(group, name)?))
    }
}

impl From<VmId> for String {
    fn from(id: VmId) -> Self {
        format!("{}/{}", id.subscription, id.path)
    }
}
