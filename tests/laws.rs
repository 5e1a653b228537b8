//! Properties of every plan, whatever the files want and Azure holds: with one, two or three files, in one subscription or
//! several.

mod support;

use std::collections::BTreeSet;

use azlin::model::{Desired, Held, Hex, Live, LiveName, Shown, VmId};
use azlin::plan::{Action, Aim, Plan, Saved, Standing, Step, fingerprint, may_take};
use proptest::prelude::*;
use proptest::sample::Index;
use support::plans::{
    LONG_AGO, TODAY, carry_out, file, fleet, holders, id, interleave, line, no_name_gained,
    plan_for, with_its_digest,
};
use support::schema::Schema;

/// Files and a fleet with few names, so that they conflict: swaps, chains, cycles, duplicates, missing VMs, names outside the
/// files.
#[derive(Clone, Debug)]
struct Case {
    files: Vec<Desired>,
    live: Live,
    aim: Aim,
}

/// The number of VMs, and the number of missing VMs that the files may name.
const VMS: usize = 12;
const MISSING: usize = 2;
/// The number of names that the fleet may hold, and the number of new names that the files may assign.
const NAMES: usize = 9;
const NEW_NAMES: usize = 3;
/// The owners of the files; an empty one means none.
const OWNERS: [&str; 4] = ["", "us", "us", "them"];
/// The owners of a VM's session, as written after it; an empty one means none.
const HOLDERS: [&str; 6] = ["", "", " @ us", " @ us", " @ them", " @ others"];

/// Each line: whether it has expired, and the file that it is in, of those that it fits.
type Lines = Vec<(bool, Index)>;

fn cases() -> impl Strategy<Value = Case> {
    let files = prop::collection::vec((1..=3usize, prop::sample::select(&OWNERS[..])), 1..=3);
    let held = prop::collection::vec((0..=NAMES, prop::sample::select(&HOLDERS[..])), VMS);
    let vms = Just((0..VMS + MISSING).collect::<Vec<usize>>()).prop_shuffle();
    let names = Just((1..=NAMES + NEW_NAMES).collect::<Vec<usize>>()).prop_shuffle();
    let lines = prop::collection::vec((prop::bool::weighted(0.1), any::<Index>()), 0..VMS);
    let some_vms = |many| prop::collection::vec(0..VMS + MISSING, many);
    let targets = prop::option::weighted(0.2, some_vms(1..6));
    let wanted = (vms, names, lines).prop_map(|(vms, names, lines): (_, _, Lines)| {
        let wanted = vms.into_iter().zip(names).zip(lines);
        wanted.collect::<Vec<((usize, usize), (bool, Index))>>()
    });
    (files, held, wanted, some_vms(0..3), targets).prop_map(
        |(files, held, wanted, take, targets)| {
            let mut case = Case {
                files: files_of(&files),
                live: Live::default(),
                aim: Aim::on(TODAY),
            };
            let numbers: BTreeSet<usize> = files.iter().map(|(number, _)| *number).collect();
            let numbers: Vec<usize> = numbers.into_iter().collect();
            let number = |vm: usize| numbers[vm % numbers.len()];
            case.live = fleet_of(&held, number);
            for ((vm, name), (is_over, pick)) in wanted {
                case.add_line(number(vm), vm, name, is_over, &pick);
            }
            let ids = |vms: Vec<usize>| vms.into_iter().map(|vm| id(number(vm), &vm_name(vm)));
            case.aim.options.take_ownership = ids(take)
                .filter(|vm| case.files.iter().any(|file| may_take(file, vm).is_ok()))
                .collect();
            case.aim.options.targets = ids(targets.unwrap_or_default()).collect();
            case
        },
    )
}

fn vm_name(vm: usize) -> String {
    format!("vm-{vm}")
}

/// A file for each subscription and owner. A subscription has at most one file of each owner, and any number without an owner.
fn files_of(wanted: &[(usize, &str)]) -> Vec<Desired> {
    let mut files: Vec<Desired> = Vec::new();
    for (at, (number, owner)) in wanted.iter().enumerate() {
        let is_taken = wanted[..at].contains(&(*number, *owner));
        let mut file = file(*number, if is_taken { "" } else { owner }, &[]);
        file.basis.file = Shown::new(&format!("{at}.toml"));
        file.basis.file_sha256 = Hex::sha256(file.basis.file.as_str().as_bytes());
        files.push(file);
    }
    files
}

/// A fleet of VMs that hold the names with these numbers, 0 for none.
fn fleet_of(held: &[(usize, &str)], number: impl Fn(usize) -> usize) -> Live {
    let mut vms: Vec<(usize, String, String)> = Vec::new();
    for (vm, (name, owner)) in held.iter().enumerate() {
        let held = match name {
            0 => (*owner).to_owned(),
            name => format!("s-{name}{owner}"),
        };
        vms.push((number(vm), vm_name(vm), held));
    }
    let vms: Vec<(usize, &str, &str)> = vms
        .iter()
        .map(|(number, vm, held)| (*number, vm.as_str(), held.as_str()))
        .collect();
    fleet(&vms)
}

