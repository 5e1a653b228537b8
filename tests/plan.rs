//! The plan: its changes, their order, and the blocked lines.

mod support;

use azlin::model::{Desired, Live, Shown, VmId};
use azlin::plan::{Aim, Options, Plan, plan, refusals};
use azlin::show::{self, Paint};
use insta::assert_snapshot;
use support::plans::{self, LONG_AGO, TODAY};
use time::macros::date;

/// The owner of these tests' files, if they have one.
const US: &str = "platform-team";

/// A file without an owner, with these lines, each `vm = session`, all in resource group `rg`.
fn file(lines: &[(&str, &str)]) -> Desired {
    on_the_sandbox("", lines)
}

/// The file, with the owner [`US`].
fn our_file(lines: &[(&str, &str)]) -> Desired {
    on_the_sandbox(US, lines)
}

fn on_the_sandbox(owner: &str, lines: &[(&str, &str)]) -> Desired {
    let mut file = plans::file(1, owner, lines);
    file.basis.place = Shown::new("the sandbox");
    file.basis.file = Shown::new("sessions.toml");
    file
}

fn id(vm: &str) -> VmId {
    plans::id(1, vm)
}

/// A fleet of these VMs, all in resource group `rg`. An empty session means none, and `session @ owner` has an owner.
fn fleet(vms: &[(&str, &str)]) -> Live {
    let vms: Vec<_> = vms.iter().map(|(vm, held)| (1, *vm, *held)).collect();
    plans::fleet(&vms)
}

/// The plan as text.
fn shown(lines: &[(&str, &str)], vms: &[(&str, &str)]) -> String {
    text(&plan(&[&file(lines)], &fleet(vms), &Aim::on(TODAY)))
}

/// The plan of a file with an owner, as text.
fn ours(lines: &[(&str, &str)], vms: &[(&str, &str)]) -> String {
    text(&plan(&[&our_file(lines)], &fleet(vms), &Aim::on(TODAY)))
}

fn text(plan: &Plan) -> String {
    show::plan(plan, &Options::default(), Paint::default())
}

