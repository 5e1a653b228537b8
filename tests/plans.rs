//! Several files planned together: what holds over all of them, whichever subscriptions they are of.

use std::collections::BTreeMap;

use azlin::model::{
    Addresses, Declared, Desired, Held, Live, LiveName, Owner, Power, Scope, SessionName,
    SubscriptionId, TagKey, Vm, VmId,
};
use azlin::plan::{
    Action, Aim, Allowed, Basis, Plans, Saved, Standing, Step, bundle, fingerprint, plan, plans,
    refusals,
};
use azlin::show::{self, Paint, Section};
use insta::assert_snapshot;
use proptest::prelude::*;
use proptest::sample::Index;
use time::Date;
use time::macros::date;

const TODAY: Date = date!(2026 - 11 - 24);

/// The subscription of this number.
fn subscription(number: usize) -> SubscriptionId {
    SubscriptionId::new(&format!("00000000-0000-4000-8000-{number:012}")).unwrap()
}

fn id(number: usize, vm: &str) -> VmId {
    VmId::new("rg", vm).unwrap().within(&subscription(number))
}

/// A file of subscription `number`, with these lines, each `vm = session`.
fn file(number: usize, owner: &str, lines: &[(&str, &str)]) -> Desired {
    let line = |(at, (vm, session)): (usize, &(&str, &str))| Declared {
        vm: id(number, vm),
        session: SessionName::new(session).unwrap(),
        expires: None,
        line: at + 1,
    };
    Desired {
        subscription: Some(subscription(number)),
        scope: Scope::default(),
        owner: Owner::new(owner).ok(),
        sessions: lines.iter().enumerate().map(line).collect(),
    }
}

/// These VMs, each with the number of its subscription; an empty session is none, and `session @ owner` has an owner.
fn fleet(vms: &[(usize, &str, &str)]) -> Live {
    let vm = |(number, name, held): &(usize, &str, &str)| {
        let (session, owner) = held.split_once(" @ ").unwrap_or((held, ""));
        let vm = Vm {
            id: id(*number, name),
            machine: None,
            held: Held {
                session: LiveName::new(session),
                owner: LiveName::new(owner),
            },
            tags: Default::default(),
            region: String::new(),
            foreign_tag: false,
            power: Power::Unknown,
            addresses: Addresses::default(),
        };
        (vm.id.clone(), vm)
    };
    Live {
        vms: vms.iter().map(vm).collect(),
        ..Live::default()
    }
}

/// The plans as a person reads them.
fn shown(files: &[&Desired], live: &Live) -> String {
    let plans = plans(files, live, &Aim::on(TODAY));
    let names: Vec<String> = (1..=files.len()).map(|n| format!("{n}.toml")).collect();
    let place = |file: &&Desired| format!("subscription {}", file.subscription.clone().unwrap());
    let places: Vec<String> = files.iter().map(place).collect();
    let all = plans.each.iter().zip(places.iter().zip(&names));
    let sections = all.map(|(plan, (place, file))| Section { plan, place, file });
    let sections: Vec<Section<'_>> = sections.collect();
    show::plans(&sections, Paint::default())
}