impl Case {
    /// Assigns the name to the VM in one of the files of its subscription.
    fn add_line(&mut self, number: usize, vm: usize, name: usize, is_over: bool, pick: &Index) {
        let vm = id(number, &vm_name(vm));
        let mut fitting: Vec<&mut Desired> = self
            .files
            .iter_mut()
            .filter(|file| file.basis.subscription == *vm.subscription())
            .collect();
        let many = fitting.len();
        let file = &mut fitting[pick.index(many)];
        let mut line = line(vm, &format!("s-{name}"), file.sessions.len() + 1);
        if is_over && file.basis.owner.is_some() {
            line.expires = Some(LONG_AGO);
        }
        file.sessions.push(line);
    }

    fn plan(&self, live: &Live) -> Plan {
        plan_for(&self.files, live, &self.aim)
    }

    fn saved(&self) -> Saved {
        let plan = self.plan(&self.live);
        let seen = fingerprint(&self.live);
        Saved::new(self.aim.options.clone(), seen, plan)
    }
}

fn picks() -> impl Strategy<Value = Vec<Index>> {
    prop::collection::vec(any::<Index>(), 1..20)
}

/// The VMs of the blocked lines.
fn blocked(plan: &Plan) -> BTreeSet<&VmId> {
    let blocked = plan.files.iter().flat_map(|file| &file.blocked);
    blocked.map(|blocked| &blocked.vm).collect()
}

fn matching(plan: &Plan) -> usize {
    plan.files.iter().map(|file| file.matching).sum()
}

fn clears(plan: &Plan) -> usize {
    let is_clear = |action| matches!(action, Action::Clear { .. });
    let changes = plan.changes.iter();
    changes.filter(|change| is_clear(change.action)).count()
}

