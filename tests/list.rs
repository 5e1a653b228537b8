//! `azlin list` for a person, a script and a spreadsheet: the built binary on the sandbox.

mod support;

use azlin::sandbox;
use azlin::text::is_unprintable;
use console::{measure_text_width, strip_ansi_codes};
use insta::assert_snapshot;
use serde_json::{Value, json};
use support::azure::{Azure, body, with_body};
use support::{Project, vms};
use tempfile::TempDir;

#[test]
fn the_table_is_this_to_the_letter() {
    let project = Project::sandbox("");
    project.set_fleet(vec![json!({
        "group": "rg", "name": "azlin-vm-12345", "location": "eastus", "public_ip": "20.51.23.145",
        "tags": { "azlin_session": "my-project" },
    })]);
    let ran = project.run(&["list"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert_eq!(ran.stderr, "");
    assert_eq!(
        ran.stdout,
        "\
╭──────────────────┬─────────┬──────────────┬─────────┬─────────────────╮
│ Name             │ Status  │ IP Address   │ Region  │ Session         │
├──────────────────┼─────────┼──────────────┼─────────┼─────────────────┤
│ azlin-vm-12345   │ Running │ 20.51.23.145 │ eastus  │ my-project      │
╰──────────────────┴─────────┴──────────────┴─────────┴─────────────────╯
"
    );
}

#[test]
fn what_runs_is_shown_and_the_rest_is_counted() {
    let project = Project::sample();
    assert_snapshot!(project.run(&["list"]), @"
    $ azlin list -> 0
    --- stdout
    ╭──────────────────┬─────────┬──────────────┬─────────┬────────────────────────╮
    │ Name             │ Status  │ IP Address   │ Region  │ Session                │
    ├──────────────────┼─────────┼──────────────┼─────────┼────────────────────────┤
    │ dev-vm-1         │ Running │ 203.0.113.11 │ eastus  │ project-beta ~         │
    │ dev-vm-2         │ Running │ 10.1.0.5     │ eastus  │ - ~                    │
    │ dev-vm-3         │ Running │ 203.0.113.13 │ eastus  │ sarah-frontend         │
    │ dev-vm-4         │ Running │ 10.1.0.7     │ eastus  │ -                      │
    │ gpu-vm-1         │ Running │ 203.0.113.21 │ westus2 │ bert-training-run-1 !  │
    │ gpu-vm-3         │ Running │ 10.2.0.6     │ westus2 │ bert-training-run-1 !~ │
    ╰──────────────────┴─────────┴──────────────┴─────────┴────────────────────────╯

    --- stderr
    ! 2 VMs share a session with another VM:
        bert-training-run-1 is on RG-ML/gpu-vm-1 and RG-ML/gpu-vm-3
    ~ 3 VMs differ from sessions.toml: azlin plan shows how
    2 VMs hidden: 1 deallocated, 1 stopped; use --all to show all VMs
    ");
    assert_snapshot!(project.run(&["list", "--all"]), @"
    $ azlin list --all -> 0
    --- stdout
    ╭──────────────────┬─────────────┬──────────────┬─────────┬────────────────────────╮
    │ Name             │ Status      │ IP Address   │ Region  │ Session                │
    ├──────────────────┼─────────────┼──────────────┼─────────┼────────────────────────┤
    │ dev-vm-1         │ Running     │ 203.0.113.11 │ eastus  │ project-beta ~         │
    │ dev-vm-2         │ Running     │ 10.1.0.5     │ eastus  │ - ~                    │
    │ dev-vm-3         │ Running     │ 203.0.113.13 │ eastus  │ sarah-frontend         │
    │ dev-vm-4         │ Running     │ 10.1.0.7     │ eastus  │ -                      │
    │ gpu-vm-1         │ Running     │ 203.0.113.21 │ westus2 │ bert-training-run-1 !  │
    │ gpu-vm-2         │ Deallocated │ 10.2.0.5     │ westus2 │ - ~                    │
    │ gpu-vm-3         │ Running     │ 10.2.0.6     │ westus2 │ bert-training-run-1 !~ │
    │ gpu-vm-4         │ Stopped     │ 203.0.113.24 │ westus2 │ notebook-maria         │
    ╰──────────────────┴─────────────┴──────────────┴─────────┴────────────────────────╯

    --- stderr
    ! 2 VMs share a session with another VM:
        bert-training-run-1 is on RG-ML/gpu-vm-1 and RG-ML/gpu-vm-3
    ~ 4 VMs differ from sessions.toml: azlin plan shows how
    ");
}

#[test]
fn a_resource_group_alone_is_still_judged_among_all() {
    let fleet = [
        ("rg-a/one", Some("x")),
        ("rg-b/two", Some("x")),
        ("rg-b/three", None),
    ];
    let project = Project::sandbox("").with_fleet(&fleet);
    assert_snapshot!(project.run(&["list", "--rg", "RG-a"]), @"
    $ azlin list --rg RG-a -> 0
    --- stdout
    ╭──────────────────┬─────────┬──────────────┬─────────┬─────────────────╮
    │ Name             │ Status  │ IP Address   │ Region  │ Session         │
    ├──────────────────┼─────────┼──────────────┼─────────┼─────────────────┤
    │ one              │ Running │ 203.0.0.4    │ eastus  │ x !             │
    ╰──────────────────┴─────────┴──────────────┴─────────┴─────────────────╯

    --- stderr
    ! 1 VM shares a session with another VM:
        x is on RG-A/one and RG-B/two
    ");
    let alias = project.run(&["list", "--resource-group", "rg-a"]);
    assert_eq!(alias.stdout, project.run(&["list", "--rg", "rg-a"]).stdout);
}

#[test]
fn a_group_outside_the_files_scope_is_read_too() {
    let file = "[azure]\ncloud = 'sandbox'\nscope = 'groups'\n[sessions.rg-a]\none = 'x'\n";
    let project =
        Project::new(file).with_fleet(&[("rg-a/one", Some("x")), ("rg-b/two", Some("x"))]);
    assert_eq!(names(&project, &[]), ["one"]);
    assert_eq!(names(&project, &["--rg", "rg-b"]), ["two"]);
}

/// The names of the VMs that `list --format json` shows with these arguments.
fn names(project: &Project, arguments: &[&str]) -> Vec<String> {
    let ran = project.run(&[&["list", "--format", "json"], arguments].concat());
    let document: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran}"));
    let vms = document["vms"].as_array().unwrap().iter();
    vms.map(|vm| vm["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn all_tags_that_are_asked_for_must_hold() {
    let project = Project::sandbox("");
    let mut fleet = vms(&[("rg/a", None), ("rg/b", None), ("rg/c", None)]);
    fleet[0]["tags"] = json!({ "Env": "prod", "team": "ml" });
    fleet[1]["tags"] = json!({ "env": "Prod", "note": "a=b=c" });
    fleet[2]["tags"] = json!({ "env": "prod", "power": "off" });
    fleet[2]["power"] = "deallocated".into();
    project.set_fleet(fleet);
    let named = |tags: &[&str]| {
        let flags: Vec<&str> = tags.iter().flat_map(|tag| ["--tag", *tag]).collect();
        names(&project, &flags).join(" ")
    };
    assert_eq!(named(&["env"]), "a b", "a key has no case");
    assert_eq!(named(&["ENV=prod"]), "a", "a value has");
    assert_eq!(
        named(&["note=a=b=c"]),
        "b",
        "all after the first = is the value"
    );
    assert_eq!(named(&["env", "team=ml"]), "a");
    assert_eq!(named(&["env=prod", "note"]), "");
    assert_eq!(named(&["env="]), "", "an empty value is a value");
    // A VM without the tag does not count as hidden; a VM that does not run does.
    assert_snapshot!(project.run(&["list", "--tag", "env=prod"]), @"
    $ azlin list --tag env=prod -> 0
    --- stdout
    ╭──────────────────┬─────────┬──────────────┬─────────┬─────────────────╮
    │ Name             │ Status  │ IP Address   │ Region  │ Session         │
    ├──────────────────┼─────────┼──────────────┼─────────┼─────────────────┤
    │ a                │ Running │ 203.0.0.4    │ eastus  │ -               │
    ╰──────────────────┴─────────┴──────────────┴─────────┴─────────────────╯

    --- stderr
    1 VM hidden: 1 deallocated; use --all to show all VMs
    ");
}

#[test]
fn what_is_odd_is_marked_explained_and_counted() {
    let file = "owner = 'us'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\nchanged = 'new'\nempty = 'wanted'\nright = 'right'\n\
                theirs = 'mine'\nover = { session = 'done', expires = 2026-01-01 }\nadopted = 'by-hand'\n";
    let mut fleet = vms(&[
        ("rg/changed", Some("old")),
        ("rg/empty", None),
        ("rg/right", Some("right")),
        ("rg/theirs", Some("x")),
        ("rg/removed", Some("was-ours")),
        ("rg/over", Some("done-by-hand")),
        ("rg/adopted", Some("by-hand")),
        ("rg/twin-a", Some("twin")),
        ("rg/twin-b", Some("twin")),
        ("rg/none", None),
    ]);
    for (at, owner) in [
        (0, "us"),
        (2, "us"),
        (3, "them"),
        (4, "us"),
        (7, "others\u{1b}[2J"),
    ] {
        fleet[at]["tags"]["azlin_owner"] = owner.into();
    }
    fleet[8]["power"] = "stopped".into();
    let project = Project::new(file);
    project.set_fleet(fleet);
    assert_snapshot!(project.run(&["list"]), @r"
    $ azlin list -> 0
    --- stdout
    ╭──────────────────┬─────────┬──────────────┬─────────┬─────────────────╮
    │ Name             │ Status  │ IP Address   │ Region  │ Session         │
    ├──────────────────┼─────────┼──────────────┼─────────┼─────────────────┤
    │ adopted          │ Running │ 203.0.0.10   │ eastus  │ by-hand         │
    │ changed          │ Running │ 203.0.0.4    │ eastus  │ old ~           │
    │ empty            │ Running │ 203.0.0.5    │ eastus  │ - ~             │
    │ none             │ Running │ 203.0.0.13   │ eastus  │ -               │
    │ over             │ Running │ 203.0.0.9    │ eastus  │ done-by-hand    │
    │ removed          │ Running │ 203.0.0.8    │ eastus  │ was-ours ~      │
    │ right            │ Running │ 203.0.0.6    │ eastus  │ right           │
    │ theirs           │ Running │ 203.0.0.7    │ eastus  │ x ~@            │
    │ twin-a           │ Running │ 203.0.0.11   │ eastus  │ twin !@         │
    ╰──────────────────┴─────────┴──────────────┴─────────┴─────────────────╯

    --- stderr
    ! 1 VM shares a session with another VM:
        twin is on RG/twin-a and RG/twin-b
    ~ 4 VMs differ from sessions.toml: azlin plan shows how
    @ 2 VMs belong to other owners: others\u{1b}[2J and them
    1 VM hidden: 1 stopped; use --all to show all VMs
    ");
}

#[test]
fn vms_of_one_name_are_told_apart_by_their_groups() {
    let fleet = [
        ("rg-a/web", Some("x")),
        ("rg-b/WEB", Some("y")),
        ("rg-b/db", None),
    ];
    let project = Project::sandbox("").with_fleet(&fleet);
    assert_snapshot!(project.run(&["list"]).stdout, @"
    ╭──────────────────┬─────────┬──────────────┬─────────┬─────────────────╮
    │ Name             │ Status  │ IP Address   │ Region  │ Session         │
    ├──────────────────┼─────────┼──────────────┼─────────┼─────────────────┤
    │ RG-A/web         │ Running │ 203.0.0.4    │ eastus  │ x               │
    │ db               │ Running │ 203.0.0.6    │ eastus  │ -               │
    │ RG-B/WEB         │ Running │ 203.0.0.5    │ eastus  │ y               │
    ╰──────────────────┴─────────┴──────────────┴─────────┴─────────────────╯
    ");
    assert_snapshot!(project.run(&["list", "--rg", "rg-b"]).stdout, @"
    ╭──────────────────┬─────────┬──────────────┬─────────┬─────────────────╮
    │ Name             │ Status  │ IP Address   │ Region  │ Session         │
    ├──────────────────┼─────────┼──────────────┼─────────┼─────────────────┤
    │ db               │ Running │ 203.0.0.6    │ eastus  │ -               │
    │ WEB              │ Running │ 203.0.0.5    │ eastus  │ y               │
    ╰──────────────────┴─────────┴──────────────┴─────────┴─────────────────╯
    ");
}

#[test]
fn when_nothing_is_to_be_shown_the_reason_is_said() {
    let project = Project::sample();
    let said = |arguments: &[&str]| {
        let ran = project.run(arguments);
        assert_eq!((ran.code(), ran.stdout.as_str()), (0, ""), "{ran}");
        ran.stderr
    };
    assert_snapshot!(said(&["list", "--rg", "rg-mll"]), @"no VM in resource group `rg-mll`; did you mean RG-ML?");
    assert_snapshot!(said(&["list", "--rg", "x\u{1b}[2J"]), @r"no VMs in resource group `x\u{1b}[2J`, or none that you have permission to see");
    assert_snapshot!(said(&["list", "--tag", "team=nobody", "--tag", "env"]), @"no VM in the sandbox has the tags team=nobody and env (searched 8 VMs)");
    assert_snapshot!(said(&["list", "--tag", "cost-center=CC 0815 Training"]), @"
    no matching VM in the sandbox is running
    1 VM hidden: 1 deallocated; use --all to show all VMs
    ");
    let empty = Project::sandbox("").with_fleet(&[]);
    let ran = empty.run(&["list"]);
    assert_snapshot!(ran, @"
    $ azlin list -> 0
    --- stderr
    no VMs in the sandbox, or none that you have permission to see
    ");
    assert_snapshot!(empty.run(&["list", "--format", "json"]).stdout, @r#"
    {
      "format_version": "1.0",
      "hidden": 0,
      "vms": []
    }
    "#);
    assert_snapshot!(empty.run(&["list", "--format", "csv"]).stdout, @"name,resource_group,status,ip_address,region,session,owner,subscription");
}

#[test]
fn the_json_has_all_there_is_to_know_of_a_vm() {
    let project =
        Project::new("owner = 'us'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\nVm = 'wanted'\n");
    project.set_fleet(vec![
        json!({
            "group": "rg", "name": "Vm", "location": "westus2", "vm_id": "1996dffd-7c41-4e58-a9d6-df9b4b1e6218",
            "private_ip": "10.0.0.4", "second_private_ip": "10.0.1.4", "public_ip": "203.0.113.4",
            "tags": { "azlin_session": "größe\u{202e}", "azlin_owner": "them", "Env": "a=\"b\"" },
        }),
        json!({ "group": "rg", "name": "off", "power": "deallocated" }),
    ]);
    let ran = project.run(&["list", "--format", "json"]);
    assert!(ran.stdout.is_ascii(), "{ran}");
    assert_snapshot!(ran, @r#"
    $ azlin list --format json -> 0
    --- stdout
    {
      "format_version": "1.0",
      "hidden": 1,
      "vms": [
        {
          "name": "Vm",
          "resource_group": "RG",
          "id": "/subscriptions/5a4db0e5-0000-4000-8000-000000000000/resourceGroups/RG/providers/Microsoft.Compute/virtualMachines/Vm",
          "vm_id": "1996dffd-7c41-4e58-a9d6-df9b4b1e6218",
          "status": "running",
          "region": "westus2",
          "public_ips": [
            "203.0.113.4"
          ],
          "private_ips": [
            "10.0.0.4",
            "10.0.1.4"
          ],
          "session": "gr\u00f6\u00dfe\u202e",
          "owner": "them",
          "declared": "wanted",
          "duplicate": false,
          "differs": true,
          "foreign": true,
          "tags": {
            "Env": "a=\"b\"",
            "azlin_owner": "them",
            "azlin_session": "gr\u00f6\u00dfe\u202e"
          }
        }
      ]
    }

    --- stderr
    1 VM hidden: 1 deallocated; use --all to show all VMs
    "#);
}

#[test]
fn every_state_has_a_word_of_its_own() {
    let project = Project::sandbox("");
    let states = ["running", "starting", "stopped", "deallocated"];
    let vm = |state: &&str| json!({ "group": "rg", "name": format!("is-{state}"), "power": state });
    project.set_fleet(states.iter().map(vm).collect());
    assert_snapshot!(project.run(&["list", "--all"]).stdout, @"
    ╭──────────────────┬─────────────┬──────────────┬─────────┬─────────────────╮
    │ Name             │ Status      │ IP Address   │ Region  │ Session         │
    ├──────────────────┼─────────────┼──────────────┼─────────┼─────────────────┤
    │ is-deallocated   │ Deallocated │ -            │ eastus  │ -               │
    │ is-running       │ Running     │ -            │ eastus  │ -               │
    │ is-starting      │ Starting    │ -            │ eastus  │ -               │
    │ is-stopped       │ Stopped     │ -            │ eastus  │ -               │
    ╰──────────────────┴─────────────┴──────────────┴─────────┴─────────────────╯
    ");
    assert_snapshot!(project.run(&["list", "--format", "csv", "--all"]).stdout, @"
    name,resource_group,status,ip_address,region,session,owner,subscription
    is-deallocated,RG,deallocated,,eastus,,,5a4db0e5-0000-4000-8000-000000000000
    is-running,RG,running,,eastus,,,5a4db0e5-0000-4000-8000-000000000000
    is-starting,RG,starting,,eastus,,,5a4db0e5-0000-4000-8000-000000000000
    is-stopped,RG,stopped,,eastus,,,5a4db0e5-0000-4000-8000-000000000000
    ");
    assert_snapshot!(project.run(&["list"]).stderr, @"3 VMs hidden: 1 deallocated, 1 stopped, 1 starting; use --all to show all VMs");
}

const HOSTILE: [&str; 8] = [
    "-oProxyCommand=touch /tmp/x",
    "$(id)",
    "a;b",
    "a\nb",
    "\u{1b}[2J\u{1b}]0;x\u{7}",
    "\u{202e}x",
    "=HYPERLINK(\"http://x\")",
    "web !",
];

#[test]
fn a_hostile_tag_is_text_in_every_format() {
    for session in HOSTILE {
        let project = Project::sandbox("");
        let mut fleet = vms(&[("rg/vm", Some(session))]);
        fleet[0]["tags"]["azlin_owner"] = session.into();
        fleet[0]["tags"]["other"] = session.into();
        project.set_fleet(fleet);
        for format in ["table", "json", "csv"] {
            let ran = project.run(&["list", "--format", format]);
            let acts = |c: char| c != '\n' && is_unprintable(c);
            assert!(!ran.stdout.contains(acts), "{ran}");
            assert!(!ran.stderr.contains(acts), "{ran}");
        }
        let table = project.run(&["list"]).stdout;
        assert_eq!(table.lines().count(), 5, "{table}");
        let csv = project.run(&["list", "--format", "csv"]).stdout;
        assert_eq!(csv.lines().count(), 2, "{csv}");
        let cell = csv
            .lines()
            .last()
            .unwrap()
            .split(",eastus,")
            .last()
            .unwrap();
        assert!(
            !cell
                .trim_start_matches('"')
                .starts_with(['=', '-', '+', '@']),
            "{csv}"
        );
        let json: Value =
            serde_json::from_str(&project.run(&["list", "--format", "json"]).stdout).unwrap();
        assert_eq!(json["vms"][0]["session"], session);
    }
}

#[test]
fn a_session_does_not_pass_for_a_mark_or_for_none() {
    let project = Project::sandbox("").with_fleet(&[("rg/a", Some("web !")), ("rg/b", Some("-"))]);
    assert_snapshot!(project.run(&["list"]), @r#"
    $ azlin list -> 0
    --- stdout
    ╭──────────────────┬─────────┬──────────────┬─────────┬─────────────────╮
    │ Name             │ Status  │ IP Address   │ Region  │ Session         │
    ├──────────────────┼─────────┼──────────────┼─────────┼─────────────────┤
    │ a                │ Running │ 203.0.0.4    │ eastus  │ "web !"         │
    │ b                │ Running │ 203.0.0.5    │ eastus  │ "-"             │
    ╰──────────────────┴─────────┴──────────────┴─────────┴─────────────────╯
    "#);
}

#[test]
fn what_azure_says_of_a_region_is_text_too() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("sandbox.json");
    sandbox::reset(&state, Some(1)).unwrap();
    let azure = Azure::serve(state, None, |asked, answer| {
        let response = answer();
        if !asked.target.contains("virtualMachines?") {
            return response;
        }
        let mut list = body(&response);
        list["value"][0]["location"] = "\u{1b}[31mred".into();
        with_body(response, &list)
    });
    let ran = azure.project("").run(&["list"]);
    assert!(ran.stdout.contains(r" \u{1b}[31mred "), "{ran}");
}

#[test]
fn a_wrong_filter_is_told_before_azure_is_asked() {
    let project = Project::sample();
    assert_snapshot!(project.run(&["list", "--tag", "a/b=c"]), @"
    $ azlin list --tag a/b=c -> 1
    --- stderr
    error: --tag `a/b=c`: a tag key cannot contain `/`
    help: write it as KEY or KEY=VALUE
    ");
    for tag in ["", "=x", "\u{1b}[2J", "a\nb=c", "\u{202e}x"] {
        let ran = project.run(&["list", "--tag", tag]);
        assert_eq!((ran.code(), ran.stdout.as_str()), (1, ""), "{ran}");
        assert!(
            !ran.stderr.contains(|c| c != '\n' && is_unprintable(c)),
            "{ran}"
        );
    }
    assert_eq!(project.run(&["list", "--format", "yaml"]).code(), 1);
}

#[test]
fn wide_names_keep_the_frame_straight() {
    let long = "x".repeat(256);
    let project = Project::sandbox("").with_fleet(&[
        ("rg/東京の機械", Some("größe-東京")),
        ("rg/b", Some("🦀🦀")),
        ("rg/c", Some("e\u{301}")),
        ("rg/d", Some(&long)),
    ]);
    let ran = project.run(&["list"]);
    let widths: Vec<usize> = ran.stdout.lines().map(measure_text_width).collect();
    assert!(widths.iter().all(|width| *width == widths[0]), "{ran}");
    assert!(
        ran.stdout.contains(&long),
        "in a pipe nothing is cut: {ran}"
    );
}

#[test]
fn colour_moves_nothing_and_is_left_out_on_demand() {
    let project = Project::sample();
    let plain = project.run(&["list", "--all"]);
    assert!(!plain.stdout.contains('\u{1b}') && !plain.stderr.contains('\u{1b}'));
    let coloured = project.run(&["list", "--all", "--color", "always"]);
    assert!(coloured.stdout.contains("\u{1b}["), "{coloured}");
    assert_eq!(strip_ansi_codes(&coloured.stdout), plain.stdout);
    assert_eq!(strip_ansi_codes(&coloured.stderr), plain.stderr);
    let wanted = Project::sample()
        .with_env("CLICOLOR_FORCE", "1")
        .with_env("NO_COLOR", "1");
    assert_eq!(wanted.run(&["list", "--all"]).stdout, plain.stdout);
}

#[test]
fn four_questions_are_asked_at_once() {
    for arguments in [
        &["list"][..],
        &["list", "--rg", "rg-ml", "--tag", "team=ml"],
    ] {
        let folder = TempDir::new().unwrap();
        let state = folder.path().join("sandbox.json");
        sandbox::reset(&state, Some(150)).unwrap();
        // The server answers only when all four requests have arrived. Sequential requests would hang.
        let azure = Azure::serve(state, Some(4), |_, answer| answer());
        let ran = azure.project("").run(arguments);
        assert_eq!(ran.code(), 0, "{ran}");
        assert_eq!((azure.asked().len(), azure.most_at_once()), (4, 4));
    }
}

#[test]
fn vms_that_may_be_missing_are_said_to_be() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("sandbox.json");
    sandbox::reset(&state, Some(450)).unwrap();
    let azure = Azure::serve(state, None, |asked, answer| {
        let mut response = answer();
        let is_later = asked.target.contains("skiptoken");
        if is_later && asked.target.contains("virtualMachines") {
            response.status = 403;
            response.body = br#"{"error":{"code":"AuthorizationFailed","message":"no"}}"#.to_vec();
        }
        response
    });
    let ran = azure.project("").run(&["list"]);
    assert_eq!(ran.code(), 0, "{ran}");
    let warnings: Vec<&str> = ran
        .stderr
        .lines()
        .filter(|line| line.starts_with("warning"))
        .collect();
    assert_eq!(
        warnings,
        [
            "warning: VMs may be missing from Azure's list: cannot list the VMs: Azure returned 403 AuthorizationFailed: no",
            "warning: states or addresses may be missing: cannot list the VMs' power states: Azure returned 403 AuthorizationFailed: no",
        ],
        "{ran}"
    );
}

#[test]
fn a_vm_whose_state_azure_does_not_say_is_shown_and_one_that_azlin_cannot_read_is_counted() {
    let folder = TempDir::new().unwrap();
    let state = folder.path().join("sandbox.json");
    sandbox::reset(&state, Some(2)).unwrap();
    let azure = Azure::serve(state, None, |asked, answer| {
        let response = answer();
        let mut list = body(&response);
        if asked.target.contains("statusOnly") {
            list["value"] = json!([]);
        } else if asked.target.contains("virtualMachines?") {
            list["value"][1]["id"] = "/odd".into();
            list["value"][0]["location"] = Value::Null;
        } else if asked.target.contains("publicIPAddresses?")
            || asked.target.contains("networkInterfaces?")
        {
            list["value"] = json!([]);
        }
        with_body(response, &list)
    });
    assert_snapshot!(azure.project("").run(&["list"]), @"
    $ azlin list -> 0
    --- stdout
    ╭──────────────────┬─────────┬──────────────┬─────────┬─────────────────╮
    │ Name             │ Status  │ IP Address   │ Region  │ Session         │
    ├──────────────────┼─────────┼──────────────┼─────────┼─────────────────┤
    │ dev-vm-1         │ Unknown │ -            │ -       │ project-beta    │
    ╰──────────────────┴─────────┴──────────────┴─────────┴─────────────────╯

    --- stderr
    warning: VMs may be missing from Azure's list: cannot read one of the VMs: `/odd` is not the id of a VM in this subscription
    ");
    let json = azure.project("").run(&["list", "--format", "json"]).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    let vm = &json["vms"][0];
    assert_eq!(
        (&vm["status"], &vm["region"]),
        (&json!("unknown"), &Value::Null)
    );
}

#[test]
fn rows_are_sorted_by_the_column_that_is_asked_for() {
    let project = Project::sample();
    let names = |arguments: &[&str]| {
        let ran =
            project.run(&[&["list", "--all", "--format", "csv", "--sort"], arguments].concat());
        assert_eq!(ran.code(), 0, "{ran}");
        let rows = ran.stdout.lines().skip(1);
        let names: Vec<&str> = rows.map(|row| row.split(',').next().unwrap()).collect();
        names.join(" ")
    };
    assert_snapshot!(names(&["name"]), @"dev-vm-1 dev-vm-2 dev-vm-3 dev-vm-4 gpu-vm-1 gpu-vm-2 gpu-vm-3 gpu-vm-4");
    assert_snapshot!(names(&["status"]), @"dev-vm-1 dev-vm-2 dev-vm-3 dev-vm-4 gpu-vm-1 gpu-vm-3 gpu-vm-4 gpu-vm-2");
    assert_snapshot!(names(&["ip"]), @"dev-vm-2 dev-vm-4 gpu-vm-2 gpu-vm-3 dev-vm-1 dev-vm-3 gpu-vm-1 gpu-vm-4");
    assert_snapshot!(names(&["region"]), @"dev-vm-1 dev-vm-2 dev-vm-3 dev-vm-4 gpu-vm-1 gpu-vm-2 gpu-vm-3 gpu-vm-4");
    assert_snapshot!(names(&["session"]), @"gpu-vm-1 gpu-vm-3 gpu-vm-4 dev-vm-1 dev-vm-3 dev-vm-2 dev-vm-4 gpu-vm-2");
}

#[test]
fn a_status_that_is_asked_for_hides_nothing_else() {
    let project = Project::sample();
    let ran = project.run(&["list", "--status", "stopped", "--status", "deallocated"]);
    assert_snapshot!(ran, @"
    $ azlin list --status stopped --status deallocated -> 0
    --- stdout
    ╭──────────────────┬─────────────┬──────────────┬─────────┬─────────────────╮
    │ Name             │ Status      │ IP Address   │ Region  │ Session         │
    ├──────────────────┼─────────────┼──────────────┼─────────┼─────────────────┤
    │ gpu-vm-2         │ Deallocated │ 10.2.0.5     │ westus2 │ - ~             │
    │ gpu-vm-4         │ Stopped     │ 203.0.113.24 │ westus2 │ notebook-maria  │
    ╰──────────────────┴─────────────┴──────────────┴─────────┴─────────────────╯

    --- stderr
    ~ 1 VM differs from sessions.toml: azlin plan shows how
    ");
    assert_snapshot!(project.run(&["list", "--status", "starting"]), @"
    $ azlin list --status starting -> 0
    --- stderr
    no VM in the sandbox is starting (searched 8 VMs)
    ");
    assert_snapshot!(project.run(&["list", "--status", "off"]).stderr, @"
    error: invalid value 'off' for '--status <STATUS>'
      [possible values: running, starting, stopping, stopped, deallocated, unknown]

    For more information, try '--help'.
    ");
}

#[test]
fn groups_keep_azures_spelling_whatever_the_file_says() {
    let group = |table: &str| {
        let project = Project::sandbox(&format!("[sessions.{table}]\na = 'x'\n"))
            .with_fleet(&[("rg/a", Some("x")), ("rg/b", None)]);
        let ran = project.run(&["list", "--format", "csv"]);
        let rows = ran.stdout.lines().skip(1);
        let groups: Vec<&str> = rows.map(|row| row.split(',').nth(1).unwrap()).collect();
        groups.join(" ")
    };
    assert_eq!(
        (group("Rg").as_str(), group("rG").as_str()),
        ("RG RG", "RG RG")
    );
}
