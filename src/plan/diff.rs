//! Finds the changes: compares each line of the files with the VM that it names.

use std::collections::{HashMap, HashSet};

use time::{Date, Duration};

use super::guard::is_removal;
use super::{Action, Aim, Blocked, Change, Duplicate, Expiring, FilePlan, Goal, Why};
use crate::model::{Declared, Desired, Live, Shown, SubscriptionId, Vm, VmId};

/// The number of other holders of a name that a change lists. With all of them, a plan would grow with the square of the fleet.
const MOST_CURES: usize = 5;

/// The time before a session expires in which the plan warns about it.
const WARNING: Duration = Duration::weeks(1);

/// Returns a report on each of `files`, and the changes of all of them in the order of their VMs.
pub(super) fn diff(files: &[&Desired], live: &Live, aim: &Aim) -> (Vec<FilePlan>, Vec<Change>) {
    let differ = Differ::new(files, live, aim);
    let blocked = differ.blocked();
    let kept = kept(&differ, &blocked);
    let plans = files.iter().map(|file| differ.unchanged(file, &blocked));
    let mut plans: Vec<FilePlan> = plans.collect();
    for (subscription, gaps) in &live.gaps {
        if let Some(plan) = plans.get_mut(differ.first_of(subscription)) {
            plan.unreadable = gaps.unreadable;
            let reasons = gaps.incomplete.iter();
            plan.incomplete = reasons.map(|reason| Shown::new(reason)).collect();
        }
    }
    let mut changes = Vec::new();
    for vm in live.vms.values() {
        let line = differ.wanted.get(&vm.id);
        let owner = differ.owner_of(vm);
        let leftover = differ.file_of(vm).filter(|_| vm.held.session.is_none());
        if let Some(plan) = owner.and_then(|file| plans.get_mut(file)) {
            plan.owned += 1;
        }
        let file = line.map(|line| line.file).or(owner).or(leftover);
        let file = file.unwrap_or_else(|| differ.first_of(vm.id.subscription()));
        let Some(plan) = plans.get_mut(file) else {
            continue;
        };
        let reached = aim.options.reaches(&vm.id);
        let change = match line {
            Some(line) if blocked.contains_key(&line.declared.vm) => continue,
            Some(line) => {
                let change = differ.change(vm, line);
                plan.matching += usize::from(change.is_none());
                change
            }
            None => {
                plan.unmanaged += usize::from(owner.is_none() && vm.held.session.is_some());
                plan.foreign += usize::from(vm.foreign_tag);
                let clears = owner.filter(|_| !kept.contains(&vm.id));
                clears.or(leftover).map(|owner| differ.clear(vm, owner))
            }
        };
        match change {
            Some(change) if reached => changes.push(change),
            Some(change) => {
                plan.left_out += 1;
                plan.left_out_clears += usize::from(is_removal(&change));
            }
            None => {}
        }
    }
    for duplicate in left_so(&differ.holders, &mut changes) {
        let holder = duplicate.holders.first();
        let file = holder.map_or(0, |vm| differ.first_of(vm.subscription()));
        if let Some(plan) = plans.get_mut(file) {
            plan.duplicates.push(duplicate);
        }
    }
    (plans, changes)
}

/// The VMs that keep their session because a blocked line assigns it to another VM.
fn kept(differ: &Differ<'_>, blocked: &HashMap<VmId, Why>) -> HashSet<VmId> {
    let mut all = HashSet::new();
    for line in differ.lines() {
        if blocked.contains_key(&line.declared.vm) {
            all.extend(differ.kept_for(line.declared));
        }
    }
    all
}

/// A line, with its file and the place of that file.
pub(super) struct Line<'a> {
    pub file: usize,
    pub desired: &'a Desired,
    pub declared: &'a Declared,
}

