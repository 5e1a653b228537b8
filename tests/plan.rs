//! The plan: who changes, in which order, and what always holds.

use std::collections::BTreeMap;

use azlin::model::{Addresses, Declared, Desired, Live, LiveName, Power, SessionName, Vm, VmId};
use azlin::plan::{Plan, Step, plan};
use azlin::show::{self, Paint};
use insta::assert_snapshot;
use proptest::prelude::*;
use proptest::sample::Index;

/// A file with these lines, each `vm = session`, all in resource group `rg`.
fn file(lines: &[(&str, &str)]) -> Desired {
    let line = |(at, (vm, session)): (usize, &(&str, &str))| Declared {
        vm: VmId::new("rg", vm).unwrap(),
        session: SessionName::new(session).unwrap(),
        line: at + 1,
    };
    Desired {
        sessions: lines.iter().enumerate().map(line).collect(),
    }
}

/// A fleet of these VMs, all in resource group `rg`; an empty session is none.
fn fleet(vms: &[(&str, &str)]) -> Live {
    let vm = |(name, session): &(&str, &str)| {
        let id = VmId::new("RG", name).unwrap();
        let vm = Vm {
            id: id.clone(),
            machine: None,
            session: LiveName::new(session),
            foreign_tag: false,
            power: Power::Unknown,
            addresses: Addresses::default(),
        };
        (id, vm)
    };
    let mut live = Live {
        vms: vms.iter().map(vm).collect(),
        unreadable: 0,
    };
    live.spell_like(&file(&[("any", "any")]));
    live
}

/// The plan as a person reads it.
fn shown(lines: &[(&str, &str)], vms: &[(&str, &str)]) -> String {
    let plan = plan(&file(lines), &fleet(vms));
    show::plan(&plan, "the sandbox", "sessions.toml", Paint::default())
}