#[test]
fn a_vm_without_a_session_is_set_and_one_with_another_is_changed() {
    assert_snapshot!(shown(&[("a", "db"), ("b", "web"), ("c", "x")], &[("a", ""), ("b", "old"), ("c", "x"), ("d", "y"), ("e", "")]), @"
    azlin will update 2 VMs in the sandbox:

      + rg/a   db
      ~ rg/b   old -> web

    note: 1 session in Azure is not in sessions.toml; azlin keeps it, because a file without `owner` never clears a session

    Plan: 1 to set, 1 to change, 0 to clear, 0 blocked. 1 session already matches; 1 unmanaged.
    ");
}

#[test]
fn nothing_to_do_is_said_as_such() {
    assert_snapshot!(shown(&[("a", "db")], &[("a", "db"), ("b", "web")]), @"
    No changes: the sandbox matches sessions.toml.

    note: 1 session in Azure is not in sessions.toml; azlin keeps it, because a file without `owner` never clears a session

    Plan: 0 to set, 0 to change, 0 to clear, 0 blocked. 1 session already matches; 1 unmanaged.
    ");
}

#[test]
fn a_name_is_released_before_it_is_given_out() {
    assert_snapshot!(shown(&[("a", "2"), ("b", "3"), ("c", "4")].map(|(vm, s)| (vm, ["", "", "n2", "n3", "n4"][s.parse::<usize>().unwrap()])), &[("a", "n1"), ("b", "n2"), ("c", "n3")]), @"
    azlin will update 3 VMs in the sandbox:

      ~ rg/c   n3 -> n4
      ~ rg/b   n2 -> n3
      ~ rg/a   n1 -> n2

    Plan: 0 to set, 3 to change, 0 to clear, 0 blocked. 0 sessions already match; 0 unmanaged.
    ");
}

#[test]
fn swapped_names_pass_through_empty() {
    assert_snapshot!(shown(&[("a", "web"), ("b", "db")], &[("a", "db"), ("b", "web")]), @"
    azlin will update 2 VMs in the sandbox:

      - rg/a   db   (frees the name; set again below)
      ~ rg/b   web -> db
      + rg/a   web

    Plan: 0 to set, 2 to change, 0 to clear, 0 blocked. 0 sessions already match; 0 unmanaged.
    ");
}

#[test]
fn a_vm_that_is_not_there_is_blocked_with_the_nearest_names() {
    assert_snapshot!(shown(&[("dev-vm-1", "db"), ("web-9", "web"), ("zzz", "z")], &[("dev-vm-2", ""), ("dev-vm-11", ""), ("web-8", "")]), @"
    3 lines in sessions.toml cannot be applied:

      ! rg/dev-vm-1   db   sessions.toml:1
          VM not found, or not visible to this identity
          help: did you mean rg/dev-vm-11 or rg/dev-vm-2?
      ! rg/web-9   web   sessions.toml:2
          VM not found, or not visible to this identity
          help: did you mean rg/web-8?
      ! rg/zzz   z   sessions.toml:3
          VM not found, or not visible to this identity
          help: check the name, the resource group and the subscription

    Plan: 0 to set, 0 to change, 0 to clear, 3 blocked. 0 sessions already match; 0 unmanaged.
    ");
}

#[test]
fn a_name_on_a_vm_outside_the_file_blocks_its_line_and_what_waits_for_it() {
    // A VM outside the file holds the name for c. So c keeps the name that b wants, and b keeps the name that a wants.
    assert_snapshot!(shown(&[("a", "na"), ("b", "nb"), ("c", "out")], &[("a", ""), ("b", "na"), ("c", "nb"), ("d", "out")]), @"
    3 lines in sessions.toml cannot be applied:

      ! rg/a   na   sessions.toml:1
          the name is on rg/b, whose own line is blocked
          help: fix the line for rg/b first
      ! rg/b   nb   sessions.toml:2
          the name is on rg/c, whose own line is blocked
          help: fix the line for rg/c first
      ! rg/c   out   sessions.toml:3
          the name is on rg/d, which this plan does not change
          help: to move the name here, clear it there first (azlin session rg/d --clear); otherwise choose another name

    note: 1 session in Azure is not in sessions.toml; azlin keeps it, because a file without `owner` never clears a session

    Plan: 0 to set, 0 to change, 0 to clear, 3 blocked. 0 sessions already match; 1 unmanaged.
    ");
}

#[test]
fn a_name_that_is_right_but_also_on_a_vm_outside_the_file_is_blocked() {
    assert_snapshot!(shown(&[("a", "db")], &[("a", "db"), ("b", "db")]), @"
    1 line in sessions.toml cannot be applied:

      ! rg/a   db   sessions.toml:1
          the name is on rg/b, which this plan does not change
          help: to move the name here, clear it there first (azlin session rg/b --clear); otherwise choose another name

    warning: session `db` is on several VMs: rg/a and rg/b
    note: 1 session in Azure is not in sessions.toml; azlin keeps it, because a file without `owner` never clears a session

    Plan: 0 to set, 0 to change, 0 to clear, 1 blocked. 0 sessions already match; 1 unmanaged.
    ");
}

#[test]
fn a_session_that_is_the_name_of_another_vm_is_blocked() {
    assert_snapshot!(shown(&[("a", "Web-1")], &[("a", ""), ("web-1", "")]), @"
    1 line in sessions.toml cannot be applied:

      ! rg/a   Web-1   sessions.toml:1
          the session is the name of another VM, rg/web-1: `azlin connect` would open that VM
          help: choose another session name

    Plan: 0 to set, 0 to change, 0 to clear, 1 blocked. 0 sessions already match; 0 unmanaged.
    ");
}

#[test]
fn a_live_duplicate_that_the_plan_cures_is_said_as_such() {
    assert_snapshot!(shown(&[("a", "db"), ("b", "web")], &[("a", "db"), ("b", "db")]), @"
    azlin will update 1 VM in the sandbox:

      ~ rg/b   db -> web   (resolves a duplicate: db is also on rg/a)

    Plan: 0 to set, 1 to change, 0 to clear, 0 blocked. 1 session already matches; 0 unmanaged.
    ");
}

#[test]
fn a_live_duplicate_that_the_plan_leaves_is_a_warning() {
    assert_snapshot!(shown(&[("a", "db"), ("d", "y")], &[("a", ""), ("b", "x"), ("c", "x"), ("d", "x")]), @"
    azlin will update 2 VMs in the sandbox:

      + rg/a   db
      ~ rg/d   x -> y

    warning: session `x` is on several VMs: rg/b, rg/c and rg/d
    note: 2 sessions in Azure are not in sessions.toml; azlin keeps them, because a file without `owner` never clears a session

    Plan: 1 to set, 1 to change, 0 to clear, 0 blocked. 0 sessions already match; 2 unmanaged.
    ");
}

#[test]
fn a_hostile_live_name_is_shown_escaped() {
    assert_snapshot!(shown(&[("a", "db")], &[("a", "\u{1b}[2J\u{202e}x\ny"), ("b", "$(id)"), ("c", "$(id)")]), @r"
    azlin will update 1 VM in the sandbox:

      ~ rg/a   \u{1b}[2J\u{202e}x\ny -> db

    warning: session `$(id)` is on several VMs: rg/b and rg/c
    note: 2 sessions in Azure are not in sessions.toml; azlin keeps them, because a file without `owner` never clears a session

    Plan: 0 to set, 1 to change, 0 to clear, 0 blocked. 0 sessions already match; 2 unmanaged.
    ");
}

#[test]
fn casing_of_vms_does_not_count_and_casing_of_sessions_does() {
    let lines = [("DEV-VM-1", "db"), ("dev-vm-2", "Web")];
    assert_snapshot!(shown(&lines, &[("dev-vm-1", "db"), ("dev-vm-2", "web")]), @"
    azlin will update 1 VM in the sandbox:

      ~ rg/dev-vm-2   web -> Web

    Plan: 0 to set, 1 to change, 0 to clear, 0 blocked. 1 session already matches; 0 unmanaged.
    ");
}

#[test]
fn a_file_with_an_owner_writes_it_adopts_and_clears_its_own() {
    assert_snapshot!(ours(
        &[("a", "new"), ("b", "right"), ("c", "adopted"), ("d", "by-hand")],
        &[
            ("a", ""),
            ("b", "right @ platform-team"),
            ("c", "adopted"),
            ("d", "old"),
            ("e", "gone @ platform-team"),
            ("f", "of-a-person"),
            ("g", "theirs @ ml-team"),
            ("h", " @ platform-team"),
        ],
    ), @"
    azlin will update 5 VMs in the sandbox:

      + rg/a   new
      = rg/c   adopted   (adds the owner tag)
      ~ rg/d   old -> by-hand   (had no owner)
      - rg/e   gone   (removed from sessions.toml)
      - rg/h      (removes the owner tag, which has no session)

    Plan: 1 to set, 1 to change, 2 to clear, 1 to adopt, 0 blocked. 1 session already matches; 2 unmanaged.
    ");
}

#[test]
fn without_an_owner_nothing_is_cleared_and_nothing_adopted() {
    assert_snapshot!(shown(&[("a", "x"), ("b", "y")], &[("a", "x @ ml-team"), ("b", "y"), ("c", "z @ ml-team")]), @"
    No changes: the sandbox matches sessions.toml.

    note: 1 session in Azure is not in sessions.toml; azlin keeps it, because a file without `owner` never clears a session

    Plan: 0 to set, 0 to change, 0 to clear, 0 blocked. 2 sessions already match; 1 unmanaged.
    ");
}

#[test]
fn what_belongs_to_another_owner_is_blocked_until_it_is_taken() {
    let lines = [("a", "x"), ("b", "y"), ("c", "z")];
    let vms = [
        ("a", "x @ ml-team"),
        ("b", "old @ ml-team"),
        ("c", " @ ml-team"),
    ];
    assert_snapshot!(ours(&lines, &vms), @"
    3 lines in sessions.toml cannot be applied:

      ! rg/a   x   sessions.toml:1
          the VM belongs to another owner, `ml-team`
          help: ask that owner, then run this again with --take-ownership rg/a
      ! rg/b   y   sessions.toml:2
          the VM belongs to another owner, `ml-team`
          help: ask that owner, then run this again with --take-ownership rg/b
      ! rg/c   z   sessions.toml:3
          the VM belongs to another owner, `ml-team`
          help: ask that owner, then run this again with --take-ownership rg/c

    note: if ml-team is the former owner of sessions.toml, take over all its sessions with --take-ownership-from ml-team

    Plan: 0 to set, 0 to change, 0 to clear, 3 blocked. 0 sessions already match; 0 unmanaged.
    ");
    let mut aim = Aim::on(TODAY);
    aim.options.take_ownership = [id("a"), id("B")].into();
    assert_snapshot!(text(&plan(&[&our_file(&lines)], &fleet(&vms), &aim)), @"
    With --partial, azlin will update 2 VMs in the sandbox:

      = rg/a   x   (taken from owner ml-team)
      ~ rg/b   old -> y   (taken from owner ml-team)

    1 line in sessions.toml cannot be applied:

      ! rg/c   z   sessions.toml:3
          the VM belongs to another owner, `ml-team`
          help: ask that owner, then run this again with --take-ownership rg/c

    Plan: 0 to set, 1 to change, 0 to clear, 1 to adopt, 1 blocked. 0 sessions already match; 0 unmanaged.
    ");
}

#[test]
fn a_name_moves_from_a_vm_that_left_the_file_to_one_that_is_in_it() {
    assert_snapshot!(ours(&[("b", "db")], &[("a", "db @ platform-team"), ("b", "")]), @"
    azlin will update 2 VMs in the sandbox:

      - rg/a   db   (removed from sessions.toml)
      + rg/b   db

    Plan: 1 to set, 0 to change, 1 to clear, 0 blocked. 0 sessions already match; 0 unmanaged.
    ");
}

#[test]
fn an_expired_line_is_listed_and_a_neighbour_that_it_blocks_says_so() {
    let mut file = our_file(&[("a", "old"), ("b", "db"), ("c", "gone")]);
    file.sessions[0].expires = Some(LONG_AGO);
    file.sessions[2].expires = Some(LONG_AGO);
    let vms = [("a", "db"), ("b", ""), ("c", "gone @ platform-team")];
    assert_snapshot!(text(&plan(&[&file], &fleet(&vms), &Aim::on(TODAY))), @"
    With --partial, azlin will update 1 VM in the sandbox:

      - rg/c   gone   (expired on 2026-01-01)

    1 line in sessions.toml cannot be applied:

      ! rg/b   db   sessions.toml:2
          the name is on rg/a, which this plan does not change; the line for rg/a has expired, but azlin clears only sessions that the file's owner set
          help: to move the name here, clear it there first (azlin session rg/a --clear); otherwise choose another name

    note: 2 lines of sessions.toml have expired: old on rg/a (2026-01-01) and gone on rg/c (2026-01-01)

    Plan: 0 to set, 0 to change, 1 to clear, 1 blocked. 0 sessions already match; 1 unmanaged.
    ");
}

#[test]
fn an_expired_session_is_cleared_by_its_owner_and_a_week_before_that_it_is_said() {
    let mut file = our_file(&[("a", "w"), ("b", "x"), ("c", "y"), ("d", "z")]);
    for (line, day) in file.sessions.iter_mut().zip([
        date!(2026 - 11 - 22),
        TODAY,
        date!(2026 - 11 - 30),
        date!(2026 - 12 - 1),
    ]) {
        line.expires = Some(day);
    }
    let vms = [
        ("a", "w @ platform-team"),
        ("b", "x @ platform-team"),
        ("c", "y @ platform-team"),
        ("d", "z @ platform-team"),
    ];
    assert_snapshot!(text(&plan(&[&file], &fleet(&vms), &Aim::on(TODAY))), @"
    azlin will update 1 VM in the sandbox:

      - rg/a   w   (expired on 2026-11-22)

    note: x on rg/b expires after 2026-11-23
    note: y on rg/c expires after 2026-11-30
    note: 1 line of sessions.toml has expired: w on rg/a (2026-11-22)

    Plan: 0 to set, 0 to change, 1 to clear, 0 blocked. 3 sessions already match; 0 unmanaged.
    ");
    let by_hand = [
        ("a", "w"),
        ("b", "x @ platform-team"),
        ("c", "y @ platform-team"),
        ("d", "z @ platform-team"),
    ];
    assert_eq!(
        plan(&[&file], &fleet(&by_hand), &Aim::on(TODAY)).changes,
        vec![],
        "nobody clears what a person set by hand"
    );
}

#[test]
fn a_target_leaves_everything_else_as_it_is() {
    let lines = [("a", "n1"), ("b", "n2"), ("c", "n3")];
    let vms = [
        ("a", ""),
        ("b", "n1 @ platform-team"),
        ("c", ""),
        ("d", "gone @ platform-team"),
    ];
    let mut aim = Aim::on(TODAY);
    aim.options.targets = [id("a"), id("c")].into();
    assert_snapshot!(text(&plan(&[&our_file(&lines)], &fleet(&vms), &aim)), @"
    With --partial, azlin will update 1 VM in the sandbox:

      + rg/c   n3

    1 line in sessions.toml cannot be applied:

      ! rg/a   n1   sessions.toml:1
          the name is on rg/b, which this plan does not change
          help: to move the name here, clear it there first (azlin session rg/b --clear); otherwise choose another name

    note: --target excludes 2 other VMs that sessions.toml would change

    Plan: 1 to set, 0 to change, 0 to clear, 1 blocked. 0 sessions already match; 0 unmanaged.
    ");
}

/// The refusal of a plan that clears `clears` of `owned` sessions.
fn refused(clears: usize, owned: usize, keeps: bool, options: &Options) -> Vec<String> {
    let names: Vec<String> = (0..owned).map(|n| format!("vm-{n}")).collect();
    let sessions: Vec<String> = (0..owned).map(|n| format!("s-{n}")).collect();
    let held: Vec<String> = sessions.iter().map(|s| format!("{s} @ {US}")).collect();
    let vms: Vec<(&str, &str)> = names
        .iter()
        .map(String::as_str)
        .zip(held.iter().map(String::as_str))
        .chain([("other", "")])
        .collect();
    let mut lines: Vec<(&str, &str)> = names
        .iter()
        .map(String::as_str)
        .zip(sessions.iter().map(String::as_str))
        .skip(clears)
        .collect();
    if keeps {
        lines.push(("other", "another"));
    }
    let plan = plan(&[&our_file(&lines)], &fleet(&vms), &Aim::on(TODAY));
    refusals(&plan, options)
        .iter()
        .map(|refused| {
            let trouble = show::refusal(refused, "sessions.toml", None);
            format!("{}\n{}", trouble.message, trouble.help)
        })
        .collect()
}

#[test]
fn clearing_many_at_once_is_refused_with_the_flag_that_allows_it() {
    let none = &Options::default();
    let up_to = |n| Options {
        max_removals: Some(n),
        ..Options::default()
    };
    assert_snapshot!(refused(6, 19, false, none).join("\n"), @"
    sessions.toml would clear 6 of the 19 sessions that it owns
    review what would be cleared, then allow it with --max-removals 6
    ");
    assert_eq!(refused(6, 20, false, none), [""; 0], "30 percent");
    assert_eq!(refused(5, 6, false, none), [""; 0], "five are few");
    assert_eq!(refused(6, 19, false, &up_to(6)), [""; 0]);
    assert_eq!(refused(6, 19, false, &up_to(5)).len(), 1);
    assert_snapshot!(refused(2, 2, true, none).join("\n"), @"
    sessions.toml would clear all 2 sessions that it owns
    review what would be cleared, then allow it with --max-removals 2
    ");
    assert_eq!(
        refused(1, 1, true, none),
        [""; 0],
        "one session that moved is no clean sweep"
    );
    assert_snapshot!(refused(1, 1, false, none).join("\n"), @"
    sessions.toml declares no sessions, so it would clear 1 session
    review what would be cleared, then allow it with --max-removals 1
    ");
    assert_eq!(refused(1, 1, false, &up_to(1)), [""; 0]);
}
