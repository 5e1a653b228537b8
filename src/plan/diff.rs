//! Who changes: each line of the files against the VM that it names.

use std::collections::HashMap;

use time::Duration;

use super::{Action, Aim, Blocked, Change, Duplicate, Expiring, Goal, Plan};
use crate::model::{Declared, Desired, Live, LiveName, Owner, SubscriptionId, Vm, VmId};

/// The VMs that hold each name.
type Holders<'l> = HashMap<&'l str, Vec<&'l VmId>>;

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
    let mut blocked = differ.blocked();
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
pub(super) struct Line<'a> {
    pub file: usize,
    pub owner: Option<&'a Owner>,
    pub declared: &'a Declared,
}

/// The files and Azure, indexed.
pub(super) struct Differ<'a> {
    files: &'a [&'a Desired],
    pub live: &'a Live,
    pub aim: &'a Aim,
    pub holders: Holders<'a>,
    /// The lines that count today, by VM.
    pub wanted: HashMap<&'a VmId, Line<'a>>,
    /// The lines whose day is over, by VM, each with the place of its file.
    expired: HashMap<&'a VmId, (usize, &'a Declared)>,
    /// The first file of each subscription: what is no file's is told with it.
    firsts: HashMap<Option<&'a SubscriptionId>, usize>,
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
            firsts: HashMap::new(),
            owners: HashMap::new(),
        };
        for (at, file) in files.iter().enumerate() {
            let (subscription, owner) = (file.subscription.as_ref(), file.owner.as_ref());
            differ.firsts.entry(subscription).or_insert(at);
            if let Some(owner) = owner {
                let key = (subscription, owner.as_str());
                differ.owners.entry(key).or_insert(at);
            }
            for declared in &file.sessions {
                if declared.is_over(aim.today) {
                    differ.expired.insert(&declared.vm, (at, declared));
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
    pub fn lines(&self) -> impl Iterator<Item = &Line<'a>> {
        let lines = self.files.iter().flat_map(|file| &file.sessions);
        lines.filter_map(|line| self.wanted.get(&line.vm))
    }

    /// The file that gave `vm` its session.
    fn owner_of(&self, vm: &Vm) -> Option<usize> {
        vm.held.session.as_ref()?;
        let owner = vm.held.owner.as_ref()?;
        let key = (vm.id.subscription(), owner.raw());
        let file = self.owners.get(&key).copied()?;
        let counts = |desired: &&&Desired| desired.scope.covers(&vm.id);
        self.files.get(file).filter(counts).map(|_| file)
    }

    /// The first file of `subscription`.
    fn first_of(&self, subscription: Option<&SubscriptionId>) -> usize {
        self.firsts.get(&subscription).copied().unwrap_or(0)
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
    pub fn clear(&self, vm: &Vm) -> Option<Change> {
        let owner = self.owner_of(vm).filter(|_| self.aim.reaches(&vm.id))?;
        // What another file says of the VM is no word of its owner's.
        let expired = self.expired.get(&vm.id).filter(|(file, _)| *file == owner);
        Some(Change {
            vm: vm.id.clone(),
            machine: vm.machine.clone(),
            action: Action::Clear {
                expired: expired.and_then(|(_, line)| line.expires),
            },
            from: vm.held.clone(),
            to: Goal::default(),
            cures: Vec::new(),
        })
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
