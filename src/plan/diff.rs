//! Who changes: each line of the file against the VM that it names.

use std::collections::{BTreeMap, HashMap};

use super::{Blocked, Change, Duplicate, Plan, Why};
use crate::file::nearest;
use crate::model::{Declared, Desired, Live, LiveName, VmId};

/// The VMs that hold each name.
type Holders<'l> = BTreeMap<&'l str, Vec<&'l VmId>>;

/// How many lines of missing VMs are offered similar names. A file with more of them is read against the wrong
/// subscription, and no list of names helps.
const MOST_NEAREST: usize = 50;

pub(super) fn diff(desired: &Desired, live: &Live) -> Plan {
    let holders = holders(live);
    let declared: BTreeMap<&VmId, &Declared> = desired
        .sessions
        .iter()
        .map(|line| (&line.vm, line))
        .collect();
    let mut blocked = directly_blocked(desired, live, &holders, &declared);
    add_stuck(desired, &holders, &declared, &mut blocked);

    let mut plan = Plan {
        unreadable: live.unreadable,
        ..Plan::default()
    };
    for vm in live.vms.values() {
        match declared.get(&vm.id) {
            Some(line) if blocked.contains_key(&line.vm) => {}
            Some(line)
                if vm
                    .session
                    .as_ref()
                    .is_some_and(|name| *name == line.session) =>
            {
                plan.matching += 1;
            }
            Some(line) => plan.changes.push(Change {
                vm: vm.id.clone(),
                from: vm.session.clone(),
                to: line.session.clone(),
                cures: Vec::new(),
            }),
            None if vm.session.is_some() => plan.unmanaged += 1,
            None => plan.foreign += usize::from(vm.foreign_tag),
        }
    }
    judge_duplicates(&holders, &mut plan);
    for line in &desired.sessions {
        if let Some(why) = blocked.remove(&line.vm) {
            let (vm, session, line) = (line.vm.clone(), line.session.clone(), line.line);
            plan.blocked.push(Blocked {
                vm,
                session,
                line,
                why,
            });
        }
    }
    plan
}

fn holders(live: &Live) -> Holders<'_> {
    let mut holders = Holders::new();
    for vm in live.vms.values() {
        if let Some(name) = &vm.session {
            holders.entry(name.raw()).or_default().push(&vm.id);
        }
    }
    holders
}

/// The lines that something outside the file stands in the way of.
fn directly_blocked(
    desired: &Desired,
    live: &Live,
    holders: &Holders<'_>,
    declared: &BTreeMap<&VmId, &Declared>,
) -> HashMap<VmId, Why> {
    let mut by_name: HashMap<&str, Vec<&VmId>> = HashMap::new();
    for id in live.vms.keys() {
        by_name.entry(id.folded_name()).or_default().push(id);
    }
    let mut blocked = HashMap::new();
    let mut suggested = 0;
    for line in &desired.sessions {
        let lower = line.session.as_str().to_lowercase();
        let shadow = by_name.get(lower.as_str()).into_iter().flatten();
        let shadow = shadow.copied().find(|id| **id != line.vm);
        let outside = holders.get(line.session.as_str()).into_iter().flatten();
        let outside: Vec<VmId> = outside
            .filter(|holder| !declared.contains_key(**holder))
            .map(|holder| (*holder).clone())
            .collect();
        let why = if !live.vms.contains_key(&line.vm) {
            suggested += 1;
            let wanted = suggested <= MOST_NEAREST;
            let nearest = if wanted {
                nearest_vms(&line.vm, live)
            } else {
                Vec::new()
            };
            Why::NoSuchVm { nearest }
        } else if let Some(by) = shadow {
            Why::Shadowed { by: by.clone() }
        } else if !outside.is_empty() {
            Why::Held { by: outside }
        } else {
            continue;
        };
        blocked.insert(line.vm.clone(), why);
    }
    blocked
}

/// The lines whose session is held by a VM that is itself blocked, and so on until nothing is added.
fn add_stuck(
    desired: &Desired,
    holders: &Holders<'_>,
    declared: &BTreeMap<&VmId, &Declared>,
    blocked: &mut HashMap<VmId, Why>,
) {
    let takers: HashMap<&str, &Declared> = desired
        .sessions
        .iter()
        .map(|line| (line.session.as_str(), line))
        .collect();
    let held: HashMap<&VmId, &str> = holders
        .iter()
        .flat_map(|(name, vms)| vms.iter().map(|vm| (*vm, *name)))
        .collect();
    let mut stuck: Vec<&VmId> = declared
        .keys()
        .copied()
        .filter(|vm| blocked.contains_key(*vm))
        .collect();
    while let Some(holder) = stuck.pop() {
        let taker = held.get(holder).and_then(|name| takers.get(name));
        if let Some(taker) = taker
            && taker.vm != *holder
            && !blocked.contains_key(&taker.vm)
        {
            blocked.insert(taker.vm.clone(), Why::Stuck { by: holder.clone() });
            stuck.push(&taker.vm);
        }
    }
}

/// VMs of a similar name: in the same group first, then the same name in another group.
fn nearest_vms(missing: &VmId, live: &Live) -> Vec<VmId> {
    const MOST: usize = 3;
    let elsewhere = live
        .vms
        .keys()
        .filter(|id| id.folded_name() == missing.folded_name());
    let mut found: Vec<VmId> = elsewhere.cloned().collect();
    let neighbours: BTreeMap<&str, &VmId> = live
        .vms
        .keys()
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

/// Tells the names with several holders that `plan`'s changes cure from those that they leave so.
fn judge_duplicates(holders: &Holders<'_>, plan: &mut Plan) {
    let leaving: BTreeMap<VmId, usize> = plan
        .changes
        .iter()
        .enumerate()
        .map(|(at, change)| (change.vm.clone(), at))
        .collect();
    for (name, vms) in holders.iter().filter(|(_, vms)| vms.len() > 1) {
        let all = || vms.iter().map(|vm| (*vm).clone());
        if all().filter(|vm| !leaving.contains_key(vm)).count() > 1 {
            let name = LiveName::new(name);
            plan.duplicates.extend(name.map(|name| Duplicate {
                name,
                holders: all().collect(),
            }));
            continue;
        }
        for vm in all() {
            let change = leaving.get(&vm).and_then(|at| plan.changes.get_mut(*at));
            if let Some(change) = change {
                change.cures = all().filter(|other| *other != vm).collect();
            }
        }
    }
}
