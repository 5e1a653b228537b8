//! Who changes: each line of the file against the VM that it names.

use std::collections::{BTreeMap, HashMap};

use time::Duration;

use super::{Action, Aim, Blocked, Change, Duplicate, Expiring, Goal, Plan, Why};
use crate::model::{Declared, Desired, Live, LiveName, Vm, VmId};
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

pub(super) fn diff(desired: &Desired, live: &Live, aim: &Aim) -> Plan {
    let differ = Differ::new(desired, live, aim);
    let mut blocked = differ.directly_blocked();
    differ.add_stuck(&mut blocked);

    let mut plan = Plan {
        declares_nothing: desired.sessions.is_empty(),
        unreadable: live.unreadable,
        incomplete: live.incomplete.clone(),
        expiring: expiring(desired, aim),
        ..Plan::default()
    };
    for vm in live.vms.values() {
        let line = differ.wanted.get(&vm.id).copied();
        let ours = vm.held.is_owned_by(desired.owner.as_ref());
        plan.owned += usize::from(ours && vm.held.session.is_some());
        let change = match line {
            Some(line) if blocked.contains_key(&line.vm) => None,
            Some(line) => {
                let change = differ.change(vm, line);
                plan.matching += usize::from(change.is_none());
                plan.left_out += usize::from(change.is_some() && !aim.reaches(&vm.id));
                change.filter(|_| aim.reaches(&vm.id))
            }
            None => {
                let clear = differ.clear(vm);
                plan.unmanaged += usize::from(!ours && vm.held.session.is_some());
                plan.foreign += usize::from(vm.foreign_tag);
                let clearable = ours && vm.held.session.is_some();
                plan.left_out += usize::from(clearable && clear.is_none());
                clear
            }
        };
        plan.changes.extend(change);
    }
    judge_duplicates(&differ.holders, &mut plan);
    for line in &desired.sessions {
        let why = blocked.remove(&line.vm).filter(|_| aim.reaches(&line.vm));
        if let Some(why) = why {
            let held = live
                .vms
                .get(&line.vm)
                .and_then(|vm| vm.held.session.as_ref());
            plan.blocked.push(Blocked {
                vm: line.vm.clone(),
                session: line.session.clone(),
                line: line.line,
                holds: held.is_some_and(|name| *name == line.session),
                why,
            });
        }
    }
    plan
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

struct Differ<'a> {
    desired: &'a Desired,
    live: &'a Live,
    aim: &'a Aim,
    holders: Holders<'a>,
    /// The lines that count today, by VM.
    wanted: HashMap<&'a VmId, &'a Declared>,
    /// The lines whose day is over, by VM.
    expired: HashMap<&'a VmId, &'a Declared>,
}

impl<'a> Differ<'a> {
    fn new(desired: &'a Desired, live: &'a Live, aim: &'a Aim) -> Self {
        let holders = live.holders();
        let lines = desired.sessions.iter().map(|line| (&line.vm, line));
        let over = |(_, line): &(&VmId, &Declared)| line.is_over(aim.today);
        let (expired, wanted) = lines.partition(over);
        Self {
            desired,
            live,
            aim,
            holders,
            wanted,
            expired,
        }
    }

    /// The lines that count today, in the order of the file.
    fn lines(&self) -> impl Iterator<Item = &'a Declared> {
        let wanted = |line: &&Declared| self.wanted.contains_key(&line.vm);
        self.desired.sessions.iter().filter(wanted)
    }

    /// What makes `vm` match its line; nothing where it does.
    fn change(&self, vm: &Vm, line: &Declared) -> Option<Change> {
        let owner = self.desired.owner.clone();
        let ours = owner.is_none() || vm.held.is_owned_by(owner.as_ref());
        let action = match &vm.held.session {
            Some(name) if *name == line.session && ours => return None,
            Some(name) if *name == line.session => Action::Adopt,
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
                session: Some(line.session.clone()),
                owner,
            },
            cures: Vec::new(),
        })
    }

    /// The removal of a session that this owner gave to `vm` and that no line wants; nothing of anybody else's.
    fn clear(&self, vm: &Vm) -> Option<Change> {
        let ours = vm.held.is_owned_by(self.desired.owner.as_ref());
        (ours && vm.held.session.is_some() && self.aim.reaches(&vm.id)).then(|| Change {
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
        for line in self.lines() {
            let lower = line.session.as_str().to_lowercase();
            let shadow = by_name.get(lower.as_str()).into_iter().flatten();
            let shadow = shadow.copied().find(|id| **id != line.vm);
            let why = match self.live.vms.get(&line.vm) {
                None => {
                    suggested += 1;
                    let wanted = suggested <= MOST_NEAREST;
                    let nearest = if wanted {
                        self.nearest_vms(&line.vm)
                    } else {
                        Vec::new()
                    };
                    Some(Why::NoSuchVm { nearest })
                }
                Some(vm) => self
                    .other_owner(vm, line)
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
    fn other_owner(&self, vm: &Vm, line: &Declared) -> Option<Why> {
        let by = vm.held.owner.as_ref()?;
        let right = vm
            .held
            .session
            .as_ref()
            .is_some_and(|name| *name == line.session);
        let content = self.desired.owner.is_none() && right;
        let ours = vm.held.is_owned_by(self.desired.owner.as_ref());
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
            .map(|line| &line.vm)
            .filter(|vm| blocked.contains_key(*vm))
            .collect();
        if stuck.is_empty() {
            return;
        }
        let takers: HashMap<&str, &Declared> = self
            .lines()
            .map(|line| (line.session.as_str(), line))
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
            .filter(|id| id.is_in(missing.group()))
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

/// Tells the names with several holders that `plan`'s changes cure from those that they leave so.
fn judge_duplicates(holders: &Holders<'_>, plan: &mut Plan) {
    let mut several: Vec<_> = holders.iter().filter(|(_, vms)| vms.len() > 1).collect();
    several.sort();
    for (name, vms) in several {
        let all = || vms.iter().map(|vm| (*vm).clone());
        let leaves = |vm: &VmId| {
            let at = plan
                .changes
                .binary_search_by(|change| change.vm.cmp(vm))
                .ok()?;
            plan.changes
                .get(at)
                .filter(|change| change.action != Action::Adopt)
                .map(|_| at)
        };
        let leaving: Vec<usize> = vms.iter().filter_map(|vm| leaves(vm)).collect();
        if vms.len() - leaving.len() > 1 {
            let name = LiveName::new(name);
            plan.duplicates.extend(name.map(|name| Duplicate {
                name,
                holders: all().collect(),
            }));
            continue;
        }
        for at in leaving {
            if let Some(change) = plan.changes.get_mut(at) {
                change.cures = all()
                    .filter(|other| *other != change.vm)
                    .take(MOST_CURES)
                    .collect();
            }
        }
    }
}