/// The files and Azure, indexed.
pub(super) struct Differ<'a> {
    files: &'a [&'a Desired],
    pub live: &'a Live,
    pub aim: &'a Aim,
    /// The VMs that hold each name.
    pub holders: HashMap<&'a str, Vec<&'a VmId>>,
    /// The lines that count today, by VM.
    pub wanted: HashMap<&'a VmId, Line<'a>>,
    /// The expired lines, by VM.
    pub expired: HashMap<&'a VmId, Line<'a>>,
    /// The first file of each subscription. It reports everything that belongs to no file.
    firsts: HashMap<&'a SubscriptionId, usize>,
    /// The file of each owner, the owners that it takes over included: at most one per subscription.
    owners: HashMap<(&'a SubscriptionId, &'a str), usize>,
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
        for (file, &desired) in files.iter().enumerate() {
            let subscription = &desired.basis.subscription;
            differ.firsts.entry(subscription).or_insert(file);
            if let Some(owner) = desired.owner() {
                let key = (subscription, owner.as_str());
                differ.owners.entry(key).or_insert(file);
            }
            for declared in &desired.sessions {
                let line = Line {
                    file,
                    desired,
                    declared,
                };
                if declared.is_over(aim.today) {
                    differ.expired.insert(&declared.vm, line);
                } else {
                    differ.wanted.insert(&declared.vm, line);
                }
            }
        }
        differ.add_taken_owners();
        differ
    }

    /// Makes the sessions of the owners in [`Aim::take_from`] those of the first file with an owner in their subscription.
    fn add_taken_owners(&mut self) {
        for (file, desired) in self.files.iter().enumerate() {
            if desired.owner().is_none() {
                continue;
            }
            for old in &self.aim.options.take_ownership_from {
                let key = (&desired.basis.subscription, old.raw());
                self.owners.entry(key).or_insert(file);
            }
        }
    }

    /// The lines that count today, in the order of the files.
    pub fn lines(&self) -> impl Iterator<Item = &Line<'a>> {
        let lines = self.files.iter().flat_map(|file| &file.sessions);
        lines.filter_map(|line| self.wanted.get(&line.vm))
    }

    /// The file that gave `vm` its session, or takes it over from the owner that did.
    pub fn owner_of(&self, vm: &Vm) -> Option<usize> {
        vm.held.session.as_ref()?;
        self.file_of(vm)
    }

    /// The file of the owner of `vm`, which may hold no session: a clear that ended halfway leaves an owner without one.
    fn file_of(&self, vm: &Vm) -> Option<usize> {
        let owner = vm.held.owner.as_ref()?;
        let key = (vm.id.subscription(), owner.raw());
        let file = self.owners.get(&key).copied()?;
        let counts = self.files.get(file)?.scope.covers(&vm.id);
        counts.then_some(file)
    }

    /// The first file of `subscription`.
    fn first_of(&self, subscription: &SubscriptionId) -> usize {
        self.firsts.get(subscription).copied().unwrap_or(0)
    }

    /// The report on `file` before any VM is compared: its blocked lines, and counts that the VMs add to.
    fn unchanged(&self, file: &Desired, blocked: &HashMap<VmId, Why>) -> FilePlan {
        let (mut entries, mut left_out) = (Vec::new(), 0);
        for line in &file.sessions {
            let why = blocked.get(&line.vm);
            let Some(why) = why.filter(|_| !line.is_over(self.aim.today)) else {
                continue;
            };
            if !self.aim.options.reaches(&line.vm) {
                left_out += 1;
                continue;
            }
            let vm = self.live.vms.get(&line.vm);
            entries.push(Blocked {
                vm: line.vm.clone(),
                session: line.session.clone(),
                line: line.line,
                holds: vm.is_some_and(|vm| vm.held.is(line.session.as_str())),
                why: why.clone(),
                origin: None,
            });
        }
        FilePlan {
            basis: file.basis.clone(),
            blocked: entries,
            duplicates: Vec::new(),
            expiring: expiring(file, self.aim),
            expired: expired(file, self.aim),
            matching: 0,
            unmanaged: 0,
            owned: 0,
            declares_nothing: file.sessions.is_empty(),
            left_out,
            left_out_clears: 0,
            foreign: 0,
            unreadable: 0,
            incomplete: Vec::new(),
        }
    }

    /// The change that makes `vm` match its line; none if it already does.
    fn change(&self, vm: &Vm, line: &Line<'_>) -> Option<Change> {
        let (owner, session) = (line.desired.owner(), &line.declared.session);
        let ours = owner.is_none() || vm.held.is_owned_by(owner);
        let action = match &vm.held.session {
            Some(name) if name == session && ours => return None,
            Some(name) if name == session => Action::Adopt,
            Some(_) => Action::Change {
                unowned: owner.is_some() && vm.held.owner.is_none(),
            },
            None => Action::Set,
        };
        let goal = Goal {
            session: Some(session.clone()),
            owner: owner.cloned(),
        };
        Some(change(vm, line.file, action, goal))
    }

    /// The change that clears `vm`: the owner of the file at `owner` set its session, or left its tag there, and no line wants it.
    fn clear(&self, vm: &Vm, owner: usize) -> Change {
        // Only the owner's own file can say that the session expired.
        let expired = self.expired.get(&vm.id).filter(|line| line.file == owner);
        let expired = expired.and_then(|line| line.declared.expires);
        change(vm, owner, Action::Clear { expired }, Goal::default())
    }
}

