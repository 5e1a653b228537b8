//! Live → the VMs that `list` shows, and what is remarkable about each.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use time::Date;

use crate::model::{Desired, Live, Power, SessionName, TagKey, Vm, VmId};
use crate::plan::{self, Action, Aim};

/// What to show.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// VMs that do not run, too.
    pub all: bool,
    /// This resource group only.
    pub group: Option<String>,
    /// VMs with all of these tags only.
    pub tags: Vec<TagFilter>,
}

/// `key`, or `key=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagFilter {
    key: TagKey,
    value: Option<String>,
}

impl TagFilter {
    /// Splits `text` at its first `=`.
    ///
    /// # Errors
    /// The rule that the key breaks, as a phrase that follows "a tag key ".
    pub fn new(text: &str) -> Result<Self, String> {
        let (key, value) = match text.split_once('=') {
            Some((key, value)) => (key, Some(value.to_owned())),
            None => (text, None),
        };
        let key = TagKey::new(key).map_err(|rule| format!("a tag key {rule}"))?;
        Ok(Self { key, value })
    }

    /// Whether a VM has the tag: its key without regard to case, its value with, as Azure compares them.
    fn fits(&self, vm: &Vm) -> bool {
        let found = self.key.find(&vm.tags);
        found.is_some_and(|(_, found)| self.value.as_ref().is_none_or(|value| value == found))
    }
}

/// The VMs to show.
#[derive(Clone, Debug, Default)]
pub struct Listing<'l> {
    /// In the order of their ids.
    pub vms: Vec<Listed<'l>>,
    /// How many are not shown because they do not run, by their state.
    pub hidden: BTreeMap<String, usize>,
    /// Whether a filter other than the state left any out.
    pub is_narrowed: bool,
    /// How many VMs Azure listed that azlin cannot read.
    pub unreadable: usize,
}

/// A VM with what is remarkable about its session.
#[derive(Clone, Debug)]
pub struct Listed<'l> {
    /// The VM.
    pub vm: &'l Vm,
    /// The session that the file has for it.
    pub declared: Option<&'l SessionName>,
    /// Whether another VM, shown or not, holds the same session.
    pub is_duplicate: bool,
    /// Whether a plan would change its session.
    pub differs: bool,
    /// Whether it belongs to another owner than the file's.
    pub is_foreign: bool,
}

/// The VMs of `live` that `filter` lets through.
pub fn list<'l>(live: &'l Live, desired: &'l Desired, filter: &Filter, today: Date) -> Listing<'l> {
    let mut holders: HashMap<&str, usize> = HashMap::new();
    for name in live.vms.values().filter_map(|vm| vm.held.session.as_ref()) {
        *holders.entry(name.raw()).or_default() += 1;
    }
    let plan = plan::plan(desired, live, &Aim::on(today));
    let changes = plan.changes.iter();
    let changes = changes.filter(|change| change.action != Action::Adopt);
    let blocked = plan.blocked.iter().filter(|entry| !entry.holds);
    let differing: BTreeSet<&VmId> = changes
        .map(|change| &change.vm)
        .chain(blocked.map(|entry| &entry.vm))
        .collect();
    let lines: HashMap<&VmId, &SessionName> = desired
        .sessions
        .iter()
        .filter(|line| !line.is_over(today))
        .map(|line| (&line.vm, &line.session))
        .collect();
    let mut listing = Listing {
        unreadable: live.unreadable,
        ..Listing::default()
    };
    for vm in live.vms.values() {
        let in_group = filter.group.as_ref().is_none_or(|group| vm.id.is_in(group));
        if !in_group || !filter.tags.iter().all(|tag| tag.fits(vm)) {
            listing.is_narrowed = true;
            continue;
        }
        // A state that Azure does not say is no reason to hide a VM.
        if !filter.all && !matches!(vm.power, Power::Running | Power::Unknown) {
            *listing.hidden.entry(vm.power.to_string()).or_default() += 1;
            continue;
        }
        let session = vm.held.session.as_ref();
        listing.vms.push(Listed {
            vm,
            declared: lines.get(&vm.id).copied(),
            is_duplicate: session.is_some_and(|name| holders.get(name.raw()) > Some(&1)),
            differs: differing.contains(&vm.id),
            is_foreign: vm.held.owner.is_some() && !vm.held.is_owned_by(desired.owner.as_ref()),
        });
    }
    listing
}
