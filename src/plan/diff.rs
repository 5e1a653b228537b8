//! Who changes: each line of the files against the VM that it names.

use std::collections::{BTreeMap, HashMap};

use time::Duration;

use super::{Action, Aim, Blocked, Change, Duplicate, Expiring, Goal, Plan, Why};
use crate::model::{Declared, Desired, Live, LiveName, Owner, SubscriptionId, Vm, VmId};
use crate::text::nearest;

/// The VMs that hold each name.
type Holders<'l> = HashMap<&'l str, Vec<&'l VmId>>;

/// How many lines of missing VMs are offered similar names. A file with more of them is read against the wrong
/// subscription, and no list of names helps.
const MOST_NEAREST: usize = 50;

/// How many other holders of a name a change speaks of: with each of all it would grow with the square of the fleet.
const MOST_CURES: usize = 5;

/// How long before a session expires the plan says so.
const WARNING: Duration = Duration::weeks(1);

/// What the files and Azure differ in.
pub(super) struct Diff {
    /// The VMs whose tags change, of all files, in the order of their ids.
    pub changes: Vec<Change>,
    /// The place of the file that each change belongs to.
    pub files: Vec<usize>,
    /// All that there is to say besides, file by file.
    pub plans: Vec<Plan>,
}

pub(super) fn diff(files: &[&Desired], live: &Live, aim: &Aim) -> Diff {
    let differ = Differ::new(files, live, aim);
    let mut blocked = differ.directly_blocked();
    differ.add_stuck(&mut blocked);

    let mut diff = Diff {
        changes: Vec::new(),
        files: Vec::new(),
        plans: files.iter().map(|file| unchanged(file, aim)).collect(),
    };
    for (subscription, gaps) in &live.gaps {
        if let Some(plan) = diff.plans.get_mut(differ.first_of(subscription.as_ref())) {
            plan.unreadable = gaps.unreadable;
            plan.incomplete.clone_from(&gaps.incomplete);
        }
    }
    for vm in live.vms.values() {
        let line = differ.wanted.get(&vm.id);
        let owner = differ.owner_of(vm);
        if let Some(plan) = owner.and_then(|file| diff.plans.get_mut(file)) {
            plan.owned += 1;
        }
        let file = line.map(|line| line.file).or(owner);
        let file = file.unwrap_or_else(|| differ.first_of(vm.id.subscription()));
        let Some(plan) = diff.plans.get_mut(file) else {
            continue;
        };
        let change = match line {
            Some(line) if blocked.contains_key(&line.declared.vm) => None,
            Some(line) => {
                let change = differ.change(vm, line);
                plan.matching += usize::from(change.is_none());
                plan.left_out += usize::from(change.is_some() && !aim.reaches(&vm.id));
                change.filter(|_| aim.reaches(&vm.id))
            }
            None => {
                let clear = differ.clear(vm);
                plan.unmanaged += usize::from(owner.is_none() && vm.held.session.is_some());
                plan.foreign += usize::from(vm.foreign_tag);
                plan.left_out += usize::from(owner.is_some() && clear.is_none());
                clear
            }
        };
        if let Some(change) = change {
            diff.changes.push(change);
            diff.files.push(file);
        }
    }
    for duplicate in left_so(&differ.holders, &mut diff.changes) {
        let holder = duplicate.holders.first();
        let file = differ.first_of(holder.and_then(VmId::subscription));
        if let Some(plan) = diff.plans.get_mut(file) {
            plan.duplicates.push(duplicate);
        }
    }
    for (file, plan) in files.iter().zip(&mut diff.plans) {
        for line in &file.sessions {
            let why = blocked.remove(&line.vm).filter(|_| aim.reaches(&line.vm));
            if let Some(why) = why {
                let vm = live.vms.get(&line.vm);
                let held = vm.and_then(|vm| vm.held.session.as_ref());
                plan.blocked.push(Blocked {
                    vm: line.vm.clone(),
                    session: line.session.clone(),
                    line: line.line,
                    holds: held.is_some_and(|name| *name == line.session),
                    why,
                });
            }
        }
    }
    diff
}

/// The plan for `file` before anything is known of Azure.
fn unchanged(file: &Desired, aim: &Aim) -> Plan {
    Plan {
        declares_nothing: file.sessions.is_empty(),
        expiring: expiring(file, aim),
        ..Plan::default()
    }
}

/// The lines that count today and end within a week.
fn expiring(desired: &Desired, aim: &Aim) -> Vec<Expiring> {
    let soon = aim.today.checked_add(WARNING).unwrap_or(aim.today);
    let ends = |line: &Declared| {
        let day = line
            .expires
            .filter(|day| (aim.today..=soon).contains(day))?;
        Some(Expiring {
            vm: line.vm.clone(),
            session: line.session.clone(),
            day,
        })
    };
    desired.sessions.iter().filter_map(ends).collect()
}

