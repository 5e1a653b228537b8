//! Several files planned together, in one subscription or several.

mod support;

use azlin::model::{Desired, Live, Scope};
use azlin::plan::{Action, Options, refusals};
use azlin::show::{self, Paint};
use insta::assert_snapshot;
use support::plans::{LONG_AGO, file, fleet, planned};

/// The plan for `files` as text.
fn shown(files: &[Desired], live: &Live) -> String {
    show::plan(&planned(files, live), &Options::default(), Paint::default())
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
    assert_snapshot!(shown(&files, &live), @"
    1.toml
    azlin will update 2 VMs in subscription 00000000-0000-4000-8000-000000000001:

      - rg/a   db   (removed from 1.toml)
      - rg/c   y   (removed from 1.toml)

    Plan: 0 to set, 0 to change, 2 to clear, 0 blocked. 1 session already matches; 0 unmanaged.

    2.toml
    azlin will update 1 VM in subscription 00000000-0000-4000-8000-000000000002:

      + rg/a   db   (after rg/a of 1.toml)

    Plan: 1 to set, 0 to change, 0 to clear, 0 blocked. 0 sessions already match; 1 unmanaged.

    Total for 2 files: 1 to set, 0 to change, 2 to clear, 0 blocked.
    ");
}

#[test]
fn names_that_swap_between_subscriptions_pass_through_empty() {
    let live = fleet(&[(1, "a", "db"), (2, "a", "web")]);
    let files = [file(1, "", &[("a", "web")]), file(2, "", &[("a", "db")])];
    assert_snapshot!(shown(&files, &live), @"
    1.toml
    azlin will update 1 VM in subscription 00000000-0000-4000-8000-000000000001:

      - rg/a   db   (frees the name; set again below)
      + rg/a   web   (after rg/a of 2.toml)

    Plan: 0 to set, 1 to change, 0 to clear, 0 blocked. 0 sessions already match; 0 unmanaged.

    2.toml
    azlin will update 1 VM in subscription 00000000-0000-4000-8000-000000000002:

      ~ rg/a   web -> db   (after rg/a of 1.toml)

    Plan: 0 to set, 1 to change, 0 to clear, 0 blocked. 0 sessions already match; 0 unmanaged.

    Total for 2 files: 0 to set, 2 to change, 0 to clear, 0 blocked.
    ");
    let steps = planned(&files, &live).steps.into_iter();
    let waits: Vec<(usize, Vec<usize>)> = steps.map(|step| (step.file, step.waits_for)).collect();
    assert_eq!(waits, [(0, vec![]), (1, vec![0]), (0, vec![0, 1])]);
}

#[test]
fn a_name_that_another_subscription_keeps_is_blocked_and_one_that_is_a_vm_there_too() {
    let live = fleet(&[(1, "a", ""), (1, "b", ""), (2, "web", "db")]);
    let files = [
        file(1, "", &[("a", "db"), ("b", "web"), ("c", "x")]),
        file(2, "", &[]),
    ];
    assert_snapshot!(shown(&files, &live), @"
    1.toml
    3 lines in 1.toml cannot be applied:

      ! rg/a   db   1.toml:1
          the name is on 00000000-0000-4000-8000-000000000002/rg/web, which this plan does not change
          help: to move the name here, clear it there first (azlin session 00000000-0000-4000-8000-000000000002/rg/web --clear); otherwise choose another name
      ! rg/b   web   1.toml:2
          the session is the name of another VM, 00000000-0000-4000-8000-000000000002/rg/web: `azlin connect` would open that VM
          help: choose another session name
      ! rg/c   x   1.toml:3
          VM not found, or not visible to this identity
          help: check the name, the resource group and the subscription

    Plan: 0 to set, 0 to change, 0 to clear, 3 blocked. 0 sessions already match; 0 unmanaged.

    2.toml
    No changes: subscription 00000000-0000-4000-8000-000000000002 matches 2.toml.

    note: 1 session in Azure is not in 2.toml; azlin keeps it, because a file without `owner` never clears a session

    Plan: 0 to set, 0 to change, 0 to clear, 0 blocked. 0 sessions already match; 1 unmanaged.

    Total for 2 files: 0 to set, 0 to change, 0 to clear, 3 blocked.
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
    let plan = planned(&files, &live);
    let said = |at: usize| {
        let changes = plan.changes_of(at);
        let changes: Vec<String> = changes.map(|change| change.vm.path().to_string()).collect();
        let file = &plan.files[at];
        (changes.join(" "), file.owned, file.unmanaged)
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
    let plan = planned(&[ours, file(1, "", &[])], &live);
    let first = &plan.files[0];
    assert_eq!(
        (plan.changes_of(0).count(), first.owned, first.unmanaged),
        (0, 0, 1)
    );
}

#[test]
fn what_has_expired_in_another_file_is_no_word_of_the_owners() {
    let live = fleet(&[(1, "a", "x @ us"), (1, "b", "y @ us")]);
    let mut theirs = file(1, "them", &[("a", "old")]);
    theirs.sessions[0].expires = Some(LONG_AGO);
    let mut ours = file(1, "us", &[("b", "y")]);
    ours.sessions[0].expires = Some(LONG_AGO);
    let plan = planned(&[theirs, ours], &live);
    let said: Vec<_> = plan.changes_of(1).map(|change| change.action).collect();
    let expired = |day| Action::Clear { expired: day };
    assert_eq!(said, [expired(None), expired(Some(LONG_AGO))]);
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
    let plan = planned(&files, &live);
    let judged = |max_removals| {
        let options = Options {
            max_removals,
            ..Options::default()
        };
        let refusals = refusals(&plan, &options).into_iter();
        let said = refusals.map(|refused| {
            let file = &plan.files[refused.file].basis.file;
            let trouble = show::refusal(&refused, file.as_str(), None);
            format!("{}\n{}", trouble.message, trouble.help)
        });
        said.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(judged(None), @"
    1.toml would clear 7 of the 8 sessions that it owns
    review what would be cleared, then allow it with --max-removals 12
    ");
    assert_eq!(judged(Some(11)), judged(None));
    assert_eq!(judged(Some(12)), "");
}
