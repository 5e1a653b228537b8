//! The rules for a session name beside other names, shared by a file, several files, a plan, `session` and `ssh-config`.

use std::collections::HashMap;

use super::{SessionName, VmId, VmPath};
use crate::text::quote;

/// VMs by name. Names ignore case, and are unique only within a resource group.
///
/// `connect` looks for VM names first, so a session that is the name of *another* VM would lead there.
#[derive(Clone, Debug)]
pub struct VmNames<'a, V>(HashMap<&'a str, Vec<V>>);

impl<'a, V> VmNames<'a, V> {
    /// Indexes `vms`, each with a value to return for it.
    pub fn new(vms: impl Iterator<Item = (&'a VmPath, V)>) -> Self {
        let mut by_name: HashMap<&str, Vec<V>> = HashMap::with_capacity(vms.size_hint().0);
        for (path, vm) in vms {
            by_name.entry(path.folded_name()).or_default().push(vm);
        }
        Self(by_name)
    }

    /// The first VM named `session`, except those that `is_own` accepts.
    pub fn another(&self, session: &str, is_own: impl Fn(&V) -> bool) -> Option<&V> {
        let vms = self.0.get(session.to_lowercase().as_str())?;
        vms.iter().find(|vm| !is_own(vm))
    }
}

impl<'a> VmNames<'a, &'a VmId> {
    /// Indexes the ids of VMs.
    pub fn of(ids: impl Iterator<Item = &'a VmId>) -> Self {
        Self::new(ids.map(|id| (id.path(), id)))
    }
}

/// The reason why a valid session name is unwise: a warning, never an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It differs from this other session only in case.
    Alike(String),
    /// It has upper-case letters.
    UpperCase,
    /// It has more than [`SessionName::COMFORTABLE`] characters: this many.
    Long(usize),
}

impl Doubt {
    /// The doubts about `name`; `alike` is another session that differs from it only in case.
    pub fn of(name: &SessionName, alike: Option<&str>) -> Vec<Self> {
        let text = name.as_str();
        let mut doubts = Vec::new();
        if let Some(alike) = alike {
            doubts.push(Self::Alike(alike.to_owned()));
        } else if text.chars().any(char::is_uppercase) {
            doubts.push(Self::UpperCase);
        }
        if text.len() > SessionName::COMFORTABLE {
            doubts.push(Self::Long(text.len()));
        }
        doubts
    }

    /// The doubt as a phrase that follows the name.
    pub fn message(&self) -> String {
        match self {
            Self::Alike(other) => format!("differs from {} only in case", quote(other)),
            Self::UpperCase => "has upper-case letters".to_owned(),
            Self::Long(length) => format!("has {length} characters"),
        }
    }

    /// The advice, with the reason for it.
    pub fn help(&self) -> String {
        match self {
            Self::Alike(_) => "choose a name that people cannot confuse with it".to_owned(),
            Self::UpperCase => {
                "prefer lower case, because `azlin connect` requires the exact spelling".to_owned()
            }
            Self::Long(_) => format!(
                "prefer at most {} characters, which are easier to type and fit the tables",
                SessionName::COMFORTABLE
            ),
        }
    }
}
