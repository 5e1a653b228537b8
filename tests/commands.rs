//! `plan`, `apply` and `connect`: the built binary on the sandbox.

mod support;

use insta::assert_snapshot;
use serde_json::Value;
use support::schema::Schema;
use support::{Project, vms};

#[test]
fn the_sample_is_planned_applied_and_then_matches() {
    let project = Project::sample();
    assert_snapshot!(project.run(&["plan"]), @"
    $ azlin plan -> 0
    --- stdout
    azlin will update 6 VMs in the sandbox:

      ~ rg-dev/dev-vm-1   project-beta -> project-alpha   (had no owner)
      + rg-dev/dev-vm-2   project-beta
      = rg-dev/dev-vm-3   sarah-frontend   (adds the owner tag)
      = rg-ml/gpu-vm-1    bert-training-run-1   (adds the owner tag)
      + rg-ml/gpu-vm-2    debugging-issue-123
      ~ rg-ml/gpu-vm-3    bert-training-run-1 -> gpt-finetune
          had no owner; resolves a duplicate: bert-training-run-1 is also on rg-ml/gpu-vm-1

    Plan: 2 to set, 2 to change, 0 to clear, 2 to adopt, 0 blocked. 0 sessions already match; 1 unmanaged.

    --- stderr
    Run azlin apply to make these changes.
    ");
    assert!(!project.state().exists(), "plan writes nothing");
    assert_eq!(project.run(&["plan", "--detailed-exitcode"]).code(), 2);
    assert_snapshot!(project.run(&["apply", "--auto-approve", "--parallelism", "1"]), @"
    $ azlin apply --auto-approve --parallelism 1 -> 0
    --- stdout
    azlin will update 6 VMs in the sandbox:

      ~ rg-dev/dev-vm-1   project-beta -> project-alpha   (had no owner)
      + rg-dev/dev-vm-2   project-beta
      = rg-dev/dev-vm-3   sarah-frontend   (adds the owner tag)
      = rg-ml/gpu-vm-1    bert-training-run-1   (adds the owner tag)
      + rg-ml/gpu-vm-2    debugging-issue-123
      ~ rg-ml/gpu-vm-3    bert-training-run-1 -> gpt-finetune
          had no owner; resolves a duplicate: bert-training-run-1 is also on rg-ml/gpu-vm-1

    Plan: 2 to set, 2 to change, 0 to clear, 2 to adopt, 0 blocked. 0 sessions already match; 1 unmanaged.

      ~ rg-dev/dev-vm-1   project-beta -> project-alpha   done
      + rg-dev/dev-vm-2   project-beta   done
      = rg-dev/dev-vm-3   sarah-frontend   done
      = rg-ml/gpu-vm-1    bert-training-run-1   done
      + rg-ml/gpu-vm-2    debugging-issue-123   done
      ~ rg-ml/gpu-vm-3    bert-training-run-1 -> gpt-finetune   done

    Applied: 6 steps done. The sandbox now matches sessions.toml.
    ");
    assert_snapshot!(project.run(&["plan", "--detailed-exitcode"]), @"
    $ azlin plan --detailed-exitcode -> 0
    --- stdout
    No changes: the sandbox matches sessions.toml.
    Plan: 0 to set, 0 to change, 0 to clear, 0 blocked. 6 sessions already match; 1 unmanaged.
    ");
    assert_snapshot!(project.run(&["apply", "--auto-approve"]), @"
    $ azlin apply --auto-approve -> 0
    --- stdout
    No changes: the sandbox matches sessions.toml.
    Plan: 0 to set, 0 to change, 0 to clear, 0 blocked. 6 sessions already match; 1 unmanaged.
    ");
    assert_snapshot!(project.sessions().join("\n"), @"
    rg-dev/dev-vm-1 project-alpha
    rg-dev/dev-vm-2 project-beta
    rg-dev/dev-vm-3 sarah-frontend
    rg-dev/dev-vm-4 -
    rg-ml/gpu-vm-1 bert-training-run-1
    rg-ml/gpu-vm-2 debugging-issue-123
    rg-ml/gpu-vm-3 gpt-finetune
    rg-ml/gpu-vm-4 notebook-maria
    ");
}

#[test]
fn other_tags_stay_as_they_are() {
    let project = Project::sandbox("[sessions.rg]\na = 'new'\n");
    let mut fleet = vms(&[("rg/a", None)]);
    fleet[0]["tags"] =
        serde_json::json!({ "Azlin_Session": "old", "cost center": "a = \"b\"", "env": "" });
    project.set_fleet(fleet);
    assert_eq!(project.run(&["apply", "--auto-approve"]).code(), 0);
    assert_snapshot!(project.fleet()["vms"][0]["tags"], @r#"{"Azlin_Session":"new","cost center":"a = \"b\"","env":""}"#);
}

#[test]
fn without_a_terminal_apply_asks_for_auto_approve_and_writes_nothing() {
    let project = Project::sample();
    let ran = project.run(&["apply"]);
    assert_eq!(ran.code(), 4);
    assert_snapshot!(ran.stderr, @"
    error: cannot ask for approval: not a terminal, or CI is set
    help: review the output of azlin plan, then run azlin apply --auto-approve
    ");
    assert!(!project.state().exists());
}

#[test]
fn an_invalid_file_is_told_and_nothing_is_read() {
    let project = Project::sandbox("[sessions.rg]\na = 'x y'\n");
    std::fs::create_dir(project.path().join(".azlin")).unwrap();
    std::fs::write(project.state(), "not read").unwrap();
    for verb in [
        &["plan"][..],
        &["apply", "--auto-approve"],
        &["connect", "a"],
    ] {
        let ran = project.run(verb);
        assert_eq!(ran.code(), 1, "{ran}");
        assert_eq!(ran.stdout, "");
        assert!(
            ran.stderr
                .contains("error: sessions.toml is invalid: 1 error"),
            "{ran}"
        );
    }
}

#[test]
fn a_blocked_line_makes_plan_fail_and_apply_refuse() {
    let project = Project::sandbox("[sessions.rg]\na = 'x'\nb-1 = 'y'\n")
        .with_fleet(&[("rg/a", None), ("rg/b-2", None)]);
    assert_snapshot!(project.run(&["plan"]), @"
    $ azlin plan -> 1
    --- stdout
    With --partial, azlin will update 1 VM in the sandbox:

      + rg/a   x

    1 line in sessions.toml cannot be applied:

      ! rg/b-1   y   sessions.toml:6
          VM not found, or not visible to this identity
          help: did you mean rg/b-2?

    Plan: 1 to set, 0 to change, 0 to clear, 1 blocked. 0 sessions already match; 0 unmanaged.

    --- stderr
    error: 1 line in sessions.toml cannot be applied
    help: fix the lines above; to apply only the others, run azlin apply --partial
    ");
    assert_eq!(project.run(&["plan", "--detailed-exitcode"]).code(), 1);
    assert_eq!(project.run(&["apply", "--auto-approve"]).code(), 1);
    assert_eq!(project.sessions(), ["rg/a -", "rg/b-2 -"]);
}

#[test]
fn a_vm_that_fails_costs_only_what_waits_for_it() {
    let project = Project::sandbox("[sessions.rg]\na = 'n1'\nb = 'n2'\nc = 'n3'\nd = 'x'\n");
    let mut fleet = vms(&[
        ("rg/a", None),
        ("rg/b", Some("n1")),
        ("rg/c", None),
        ("rg/d", None),
    ]);
    fleet[1]["lock"] = true.into();
    project.set_fleet(fleet);
    assert_snapshot!(project.run(&["apply", "--auto-approve", "--parallelism", "1"]), @"
    $ azlin apply --auto-approve --parallelism 1 -> 5
    --- stdout
    azlin will update 4 VMs in the sandbox:

      ~ rg/b   n1 -> n2
      + rg/a   n1
      + rg/c   n3
      + rg/d   x

    Plan: 3 to set, 1 to change, 0 to clear, 0 blocked. 0 sessions already match; 0 unmanaged.

      ~ rg/b   n1 -> n2   failed
          cannot write the tags of rg/b: blocked by a lock on `b`, scope /subscriptions/5a4db0e5-0000-4000-8000-000000000000/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/b (409 ScopeLocked)
          help: remove the lock, or ask whoever set it to remove it
      + rg/a   n1   not tried
          depends on rg/b, which did not succeed
      + rg/c   n3   done
      + rg/d   x   done

    Applied in part: 2 steps done, 1 failed, 1 not tried.
    The sandbox does not match sessions.toml yet: 2 lines differ. Run azlin plan for details.
    ");
    assert_eq!(
        project.sessions(),
        ["rg/a -", "rg/b n1", "rg/c n3", "rg/d x"]
    );
}

#[test]
fn a_swap_with_a_vm_that_cannot_be_written_leaves_every_vm_its_name() {
    let project = Project::sandbox("[sessions.rg]\na = 'web'\nb = 'db'\n");
    let mut fleet = vms(&[("rg/a", Some("db")), ("rg/b", Some("web"))]);
    fleet[1]["lock"] = true.into();
    project.set_fleet(fleet);
    let ran = project.run(&["apply", "--auto-approve"]);
    assert_eq!(ran.code(), 1, "{ran}");
    assert!(ran.stdout.contains("+ rg/a   db   restored"), "{ran}");
    assert!(
        ran.stdout
            .contains("Nothing applied: 1 step failed, 1 restored, 1 not tried."),
        "{ran}"
    );
    assert_eq!(project.sessions(), ["rg/a db", "rg/b web"]);
    let ran = project.run(&["apply", "--auto-approve", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let outcomes: Vec<&str> = report["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, ["put_back", "failed", "skipped"]);
    assert_eq!(report["ending"], "nothing");
}

#[test]
fn partial_does_what_can_be_done_and_says_so_with_its_status() {
    let project = Project::sandbox("[sessions.rg]\na = 'x'\nb-1 = 'y'\n")
        .with_fleet(&[("rg/a", None), ("rg/b-2", None)]);
    let ran = project.run(&["apply", "--auto-approve", "--partial"]);
    assert_eq!(ran.code(), 5, "{ran}");
    assert_eq!(project.sessions(), ["rg/a x", "rg/b-2 -"]);
    assert_eq!(
        project
            .run(&["apply", "--auto-approve", "--partial"])
            .code(),
        5,
        "b-1 is blocked still"
    );
}

#[test]
fn removing_many_is_refused_until_it_is_allowed() {
    let names: Vec<String> = (0..8).map(|n| format!("rg/vm-{n}")).collect();
    let fleet: Vec<(&str, Option<&str>)> = names.iter().map(|name| (name.as_str(), None)).collect();
    let lines: String = (0..8).map(|n| format!("vm-{n} = 's-{n}'\n")).collect();
    let file =
        |lines: &str| format!("owner = 'us'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\n{lines}");
    let project = Project::new(&file(&lines)).with_fleet(&fleet);
    assert_eq!(project.run(&["apply", "--auto-approve"]).code(), 0);
    assert_eq!(project.fleet()["vms"][0]["tags"]["azlin_owner"], "us");

    std::fs::write(project.path().join("sessions.toml"), file("vm-0 = 's-0'\n")).unwrap();
    let ran = project.run(&["plan"]);
    assert_eq!(ran.code(), 4, "{ran}");
    assert_snapshot!(ran.stderr, @"
    error: sessions.toml would clear 7 of the 8 sessions that it owns
    help: review what would be cleared, then allow it with --max-removals 7
    ");
    let applied = project.run(&["apply", "--auto-approve"]);
    assert_eq!((applied.code(), applied.stderr), (4, ran.stderr));
    assert_eq!(
        project
            .run(&["apply", "--auto-approve", "--max-removals", "6"])
            .code(),
        4
    );
    let ran = project.run(&["apply", "--auto-approve", "--max-removals", "7"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert_eq!(project.sessions()[..2], ["rg/vm-0 s-0", "rg/vm-1 -"]);
    assert_eq!(
        project.fleet()["vms"][1]["tags"],
        serde_json::Value::Null,
        "the owner goes with the session"
    );

    std::fs::write(project.path().join("sessions.toml"), file("")).unwrap();
    let ran = project.run(&["plan"]);
    assert_eq!(ran.code(), 4, "{ran}");
    assert!(
        ran.stderr
            .contains("sessions.toml declares no sessions, so it would clear"),
        "{ran}"
    );
}

#[test]
fn take_ownership_is_for_one_vm_and_needs_an_owner() {
    let project =
        Project::new("owner = 'us'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\na = 'x'\nb = 'y'\n");
    let mut fleet = vms(&[("rg/a", Some("old")), ("rg/b", Some("old2"))]);
    for vm in &mut fleet {
        vm["tags"]["azlin_owner"] = "them".into();
    }
    project.set_fleet(fleet);
    assert_eq!(project.run(&["plan"]).code(), 1);
    let ran = project.run(&["apply", "--auto-approve", "--take-ownership", "a"]);
    assert_eq!(ran.code(), 1, "b is blocked still: {ran}");
    let ran = project.run(&[
        "apply",
        "--auto-approve",
        "--take-ownership",
        "rg/a",
        "--target",
        "a",
    ]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert_eq!(project.sessions(), ["rg/a x", "rg/b old2"]);
    let ran = project.run(&["plan", "--target", "nothing\u{1b}"]);
    assert_eq!(ran.code(), 1);
    assert_snapshot!(ran.stderr, @r"
    error: --target: VM `nothing\u{1b}` not found in the file or in Azure
    help: check the name, or write it as GROUP/VM
    ");
    let without = Project::sandbox("[sessions.rg]\na = 'x'\n").with_fleet(&[("rg/a", None)]);
    assert_eq!(without.run(&["plan", "--take-ownership", "a"]).code(), 1);
}

/// A project whose owner was renamed to `new`. Its file declares `a` and `b` of the old owner, and dropped `c`.
fn renamed() -> Project {
    let project = Project::new(
        "owner = 'new'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\na = 'x'\nb = 'y2'\n",
    );
    let mut fleet = vms(&[
        ("rg/a", Some("x")),
        ("rg/b", Some("y")),
        ("rg/c", Some("z")),
        ("rg/d", Some("other")),
    ]);
    for vm in &mut fleet {
        vm["tags"]["azlin_owner"] = "old".into();
    }
    fleet[3]["tags"]["azlin_owner"] = "someone-else".into();
    project.set_fleet(fleet);
    project
}

#[test]
fn renaming_an_owner_is_one_flag() {
    let project = renamed();
    assert_snapshot!(project.run(&["plan"]), @"
    $ azlin plan -> 1
    --- stdout
    2 lines in sessions.toml cannot be applied:

      ! rg/a   x   sessions.toml:5
          the VM belongs to another owner, `old`
          help: ask that owner, then run this again with --take-ownership rg/a
      ! rg/b   y2   sessions.toml:6
          the VM belongs to another owner, `old`
          help: ask that owner, then run this again with --take-ownership rg/b

    note: if old is the former owner of sessions.toml, take over all its sessions with --take-ownership-from old

    Plan: 0 to set, 0 to change, 0 to clear, 2 blocked. 0 sessions already match; 2 unmanaged.

    --- stderr
    error: 2 lines in sessions.toml cannot be applied
    help: fix the lines above; to apply only the others, run azlin apply --partial
    ");
    let flags = ["--take-ownership-from", "old"];
    assert_snapshot!(project.run(&["plan", flags[0], flags[1]]), @"
    $ azlin plan --take-ownership-from old -> 0
    --- stdout
    azlin will update 3 VMs in the sandbox:

      = rg/a   x   (taken from owner old)
      ~ rg/b   y -> y2   (taken from owner old)
      - rg/c   z   (removed from sessions.toml; taken from owner old)

    Plan: 0 to set, 1 to change, 1 to clear, 1 to adopt, 0 blocked. 0 sessions already match; 1 unmanaged.
    Options: --take-ownership-from old

    --- stderr
    Run azlin apply with the same options to make these changes.
    ");
    assert_snapshot!(project.run(&["apply", "-y", flags[0], flags[1]]).stdout, @"
    azlin will update 3 VMs in the sandbox:

      = rg/a   x   (taken from owner old)
      ~ rg/b   y -> y2   (taken from owner old)
      - rg/c   z   (removed from sessions.toml; taken from owner old)

    Plan: 0 to set, 1 to change, 1 to clear, 1 to adopt, 0 blocked. 0 sessions already match; 1 unmanaged.
    Options: --take-ownership-from old

      = rg/a   x   done
      ~ rg/b   y -> y2   done
      - rg/c   z   done

    Applied: 3 steps done. The sandbox now matches sessions.toml.
    ");
    let owners: Vec<_> = project.fleet()["vms"].as_array().unwrap().clone();
    let owners = owners.iter().map(|vm| vm["tags"]["azlin_owner"].clone());
    assert_eq!(
        owners.collect::<Vec<_>>(),
        [
            "new".into(),
            "new".into(),
            Value::Null,
            "someone-else".into()
        ]
    );
    let again = project.run(&["plan", flags[0], flags[1]]);
    assert_eq!(again.code(), 0, "{again}");
    assert_snapshot!(again.stderr, @"note: no session in Azure belongs to owner old; owners there: new and someone-else");
}

#[test]
fn guards_count_the_sessions_of_the_former_owner() {
    let project =
        Project::new("owner = 'new'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\na = 'x'\n");
    let ids: Vec<String> = (0..8).map(|at| format!("rg/vm-{at}")).collect();
    let mut fleet: Vec<_> = ids.iter().map(|id| (id.as_str(), Some(&id[3..]))).collect();
    fleet.push(("rg/a", Some("x")));
    let mut fleet = vms(&fleet);
    for vm in &mut fleet {
        let session = format!("s-{}", vm["name"].as_str().unwrap());
        vm["tags"] = serde_json::json!({ "azlin_session": session, "azlin_owner": "old" });
    }
    project.set_fleet(fleet);
    let ran = project.run(&["apply", "-y", "--take-ownership-from", "old"]);
    assert_eq!(ran.code(), 4, "{ran}");
    assert!(
        ran.stderr
            .contains("sessions.toml would clear 8 of the 9 sessions that it owns"),
        "{ran}"
    );
}

#[test]
fn a_saved_plan_keeps_the_former_owner() {
    let project = renamed();
    let saved = project.run(&["plan", "--take-ownership-from", "old", "--out", "p.json"]);
    assert_eq!(saved.code(), 0, "{saved}");
    let json = std::fs::read_to_string(project.path().join("p.json")).unwrap();
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["take_ownership_from"], serde_json::json!(["old"]));
    Schema::open().check(&json).unwrap();
    let ran = project.run(&["apply", "p.json", "--take-ownership-from", "old"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert_eq!(
        project.sessions(),
        ["rg/a x", "rg/b y2", "rg/c -", "rg/d other"]
    );
    assert_eq!(
        project.run(&["apply", "p.json"]).code(),
        0,
        "applied already"
    );
}

#[test]
fn an_owner_is_renamed_only_where_one_file_can_take_over() {
    let project = renamed();
    let ran = project.run(&["plan", "--take-ownership-from", "new"]);
    assert_snapshot!(ran.stderr, @"
    error: --take-ownership-from: new is the owner of sessions.toml now
    help: name the owner that the file had before
    ");
    let ran = project.run(&["plan", "--take-ownership-from", "odl", "--target", "d"]);
    assert!(
        ran.stderr.starts_with(
            "note: no session in Azure belongs to owner odl; owners there: old and someone-else\n"
        ),
        "{ran}"
    );
    let other = "owner = 'other'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\nd = 'other'\n";
    std::fs::write(project.path().join("other.toml"), other).unwrap();
    let both = [
        "plan",
        "--take-ownership-from",
        "old",
        "-f",
        "sessions.toml",
        "-f",
        "other.toml",
    ];
    assert_snapshot!(project.run(&both).stderr, @"
    error: --take-ownership-from: sessions.toml and other.toml are for the same subscription, so either could take over from old
    help: pass only the file that takes over, with --file
    ");
    let without = Project::sandbox("[sessions.rg]\na = 'x'\n").with_fleet(&[("rg/a", None)]);
    assert_snapshot!(without.run(&["plan", "--take-ownership-from", "old"]).stderr, @r#"
    error: --take-ownership-from requires an `owner`, but the file has none
    help: write `owner = "…"` at the top of the file
    "#);
}

#[test]
fn a_session_without_an_owner_is_not_said_to_be_set_by_hand() {
    let lines = "[azure]\ncloud = 'sandbox'\n[sessions.rg]\na = 'x'\n";
    let project = Project::new(lines).with_fleet(&[("rg/a", None)]);
    assert_eq!(project.run(&["apply", "-y"]).code(), 0);
    let file = format!("owner = 'us'\n{}", lines.replace("'x'", "'y'"));
    std::fs::write(project.path().join("sessions.toml"), file).unwrap();
    assert_snapshot!(project.run(&["plan"]).stdout, @"
    azlin will update 1 VM in the sandbox:

      ~ rg/a   x -> y   (had no owner)

    Plan: 0 to set, 1 to change, 0 to clear, 0 blocked. 0 sessions already match; 0 unmanaged.
    ");
}

#[test]
fn the_owners_tag_is_no_tag_for_sessions() {
    let ran = Project::new("[azure]\ncloud = 'sandbox'\ntag = 'Azlin_Owner'\n").run(&["plan"]);
    assert!(
        ran.stderr
            .starts_with("error: a tag key cannot be `azlin_owner`, the tag that holds the owner"),
        "{ran}"
    );
}

#[test]
fn what_has_expired_is_cleared_without_a_flag() {
    let file = "owner = 'us'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\na = { session = 'x', expires = 2026-01-01 }\n\
                b = { session = 'y', expires = 2026-01-01 }\nc = 'z'\n";
    let project = Project::new(file);
    let mut fleet = vms(&[("rg/a", Some("x")), ("rg/b", Some("y")), ("rg/c", None)]);
    for vm in &mut fleet[..2] {
        vm["tags"]["azlin_owner"] = "us".into();
    }
    project.set_fleet(fleet);
    let ran = project.run(&["apply", "--auto-approve"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert_eq!(project.sessions(), ["rg/a -", "rg/b -", "rg/c z"]);
}

#[test]
fn a_target_does_not_speak_for_the_rest() {
    let project = Project::sandbox("[sessions.rg]\na = 'x'\nb = 'y'\n")
        .with_fleet(&[("rg/a", Some("x")), ("rg/b", None)]);
    assert_snapshot!(project.run(&["plan", "--target", "a"]).stdout, @"
    No changes to the targets.

    note: --target excludes 1 other VM that sessions.toml would change

    Plan: 0 to set, 0 to change, 0 to clear, 0 blocked. 1 session already matches; 0 unmanaged.
    Options: --target rg/a
    ");
    assert!(
        project
            .run(&["apply", "--auto-approve", "--target", "a"])
            .stdout
            .starts_with("No changes to the targets")
    );
}

#[test]
fn a_tag_that_says_an_address_does_not_lead_there() {
    let project = Project::sandbox("").with_fleet(&[("rg/a", Some("203.0.0.5")), ("rg/b", None)]);
    let ran = project.run(&["connect", "203.0.0.5", "--print"]);
    assert!(
        ran.stdout.ends_with("-- 203.0.0.5\n") && ran.code() == 0,
        "{ran}"
    );
    assert!(
        project
            .run(&["connect", "a", "--print"])
            .stdout
            .ends_with("-- 203.0.0.4\n")
    );
}

#[test]
fn errors_are_told_before_the_warnings_that_would_hide_them() {
    let lines: String = (0..250)
        .map(|n| format!("vm-{n} = 'Upper-{n}'\n"))
        .collect();
    let ran = Project::sandbox(&format!("[sessions.rg]\n{lines}bad = 'a b'\n")).run(&["plan"]);
    assert!(
        ran.stderr
            .starts_with("error: invalid session name `a b`: it contains"),
        "{ran}"
    );
    assert!(ran.stderr.contains("… and 51 more"), "{ran}");
}

#[test]
fn when_nothing_could_be_written_the_status_is_an_error() {
    let project = Project::sandbox("[sessions.rg]\na = 'n1'\n");
    let mut fleet = vms(&[("rg/a", None)]);
    fleet[0]["lock"] = true.into();
    project.set_fleet(fleet);
    assert_eq!(project.run(&["apply", "--auto-approve"]).code(), 1);
}

#[test]
fn a_swap_a_chain_and_a_cycle_are_applied_in_a_safe_order() {
    let mut file = "[sessions.rg]\n".to_owned();
    let mut fleet = Vec::new();
    let names: Vec<String> = (0..60).map(|n| format!("vm-{n:02}")).collect();
    for (at, name) in names.iter().enumerate() {
        // 0 and 1 swap; 2..30 is a cycle; 30..60 is a chain whose last VM takes a new name.
        let next = match at {
            0 => 1,
            1 => 0,
            29 => 2,
            other => other + 1,
        };
        file += &format!("{name} = 's-{next}'\n");
        fleet.push((format!("rg/{name}"), format!("s-{at}")));
    }
    let fleet: Vec<(&str, Option<&str>)> = fleet
        .iter()
        .map(|(vm, s)| (vm.as_str(), Some(s.as_str())))
        .collect();
    let project = Project::sandbox(&file).with_fleet(&fleet);
    let ran = project.run(&["apply", "--auto-approve"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert!(
        ran.stdout
            .contains("Applied: 62 steps done. The sandbox now matches sessions.toml."),
        "{ran}"
    );
    assert_eq!(project.run(&["plan", "--detailed-exitcode"]).code(), 0);
}

#[test]
fn scope_groups_counts_only_the_groups_of_the_file() {
    let file = "[azure]\ncloud = 'sandbox'\nscope = 'groups'\n[sessions.rg-a]\na = 'x'\n[sessions.gone]\nb = 'y'\n";
    let project = Project::new(file).with_fleet(&[("rg-a/a", None), ("rg-b/b", Some("x"))]);
    assert_snapshot!(project.run(&["plan"]), @"
    $ azlin plan -> 1
    --- stdout
    With --partial, azlin will update 1 VM in the sandbox:

      + rg-a/a   x

    1 line in sessions.toml cannot be applied:

      ! gone/b   y   sessions.toml:7
          VM not found, or not visible to this identity
          help: check the name, the resource group and the subscription

    Plan: 1 to set, 0 to change, 0 to clear, 1 blocked. 0 sessions already match; 0 unmanaged.

    --- stderr
    error: 1 line in sessions.toml cannot be applied
    help: fix the lines above; to apply only the others, run azlin apply --partial
    ");
}

#[test]
fn connect_goes_by_vm_name_then_session_then_address() {
    let project = Project::sandbox("").with_fleet(&[
        ("rg/web", Some("db")),
        ("rg/db", Some("x")),
        ("rg/c", Some("y")),
    ]);
    let host = |name| {
        let ran = project.run(&["connect", name, "--print"]);
        assert_eq!(ran.code(), 0, "{ran}");
        ran.stdout.split_whitespace().last().unwrap().to_owned()
    };
    assert_eq!(host("DB"), "203.0.0.5", "a VM's name wins over a session");
    assert_eq!(host("y"), "203.0.0.6");
    assert_eq!(host("10.0.0.4"), "203.0.0.4", "by its private address");
    assert_eq!(host("203.0.0.6"), "203.0.0.6");
}

#[test]
fn connect_prints_one_ssh_command_line() {
    let project = Project::sample();
    project.run(&["apply", "--auto-approve"]);
    assert_snapshot!(project.run(&["connect", "project-alpha", "--print"]), @"
    $ azlin connect project-alpha --print -> 0
    --- stdout
    ssh -o 'HostKeyAlias=azlin-ba52407c-7747-436b-b622-678b51c0790b' -o 'CheckHostIP=no' -l azureuser -t -- 203.0.113.11 'tmux new-session -A -s project-alpha'
    ");
    assert_snapshot!(project.run(&["connect", "project-beta", "--print"]).stdout, @"ssh -o 'HostKeyAlias=azlin-420367e0-36ea-4ad2-a5bd-64ffdfb9a23c' -o 'CheckHostIP=no' -o 'ProxyJump=bastion.example.com' -l azureuser -t -- 10.1.0.5 'tmux new-session -A -s project-beta'");
    let arguments = [
        "connect",
        "project-alpha",
        "--print",
        "--user",
        "me",
        "--key",
        "/my key",
        "--port",
        "2222",
        "--",
        "echo",
        "a b",
        "$(id)",
    ];
    assert_snapshot!(project.run(&arguments).stdout, @"ssh -o 'HostKeyAlias=azlin-ba52407c-7747-436b-b622-678b51c0790b' -o 'CheckHostIP=no' -l me -i '/my key' -p 2222 -- 203.0.113.11 echo 'a b' '$(id)'");
}

#[test]
fn connect_says_which_vms_answer_to_an_ambiguous_name() {
    let fleet = [
        ("rg-a/vm", Some("x")),
        ("rg-b/vm", Some("y")),
        ("rg-b/c", Some("y")),
    ];
    let project = Project::sandbox("").with_fleet(&fleet);
    assert_snapshot!(project.run(&["connect", "vm", "--print"]).stderr, @"
    error: `vm` is the name of 2 VMs:
      RG-A/vm
      RG-B/vm
    help: use GROUP/VM, as listed above
    ");
    assert_snapshot!(project.run(&["connect", "y", "--print"]).stderr, @"
    error: `y` is the session of 2 VMs:
      RG-B/c
      RG-B/vm
    help: connect by VM name; to fix the duplicate, give one of them another session
    ");
    assert_eq!(
        project
            .run(&["connect", "vm", "--rg", "RG-A", "--print"])
            .code(),
        0
    );
}

#[test]
fn connect_to_what_is_not_there_lists_what_there_is() {
    let project = Project::sample();
    assert_snapshot!(project.run(&["connect", "notebook-mario", "--print"]), @"
    $ azlin connect notebook-mario --print -> 1
    --- stderr
    error: no VM, session or IP address matches `notebook-mario` (searched 8 VMs)
    help: did you mean notebook-maria? sessions that exist:
      bert-training-run-1   rg-ml/gpu-vm-1
      bert-training-run-1   rg-ml/gpu-vm-3
      notebook-maria        rg-ml/gpu-vm-4
      project-beta          rg-dev/dev-vm-1
      sarah-frontend        rg-dev/dev-vm-3
    ");
    assert_snapshot!(project.run(&["connect", "x", "--rg", "nowhere", "--print"]).stderr, @"
    error: no VM, session or IP address matches `x` (searched 0 VMs in resource group nowhere)
    help: no VM here has a session; set one with azlin session VM NAME
    ");
}

#[test]
fn a_name_that_is_nearly_right_gets_the_right_suggestion() {
    let fleet = [
        ("rg-dev/web-1", Some("project-alpha")),
        ("rg-ml/gpu-1", Some("train")),
        ("rg-ml/web-2", None),
    ];
    let file = "[sessions.rg-dev]\nweb-1 = 'project-alpha'\n[sessions.rg-ml]\ngpu-1 = 'train'\n";
    let project = Project::sandbox(file).with_fleet(&fleet);
    let help = |arguments: &[&str]| {
        let ran = project.run(arguments);
        assert_eq!((ran.code(), ran.stdout.as_str()), (1, ""), "{ran}");
        ran.stderr
            .split_once("help: ")
            .unwrap()
            .1
            .trim_end()
            .to_owned()
    };
    let case =
        "did you mean project-alpha, the session of rg-dev/web-1? Case counts in session names";
    let group = "`web-1` is in another resource group: use --rg rg-dev";
    let session = "`project-alpha` is in another resource group: use --rg rg-dev";
    for (arguments, expected) in [
        (&["connect", "PROJECT-ALPHA"][..], case),
        (&["session", "Project-Alpha"], case),
        (&["tag", "list", "Project-Alpha"], case),
        (
            &["connect", "[fd00::1]"],
            "write only the address: use fd00::1",
        ),
        (
            &["connect", "me@[fd00::1]:2222"],
            "write the port as a flag: use fd00::1 --port 2222",
        ),
        (
            &["connect", "10.9.9.9:22"],
            "write the port as a flag: use 10.9.9.9 --port 22",
        ),
        (&["session", "me@web-1"], "leave out the user: use web-1"),
        (
            &["tag", "list", "me@rg-dev/web-1"],
            "leave out the user: use rg-dev/web-1",
        ),
        (&["connect", "web-1", "--rg", "rg-ml"], group),
        (&["session", "web-1", "--rg", "rg-ml"], group),
        (&["tag", "list", "web-1", "--rg", "nowhere"], group),
        (&["connect", "project-alpha", "--rg", "rg-ml"], session),
        (&["connect", "rg-ml/web-1"], "did you mean rg-dev/web-1?"),
        (
            &["tag", "list", "rg-ml/web-1"],
            "did you mean rg-dev/web-1?",
        ),
        (
            &["connect", "unknown", "--rg", "rgdev"],
            "did you mean --rg rg-dev?",
        ),
        (
            &["session", "unknown", "--rg", "RGML"],
            "did you mean --rg rg-ml?",
        ),
        (
            &["tag", "list", "rgdev/unknown"],
            "did you mean resource group rg-dev?",
        ),
        (
            &["session", "WEB1"],
            "did you mean rg-dev/web-1 or rg-ml/web-2?",
        ),
        (
            &["plan", "--target", "rg-ml/web-1"],
            "did you mean rg-dev/web-1?",
        ),
        (
            &["plan", "--target", "train"],
            "use rg-ml/gpu-1, which holds that session",
        ),
        (&["plan", "--target", "gpu1"], "did you mean rg-ml/gpu-1?"),
    ] {
        assert_eq!(help(arguments), expected, "{arguments:?}");
    }
}

#[test]
fn connect_says_that_a_vm_is_stopped_and_start_starts_it() {
    let project = Project::sample();
    assert_snapshot!(project.run(&["connect", "gpu-vm-2", "--print"]), @"
    $ azlin connect gpu-vm-2 --print -> 1
    --- stderr
    note: rg-ml/gpu-vm-2 holds no session, but sessions.toml assigns debugging-issue-123 to it (see azlin plan)
    error: rg-ml/gpu-vm-2 is deallocated
    help: start it: azlin connect rg-ml/gpu-vm-2 --start
    ");
    assert_snapshot!(project.run(&["connect", "gpu-vm-2", "--print", "--start"]), @"
    $ azlin connect gpu-vm-2 --print --start -> 0
    --- stdout
    ssh -o 'HostKeyAlias=azlin-aa82b08b-d37e-47d4-a1c9-b2dc784fdf90' -o 'CheckHostIP=no' -o 'ConnectTimeout=5' -o 'ConnectionAttempts=24' -l azureuser -- 203.0.113.22

    --- stderr
    note: rg-ml/gpu-vm-2 holds no session, but sessions.toml assigns debugging-issue-123 to it (see azlin plan)
    starting rg-ml/gpu-vm-2…
    rg-ml/gpu-vm-2 is running
    ");
    assert_eq!(
        project.run(&["connect", "gpu-vm-2", "--print"]).code(),
        0,
        "it runs now"
    );
}

#[test]
fn a_hostile_session_is_never_part_of_a_command() {
    let hostile = [
        "$(id)",
        "a;b",
        "-oProxyCommand=touch x",
        "a\nb",
        "\u{202e}x",
    ];
    for session in hostile {
        let file = "[ssh]\ncommand = 'tmux new -A -s {session}'\n";
        let project = Project::sandbox(file).with_fleet(&[("rg/vm", Some(session))]);
        let ran = project.run(&["connect", "vm", "--print"]);
        assert_eq!(
            ran.stdout.split(" -- ").last(),
            Some("203.0.0.4\n"),
            "{ran}"
        );
        let ran = project.run(&["connect", "nothing", "--print"]);
        assert!(
            !ran.stderr
                .chars()
                .any(|c| c != '\n' && azlin::text::is_unprintable(c)),
            "{ran}"
        );
    }
}

/// A VM with a machine behind it, as far as azlin can tell: its address is this machine's.
#[cfg(unix)]
fn local_vm() -> Vec<serde_json::Value> {
    let mut fleet = vms(&[("rg/vm", Some("db"))]);
    fleet[0]["public_ip"] = "127.0.0.1".into();
    fleet[0]["private_ip"] = "127.0.0.1".into();
    fleet
}

#[test]
fn connect_in_the_sandbox_shows_the_command_that_it_would_run() {
    let project = Project::sample();
    assert_snapshot!(project.run(&["connect", "project-beta"]), @"
    $ azlin connect project-beta -> 0
    --- stdout
    ssh -o 'HostKeyAlias=azlin-ba52407c-7747-436b-b622-678b51c0790b' -o 'CheckHostIP=no' -l azureuser -t -- 203.0.113.11 'tmux new-session -A -s project-beta'

    --- stderr
    note: session `project-beta` is on rg-dev/dev-vm-1 now, but sessions.toml assigns it to rg-dev/dev-vm-2 (see azlin plan)
    note: rg-dev/dev-vm-1 is a sandbox VM, so azlin prints the ssh command instead of running it
    ");
}

#[test]
fn connect_passes_sshs_own_letters_on() {
    let project = Project::sample();
    let shown = |arguments: &[&str]| {
        let ran = project.run(&[&["ssh", "dev-vm-1", "--print"], arguments].concat());
        assert_eq!(ran.code(), 0, "{ran}");
        let (passed, rest) = ran.stdout.split_once(" -o 'HostKeyAlias=").unwrap();
        let (_, rest) = rest.split_once("CheckHostIP=no' ").unwrap();
        format!("{passed} … {rest}")
    };
    assert_snapshot!(shown(&["-L", "8888:localhost:8888", "-A", "-vv"]), @"ssh -L 8888:localhost:8888 -A -vv … -l azureuser -t -- 203.0.113.11 'tmux new-session -A -s project-beta'");
    assert_snapshot!(shown(&["-N", "-D", "1080"]), @"ssh -D 1080 -N … -l azureuser -- 203.0.113.11");
    assert_snapshot!(shown(&["-l", "me", "-i", "id", "-p", "2222", "-T"]), @"ssh -T … -l me -i id -p 2222 -- 203.0.113.11");
    assert_snapshot!(shown(&["-J", "jump.example.com", "-o", "ServerAliveInterval=30"]), @"ssh -o 'ServerAliveInterval=30' -J jump.example.com … -l azureuser -t -- 203.0.113.11 'tmux new-session -A -s project-beta'");
    // Here they are ssh's, and elsewhere azlin's.
    let ran = project.run(&["connect", "dev-vm-1", "-f", "sessions.toml"]);
    assert_eq!(ran.code(), 1, "{ran}");
    let ran = project.run(&["list", "-f", "sessions.toml", "-v", "-o", "json"]);
    assert_eq!(ran.code(), 0, "{ran}");
    for attached in ["-oProxyCommand=x", "-AoProxyCommand=x", "-Jevil"] {
        let ran = project.run(&["connect", attached, "--print"]);
        assert_eq!(ran.code(), 1, "{ran}");
        assert!(ran.stderr.contains("put a space before the value"), "{ran}");
    }
}

/// A program `ssh` in place of the real one. It prints its arguments.
#[cfg(unix)]
fn with_fake_ssh(project: &Project, script: &str) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    let bin = project.path().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let ssh = bin.join("ssh");
    std::fs::write(&ssh, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&ssh, std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:{}", bin.display(), std::env::var("PATH").unwrap())
}

#[cfg(unix)]
#[test]
fn connect_becomes_ssh_with_its_words_and_its_exit_status() {
    let project = Project::sandbox("");
    project.set_fleet(local_vm());
    let path = with_fake_ssh(
        &project,
        "echo pid $$; for word; do echo \"<$word>\"; done; exit 42",
    );
    let mut command = project.command(&["connect", "db", "--", "echo", "a b"]);
    let child = command
        .env("PATH", path)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let pid = child.id();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(42));
    let said = String::from_utf8(output.stdout).unwrap();
    let (first, words) = said.split_once('\n').unwrap();
    assert_eq!(
        first,
        format!("pid {pid}"),
        "one process: azlin's own becomes ssh's"
    );
    let words: Vec<&str> = words.lines().skip_while(|word| *word != "<-->").collect();
    assert_eq!(words, ["<-->", "<127.0.0.1>", "<echo>", "<a b>"]);
}

#[test]
fn connect_without_ssh_says_what_to_install() {
    let project = Project::sandbox("").with_env("PATH", "/nowhere");
    project.set_fleet(local_vm());
    assert_snapshot!(project.run(&["connect", "db"]), @"
    $ azlin connect db -> 1
    --- stderr
    error: cannot run ssh: no such file or directory
    help: install the OpenSSH client, or add `ssh` to your PATH
    ");
}

#[test]
fn a_usage_error_is_status_1_and_help_is_0() {
    let project = Project::sample();
    for wrong in [
        &["plan", "--nonsense"][..],
        &["conect"],
        &["connect", "x", "--user", "-l"],
        &["apply", "--parallelism", "0"],
    ] {
        let ran = project.run(wrong);
        assert_eq!((ran.code(), ran.stdout.as_str()), (1, ""), "{ran}");
    }
    assert_eq!(project.run(&["--help"]).code(), 0);
    assert_snapshot!(project.run(&["--version"]), @"
    $ azlin --version -> 0
    --- stdout
    azlin 0.1.0
    ");
}

#[test]
fn a_usage_error_repeats_nothing_that_acts_on_a_terminal() {
    let project = Project::sample().with_env("CLICOLOR_FORCE", "1");
    assert_snapshot!(project.run(&["plan", "--color", "\u{9b}31m\u{202e}a\tb\r"]).stderr, @r"
    error: invalid value '\u{9b}31m\u{202e}a	b\r' for '--color <WHEN>'
      [possible values: auto, always, never]

    For more information, try '--help'.
    ");
    assert_snapshot!(project.run(&["plan", "--color", "\u{1b}]0;owned\u{7}x"]).stderr, @"
    error: invalid value 'x' for '--color <WHEN>'
      [possible values: auto, always, never]

    For more information, try '--help'.
    ");
    let usual = project.run(&["plan", "--color", "x"]).stderr;
    assert!(
        usual.contains("\u{1b}["),
        "its own colours it keeps: {usual}"
    );
}

#[test]
fn the_file_is_found_upwards_by_flag_and_by_environment() {
    let project = Project::sample();
    let below = project.path().join("a/b");
    std::fs::create_dir_all(&below).unwrap();
    let plan = |mut command: std::process::Command| {
        let output = command.output().unwrap();
        (
            output.status.code(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let mut upwards = project.command(&["plan"]);
    upwards.current_dir(&below);
    assert_eq!(plan(upwards).0, Some(0));

    let elsewhere = tempfile::TempDir::new().unwrap();
    let mut nowhere = project.command(&["plan"]);
    nowhere.current_dir(elsewhere.path());
    let (status, said) = plan(nowhere);
    assert_eq!(status, Some(1));
    assert_snapshot!(said, @"
    error: sessions.toml not found in this folder or any above it
    help: create one with azlin init, or pass its path with --file or AZLIN_FILE
    ");

    let file = project.path().join("sessions.toml");
    let mut flagged = project.command(&["plan", "--file", file.to_str().unwrap()]);
    flagged.current_dir(elsewhere.path());
    assert_eq!(plan(flagged).0, Some(0));
    let mut environment = project.command(&["plan"]);
    environment
        .current_dir(elsewhere.path())
        .env("AZLIN_FILE", &file);
    assert_eq!(plan(environment).0, Some(0));
    let mut users = project.command(&["plan"]);
    let config = elsewhere.path().join("config/azlin");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::copy(&file, config.join("sessions.toml")).unwrap();
    users
        .current_dir(elsewhere.path())
        .env("XDG_CONFIG_HOME", elsewhere.path().join("config"));
    assert_eq!(plan(users).0, Some(0));
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let project = Project::sample();
    let coloured =
        |project: &Project, arguments: &[&str]| project.run(arguments).stdout.contains("\u{1b}[");
    assert!(!coloured(&project, &["plan"]));
    assert!(coloured(&project, &["plan", "--color", "always"]));
    let forced = Project::sample().with_env("CLICOLOR_FORCE", "1");
    assert!(coloured(&forced, &["plan"]));
    assert!(!coloured(&forced, &["plan", "--color", "never"]));
    let both = Project::sample()
        .with_env("CLICOLOR_FORCE", "1")
        .with_env("NO_COLOR", "1");
    assert!(!coloured(&both, &["plan"]));
}

#[test]
fn connect_says_where_it_goes_when_the_file_says_otherwise() {
    let file = "[sessions.rg]\na = 'atlas'\nb = 'boreas'\nc = 'ceto'\n";
    let project = Project::sandbox(file).with_fleet(&[
        ("rg/a", None),
        ("rg/b", Some("atlas")),
        ("rg/c", Some("ceto")),
    ]);
    let said = |name: &str| project.run(&["connect", name, "--print"]).stderr;
    assert_snapshot!(said("atlas"), @"note: session `atlas` is on rg/b now, but sessions.toml assigns it to rg/a (see azlin plan)");
    assert_snapshot!(said("b"), @"note: rg/b holds atlas, but sessions.toml assigns boreas to it (see azlin plan)");
    assert_snapshot!(said("a"), @"note: rg/a holds no session, but sessions.toml assigns atlas to it (see azlin plan)");
    assert_snapshot!(said("ceto"), @"");
    assert_snapshot!(said("boreas"), @"
    error: no VM, session or IP address matches `boreas` (searched 3 VMs)
    help: run azlin apply first: sessions.toml assigns it to rg/b, but that has not been applied yet; sessions that exist:
      atlas   rg/b
      ceto    rg/c
    ");
}

#[test]
fn connect_without_a_name_and_a_terminal_asks_for_a_name() {
    assert_snapshot!(Project::sample().run(&["connect"]), @"
    $ azlin connect -> 1
    --- stderr
    error: no VM given, and the list to choose from requires a terminal
    help: specify a VM: azlin connect NAME
    ");
}

#[test]
fn a_misspelled_vm_costs_no_session() {
    let file = |vm: &str| {
        format!("owner = 'us'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\n{vm} = 'db'\nb = 'web'\n")
    };
    let project = Project::new(&file("a")).with_fleet(&[("rg/a", None), ("rg/b", None)]);
    assert_eq!(project.run(&["apply", "-y"]).code(), 0);
    std::fs::write(project.path().join("sessions.toml"), file("aa")).unwrap();
    assert_snapshot!(project.run(&["plan"]), @"
    $ azlin plan -> 1
    --- stdout
    1 line in sessions.toml cannot be applied:

      ! rg/aa   db   sessions.toml:5
          VM not found, or not visible to this identity; rg/a keeps session `db` until you fix this
          help: did you mean rg/a?

    Plan: 0 to set, 0 to change, 0 to clear, 1 blocked. 1 session already matches; 0 unmanaged.

    --- stderr
    error: 1 line in sessions.toml cannot be applied
    help: fix the lines above; to apply only the others, run azlin apply --partial
    ");
    assert_eq!(project.run(&["apply", "-y", "--partial"]).code(), 5);
    assert_eq!(project.sessions(), ["rg/a db", "rg/b web"]);
}

#[test]
fn the_next_command_names_the_same_files() {
    let project = Project::sample();
    std::fs::rename(
        project.path().join("sessions.toml"),
        project.path().join("my sessions.toml"),
    )
    .unwrap();
    let said = |arguments: &[&str]| {
        let ran = project.run(&[&["plan", "-f", "my sessions.toml"], arguments].concat());
        assert_eq!(ran.code(), 0, "{ran}");
        ran.stderr
    };
    assert_snapshot!(said(&[]), @"Run azlin apply --file 'my sessions.toml' to make these changes.");
    assert_snapshot!(said(&["--out", "p.json"]), @"Saved the plan to p.json. To apply exactly this plan, run: azlin apply --file 'my sessions.toml' p.json");
    assert_snapshot!(said(&["--target", "dev-vm-1"]), @"Run azlin apply --file 'my sessions.toml' with the same options to make these changes.");
}

#[test]
fn a_user_before_the_name_logs_in() {
    let project = Project::sample();
    let ran = project.run(&["connect", "me@dev-vm-1", "--print"]);
    assert!(ran.stdout.contains(" -l me "), "{ran}");
}

#[test]
fn a_session_whose_new_line_is_blocked_is_not_cleared() {
    let file = "owner = 'us'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\na = 'two'\n";
    let project = Project::new(file);
    let mut fleet = vms(&[("rg/a", Some("one")), ("rg/b", Some("two"))]);
    fleet[0]["tags"]["azlin_owner"] = "them".into();
    fleet[1]["tags"]["azlin_owner"] = "us".into();
    project.set_fleet(fleet);
    assert_eq!(project.run(&["apply", "-y", "--partial"]).code(), 5);
    assert_eq!(project.sessions(), ["rg/a one", "rg/b two"]);
}

#[test]
fn the_wrong_former_owner_clears_nothing() {
    let file = "owner = 'us'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\na = 'one'\n";
    let project = Project::new(file);
    let mut fleet = vms(&[
        ("rg/a", Some("one")),
        ("rg/b", Some("two")),
        ("rg/c", Some("three")),
    ]);
    for (vm, owner) in fleet.iter_mut().zip(["us", "them", "them"]) {
        vm["tags"]["azlin_owner"] = owner.into();
    }
    project.set_fleet(fleet);
    let ran = project.run(&["apply", "-y", "--take-ownership-from", "them"]);
    assert_snapshot!(ran.stderr, @"
    error: the plan would clear 2 sessions of another owner and take over none of them
    help: review what would be cleared, then allow it with --max-removals 2
    ");
    assert_eq!(ran.code(), 4, "{ran}");
    assert_eq!(project.sessions(), ["rg/a one", "rg/b two", "rg/c three"]);
}

#[test]
fn a_plan_names_the_tag_if_it_is_not_azlins() {
    let project = Project::new(
        "[azure]\ncloud = 'sandbox'\ntag = 'cost-center'\n[sessions.rg]\na = 'atlas'\n",
    );
    let project = project.with_fleet(&[("rg/a", None)]);
    let text = project.run(&["plan"]).stdout;
    let note = "note: sessions.toml keeps session names in the tag `cost-center`\n";
    assert!(text.contains(note), "{text}");
    let markdown = project.run(&["plan", "--format", "markdown"]).stdout;
    let note = "- sessions&#46;toml keeps session names in the tag &#96;cost-center&#96;\n";
    assert!(markdown.contains(note), "{markdown}");
}
