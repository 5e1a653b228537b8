//! Saved plans: `plan --out`, `show` and `apply PLAN`, with the built binary.

mod support;

use std::fs;

use insta::assert_snapshot;
use serde_json::Value;
use support::schema::Schema;
use support::{Project, vms};

const FILE: &str =
    "owner = 'us'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\na = 'db'\nb = 'web'\nc = 'x'\n";

/// A swap and a set, saved as `plan.json`.
fn saved() -> Project {
    let project = Project::new(FILE).with_fleet(&[
        ("rg/a", Some("web")),
        ("rg/b", Some("db")),
        ("rg/c", None),
    ]);
    let ran = project.run(&["plan", "--out", "plan.json"]);
    let said =
        "Saved the plan to plan.json. To apply exactly this plan, run: azlin apply plan.json\n";
    assert_eq!((ran.code(), ran.stderr.as_str()), (0, said), "{ran}");
    project
}

fn rewrite(project: &Project, change: impl Fn(String) -> String) {
    let path = project.path().join("plan.json");
    let text = fs::read_to_string(&path).unwrap();
    let changed = change(text.clone());
    assert_ne!(text, changed, "the test changes the plan");
    fs::write(path, changed).unwrap();
}

#[test]
fn a_saved_plan_is_applied_without_a_question_and_a_second_time_changes_nothing() {
    let project = saved();
    let ran = project.run(&["apply", "plan.json"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert_eq!(project.sessions(), ["rg/a db", "rg/b web", "rg/c x"]);
    let fleet = project.fleet();
    assert_snapshot!(project.run(&["apply", "plan.json"]), @"
    $ azlin apply plan.json -> 0
    --- stdout
    No changes: the sandbox matches sessions.toml.
    Plan: 0 to set, 0 to change, 0 to clear, 0 blocked. 3 sessions already match; 0 unmanaged.

    --- stderr
    plan.json is already applied: nothing to do
    ");
    assert_eq!(project.fleet(), fleet);
}

#[test]
fn show_shows_what_plan_showed() {
    let project = saved();
    let planned = project.run(&["plan"]).stdout;
    let shown = project.run(&["show", "plan.json"]).stdout;
    assert_eq!(
        shown.replace(
            &format!("subscription {}", azlin::sandbox::SUBSCRIPTION),
            "the sandbox"
        ),
        planned
    );
    let json = project
        .run(&["show", "plan.json", "--format", "json"])
        .stdout;
    assert_eq!(
        json,
        fs::read_to_string(project.path().join("plan.json")).unwrap()
    );
    assert_eq!(json, project.run(&["plan", "--format", "json"]).stdout);
    assert!(
        project
            .run(&["show", "plan.json", "--format", "markdown"])
            .stdout
            .starts_with("<!-- azlin plan -->\n")
    );
}

#[test]
fn a_saved_plan_goes_on_where_a_crash_left_it() {
    // The states after each of the swap's steps (clear a, set b, set a), with c done or not.
    let states = [
        (("-", ""), ("db", "")),
        (("-", ""), ("web", "us")),
        (("db", "us"), ("web", "us")),
    ];
    for ((a, a_owner), (b, b_owner)) in states {
        for c in ["-", "x"] {
            let project = saved();
            let mut fleet = vms(&[("rg/a", None), ("rg/b", None), ("rg/c", None)]);
            let c_owner = if c == "x" { "us" } else { "" };
            for (vm, (name, owner)) in
                fleet
                    .iter_mut()
                    .zip([(a, a_owner), (b, b_owner), (c, c_owner)])
            {
                if name != "-" {
                    vm["tags"]["azlin_session"] = name.into();
                }
                if !owner.is_empty() {
                    vm["tags"]["azlin_owner"] = owner.into();
                }
            }
            project.set_fleet(fleet);
            let ran = project.run(&["apply", "plan.json"]);
            assert_eq!(ran.code(), 0, "a {a}, b {b}, c {c}: {ran}");
            assert_eq!(project.sessions(), ["rg/a db", "rg/b web", "rg/c x"]);
        }
    }
}

#[test]
fn when_azure_has_gone_another_way_the_saved_plan_is_out_of_date() {
    let project = saved();
    project.set_fleet(vms(&[
        ("rg/a", Some("web")),
        ("rg/b", Some("other")),
        ("rg/c", None),
    ]));
    let ran = project.run(&["apply", "plan.json"]);
    assert_snapshot!(ran, @"
    $ azlin apply plan.json -> 3
    --- stdout
    Since plan.json was saved:

      another step is needed: ~ rg/a web -> db
      not needed any more: - rg/a web
      not needed any more: + rg/a db
      rg/b holds other now, not db

    The plan now:

    azlin will update 3 VMs in the sandbox:

      ~ rg/a   web -> db   (had no owner)
      ~ rg/b   other -> web   (had no owner)
      + rg/c   x

    Plan: 1 to set, 2 to change, 0 to clear, 0 blocked. 0 sessions already match; 0 unmanaged.

    --- stderr
    error: plan.json is out of date: Azure has changed since; nothing was written
    help: review a new plan, then save it: azlin plan --out FILE
    ");
    assert_eq!(project.sessions(), ["rg/a web", "rg/b other", "rg/c -"]);

    let gone = saved();
    gone.set_fleet(vms(&[("rg/a", Some("web")), ("rg/b", Some("db"))]));
    assert_eq!(
        gone.run(&["apply", "plan.json", "--partial"]).code(),
        3,
        "a VM is gone"
    );
    let again = saved();
    let mut fleet = vms(&[("rg/a", Some("web")), ("rg/b", Some("db")), ("rg/c", None)]);
    fleet[2]["vm_id"] = "11111111-2222-4333-8444-555555555555".into();
    again.set_fleet(fleet);
    assert_eq!(
        again.run(&["apply", "plan.json"]).code(),
        3,
        "a VM was made anew"
    );
}

/// The machine of a VM that was created again.
const AGAIN: &str = "11111111-2222-4333-8444-555555555555";

/// A saved plan, on a fleet in which each VM has changed in another way since.
fn stale() -> Project {
    let file = "owner = 'us'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\na = 'x'\nb = 'y'\nc = 'z'\n\
                d = 'same'\ne = 'new'\nf = 'freed'\ng = 'lost'\n";
    let fleet = |change: bool| {
        let mut fleet = vms(&[
            ("rg/a", Some(if change { "other" } else { "old" })),
            ("rg/b", None),
            ("rg/c", None),
            ("rg/d", Some(if change { "moved" } else { "same" })),
            ("rg/e", None),
            ("rg/f", Some("freed")),
            ("rg/g", Some("lost")),
        ]);
        fleet[3]["tags"]["azlin_owner"] = "us".into();
        if change {
            fleet[1]["vm_id"] = AGAIN.into();
            fleet[4]["tags"]["azlin_owner"] = "them".into();
            fleet[5]["tags"]["azlin_owner"] = "us".into();
            fleet[6]["tags"]["azlin_owner"] = "them".into();
            fleet.remove(2);
        } else {
            fleet[5]["tags"]["azlin_owner"] = "them".into();
            fleet[6]["tags"]["azlin_owner"] = "us".into();
        }
        fleet
    };
    let project = Project::new(file);
    project.set_fleet(fleet(false));
    assert_eq!(project.run(&["plan", "--out", "plan.json"]).code(), 1);
    project.set_fleet(fleet(true));
    project
}

#[test]
fn a_stale_plan_is_refused_with_each_difference_in_one_line() {
    let project = stale();
    let ran = project.run(&["apply", "plan.json"]);
    assert_snapshot!(ran, @"
    $ azlin apply plan.json -> 3
    --- stdout
    Since plan.json was saved:

      rg/a holds other now, not old
      rg/b is another machine now
      rg/c is gone
      another step is needed: ~ rg/d moved -> same
      rg/e belongs to owner them now
      the line for rg/f was blocked and now is not
      the line for rg/g is blocked now: the VM belongs to another owner, `them`

    The plan now:

    With --partial, azlin will update 3 VMs in the sandbox:

      ~ rg/a   other -> x   (had no owner)
      + rg/b   y
      ~ rg/d   moved -> same

    3 lines in sessions.toml cannot be applied:

      ! rg/c   z   sessions.toml:7
          VM not found, or not visible to this identity
          help: check the name, the resource group and the subscription
      ! rg/e   new   sessions.toml:9
          the VM belongs to another owner, `them`
          help: ask that owner, then run this again with --take-ownership rg/e
      ! rg/g   lost   sessions.toml:11
          the VM belongs to another owner, `them`
          help: ask that owner, then run this again with --take-ownership rg/g

    note: if them is the former owner of sessions.toml, take over all its sessions with --take-ownership-from them

    Plan: 1 to set, 2 to change, 0 to clear, 3 blocked. 1 session already matches; 0 unmanaged.

    --- stderr
    error: plan.json is out of date: Azure has changed since; nothing was written
    help: review a new plan, then save it: azlin plan --out FILE
    ");
    let ran = project.run(&["apply", "plan.json", "--format", "markdown"]);
    assert_snapshot!(ran, @"
    $ azlin apply plan.json --format markdown -> 3
    --- stdout
    <!-- azlin apply -->
    ### azlin apply: the plan is out of date; nothing was written

    Since it was saved:

    - rg&#47;a holds other now, not old
    - rg&#47;b is another machine now
    - rg&#47;c is gone
    - another step is needed&#58; &#126; rg&#47;d moved -&#62; same
    - rg&#47;e belongs to owner them now
    - the line for rg&#47;f was blocked and now is not
    - the line for rg&#47;g is blocked now&#58; the VM belongs to another owner, &#96;them&#96;

    --- stderr
    error: plan.json is out of date: Azure has changed since; nothing was written
    help: review a new plan, then save it: azlin plan --out FILE
    ");
    let ran = project.run(&["apply", "plan.json", "--format", "json"]);
    assert_eq!(ran.code(), 3);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    Schema::open().check(&report).unwrap();
    let kinds: Vec<_> = report["differences"].as_array().unwrap().clone();
    let kinds = kinds.iter().map(|one| one["kind"].as_str().unwrap());
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        [
            "holds",
            "other_machine",
            "gone",
            "step_added",
            "holds",
            "unblocked",
            "blocked"
        ]
    );
    assert_eq!(report["ending"], "stale");
    assert!(
        ran.stderr.starts_with("error: plan.json is out of date"),
        "{ran}"
    );
}

#[test]
fn a_plan_for_another_version_of_the_file_says_so_in_the_asked_format() {
    let project = saved();
    fs::write(
        project.path().join("sessions.toml"),
        FILE.replace("'x'", "'y'"),
    )
    .unwrap();
    let ran = project.run(&["apply", "plan.json", "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    Schema::open().check(&report).unwrap();
    assert_eq!(ran.code(), 3);
    assert_eq!(
        report["differences"],
        serde_json::json!([{ "kind": "other_version", "file": "sessions.toml" }])
    );
    assert_snapshot!(project.run(&["apply", "plan.json"]), @"
    $ azlin apply plan.json -> 3
    --- stdout
    Since plan.json was saved:

      sessions.toml has changed

    --- stderr
    error: plan.json was made from a different version of sessions.toml
    help: create a new plan: azlin plan --out FILE
    ");
}

#[test]
fn what_does_not_concern_the_plan_does_not_make_it_stale() {
    let project = saved();
    let mut fleet = vms(&[
        ("rg/a", Some("web")),
        ("rg/b", Some("db")),
        ("rg/c", None),
        ("rg/new", Some("notebook")),
    ]);
    fleet[0]["tags"]["env"] = "dev".into();
    project.set_fleet(fleet);
    assert_eq!(project.run(&["apply", "plan.json"]).code(), 0);
}

#[test]
fn a_plan_that_is_not_what_azlin_wrote_is_refused_by_name() {
    let project = saved();
    rewrite(&project, |text| text.replace("\"db\"", "\"root\""));
    assert_snapshot!(project.run(&["apply", "plan.json"]).stderr, @"
    error: plan.json was edited after azlin wrote it
    help: create a new plan: azlin plan --out FILE
    ");
    let project = saved();
    rewrite(&project, |text| {
        text.replace(
            "{\n  \"format_version\"",
            "{\n  \"extra\": 1,\n  \"format_version\"",
        )
    });
    assert_eq!(project.run(&["show", "plan.json"]).code(), 1);
    let project = saved();
    rewrite(&project, |text| text[..text.len() / 2].to_owned());
    assert_snapshot!(project.run(&["apply", "plan.json"]).stderr, @"
    error: plan.json is not a saved plan, or is truncated: EOF while parsing a string at line 69 column 41
    help: create a new plan: azlin plan --out FILE
    ");
    let project = saved();
    rewrite(&project, |text| {
        text.replace("\"format_version\": \"1.0\"", "\"format_version\": \"2.0\"")
    });
    assert_snapshot!(project.run(&["apply", "plan.json"]).stderr, @"
    error: plan.json was made by a newer azlin, in format `2.0`
    help: update azlin
    ");
    rewrite(&project, |text| {
        text.replace("\"format_version\": \"2.0\"", "\"format_version\": \"1.1\"")
    });
    assert!(
        project
            .run(&["show", "plan.json"])
            .stderr
            .contains("made by a newer azlin, in format `1.1`")
    );
    fs::write(project.path().join("plan.json"), b"\xff\x00").unwrap();
    assert_eq!(project.run(&["apply", "plan.json"]).code(), 1);
    assert_snapshot!(project.run(&["apply", "none.json"]).stderr, @"
    error: cannot read none.json: no such file or directory
    help: check the path; azlin plan --out FILE creates a plan
    ");
    assert_eq!(project.sessions(), ["rg/a web", "rg/b db", "rg/c -"]);
}

#[test]
fn a_plan_for_another_file_owner_tag_or_subscription_is_refused_by_name() {
    let with = |change: &dyn Fn(&str) -> String| {
        let project = saved();
        fs::write(project.path().join("sessions.toml"), change(FILE)).unwrap();
        project.run(&["apply", "plan.json"])
    };
    let file = with(&|file| file.replace("'x'", "'y'"));
    assert_eq!(file.code(), 3, "a plan made now would do: {file}");
    assert!(
        file.stderr
            .starts_with("error: plan.json was made from a different version of sessions.toml\n"),
        "{file}"
    );
    assert_snapshot!(with(&|file| file.replace("'us'", "'them'")), @"
    $ azlin apply plan.json -> 1
    --- stderr
    error: plan.json was made with owner `us` for sessions.toml, which now has `them`
    help: create a new plan: azlin plan --out FILE
    ");
    assert_snapshot!(with(&|file| file.replace("[azure]", "[azure]\ntag = 'other'")), @"
    $ azlin apply plan.json -> 1
    --- stderr
    error: plan.json was made with tag `azlin_session` for sessions.toml, which now has `other`
    help: create a new plan: azlin plan --out FILE
    ");
    let other = "00000000-0000-4000-8000-000000000000";
    let ran = saved().run(&["apply", "plan.json", "--subscription", other]);
    assert_snapshot!(ran.stderr.replace(azlin::sandbox::SUBSCRIPTION, "SUBSCRIPTION"), @"
    error: plan.json was made with subscription `SUBSCRIPTION` for sessions.toml, which now has `00000000-0000-4000-8000-000000000000`
    help: create a new plan: azlin plan --out FILE
    ");
}

#[test]
fn a_saved_plan_keeps_what_was_allowed_and_what_it_was_aimed_at() {
    let project = Project::new("owner = 'us'\n[azure]\ncloud = 'sandbox'\n");
    let mut fleet = vms(&[("rg/a", Some("x")), ("rg/b", Some("y"))]);
    for vm in &mut fleet {
        vm["tags"]["azlin_owner"] = "us".into();
    }
    project.set_fleet(fleet);
    assert_eq!(project.run(&["plan", "--out", "plan.json"]).code(), 4);
    assert!(
        !project.path().join("plan.json").exists(),
        "what is refused is not saved"
    );
    assert_eq!(
        project
            .run(&[
                "plan",
                "--out",
                "plan.json",
                "--max-removals",
                "2",
                "--target",
                "a"
            ])
            .code(),
        0
    );
    assert_eq!(
        project.run(&["apply", "plan.json", "--target", "b"]).code(),
        1,
        "the plan says what it is for"
    );
    let ran = project.run(&["apply", "plan.json", "--max-removals", "2"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert_eq!(project.sessions(), ["rg/a -", "rg/b y"]);
}

#[test]
fn a_plan_with_blocked_lines_is_saved_and_applied_in_part() {
    let project = Project::new(FILE).with_fleet(&[("rg/a", None), ("rg/b", None)]);
    assert_eq!(project.run(&["plan", "--out", "plan.json"]).code(), 1);
    assert_eq!(project.run(&["apply", "plan.json"]).code(), 1);
    let ran = project.run(&["apply", "plan.json", "--partial"]);
    assert_eq!(ran.code(), 5, "{ran}");
    assert_eq!(project.sessions(), ["rg/a db", "rg/b web"]);
}

#[test]
fn a_saved_plan_of_blocked_lines_only_is_not_called_applied() {
    let project = Project::sandbox("[sessions.rg]\ngone = 'x'\n").with_fleet(&[("rg/a", None)]);
    assert_eq!(project.run(&["plan", "--out", "plan.json"]).code(), 1);
    assert_eq!(project.run(&["apply", "plan.json"]).code(), 1);
    assert_eq!(project.run(&["apply", "plan.json", "--partial"]).code(), 5);
}

#[test]
fn an_applied_plan_is_reported_in_every_format() {
    let project = saved();
    project.run(&["apply", "plan.json"]);
    let ran = project.run(&["apply", "plan.json", "--format", "json"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (ran.code(), report["ending"].as_str()),
        (0, Some("complete"))
    );
    assert!(
        project
            .run(&["apply", "plan.json", "--format", "markdown"])
            .stdout
            .starts_with("<!-- azlin apply -->\n### azlin apply: nothing to do\n")
    );
}

#[test]
fn what_was_blocked_since_makes_a_saved_plan_stale() {
    let project =
        Project::new(FILE).with_fleet(&[("rg/a", None), ("rg/b", Some("web")), ("rg/c", None)]);
    assert_eq!(project.run(&["plan", "--out", "plan.json"]).code(), 0);
    let mut fleet = vms(&[("rg/a", None), ("rg/b", Some("web")), ("rg/c", None)]);
    fleet[1]["tags"]["azlin_owner"] = "them".into();
    project.set_fleet(fleet);
    assert_eq!(project.run(&["apply", "plan.json"]).code(), 3);
}

#[test]
fn a_guard_judges_what_is_left_of_a_saved_plan_and_not_what_the_plan_says() {
    let mut file =
        "owner = 'us'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\na = 'web'\nb = 'db'\n".to_owned();
    let mut fleet = vec![
        ("rg/a".to_owned(), "db".to_owned()),
        ("rg/b".to_owned(), "web".to_owned()),
    ];
    for at in 0..18 {
        fleet.push((format!("rg/vm-{at}"), format!("s-{at}")));
        if at >= 6 {
            file += &format!("vm-{at} = 's-{at}'\n");
        }
    }
    let fleet = |freed: bool| {
        let fleet: Vec<(&str, Option<&str>)> = fleet
            .iter()
            .map(|(vm, s)| (vm.as_str(), Some(s.as_str())))
            .collect();
        let mut fleet = vms(&fleet);
        for vm in &mut fleet {
            vm["tags"]["azlin_owner"] = "us".into();
        }
        if freed {
            fleet[0]["tags"] = serde_json::json!({});
        }
        fleet
    };
    let project = Project::new(&file);
    project.set_fleet(fleet(false));
    assert_eq!(
        project.run(&["plan", "--out", "plan.json"]).code(),
        0,
        "6 of 20 are 30 %"
    );
    project.set_fleet(fleet(true));
    assert_eq!(project.run(&["plan"]).code(), 4, "6 of 19 are more");
    let before = project.fleet();
    assert_eq!(project.run(&["apply", "plan.json"]).code(), 4);
    assert_eq!(project.fleet(), before);
    let ran = project.run(&["apply", "-y", "--max-removals", "6"]);
    assert_eq!(ran.code(), 0, "{ran}");
}

#[test]
fn a_plan_that_cannot_be_written_is_told() {
    let project = saved();
    assert_snapshot!(project.run(&["plan", "--out", "none/plan.json"]).stderr, @"
    error: cannot write none/plan.json: no such file or directory
    help: check that the folder exists, and that you may write to it or to the file
    ");
}

#[test]
fn a_saved_plan_knows_the_commit_and_holds_no_secrets() {
    let project = saved()
        .with_env("AZURE_ACCESS_TOKEN", "secret-token")
        .with_env("AZURE_CLIENT_SECRET", "secret-word");
    let git = |arguments: &[&str]| {
        let mut git = std::process::Command::new("git");
        git.args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(arguments)
            .current_dir(project.path());
        let output = git.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    git(&["init", "-q"]);
    git(&["add", "sessions.toml"]);
    git(&["commit", "-qm", "sessions"]);
    let json = project.run(&["plan", "--format", "json"]).stdout;
    let plan: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        plan["files"][0]["commit"],
        git(&["rev-parse", "HEAD"]).as_str()
    );
    assert!(!json.contains("secret"));
}