fn change(vm: &Vm, file: usize, action: Action, after: Goal) -> Change {
    Change {
        file,
        vm: vm.id.clone(),
        machine: vm.machine,
        action,
        before: vm.held.clone(),
        after,
        cures: Vec::new(),
        origin: None,
        written: None,
    }
}

/// The lines that count today and end within a week.
fn expiring(desired: &Desired, aim: &Aim) -> Vec<Expiring> {
    let soon = aim.today.checked_add(WARNING).unwrap_or(aim.today);
    ending(desired, |day| (aim.today..=soon).contains(&day))
}

/// The lines that no longer count today.
fn expired(desired: &Desired, aim: &Aim) -> Vec<Expiring> {
    ending(desired, |day| day < aim.today)
}

/// The lines whose last day `is_it`.
fn ending(desired: &Desired, is_it: impl Fn(Date) -> bool) -> Vec<Expiring> {
    let mut ending = Vec::new();
    for line in &desired.sessions {
        if let Some(day) = line.expires.filter(|day| is_it(*day)) {
            ending.push(Expiring {
                vm: line.vm.clone(),
                session: line.session.clone(),
                day,
            });
        }
    }
    ending
}

/// Returns the duplicates that remain after `changes`, which are in the order of their VMs. Notes the others in the changes that
/// resolve them.
fn left_so(holders: &HashMap<&str, Vec<&VmId>>, changes: &mut [Change]) -> Vec<Duplicate> {
    let mut left = Vec::new();
    let mut several: Vec<_> = holders.iter().filter(|(_, vms)| vms.len() > 1).collect();
    several.sort();
    for (name, vms) in several {
        let leaves = |vm: &&&VmId| {
            let at = changes.binary_search_by(|change| change.vm.cmp(vm)).ok()?;
            let adopts = changes.get(at)?.action == Action::Adopt;
            (!adopts).then_some(at)
        };
        let leaving: Vec<usize> = vms.iter().filter_map(|vm| leaves(&vm)).collect();
        if vms.len() - leaving.len() > 1 {
            left.extend(Duplicate::of(name, vms));
            continue;
        }
        for at in leaving {
            if let Some(change) = changes.get_mut(at) {
                let others = vms.iter().filter(|other| ***other != change.vm);
                change.cures = others.take(MOST_CURES).map(|vm| (*vm).clone()).collect();
            }
        }
    }
    left
}