#[test]
fn a_vm_without_a_session_is_set_and_one_with_another_is_changed() {
    assert_snapshot!(shown(&[("a", "db"), ("b", "web"), ("c", "x")], &[("a", ""), ("b", "old"), ("c", "x"), ("d", "y"), ("e", "")]), @"
    azlin will change 2 sessions in the sandbox:

      + rg/a   db
      ~ rg/b   old -> web

    Plan: 1 to set, 1 to change, 0 to clear, 0 blocked. 1 session already matches; 1 unmanaged.
    ");
}

#[test]
fn nothing_to_do_is_said_as_such() {
    assert_snapshot!(shown(&[("a", "db")], &[("a", "db"), ("b", "web")]), @"
    No changes: the sandbox matches sessions.toml.
    Plan: 0 to set, 0 to change, 0 to clear, 0 blocked. 1 session already matches; 1 unmanaged.
    ");
}

#[test]
fn a_name_is_released_before_it_is_given_out() {
    assert_snapshot!(shown(&[("a", "2"), ("b", "3"), ("c", "4")].map(|(vm, s)| (vm, ["", "", "n2", "n3", "n4"][s.parse::<usize>().unwrap()])), &[("a", "n1"), ("b", "n2"), ("c", "n3")]), @"
    azlin will change 3 sessions in the sandbox:

      ~ rg/c   n3 -> n4
      ~ rg/b   n2 -> n3
      ~ rg/a   n1 -> n2

    Plan: 0 to set, 3 to change, 0 to clear, 0 blocked. 0 sessions already match; 0 unmanaged.
    ");
}

#[test]
fn swapped_names_pass_through_empty() {
    assert_snapshot!(shown(&[("a", "web"), ("b", "db")], &[("a", "db"), ("b", "web")]), @"
    azlin will change 2 sessions in the sandbox:

      - rg/a   db   (frees the name; set again below)
      ~ rg/b   web -> db
      + rg/a   web

    Plan: 0 to set, 2 to change, 0 to clear, 0 blocked. 0 sessions already match; 0 unmanaged.
    ");
}

#[test]
fn a_vm_that_is_not_there_is_blocked_with_the_nearest_names() {
    assert_snapshot!(shown(&[("dev-vm-1", "db"), ("web-9", "web"), ("zzz", "z")], &[("dev-vm-2", ""), ("dev-vm-11", ""), ("web-8", "")]), @"
    3 lines of sessions.toml cannot be carried out:

      ! rg/dev-vm-1   db   sessions.toml:1
          Azure lists no such VM, or the identity may not see it
          help: did you mean rg/dev-vm-11 and rg/dev-vm-2?
      ! rg/web-9   web   sessions.toml:2
          Azure lists no such VM, or the identity may not see it
          help: did you mean rg/web-8?
      ! rg/zzz   z   sessions.toml:3
          Azure lists no such VM, or the identity may not see it
          help: check the name, the resource group and the subscription

    Plan: 0 to set, 0 to change, 0 to clear, 3 blocked. 0 sessions already match; 0 unmanaged.
    ");
}

#[test]
fn a_name_on_a_vm_outside_the_file_blocks_its_line_and_what_waits_for_it() {
    // c's name is outside; so c keeps `b`, so b keeps `a`, so a cannot have it.
    assert_snapshot!(shown(&[("a", "na"), ("b", "nb"), ("c", "out")], &[("a", ""), ("b", "na"), ("c", "nb"), ("d", "out")]), @"
    3 lines of sessions.toml cannot be carried out:

      ! rg/a   na   sessions.toml:1
          the name is on rg/b, whose own line is blocked
          help: clear the way for rg/b first
      ! rg/b   nb   sessions.toml:2
          the name is on rg/c, whose own line is blocked
          help: clear the way for rg/c first
      ! rg/c   out   sessions.toml:3
          the name is on rg/d, which sessions.toml does not name
          help: choose another name, or add that VM to the file with one of its own

    Plan: 0 to set, 0 to change, 0 to clear, 3 blocked. 0 sessions already match; 1 unmanaged.
    ");
}

#[test]
fn a_name_that_is_right_but_also_on_a_vm_outside_the_file_is_blocked() {
    assert_snapshot!(shown(&[("a", "db")], &[("a", "db"), ("b", "db")]), @"
    1 line of sessions.toml cannot be carried out:

      ! rg/a   db   sessions.toml:1
          the name is on rg/b, which sessions.toml does not name
          help: choose another name, or add that VM to the file with one of its own

    warning: db is on several VMs: rg/a and rg/b

    Plan: 0 to set, 0 to change, 0 to clear, 1 blocked. 0 sessions already match; 1 unmanaged.
    ");
}

#[test]
fn a_session_that_is_the_name_of_another_vm_is_blocked() {
    assert_snapshot!(shown(&[("a", "Web-1")], &[("a", ""), ("web-1", "")]), @"
    1 line of sessions.toml cannot be carried out:

      ! rg/a   Web-1   sessions.toml:1
          it is the name of another VM, rg/web-1, to which `azlin connect` would go
          help: choose another session name

    Plan: 0 to set, 0 to change, 0 to clear, 1 blocked. 0 sessions already match; 0 unmanaged.
    ");
}

#[test]
fn a_live_duplicate_that_the_plan_cures_is_said_as_such() {
    assert_snapshot!(shown(&[("a", "db"), ("b", "web")], &[("a", "db"), ("b", "db")]), @"
    azlin will change 1 session in the sandbox:

      ~ rg/b   db -> web   (cures a duplicate: db is also on rg/a)

    Plan: 0 to set, 1 to change, 0 to clear, 0 blocked. 1 session already matches; 0 unmanaged.
    ");
}

#[test]
fn a_live_duplicate_that_the_plan_leaves_is_a_warning() {
    assert_snapshot!(shown(&[("a", "db"), ("d", "y")], &[("a", ""), ("b", "x"), ("c", "x"), ("d", "x")]), @"
    azlin will change 2 sessions in the sandbox:

      + rg/a   db
      ~ rg/d   x -> y

    warning: x is on several VMs: rg/b, rg/c and rg/d

    Plan: 1 to set, 1 to change, 0 to clear, 0 blocked. 0 sessions already match; 2 unmanaged.
    ");
}

#[test]
fn a_hostile_live_name_is_shown_escaped() {
    assert_snapshot!(shown(&[("a", "db")], &[("a", "\u{1b}[2J\u{202e}x\ny"), ("b", "$(id)"), ("c", "$(id)")]), @r"
    azlin will change 1 session in the sandbox:

      ~ rg/a   \u{1b}[2J\u{202e}x\ny -> db

    warning: $(id) is on several VMs: rg/b and rg/c

    Plan: 0 to set, 1 to change, 0 to clear, 0 blocked. 0 sessions already match; 2 unmanaged.
    ");
}

#[test]
fn casing_of_vms_does_not_count_and_casing_of_sessions_does() {
    let lines = [("DEV-VM-1", "db"), ("dev-vm-2", "Web")];
    assert_snapshot!(shown(&lines, &[("dev-vm-1", "db"), ("dev-vm-2", "web")]), @"
    azlin will change 1 session in the sandbox:

      ~ rg/dev-vm-2   web -> Web

    Plan: 0 to set, 1 to change, 0 to clear, 0 blocked. 1 session already matches; 0 unmanaged.
    ");
}

/// A fleet and a file over few names, so that they collide: swaps, chains, cycles, duplicates, missing VMs, names outside.
#[derive(Clone, Debug)]
struct Case {
    live: BTreeMap<String, String>,
    file: Vec<(String, String)>,
}

fn cases() -> impl Strategy<Value = Case> {
    let names = 9usize;
    let live = prop::collection::vec(0..=names, 12);
    let orders = (
        Just((0..14).collect::<Vec<usize>>()).prop_shuffle(),
        Just((1..=names + 3).collect::<Vec<usize>>()).prop_shuffle(),
    );
    (live, orders, 0..12usize).prop_map(move |(live, (vms, sessions), lines)| Case {
        live: live
            .into_iter()
            .enumerate()
            .map(|(vm, name)| {
                (
                    format!("vm-{vm}"),
                    if name == 0 {
                        String::new()
                    } else {
                        format!("s-{name}")
                    },
                )
            })
            .collect(),
        file: vms
            .into_iter()
            .zip(sessions)
            .take(lines)
            .map(|(vm, name)| (format!("vm-{vm}"), format!("s-{name}")))
            .collect(),
    })
}

impl Case {
    fn desired(&self) -> Desired {
        let lines: Vec<(&str, &str)> = self
            .file
            .iter()
            .map(|(vm, s)| (vm.as_str(), s.as_str()))
            .collect();
        file(&lines)
    }

    fn live(&self) -> Live {
        let vms: Vec<(&str, &str)> = self
            .live
            .iter()
            .map(|(vm, s)| (vm.as_str(), s.as_str()))
            .collect();
        fleet(&vms)
    }
}

/// How many VMs hold each name.
fn holders(live: &Live) -> BTreeMap<LiveName, usize> {
    let mut holders = BTreeMap::new();
    for name in live.vms.values().filter_map(|vm| vm.session.clone()) {
        *holders.entry(name).or_default() += 1;
    }
    holders
}

/// Carries out `step` as apply does: only if the VM holds what the step expects.
fn carry_out(live: &mut Live, step: &Step) -> Result<(), TestCaseError> {
    let vm = live.vms.get_mut(&step.vm).unwrap();
    prop_assert_eq!(
        &vm.session,
        &step.from,
        "{} does not hold what the step expects",
        step.vm
    );
    vm.session = step.to.as_ref().map(LiveName::from);
    Ok(())
}

fn no_name_gained(before: &BTreeMap<LiveName, usize>, live: &Live) -> Result<(), TestCaseError> {
    for (name, now) in holders(live) {
        let then = before.get(&name).copied().unwrap_or(0).max(1);
        prop_assert!(now <= then, "{} is on {} VMs, was on {}", name, now, then);
    }
    Ok(())
}

/// Carries out the steps of `plan` in an order that the parallel apply allows, chosen by `picks`; stops after `most`.
fn interleave(
    live: &mut Live,
    plan: &Plan,
    picks: &[Index],
    most: usize,
) -> Result<(), TestCaseError> {
    let before = holders(live);
    let mut done = vec![false; plan.steps.len()];
    for pick in picks.iter().cycle().take(most.min(plan.steps.len())) {
        let ready =
            |at: &usize| !done[*at] && plan.steps[*at].after.iter().all(|first| done[*first]);
        let ready: Vec<usize> = (0..plan.steps.len()).filter(ready).collect();
        prop_assert!(
            !ready.is_empty(),
            "the steps that are left wait for each other"
        );
        let at = ready[pick.index(ready.len())];
        carry_out(live, &plan.steps[at])?;
        done[at] = true;
        no_name_gained(&before, live)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn applying_a_plan_leaves_nothing_to_do_but_what_is_blocked(case in cases(), picks in prop::collection::vec(any::<Index>(), 1..20)) {
        let (desired, mut live) = (case.desired(), case.live());
        let first = plan(&desired, &live);
        interleave(&mut live, &first, &picks, usize::MAX)?;
        let second = plan(&desired, &live);
        prop_assert_eq!(second.changes, vec![]);
        prop_assert_eq!(second.steps, vec![]);
        prop_assert_eq!(second.matching, first.matching + first.changes.len());
    }

    #[test]
    fn steps_in_the_order_shown_put_no_name_on_more_vms(case in cases()) {
        let mut live = case.live();
        let before = holders(&live);
        for (at, step) in plan(&case.desired(), &case.live()).steps.iter().enumerate() {
            prop_assert!(step.after.iter().all(|first| *first < at));
            carry_out(&mut live, step)?;
            no_name_gained(&before, &live)?;
        }
    }

    #[test]
    fn after_a_crash_anywhere_a_new_plan_finishes_the_work(
        case in cases(),
        picks in prop::collection::vec(any::<Index>(), 1..20),
        crash in any::<Index>(),
    ) {
        let (desired, mut live) = (case.desired(), case.live());
        let first = plan(&desired, &live);
        interleave(&mut live, &first, &picks, crash.index(first.steps.len() + 1))?;
        let second = plan(&desired, &live);
        prop_assert_eq!(second.blocked.len(), first.blocked.len());
        interleave(&mut live, &second, &picks, usize::MAX)?;
        prop_assert_eq!(plan(&desired, &live).changes, vec![]);
    }

    #[test]
    fn a_cycle_costs_one_extra_write_and_nothing_else_does(case in cases()) {
        let plan = plan(&case.desired(), &case.live());
        let clears = plan.steps.iter().filter(|step| step.to.is_none()).count();
        prop_assert_eq!(plan.steps.len(), plan.changes.len() + clears);
        prop_assert!(clears * 2 <= plan.changes.len());
    }

    #[test]
    fn only_vms_of_the_file_are_touched(case in cases()) {
        let desired = case.desired();
        for step in plan(&desired, &case.live()).steps {
            prop_assert!(desired.sessions.iter().any(|line| line.vm == step.vm));
        }
    }

    #[test]
    fn the_order_of_the_lines_does_not_change_the_steps(case in cases(), picks in prop::collection::vec(any::<Index>(), 14)) {
        let desired = case.desired();
        let mut shuffled = desired.clone();
        for (at, pick) in picks.iter().enumerate().take(shuffled.sessions.len()) {
            let other = pick.index(shuffled.sessions.len());
            shuffled.sessions.swap(at, other);
        }
        let live = case.live();
        prop_assert_eq!(plan(&desired, &live).steps, plan(&shuffled, &live).steps);
    }
}