/// The writes, without their files and their order.
fn writes(steps: &[Step]) -> Vec<(&VmId, &Held, Held)> {
    let writes = steps
        .iter()
        .map(|step| (&step.vm, &step.before, step.after.held()));
    let mut writes: Vec<_> = writes.collect();
    writes.sort();
    writes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn applying_a_plan_leaves_nothing_to_do_but_what_is_blocked(case in cases(), picks in picks()) {
        let mut live = case.live.clone();
        let first = case.plan(&live);
        interleave(&mut live, &first.steps, &picks, usize::MAX)?;
        let second = case.plan(&live);
        prop_assert_eq!(&second.changes, &vec![]);
        prop_assert_eq!(&second.steps, &vec![]);
        prop_assert_eq!(blocked(&second), blocked(&first));
        prop_assert_eq!(matching(&second), matching(&first) + first.changes.len() - clears(&first));
    }

    #[test]
    fn steps_in_the_order_shown_put_no_name_on_more_vms(case in cases()) {
        let mut live = case.live.clone();
        let before = holders(&live);
        for (at, step) in case.plan(&case.live).steps.iter().enumerate() {
            prop_assert!(step.waits_for.iter().all(|first| *first < at));
            carry_out(&mut live, step)?;
            no_name_gained(&before, &live)?;
        }
    }

    #[test]
    fn after_a_crash_anywhere_a_new_plan_finishes_the_work(case in cases(), picks in picks(), crash in any::<Index>()) {
        let mut live = case.live.clone();
        let first = case.plan(&live);
        interleave(&mut live, &first.steps, &picks, crash.index(first.steps.len() + 1))?;
        let second = case.plan(&live);
        prop_assert_eq!(blocked(&second), blocked(&first));
        interleave(&mut live, &second.steps, &picks, usize::MAX)?;
        prop_assert_eq!(case.plan(&live).changes, vec![]);
    }

    #[test]
    fn a_cycle_costs_one_extra_write_and_nothing_else_does(case in cases()) {
        let plan = case.plan(&case.live);
        let cleared = plan.steps.iter().filter(|step| step.after.session.is_none()).count();
        let extra = cleared - clears(&plan);
        prop_assert_eq!(plan.steps.len(), plan.changes.len() + extra);
        prop_assert!(extra * 2 <= plan.changes.len());
    }

    #[test]
    fn every_change_and_step_is_its_own_files(case in cases()) {
        let plan = case.plan(&case.live);
        prop_assert_eq!(plan.files.len(), case.files.len());
        let of_changes: BTreeSet<_> = plan.changes.iter().map(|change| (change.file, &change.vm)).collect();
        let of_steps: BTreeSet<_> = plan.steps.iter().map(|step| (step.file, &step.vm)).collect();
        prop_assert_eq!(&of_changes, &of_steps);
        for change in &plan.changes {
            let file = &case.files[change.file];
            prop_assert_eq!(change.vm.subscription(), &file.basis.subscription);
            if !matches!(change.action, Action::Clear { .. }) {
                prop_assert!(file.line_of(&change.vm, TODAY).is_some());
                prop_assert_eq!(&change.after.owner, &file.basis.owner);
            }
            prop_assert!(case.aim.options.targets.is_empty() || case.aim.options.targets.contains(&change.vm));
        }
    }

    #[test]
    fn nothing_of_another_owner_or_of_a_person_is_cleared_and_nothing_of_another_is_changed(case in cases()) {
        for change in case.plan(&case.live).changes {
            let ours = case.files[change.file].owner().map(LiveName::from);
            let by = &case.live.vms[&change.vm].held.owner;
            if let Action::Clear { .. } = change.action {
                prop_assert!(by.is_some() && *by == ours, "{:?} was not ours to clear", change.vm);
            } else {
                let taken = case.aim.options.take_ownership.contains(&change.vm);
                prop_assert!(by.is_none() || *by == ours || taken, "{:?} belongs to another", change.vm);
            }
        }
    }

    #[test]
    fn the_order_of_lines_and_files_does_not_change_the_steps(case in cases(), picks in prop::collection::vec(any::<Index>(), VMS)) {
        let mut shuffled = case.clone();
        shuffle(&mut shuffled.files, &picks);
        for file in &mut shuffled.files {
            shuffle(&mut file.sessions, &picks);
        }
        let named = |plan: Plan| -> Vec<(Shown, Step)> {
            let name = |step: &Step| plan.files[step.file].basis.file.clone();
            let named = plan.steps.iter().map(|step| (name(step), Step { file: 0, ..step.clone() }));
            named.collect()
        };
        // The first file of a subscription reports what belongs to no file, so only the counts may move.
        prop_assert_eq!(named(shuffled.plan(&case.live)), named(case.plan(&case.live)));
    }

    #[test]
    fn what_several_files_of_nobody_want_is_what_one_file_with_all_their_lines_wants(case in cases()) {
        let mut several = case.clone();
        several.aim.options.take_ownership.clear();
        for file in &mut several.files {
            file.basis.owner = None;
        }
        let mut one = several.clone();
        let lines = one.files.split_off(1).into_iter().flat_map(|file| file.sessions);
        one.files[0].sessions.extend(lines);
        let (several, one) = (several.plan(&case.live), one.plan(&case.live));
        prop_assert_eq!(writes(&several.steps), writes(&one.steps));
        prop_assert_eq!(blocked(&several), blocked(&one));
        prop_assert_eq!(matching(&several), matching(&one));
    }

    #[test]
    fn a_saved_plan_holds_after_a_crash_anywhere_and_is_applied_at_its_end(case in cases(), picks in picks(), crash in any::<Index>()) {
        let mut live = case.live.clone();
        let saved = case.saved();
        let standing = |live: &Live| saved.standing(&case.plan(live), live);
        let steps = &saved.plan.steps;
        let at_first = if steps.is_empty() { Standing::Applied } else { Standing::Holds };
        prop_assert_eq!(standing(&live), at_first);
        interleave(&mut live, steps, &picks, crash.index(steps.len() + 1))?;
        prop_assert!(standing(&live) != Standing::Stale, "after a crash");
        let rest = case.plan(&live).steps;
        interleave(&mut live, &rest, &picks, usize::MAX)?;
        prop_assert_eq!(standing(&live), Standing::Applied);
    }

    #[test]
    fn a_saved_plan_is_stale_once_someone_else_writes_to_one_of_its_vms(case in cases(), pick in any::<Index>()) {
        let saved = case.saved();
        let changes = &saved.plan.changes;
        prop_assume!(!changes.is_empty());
        let mut live = case.live.clone();
        let vm = &changes[pick.index(changes.len())].vm;
        live.vms.get_mut(vm).unwrap().held.session = LiveName::new("someone-else");
        prop_assert_eq!(saved.standing(&case.plan(&live), &live), Standing::Stale);
    }

    #[test]
    fn a_saved_plan_reads_back_as_it_was_written(case in cases()) {
        let saved = case.saved();
        prop_assert_eq!(&Saved::read(saved.write().as_bytes()).unwrap(), &saved);
        // The damaged plans below have a digest of this kind.
        prop_assert_eq!(with_its_digest(saved.clone()), saved.write().into_bytes());
    }

    #[test]
    fn a_saved_plan_is_read_whole_or_not_at_all(case in cases(), damage in damages(), pick in any::<Index>()) {
        let whole = case.saved();
        let mut cut = whole.clone();
        prop_assume!(damage(&mut cut.plan, &pick) && cut != whole);
        prop_assert!(Saved::read(cut.write().as_bytes()).is_err(), "its digest is of the whole");
        // Even if the damaged plan has a matching digest.
        if let Ok(read) = Saved::read(&with_its_digest(cut.clone())) {
            let now: Vec<_> = case.files.iter().map(|file| &file.basis).collect();
            prop_assert!(read.places(&now).is_err());
        }
    }

    #[test]
    fn a_saved_plan_finds_each_of_its_files_in_whatever_order_they_are_named(case in cases(), picks in picks()) {
        let saved = case.saved();
        let mut now = case.files.clone();
        shuffle(&mut now, &picks);
        for file in &mut now {
            // A file may have another name and commit by now.
            file.basis.file = Shown::new(&format!("moved/{}", file.basis.file));
            file.basis.commit = Hex::new("0123abc").ok();
        }
        let found = saved.places(&now.iter().map(|file| &file.basis).collect::<Vec<_>>()).unwrap();
        let found: Vec<_> = found.into_iter().map(|at| &now[at].basis.file_sha256).collect();
        let saved: Vec<_> = case.files.iter().map(|file| &file.basis.file_sha256).collect();
        prop_assert_eq!(found, saved);
    }

    #[test]
    fn a_saved_plan_is_for_no_other_set_of_files(case in cases(), pick in any::<Index>()) {
        let saved = case.saved();
        let refuses = |files: &[Desired]| {
            let now: Vec<_> = files.iter().map(|file| &file.basis).collect();
            saved.places(&now).is_err()
        };
        let at = pick.index(case.files.len());
        let with = |change: &dyn Fn(&mut Desired)| {
            let mut files = case.files.clone();
            change(&mut files[at]);
            files
        };
        let other = file(9, "us", &[]);
        prop_assert!(refuses(&[&case.files[..], std::slice::from_ref(&other)].concat()), "one more");
        prop_assert!(refuses(&[&case.files[..at], &case.files[at + 1..]].concat()), "one fewer");
        prop_assert!(refuses(&with(&|file| *file = other.clone())), "another");
        prop_assert!(refuses(&with(&|file| file.basis.file_sha256 = Hex::sha256(b"edited"))), "another content");
        prop_assert!(refuses(&with(&|file| file.basis.owner = "someone".to_owned().try_into().ok())), "another owner");
        prop_assert!(refuses(&with(&|file| file.basis.tag = "role".to_owned().try_into().unwrap())), "another tag");
        if case.files.len() > 1 {
            let twice = case.files[(at + 1) % case.files.len()].clone();
            prop_assert!(refuses(&with(&|file| *file = twice.clone())), "one of them twice");
        }
    }
}

