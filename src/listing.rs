//! File and Azure → the VMs that `list` shows, with a remark on each unusual session.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use time::Date;

use crate::model::{Desired, Live, LiveName, Power, SessionName, TagKey, Vm, VmId};
use crate::plan::{self, Action, Aim, Duplicate};
use crate::text::{escape, nearest};

/// The filter for the VMs to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only VMs in this resource group.
    pub group: Option<String>,
    /// Only VMs that have all of these tags.
    pub tags: Vec<TagFilter>,
    /// Only VMs in one of these states; if empty, see `all`.
    pub states: Vec<Power>,
    /// VMs that are not running, too.
    pub all: bool,
    /// The order of the rows.
    pub order: Order,
}

impl Filter {
    /// Returns true if the list shows a VM in state `power`.
    fn shows(&self, power: Power) -> bool {
        if self.states.is_empty() {
            self.all || matches!(power, Power::Running | Power::Unknown)
        } else {
            self.states.contains(&power)
        }
    }
}

/// The order of a list. VMs that are equal in it stand in the order of their ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By resource group and name.
    #[default]
    Name,
    /// By state, as in [`Power::ALL`].
    Status,
    /// By the address to reach them by; VMs without one come last.
    Ip,
    /// By region.
    Region,
    /// By session; VMs without one come last.
    Session,
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Name,
        Self::Status,
        Self::Ip,
        Self::Region,
        Self::Session,
    ];

    /// The word by which a person asks for it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Status => "status",
            Self::Ip => "ip",
            Self::Region => "region",
            Self::Session => "session",
        }
    }

    fn sort(self, rows: &mut [Row<'_>]) {
        match self {
            Self::Name => {}
            Self::Status => {
                rows.sort_by_key(|row| Power::ALL.iter().position(|power| *power == row.vm.power))
            }
            Self::Ip => rows.sort_by_key(|row| {
                let address = row.vm.address();
                (address.is_none(), address)
            }),
            Self::Region => rows.sort_by_key(|row| row.vm.region.as_str()),
            Self::Session => rows.sort_by_key(|row| {
                let session = row.vm.held.session.as_ref();
                (session.is_none(), session.map(LiveName::raw))
            }),
        }
    }
}

/// A tag that a VM must have. The key ignores case; the value, if any, does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagFilter {
    key: TagKey,
    value: Option<String>,
}

impl TagFilter {
    /// Reads `key` or `key=value`. Everything after the first `=` is the value.
    ///
    /// # Errors
    /// The rule that the key breaks, as a phrase that follows "a tag key ".
    pub fn new(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').unzip();
        Ok(Self {
            key: TagKey::new(key.unwrap_or(text))?,
            value: value.map(str::to_owned),
        })
    }

    /// True if `vm` has it.
    pub fn holds(&self, vm: &Vm) -> bool {
        let found = self.key.find(&vm.tags);
        found.is_some_and(|(_, found)| self.value.as_ref().is_none_or(|value| value == found))
    }
}

impl fmt::Display for TagFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", escape(self.key.as_str()))?;
        match &self.value {
            Some(value) => write!(f, "={}", escape(value)),
            None => Ok(()),
        }
    }
}

/// The list to show.
#[derive(Clone, Debug, Default)]
pub struct Listing<'l> {
    /// The VMs, in the order that was asked for.
    pub rows: Vec<Row<'l>>,
    /// The states of the VMs that match the filter but are hidden because they do not run.
    pub hidden: Vec<Power>,
    /// The sessions of shown VMs that several VMs hold, with all their holders, shown or not.
    pub duplicates: Vec<Duplicate>,
    /// The number of VMs in the group (if the filter has one), whatever their tags and state.
    pub among: usize,
    /// Resource groups with a similar name, if the group of the filter has no VM.
    pub nearest_groups: Vec<String>,
}

