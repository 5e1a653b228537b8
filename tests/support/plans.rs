//! Files and fleets in memory, and functions that run a plan's steps on them as `apply` does.

#![allow(dead_code, missing_docs, reason = "each test file uses a part of it")]

use std::collections::{BTreeMap, BTreeSet};

use azlin::model::{
    Addresses, Declared, Desired, Held, Hex, Live, LiveName, Owner, Power, SessionName, Shown,
    SubscriptionId, Vm, VmId, VmPath,
};
use azlin::plan::{Aim, Plan, Saved, Step, plan};
use proptest::prelude::*;
use proptest::sample::Index;
use time::Date;
use time::macros::date;

/// Today in these tests.
pub const TODAY: Date = date!(2026 - 11 - 23);

/// A day before [`TODAY`].
pub const LONG_AGO: Date = date!(2026 - 01 - 01);

/// The subscription of this number.
pub fn subscription(number: usize) -> SubscriptionId {
    SubscriptionId::new(&format!("00000000-0000-4000-8000-{number:012}")).unwrap()
}

/// The VM `vm` in resource group `rg` of subscription `number`.
pub fn id(number: usize, vm: &str) -> VmId {
    id_in(&subscription(number), "rg", vm)
}

pub fn id_in(subscription: &SubscriptionId, group: &str, vm: &str) -> VmId {
    VmId::new(subscription, VmPath::new(group, vm).unwrap())
}

/// The line `at` of a file: `vm = session`.
pub fn line(vm: VmId, session: &str, at: usize) -> Declared {
    Declared {
        vm,
        session: SessionName::new(session).unwrap(),
        expires: None,
        line: at,
    }
}

/// The file `NUMBER.toml` of subscription `number` with these lines, each `vm = session`. An empty owner means none.
pub fn file(number: usize, owner: &str, lines: &[(&str, &str)]) -> Desired {
    let subscription = subscription(number);
    let mut file = Desired::nothing(&subscription);
    file.basis.place = Shown::new(&format!("subscription {subscription}"));
    file.basis.file = Shown::new(&format!("{number}.toml"));
    file.basis.file_sha256 = Hex::sha256(file.basis.file.as_str().as_bytes());
    file.basis.owner = Owner::new(owner).ok();
    for (at, (vm, session)) in lines.iter().enumerate() {
        file.sessions.push(line(id(number, vm), session, at + 1));
    }
    file
}

/// A VM that holds `held`: a session, `session @ owner`, or nothing.
pub fn vm(id: VmId, held: &str) -> Vm {
    let (session, owner) = held.split_once(" @ ").unwrap_or((held, ""));
    Vm {
        id,
        machine: None,
        held: Held {
            session: LiveName::new(session),
            owner: LiveName::new(owner),
        },
        tags: BTreeMap::new(),
        region: String::new(),
        foreign_tag: false,
        ended: None,
        power: Power::Unknown,
        addresses: Addresses::default(),
    }
}

/// Exactly these VMs.
pub fn live(vms: impl IntoIterator<Item = Vm>) -> Live {
    Live {
        vms: vms.into_iter().map(|vm| (vm.id.clone(), vm)).collect(),
        ..Live::default()
    }
}

/// A fleet of these VMs, each with the number of its subscription and the session it holds. They are listed in resource group
/// `RG`, as in Azure's lists, then spelled as in [`file`].
pub fn fleet(vms: &[(usize, &str, &str)]) -> Live {
    let listed = vms
        .iter()
        .map(|(number, name, held)| vm(id_in(&subscription(*number), "RG", name), held));
    let mut live = live(listed);
    let numbers: BTreeSet<usize> = vms.iter().map(|(number, ..)| *number).collect();
    let files: Vec<Desired> = numbers
        .iter()
        .map(|number| file(*number, "", &[("any", "any")]))
        .collect();
    live.spell_like(files.iter());
    live
}

/// The plan for `files` together, without any exception.
pub fn planned(files: &[Desired], live: &Live) -> Plan {
    plan_for(files, live, &Aim::on(TODAY))
}

pub fn plan_for(files: &[Desired], live: &Live, aim: &Aim) -> Plan {
    let files: Vec<&Desired> = files.iter().collect();
    plan(&files, live, aim)
}

/// The number of VMs that hold each name.
pub fn holders(live: &Live) -> BTreeMap<LiveName, usize> {
    let mut holders = BTreeMap::new();
    for name in live.vms.values().filter_map(|vm| vm.held.session.clone()) {
        *holders.entry(name).or_default() += 1;
    }
    holders
}

/// Checks that no name is on more VMs than `before`, and no new name on two.
pub fn no_name_gained(
    before: &BTreeMap<LiveName, usize>,
    live: &Live,
) -> Result<(), TestCaseError> {
    for (name, now) in holders(live) {
        let then = before.get(&name).copied().unwrap_or(0).max(1);
        prop_assert!(now <= then, "{} is on {} VMs, was on {}", name, now, then);
    }
    Ok(())
}

/// Runs `step` as apply does: only if the VM has the tags that the step expects.
pub fn carry_out(live: &mut Live, step: &Step) -> Result<(), TestCaseError> {
    let vm = live.vms.get_mut(&step.vm).unwrap();
    prop_assert_eq!(
        &vm.held,
        &step.before,
        "{:?} does not hold what the step expects",
        &step.vm
    );
    vm.held = step.after.held();
    Ok(())
}

/// Runs `steps` in an order that a parallel apply allows, chosen by `picks`, and stops after `most`. Checks that no name is
/// ever on more VMs than before.
pub fn interleave(
    live: &mut Live,
    steps: &[Step],
    picks: &[Index],
    most: usize,
) -> Result<(), TestCaseError> {
    let before = holders(live);
    let mut done = vec![false; steps.len()];
    for pick in picks.iter().cycle().take(most.min(steps.len())) {
        let is_ready =
            |at: &usize| !done[*at] && steps[*at].waits_for.iter().all(|first| done[*first]);
        let ready: Vec<usize> = (0..steps.len()).filter(is_ready).collect();
        prop_assert!(!ready.is_empty(), "the remaining steps wait for each other");
        let at = ready[pick.index(ready.len())];
        carry_out(live, &steps[at])?;
        done[at] = true;
        no_name_gained(&before, live)?;
    }
    Ok(())
}

/// The plan's JSON with a matching digest, as an attacker could write it.
pub fn with_its_digest(mut saved: Saved) -> Vec<u8> {
    saved.digest = Hex::default();
    saved.digest = Hex::sha256(&serde_json::to_vec(&saved).unwrap());
    saved.write().into_bytes()
}