#[test]
fn a_name_that_moves_to_another_subscription_is_released_before_it_is_given_out() {
    let live = fleet(&[
        (1, "a", "db @ us"),
        (1, "b", "x @ us"),
        (1, "c", "y @ us"),
        (2, "a", ""),
        (2, "b", "z"),
    ]);
    let files = [file(1, "us", &[("b", "x")]), file(2, "us", &[("a", "db")])];
    assert_snapshot!(shown(&files.each_ref(), &live), @r"
    1.toml
    azlin will change 2 sessions in subscription 00000000-0000-4000-8000-000000000001:

      - rg/a   db   (removed from 1.toml)
      - rg/c   y   (removed from 1.toml)

    Plan: 0 to set, 0 to change, 2 to clear, 0 blocked. 1 session already matches; 0 unmanaged.

    2.toml
    azlin will change 1 session in subscription 00000000-0000-4000-8000-000000000002:

      + rg/a   db   (after rg/a of 1.toml)

    Plan: 1 to set, 0 to change, 0 to clear, 0 blocked. 0 sessions already match; 1 unmanaged.

    Over 2 files: 1 to set, 0 to change, 2 to clear, 0 blocked.
    ");
}

#[test]
fn names_that_swap_between_subscriptions_pass_through_empty() {
    let live = fleet(&[(1, "a", "db"), (2, "a", "web")]);
    let files = [file(1, "", &[("a", "web")]), file(2, "", &[("a", "db")])];
    assert_snapshot!(shown(&files.each_ref(), &live), @r"
    1.toml
    azlin will change 1 session in subscription 00000000-0000-4000-8000-000000000001:

      - rg/a   db   (frees the name; set again below)
      + rg/a   web   (after rg/a of 2.toml)

    Plan: 0 to set, 1 to change, 0 to clear, 0 blocked. 0 sessions already match; 0 unmanaged.

    2.toml
    azlin will change 1 session in subscription 00000000-0000-4000-8000-000000000002:

      ~ rg/a   web -> db   (after rg/a of 1.toml)

    Plan: 0 to set, 1 to change, 0 to clear, 0 blocked. 0 sessions already match; 0 unmanaged.

    Over 2 files: 0 to set, 2 to change, 0 to clear, 0 blocked.
    ");
    let plans = plans(&files.each_ref(), &live, &Aim::on(TODAY));
    let steps = plans.steps();
    let waits: Vec<(usize, Vec<usize>)> = steps
        .into_iter()
        .map(|(plan, step)| (plan, step.after))
        .collect();
    assert_eq!(waits, [(0, vec![]), (1, vec![0]), (0, vec![0, 1])]);
}

#[test]
fn a_name_that_another_subscription_keeps_is_blocked_and_one_that_is_a_vm_there_too() {
    let live = fleet(&[(1, "a", ""), (1, "b", ""), (2, "web", "db")]);
    let files = [
        file(1, "", &[("a", "db"), ("b", "web"), ("c", "x")]),
        file(2, "", &[]),
    ];
    assert_snapshot!(shown(&files.each_ref(), &live), @r"
    1.toml
    3 lines of 1.toml cannot be carried out:

      ! rg/a   db   1.toml:1
          the name is on 00000000-0000-4000-8000-000000000002/rg/web, which this plan leaves alone
          help: choose another name, or free it there first
      ! rg/b   web   1.toml:2
          it is the name of another VM, 00000000-0000-4000-8000-000000000002/rg/web, to which `azlin connect` would go
          help: choose another session name
      ! rg/c   x   1.toml:3
          Azure lists no such VM, or the identity may not see it
          help: check the name, the resource group and the subscription

    Plan: 0 to set, 0 to change, 0 to clear, 3 blocked. 0 sessions already match; 0 unmanaged.

    2.toml
    No changes: subscription 00000000-0000-4000-8000-000000000002 matches 2.toml.
    Plan: 0 to set, 0 to change, 0 to clear, 0 blocked. 0 sessions already match; 1 unmanaged.

    Over 2 files: 0 to set, 0 to change, 0 to clear, 3 blocked.
    ");
}

#[test]
fn a_file_speaks_for_its_own_subscription_and_owner_only() {
    let live = fleet(&[
        (1, "a", "one @ us"),
        (1, "b", "two @ them"),
        (1, "c", "three"),
        (2, "a", "four @ us"),
        (2, "b", "five @ them"),
    ]);
    let files = [
        file(1, "us", &[("c", "three")]),
        file(2, "them", &[("c", "x")]),
        file(1, "them", &[]),
    ];
    let each = plans(&files.each_ref(), &live, &Aim::on(TODAY)).each;
    let said = |at: usize| {
        let plan = &each[at];
        let changes = plan.changes.iter();
        let changes: Vec<String> = changes.map(|change| change.vm.in_subscription()).collect();
        (changes.join(" "), plan.owned, plan.unmanaged)
    };
    assert_eq!(said(0), ("rg/a rg/c".to_owned(), 1, 0));
    assert_eq!(
        said(1),
        ("rg/b".to_owned(), 1, 1),
        "four is no file's of subscription 2"
    );
    assert_eq!(said(2), ("rg/b".to_owned(), 1, 0));
}

#[test]
fn what_another_file_counts_lets_no_file_clear_more() {
    let live = fleet(&[(1, "a", "x @ us")]);
    let mut ours = file(1, "us", &[]);
    ours.scope = Scope::Groups(["elsewhere".to_owned()].into());
    let each = plans(&[&ours, &file(1, "", &[])], &live, &Aim::on(TODAY)).each;
    assert_eq!(
        (each[0].changes.len(), each[0].owned, each[0].unmanaged),
        (0, 0, 1)
    );
}

#[test]
fn what_has_expired_in_another_file_is_no_word_of_the_owners() {
    let live = fleet(&[(1, "a", "x @ us"), (1, "b", "y @ us")]);
    let mut theirs = file(1, "them", &[("a", "old")]);
    theirs.sessions[0].expires = Some(date!(2026 - 01 - 01));
    let mut ours = file(1, "us", &[("b", "y")]);
    ours.sessions[0].expires = Some(date!(2026 - 01 - 01));
    let each = plans(&[&theirs, &ours], &live, &Aim::on(TODAY)).each;
    let said: Vec<_> = each[1].changes.iter().map(|change| change.action).collect();
    let expired = |day| Action::Clear { expired: day };
    assert_eq!(said, [expired(None), expired(Some(date!(2026 - 01 - 01)))]);
}

#[test]
fn what_may_be_cleared_is_counted_over_all_files() {
    let names: Vec<String> = (0..8).map(|n| format!("vm-{n}")).collect();
    let mut vms = Vec::new();
    for number in [1, 2] {
        for name in &names {
            vms.push((number, name.as_str(), format!("s{number}-{name} @ us")));
        }
    }
    let vms: Vec<(usize, &str, &str)> = vms
        .iter()
        .map(|(number, name, held)| (*number, *name, held.as_str()))
        .collect();
    let live = fleet(&vms);
    let files = [
        file(1, "us", &[("vm-0", "s1-vm-0")]),
        file(
            2,
            "us",
            &[
                ("vm-0", "s2-vm-0"),
                ("vm-1", "s2-vm-1"),
                ("vm-2", "s2-vm-2"),
            ],
        ),
    ];
    let each = plans(&files.each_ref(), &live, &Aim::on(TODAY)).each;
    let judged = |removals| {
        let allowed = Allowed {
            removals,
            ..Allowed::default()
        };
        let refusals = refusals(&each, &allowed).into_iter();
        let said = refusals.map(|(at, refusal)| {
            let (message, help) = show::refusal(&refusal, &format!("{}.toml", at + 1));
            format!("{message}\n{help}")
        });
        said.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(judged(None), @r"
    this would clear 7 of the 8 sessions that the owner of 1.toml holds
    look at what would go; --max-removals 12 allows it
    ");
    assert_eq!(judged(Some(11)), judged(None));
    assert_eq!(judged(Some(12)), "");
}

/// What each VM holds: a session's number (0 for none) and an owner's (0 for none), by subscription and VM. The lines of each
/// of four files, two of each subscription: which VM takes which session. Whether the files have owners.
#[derive(Clone, Debug)]
struct Case {
    live: Vec<(usize, usize)>,
    lines: Vec<(usize, usize)>,
    owned: [bool; 4],
}

const VMS: usize = 5;
const OWNERS: [&str; 3] = ["", "us", "them"];

fn cases() -> impl Strategy<Value = Case> {
    let live = prop::collection::vec((0..9usize, 0..3usize), 2 * VMS);
    let vms = Just((0..2 * VMS).collect::<Vec<usize>>()).prop_shuffle();
    let sessions = Just((1..12).collect::<Vec<usize>>()).prop_shuffle();
    let owned = any::<[bool; 4]>();
    (live, vms, sessions, 0..2 * VMS, owned).prop_map(|(live, vms, sessions, many, owned)| Case {
        live,
        lines: vms.into_iter().zip(sessions).take(many).collect(),
        owned,
    })
}

impl Case {
    fn live(&self) -> Live {
        let held = |(session, owner): &(usize, usize)| match (session, owner) {
            (0, _) => String::new(),
            (session, 0) => format!("s-{session}"),
            (session, owner) => format!("s-{session} @ {}", OWNERS[*owner]),
        };
        let vms: Vec<(usize, String, String)> = (0..2 * VMS)
            .zip(&self.live)
            .map(|(at, vm)| (at / VMS, format!("vm-{}", at % VMS), held(vm)))
            .collect();
        let vms: Vec<(usize, &str, &str)> = vms
            .iter()
            .map(|(number, name, held)| (*number, name.as_str(), held.as_str()))
            .collect();
        fleet(&vms)
    }

    /// The files: of each subscription those of two owners, or one of `us` and one of nobody.
    fn files(&self) -> Vec<Desired> {
        let files = (0..4).map(|at| {
            let number = at / 2;
            let own = self
                .lines
                .iter()
                .filter(|(vm, _)| vm / VMS == number && vm % 2 == at % 2);
            let lines: Vec<(String, String)> = own
                .map(|(vm, session)| (format!("vm-{}", vm % VMS), format!("s-{session}")))
                .collect();
            let lines: Vec<(&str, &str)> = lines
                .iter()
                .map(|(vm, session)| (vm.as_str(), session.as_str()))
                .collect();
            let owner = if self.owned[at] {
                OWNERS[1 + at % 2]
            } else {
                ""
            };
            file(number, owner, &lines)
        });
        files.collect()
    }

    fn plans(&self, live: &Live) -> Plans {
        let files = self.files();
        plans(&files.iter().collect::<Vec<_>>(), live, &Aim::on(TODAY))
    }

    fn saved(&self, live: &Live) -> Vec<Saved> {
        let files = self.files();
        let plans = self.plans(live).each.into_iter().zip(files);
        let saved = plans.map(|(plan, file)| {
            let basis = Basis {
                subscription: file.subscription.unwrap(),
                tag: TagKey::default(),
                owner: file.owner,
                file: "x.toml".to_owned(),
                file_sha256: String::new(),
                commit: None,
            };
            Saved::new(
                basis,
                &Aim::on(TODAY),
                Allowed::default(),
                &fingerprint(live),
                plan,
            )
        });
        saved.collect()
    }
}

/// How many VMs hold each name.
fn holders(live: &Live) -> BTreeMap<LiveName, usize> {
    let mut holders = BTreeMap::new();
    for name in live.vms.values().filter_map(|vm| vm.held.session.clone()) {
        *holders.entry(name).or_default() += 1;
    }
    holders
}

/// Carries out the steps in an order that the parallel apply allows, chosen by `picks`; stops after `most`. No name is ever on
/// more VMs than it was.
fn interleave(
    live: &mut Live,
    steps: &[Step],
    picks: &[Index],
    most: usize,
) -> Result<(), TestCaseError> {
    let before = holders(live);
    let mut done = vec![false; steps.len()];
    for pick in picks.iter().cycle().take(most.min(steps.len())) {
        let ready = |at: &usize| !done[*at] && steps[*at].after.iter().all(|first| done[*first]);
        let ready: Vec<usize> = (0..steps.len()).filter(ready).collect();
        prop_assert!(!ready.is_empty(), "what is left waits for each other");
        let at = ready[pick.index(ready.len())];
        let (step, vm) = (&steps[at], live.vms.get_mut(&steps[at].vm).unwrap());
        prop_assert_eq!(&vm.held, &step.from, "{}", step.vm);
        vm.held = step.to.held();
        done[at] = true;
        for (name, now) in holders(live) {
            let then = before.get(&name).copied().unwrap_or(0).max(1);
            prop_assert!(now <= then, "{} is on {} VMs, was on {}", name, now, then);
        }
    }
    Ok(())
}

fn steps(plans: &Plans) -> Vec<Step> {
    plans.steps().into_iter().map(|(_, step)| step).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn after_a_crash_anywhere_new_plans_finish_the_work_and_leave_nothing(
        case in cases(),
        picks in prop::collection::vec(any::<Index>(), 1..20),
        crash in any::<Index>(),
    ) {
        let mut live = case.live();
        let first = steps(&case.plans(&live));
        interleave(&mut live, &first, &picks, crash.index(first.len() + 1))?;
        let second = steps(&case.plans(&live));
        interleave(&mut live, &second, &picks, usize::MAX)?;
        let left = case.plans(&live);
        prop_assert_eq!(left.count(|_| true), 0);
        prop_assert_eq!(left.steps(), vec![]);
    }

    #[test]
    fn the_sequence_has_every_step_of_every_plan_behind_what_it_waits_for(case in cases()) {
        let plans = case.plans(&case.live());
        let sequence = plans.steps();
        prop_assert_eq!(sequence.len(), plans.each.iter().map(|plan| plan.steps.len()).sum::<usize>());
        for (at, (plan, step)) in sequence.iter().enumerate() {
            prop_assert!(step.after.iter().all(|first| *first < at));
            let file = &case.files()[*plan];
            prop_assert_eq!(step.vm.subscription(), file.subscription.as_ref());
        }
    }

    #[test]
    fn what_several_files_of_nobody_want_is_what_one_file_with_all_their_lines_wants(case in cases()) {
        let case = Case { owned: [false; 4], ..case };
        let live = case.live();
        let mut all = case.files().remove(0);
        all.sessions = case.files().into_iter().flat_map(|file| file.sessions).collect();
        let one = plan(&all, &live, &Aim::on(TODAY));
        let several = case.plans(&live);
        let by_vm = |steps: Vec<Step>| -> Vec<_> {
            let mut steps: Vec<_> = steps.into_iter().map(|step| (step.vm, step.from, step.to.held())).collect();
            steps.sort();
            steps
        };
        prop_assert_eq!(by_vm(steps(&several)), by_vm(one.steps));
        prop_assert_eq!(several.blocked(), one.blocked.len());
    }

    #[test]
    fn nothing_is_cleared_that_its_own_file_did_not_set(case in cases()) {
        let live = case.live();
        for (plan, file) in case.plans(&live).each.iter().zip(case.files()) {
            for change in &plan.changes {
                prop_assert_eq!(change.vm.subscription(), file.subscription.as_ref());
                let is_ours = live.vms[&change.vm].held.is_owned_by(file.owner.as_ref());
                match change.action {
                    Action::Clear { .. } => prop_assert!(is_ours),
                    _ => prop_assert!(file.sessions.iter().any(|line| line.vm == change.vm)),
                }
            }
        }
    }

    #[test]
    fn saved_plans_hold_after_a_crash_anywhere_and_are_applied_at_their_end(
        case in cases(),
        picks in prop::collection::vec(any::<Index>(), 1..20),
        crash in any::<Index>(),
    ) {
        let mut live = case.live();
        let saved = case.saved(&live);
        let standing = |live: &Live| {
            let now = case.plans(live).each;
            saved.iter().zip(&now).map(|(saved, now)| saved.standing(now, live)).max()
        };
        let first = steps(&case.plans(&live));
        interleave(&mut live, &first, &picks, crash.index(first.len() + 1))?;
        prop_assert!(standing(&live) != Some(Standing::Stale), "after a crash");
        let rest = steps(&case.plans(&live));
        interleave(&mut live, &rest, &picks, usize::MAX)?;
        prop_assert_eq!(standing(&live), Some(Standing::Applied));
    }

    #[test]
    fn a_bundle_reads_back_as_it_was_written_and_no_part_of_it_can_go(case in cases(), gone in 0..4usize) {
        let saved = case.saved(&case.live());
        let json = bundle::write(saved.clone());
        let read = bundle::read(json.as_bytes()).unwrap();
        prop_assert_eq!(read.len(), saved.len());
        for (read, saved) in read.iter().zip(&saved) {
            prop_assert_eq!((&read.plan, &read.basis, read.made_with), (&saved.plan, &saved.basis, 3));
        }
        let mut document: serde_json::Value = serde_json::from_str(&json).unwrap();
        document["plans"].as_array_mut().unwrap().remove(gone);
        let cut = serde_json::to_string_pretty(&document).unwrap() + "\n";
        prop_assert!(bundle::read(cut.as_bytes()).is_err());
        let other = json.replacen("\"azlin_version\": \"", "\"azlin_version\": \"1", 1);
        prop_assert!(bundle::read(other.as_bytes()).is_err());
        // One of them is no plan of its own.
        let mut alone = bundle::read(json.as_bytes()).unwrap().remove(gone);
        prop_assert!(Saved::read(alone.write().as_bytes()).is_err());
        alone.made_with = 0;
        prop_assert!(Saved::read(alone.write().as_bytes()).is_err());
    }
}