#[test]
fn every_plan_is_what_its_schema_says() {
    let schema = Schema::open();
    proptest!(ProptestConfig::with_cases(1_000), |(case in cases())| {
        let saved = serde_json::to_value(case.saved()).unwrap();
        prop_assert_eq!(schema.check(&saved), Ok(()));
    });
}

/// Damages a plan; returns false if the plan has nothing to damage in this way.
type Damage = fn(&mut Plan, &Index) -> bool;

fn damages() -> impl Strategy<Value = Damage> {
    fn cut<T>(from: &mut Vec<T>, pick: &Index) -> bool {
        if from.is_empty() {
            return false;
        }
        from.remove(pick.index(from.len()));
        true
    }
    fn one<'t, T>(of: &'t mut [T], pick: &Index) -> Option<&'t mut T> {
        let many = of.len();
        (many > 0).then(|| &mut of[pick.index(many)])
    }
    let all: [Damage; 7] = [
        |plan, pick| cut(&mut plan.files, pick),
        |plan, pick| cut(&mut plan.changes, pick),
        |plan, pick| cut(&mut plan.steps, pick),
        |plan, pick| {
            let many = plan.files.len();
            one(&mut plan.changes, pick)
                .map(|change| change.file += many)
                .is_some()
        },
        |plan, pick| {
            let step = one(&mut plan.steps, pick);
            step.map(|step| step.file += 1).is_some()
        },
        |plan, pick| {
            let waiting = plan
                .steps
                .iter_mut()
                .filter(|step| !step.waits_for.is_empty());
            let mut waiting: Vec<_> = waiting.collect();
            one(&mut waiting, pick)
                .map(|step| step.waits_for.pop())
                .is_some()
        },
        |plan, pick| {
            let many = plan.steps.len();
            one(&mut plan.steps, pick)
                .map(|step| step.waits_for.push(many))
                .is_some()
        },
    ];
    prop::sample::select(all.to_vec())
}

/// Swaps each item with a chosen one.
fn shuffle<T>(items: &mut [T], picks: &[Index]) {
    let many = items.len();
    for (at, pick) in picks.iter().enumerate().take(many) {
        items.swap(at, pick.index(many));
    }
}