/// A line that counts, with what its file says of all of them.
struct Line<'a> {
    file: usize,
    owner: Option<&'a Owner>,
    declared: &'a Declared,
}

struct Differ<'a> {
    files: &'a [&'a Desired],
    live: &'a Live,
    aim: &'a Aim,
    holders: Holders<'a>,
    /// The lines that count today, by VM.
    wanted: HashMap<&'a VmId, Line<'a>>,
    /// The lines whose day is over, by VM.
    expired: HashMap<&'a VmId, &'a Declared>,
    /// The file of each owner: one in a subscription.
    owners: HashMap<(Option<&'a SubscriptionId>, &'a str), usize>,
}

impl<'a> Differ<'a> {
    fn new(files: &'a [&'a Desired], live: &'a Live, aim: &'a Aim) -> Self {
        let mut differ = Self {
            files,
            live,
            aim,
            holders: live.holders(),
            wanted: HashMap::new(),
            expired: HashMap::new(),
            owners: HashMap::new(),
        };
        for (at, file) in files.iter().enumerate() {
            let owner = file.owner.as_ref();
            if let Some(owner) = owner {
                let key = (file.subscription.as_ref(), owner.as_str());
                differ.owners.entry(key).or_insert(at);
            }
            for declared in &file.sessions {
                if declared.is_over(aim.today) {
                    differ.expired.insert(&declared.vm, declared);
                    continue;
                }
                let line = Line {
                    file: at,
                    owner,
                    declared,
                };
                differ.wanted.insert(&declared.vm, line);
            }
        }
        differ
    }

    /// The lines that count today, in the order of the files.
    fn lines(&self) -> impl Iterator<Item = &Line<'a>> {
        let lines = self.files.iter().flat_map(|file| &file.sessions);
        lines.filter_map(|line| self.wanted.get(&line.vm))
    }

    /// The file that gave `vm` its session.
    fn owner_of(&self, vm: &Vm) -> Option<usize> {
        vm.held.session.as_ref()?;
        let owner = vm.held.owner.as_ref()?;
        let key = (vm.id.subscription(), owner.raw());
        self.owners.get(&key).copied()
    }

    /// The first file of `subscription`: what is no file's is told with it.
    fn first_of(&self, subscription: Option<&SubscriptionId>) -> usize {
        let is = |file: &Desired| file.subscription.as_ref() == subscription;
        self.files.iter().position(|file| is(file)).unwrap_or(0)
    }

    /// What makes `vm` match its line; nothing where it does.
    fn change(&self, vm: &Vm, line: &Line<'_>) -> Option<Change> {
        let (owner, session) = (line.owner, &line.declared.session);
        let ours = owner.is_none() || vm.held.is_owned_by(owner);
        let action = match &vm.held.session {
            Some(name) if name == session && ours => return None,
            Some(name) if name == session => Action::Adopt,
            Some(_) => Action::Change {
                by_hand: owner.is_some() && vm.held.owner.is_none(),
            },
            None => Action::Set,
        };
        Some(Change {
            vm: vm.id.clone(),
            machine: vm.machine.clone(),
            action,
            from: vm.held.clone(),
            to: Goal {
                session: Some(session.clone()),
                owner: owner.cloned(),
            },
            cures: Vec::new(),
        })
    }

    /// The removal of a session that a file's owner gave to `vm` and that no line wants; nothing of anybody else's.
    fn clear(&self, vm: &Vm) -> Option<Change> {
        (self.owner_of(vm).is_some() && self.aim.reaches(&vm.id)).then(|| Change {
            vm: vm.id.clone(),
            machine: vm.machine.clone(),
            action: Action::Clear {
                expired: self.expired.get(&vm.id).and_then(|line| line.expires),
            },
            from: vm.held.clone(),
            to: Goal::default(),
            cures: Vec::new(),
        })
    }

    /// The lines that something which this plan does not change stands in the way of.
    fn directly_blocked(&self) -> HashMap<VmId, Why> {
        let by_name = self.live.by_name();
        let mut blocked = HashMap::new();
        let mut suggested = 0;
        for wanted in self.lines() {
            let line = wanted.declared;
            let lower = line.session.as_str().to_lowercase();
            let shadow = by_name.get(lower.as_str()).into_iter().flatten();
            let shadow = shadow.copied().find(|id| **id != line.vm);
            let why = match self.live.vms.get(&line.vm) {
                None => {
                    suggested += 1;
                    let nearest = match suggested <= MOST_NEAREST {
                        true => self.nearest_vms(&line.vm),
                        false => Vec::new(),
                    };
                    Some(Why::NoSuchVm { nearest })
                }
                Some(vm) => self
                    .other_owner(vm, wanted)
                    .or_else(|| shadow.map(|by| Why::Shadowed { by: by.clone() }))
                    .or_else(|| self.kept_by_others(line)),
            };
            if let Some(why) = why {
                blocked.insert(line.vm.clone(), why);
            }
        }
        blocked
    }

    /// That `vm` belongs to another owner. A file without an owner is content where the session is right.
    fn other_owner(&self, vm: &Vm, line: &Line<'_>) -> Option<Why> {
        let by = vm.held.owner.as_ref()?;
        let held = vm.held.session.as_ref();
        let right = held.is_some_and(|name| *name == line.declared.session);
        let content = line.owner.is_none() && right;
        let ours = vm.held.is_owned_by(line.owner);
        let taken = self.aim.take.contains(&vm.id);
        (!content && !ours && !taken).then(|| Why::Owned { by: by.clone() })
    }

    /// That VMs hold `line`'s session which this plan leaves alone: no line moves them, and they are not cleared.
    fn kept_by_others(&self, line: &Declared) -> Option<Why> {
        let holders = self
            .holders
            .get(line.session.as_str())
            .into_iter()
            .flatten();
        let keeps = |id: &&&VmId| {
            let moved = self.wanted.contains_key(**id) && self.aim.reaches(id);
            let cleared = || {
                self.live
                    .vms
                    .get(**id)
                    .is_some_and(|vm| self.clear(vm).is_some())
            };
            **id != &line.vm && !moved && (self.wanted.contains_key(**id) || !cleared())
        };
        let by: Vec<VmId> = holders.filter(keeps).map(|id| (*id).clone()).collect();
        (!by.is_empty()).then_some(Why::Held { by })
    }

    /// The lines whose session is held by a VM that is itself blocked, and so on until nothing is added.
    fn add_stuck(&self, blocked: &mut HashMap<VmId, Why>) {
        let mut stuck: Vec<&VmId> = self
            .lines()
            .map(|line| &line.declared.vm)
            .filter(|vm| blocked.contains_key(*vm))
            .collect();
        if stuck.is_empty() {
            return;
        }
        let takers: HashMap<&str, &Declared> = self
            .lines()
            .map(|line| (line.declared.session.as_str(), line.declared))
            .collect();
        while let Some(holder) = stuck.pop() {
            let held = self
                .live
                .vms
                .get(holder)
                .and_then(|vm| vm.held.session.as_ref());
            let taker = held.and_then(|name| takers.get(name.raw()));
            if let Some(taker) = taker
                && taker.vm != *holder
                && !blocked.contains_key(&taker.vm)
            {
                blocked.insert(taker.vm.clone(), Why::Stuck { by: holder.clone() });
                stuck.push(&taker.vm);
            }
        }
    }

    /// VMs of a similar name: the same name in another group first, then similar ones in the same group.
    fn nearest_vms(&self, missing: &VmId) -> Vec<VmId> {
        const MOST: usize = 3;
        let ids = || self.live.vms.keys();
        let elsewhere = ids().filter(|id| id.folded_name() == missing.folded_name());
        let mut found: Vec<VmId> = elsewhere.cloned().collect();
        let neighbours: BTreeMap<&str, &VmId> = ids()
            .filter(|id| id.folded().0 == missing.folded().0)
            .filter(|id| id.subscription() == missing.subscription())
            .map(|id| (id.folded_name(), id))
            .collect();
        let names = nearest(missing.folded_name(), neighbours.keys().copied(), MOST);
        found.extend(
            names
                .iter()
                .filter_map(|name| neighbours.get(name))
                .map(|id| (*id).clone()),
        );
        found.truncate(MOST);
        found
    }
}

/// The names with several holders that `changes`, in the order of their VMs, leave so. Those that they cure are noted in them.
fn left_so(holders: &Holders<'_>, changes: &mut [Change]) -> Vec<Duplicate> {
    let mut left = Vec::new();
    let mut several: Vec<_> = holders.iter().filter(|(_, vms)| vms.len() > 1).collect();
    several.sort();
    for (name, vms) in several {
        let all = || vms.iter().map(|vm| (*vm).clone());
        let leaves = |vm: &VmId| {
            let at = changes.binary_search_by(|change| change.vm.cmp(vm)).ok()?;
            let change = changes.get(at);
            change
                .filter(|change| change.action != Action::Adopt)
                .map(|_| at)
        };
        let leaving: Vec<usize> = vms.iter().filter_map(|vm| leaves(vm)).collect();
        if vms.len() - leaving.len() > 1 {
            let name = LiveName::new(name);
            left.extend(name.map(|name| Duplicate {
                name,
                holders: all().collect(),
            }));
            continue;
        }
        for at in leaving {
            if let Some(change) = changes.get_mut(at) {
                change.cures = all()
                    .filter(|other| *other != change.vm)
                    .take(MOST_CURES)
                    .collect();
            }
        }
    }
    left
}