/// A VM in the list.
#[derive(Clone, Copy, Debug)]
pub struct Row<'l> {
    /// The VM.
    pub vm: &'l Vm,
    /// The session that the file assigns to it.
    pub declared: Option<&'l SessionName>,
    /// True if another VM, shown or not, also holds its session.
    pub duplicate: bool,
    /// True if the file wants another session for it, or no longer wants the session that it set.
    pub differs: bool,
    /// True if it belongs to an owner that none of the files has.
    pub foreign: bool,
}

/// Returns the list for the filter `ask`, on the day `today`.
///
/// The remarks consider all of `live`, so that a name shows as a duplicate even if the other VM is hidden.
pub fn listing<'l>(
    files: &[&'l Desired],
    live: &'l Live,
    ask: &Filter,
    today: Date,
) -> Listing<'l> {
    let holders = live.holders();
    let differing = differing(files, live, today);
    let lines = files.iter().flat_map(|desired| &desired.sessions);
    let declared: HashMap<&VmId, &SessionName> = lines
        .filter(|line| !line.is_over(today))
        .map(|line| (&line.vm, &line.session))
        .collect();
    let several = |vm: &'l Vm| {
        let name = vm.held.session.as_ref()?.raw();
        let holders = holders.get(name).filter(|vms| vms.len() > 1)?;
        Some((name, holders))
    };
    let mut listing = Listing::default();
    let mut duplicates = BTreeMap::new();
    let group = ask.group.as_deref();
    for vm in live.vms.values() {
        if group.is_some_and(|group| !vm.id.path().is_in(group)) {
            continue;
        }
        listing.among += 1;
        if !ask.tags.iter().all(|tag| tag.holds(vm)) {
            continue;
        }
        if !ask.shows(vm.power) {
            if ask.states.is_empty() {
                listing.hidden.push(vm.power);
            }
            continue;
        }
        let duplicate = several(vm);
        listing.rows.push(Row {
            vm,
            declared: declared.get(&vm.id).copied(),
            duplicate: duplicate.is_some(),
            differs: differing.contains(&vm.id),
            foreign: is_foreign(files, vm),
        });
        duplicates.extend(duplicate);
    }
    ask.order.sort(&mut listing.rows);
    let duplicates = duplicates.into_iter();
    listing.duplicates = duplicates
        .filter_map(|(name, vms)| Duplicate::of(name, vms))
        .collect();
    if let Some(group) = group.filter(|_| listing.among == 0) {
        listing.nearest_groups = nearest_groups(live, group);
    }
    listing
}

/// True if `vm` belongs to an owner that no file of its subscription has.
fn is_foreign(files: &[&Desired], vm: &Vm) -> bool {
    let subscription = vm.id.subscription();
    let mut own = files
        .iter()
        .filter(|file| file.basis.subscription == *subscription);
    vm.held.owner.is_some() && !own.any(|file| vm.held.is_owned_by(file.owner()))
}

/// The VMs whose session differs from the files: a plan would change them, or cannot.
fn differing(files: &[&Desired], live: &Live, today: Date) -> HashSet<VmId> {
    let plan = plan::plan(files, live, &Aim::on(today));
    let changes = plan.changes.into_iter();
    let changes = changes.filter(|change| change.action != Action::Adopt);
    let mut differing: HashSet<VmId> = changes.map(|change| change.vm).collect();
    let blocked = plan.files.into_iter().flat_map(|file| file.blocked);
    differing.extend(blocked.filter(|entry| !entry.holds).map(|entry| entry.vm));
    differing
}

fn nearest_groups(live: &Live, group: &str) -> Vec<String> {
    let ids = live.vms.keys();
    let groups = ids.map(|id| (id.path().folded_group(), id.group()));
    let groups: BTreeMap<&str, &str> = groups.collect();
    let similar = nearest(&group.to_lowercase(), groups.keys().copied(), 3);
    let spelled = similar.into_iter().filter_map(|folded| groups.get(folded));
    spelled.map(|group| (*group).to_owned()).collect()
}
