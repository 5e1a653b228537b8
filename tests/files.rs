//! `--file` repeated, or with a folder: the files that azlin reads, and the conflicts between them.

mod support;

use insta::assert_snapshot;
use support::{Project, Ran};

/// A project with a folder `teams` that has these files.
fn teams(files: &[(&str, &str)]) -> Project {
    let project = Project::new("");
    std::fs::create_dir(project.path().join("teams")).unwrap();
    for (name, text) in files {
        std::fs::write(project.path().join("teams").join(name), text).unwrap();
    }
    project
}

/// The run of `validate` on them.
fn validated(files: &[(&str, &str)]) -> Ran {
    teams(files).run(&["validate", "--file", "teams"])
}

#[test]
fn a_folder_stands_for_its_files_by_name_and_each_counts_once() {
    let project = teams(&[
        ("b.toml", "[sessions.rg]\nb = 'x'\n"),
        ("a.toml", "[sessions.rg]\na = 'y'\n"),
        (".hidden.toml", "not TOML"),
        ("notes.txt", "not TOML"),
    ]);
    std::fs::create_dir(project.path().join("teams/c.toml")).unwrap();
    std::fs::create_dir(project.path().join("teams/deep")).unwrap();
    std::fs::write(project.path().join("teams/deep/d.toml"), "not TOML").unwrap();
    let both = "teams/a.toml is valid: 1 session\nteams/b.toml is valid: 1 session\n";
    assert_eq!(project.run(&["validate", "--file", "teams"]).stdout, both);
    let twice = ["validate", "--file", "teams/a.toml", "--file", "teams"];
    assert_eq!(project.run(&twice).stdout, both);
    let around = ["--file", "teams/a.toml", "validate", "--file=teams/b.toml"];
    assert_eq!(
        project.run(&around).stdout,
        both,
        "before the command and behind it"
    );
    let project = project.with_env("AZLIN_FILE", "teams");
    assert_eq!(project.run(&["validate"]).stdout, both);
}

#[test]
fn the_folder_that_one_stands_in_needs_no_dot_before_its_files() {
    let project = Project::new("[sessions.rg]\na = 'y'\n");
    let ran = project.run(&["validate", "--file", "."]);
    assert_eq!(ran.stdout, "sessions.toml is valid: 1 session\n");
}

#[test]
fn a_folder_without_a_file_says_so() {
    assert_snapshot!(validated(&[("notes.md", "")]), @"
    $ azlin validate --file teams -> 1
    --- stderr
    error: no .toml file found in teams
    help: pass a folder that contains .toml files; azlin does not search subfolders
    ");
}

#[test]
fn a_folder_stands_for_its_sessions_files_only_and_the_others_are_named() {
    let mut files = vec![
        ("Cargo.toml", "[package]\nname = 'x'\n"),
        ("a.toml", "[sessions.rg]\na = 'x'\n"),
        ("pyproject.toml", "[tool.ruff]\nline-length = 100\n"),
        ("empty.toml", "# nothing yet\n"),
    ];
    assert_snapshot!(validated(&files), @"
    $ azlin validate --file teams -> 0
    --- stdout
    teams/a.toml is valid: 1 session
    teams/empty.toml is valid: 0 sessions

    --- stderr
    note: skipped teams/Cargo.toml and teams/pyproject.toml: they have no table that azlin knows
    ");
    files.push(("typo.toml", "[session.rg]\nb = 'y'\n"));
    let ran = validated(&files);
    assert_eq!(
        ran.code(),
        1,
        "a file with a similar key is not skipped: {ran}"
    );
    assert_snapshot!(validated(&files[..1]), @"
    $ azlin validate --file teams -> 1
    --- stderr
    error: no sessions file found in teams (skipped teams/Cargo.toml)
    help: pass a folder that contains sessions files, or the path of one
    ");
    let named = teams(&files).run(&["validate", "--file", "teams/Cargo.toml"]);
    assert_eq!(named.code(), 1, "a file that is named is read: {named}");
}

#[test]
fn one_name_in_two_files_is_an_error_with_both_lines() {
    assert_snapshot!(validated(&[
        ("a.toml", "[sessions.rg-dev]\n\n\n\n\n\n\n\n\ndev-vm-1 = 'atlas'\n"),
        ("b.toml", "[sessions.rg-ml]\ngpu-vm-1 = 'atlas'\n"),
    ]), @"
    $ azlin validate --file teams -> 1
    --- stderr
    error: session `atlas` is assigned twice
       --> teams/b.toml:2:12
        |
      2 | gpu-vm-1 = 'atlas'
        |            ^^^^^^^ again here
       ::: teams/a.toml:10:12
        |
     10 | dev-vm-1 = 'atlas'
        |            ------- first here
    help: give gpu-vm-1 another session, or delete one of the lines

    error: the files conflict with each other: 1 error
    help: fix the files; nothing was read from Azure
    ");
}

#[test]
fn a_session_that_is_a_vms_name_in_another_file_is_an_error() {
    assert_snapshot!(validated(&[
        ("a.toml", "[sessions.rg]\nweb = 'web'\n"),
        ("b.toml", "[sessions.rg]\ndb = 'Web-1'\n"),
        ("c.toml", "[sessions.rg-2]\nweb = 'x'\nweb-1 = 'y'\n"),
    ]), @"
    $ azlin validate --file teams -> 1
    --- stderr
    warning: session `Web-1` has upper-case letters
      --> teams/b.toml:2:6
       |
     2 | db = 'Web-1'
       |      ^^^^^^^
    help: prefer lower case, because `azlin connect` requires the exact spelling

    error: session `web` is the name of another VM, rg-2/web
      --> teams/a.toml:2:7
       |
     2 | web = 'web'
       |       ^^^^^ this session
      ::: teams/c.toml:2:1
       |
     2 | web = 'x'
       | --- that VM
    help: use a name like `web-session`: `azlin connect` looks for VM names first

    error: session `Web-1` is the name of another VM, rg-2/web-1
      --> teams/b.toml:2:6
       |
     2 | db = 'Web-1'
       |      ^^^^^^^ this session
      ::: teams/c.toml:3:1
       |
     3 | web-1 = 'y'
       | ----- that VM
    help: use a name like `Web-1-session`: `azlin connect` looks for VM names first

    error: the files conflict with each other: 2 errors
    help: fix the files; nothing was read from Azure
    ");
}

#[test]
fn names_that_differ_only_in_case_over_two_files_are_a_warning() {
    assert_snapshot!(validated(&[
        ("a.toml", "[sessions.rg]\na = 'atlas'\n"),
        ("b.toml", "[sessions.rg]\nb = 'ATLAS'\n"),
    ]), @"
    $ azlin validate --file teams -> 0
    --- stdout
    teams/a.toml is valid: 1 session
    teams/b.toml is valid: 1 session

    --- stderr
    warning: session `ATLAS` has upper-case letters
      --> teams/b.toml:2:5
       |
     2 | b = 'ATLAS'
       |     ^^^^^^^
    help: prefer lower case, because `azlin connect` requires the exact spelling

    warning: session `ATLAS` differs from `atlas` only in case
      --> teams/b.toml:2:5
       |
     2 | b = 'ATLAS'
       |     ^^^^^^^ this one
      ::: teams/a.toml:2:5
       |
     2 | a = 'atlas'
       |     ------- the other
    help: choose a name that people cannot confuse with it
    ");
}

#[test]
fn a_vm_is_one_files_and_an_owner_has_one_file_of_a_subscription() {
    let file = |owner: &str, subscription: usize, lines: &str| {
        format!(
            "owner = '{owner}'\n[azure]\nsubscription = '00000000-0000-4000-8000-{subscription:012}'\n[sessions.rg]\n{lines}"
        )
    };
    assert_snapshot!(validated(&[
        ("a.toml", &file("us", 1, "vm-1 = 'one'\n")),
        ("b.toml", &file("us", 1, "VM-1 = 'two'\n")),
    ]), @"
    $ azlin validate --file teams -> 1
    --- stderr
    error: owner `us` has two files for the same subscription: each would clear what the other sets
      --> teams/b.toml:1:9
       |
     1 | owner = 'us'
       |         ^^^^ again here
      ::: teams/a.toml:1:9
       |
     1 | owner = 'us'
       |         ---- first here
    help: merge the files; if they belong to different teams, give one of them another owner

    error: VM `rg/VM-1` appears twice
      --> teams/b.toml:5:1
       |
     5 | VM-1 = 'two'
       | ^^^^ again here
      ::: teams/a.toml:5:1
       |
     5 | vm-1 = 'one'
       | ---- first here
    help: keep one of the lines: Azure ignores case in VM names

    error: the files conflict with each other: 2 errors
    help: fix the files; nothing was read from Azure
    ");
    let elsewhere = [
        ("a.toml", file("us", 1, "vm-1 = 'one'\n")),
        ("b.toml", file("us", 2, "vm-1 = 'two'\n")),
        ("c.toml", file("them", 2, "vm-2 = 'three'\n")),
    ];
    let elsewhere: Vec<(&str, &str)> = elsewhere.iter().map(|(n, t)| (*n, t.as_str())).collect();
    assert_eq!(validated(&elsewhere).code(), 0);
}

#[test]
fn the_files_of_one_subscription_mean_one_tag_and_one_azure() {
    assert_snapshot!(validated(&[
        ("a.toml", "[azure]\ntag = 'session'\nsubscription = '00000000-0000-4000-8000-000000000001'\n"),
        ("b.toml", "owner = 'b'\n[azure]\ncloud = 'china'\nendpoint = 'http://127.0.0.1:1'\nsubscription = '00000000-0000-4000-8000-000000000001'\n"),
    ]), @"
    $ azlin validate --file teams -> 1
    --- stderr
    error: `tag` differs from teams/a.toml, a file for the same subscription
      --> teams/b.toml:2:2
       |
     2 | [azure]
       |  ^^^^^ this file
      ::: teams/a.toml:1:2
       |
     1 | [azure]
       |  ----- the other file
    help: use the same `tag` in both files; if they are for different subscriptions, fix one `subscription`

    error: `cloud` differs from teams/a.toml, a file for the same subscription
      --> teams/b.toml:2:2
       |
     2 | [azure]
       |  ^^^^^ this file
      ::: teams/a.toml:1:2
       |
     1 | [azure]
       |  ----- the other file
    help: use the same `cloud` in both files; if they are for different subscriptions, fix one `subscription`

    error: `endpoint` differs from teams/a.toml, a file for the same subscription
      --> teams/b.toml:2:2
       |
     2 | [azure]
       |  ^^^^^ this file
      ::: teams/a.toml:1:2
       |
     1 | [azure]
       |  ----- the other file
    help: use the same `endpoint` in both files; if they are for different subscriptions, fix one `subscription`

    error: the files conflict with each other: 3 errors
    help: fix the files; nothing was read from Azure
    ");
}

#[test]
fn files_that_name_no_subscription_are_of_one_where_they_are_of_one_azure() {
    let ran = validated(&[
        (
            "a.toml",
            "owner = 'us'\nazure.cloud = 'sandbox'\n[sessions.rg]\na = 'x'\n",
        ),
        (
            "b.toml",
            "owner = 'us'\nazure.cloud = 'public'\n[sessions.rg]\na = 'y'\n",
        ),
    ]);
    assert_eq!(ran.code(), 0, "{ran}");
}

#[test]
fn what_is_wrong_with_all_files_is_told_in_one_run() {
    let project = teams(&[
        ("a.toml", "[sessions.rg]\na = 'one'\n"),
        ("b.toml", "[sessions.rg]\nb = ''\n"),
        ("c.toml", "[ssh]\nnonsense\n"),
        ("d.toml", "[sessions.rg]\nd = 'one'\n"),
    ]);
    let ran = project.run(&["plan", "--file", "teams", "--file", "gone.toml"]);
    assert_snapshot!(ran, @r#"
    $ azlin plan --file teams --file gone.toml -> 1
    --- stderr
    error: invalid session name ``: it is empty
      --> teams/b.toml:2:5
       |
     2 | b = ''
       |     ^^ invalid
    help: use a name like `project-alpha`

    error: missing `=`
      --> teams/c.toml:2:1
       |
     2 | nonsense
       | ^^^^^^^^ here
    help: write `nonsense = "project-alpha"`

    error: session `one` is assigned twice
      --> teams/d.toml:2:5
       |
     2 | d = 'one'
       |     ^^^^^ again here
      ::: teams/a.toml:2:5
       |
     2 | a = 'one'
       |     ----- first here
    help: give d another session, or delete one of the lines

    error: cannot read gone.toml: no such file or directory
    help: check the path and the permissions of the file
    error: teams/b.toml and teams/c.toml are invalid: 3 errors
    help: fix the files; nothing was read from Azure
    "#);
}

#[test]
fn a_subscription_on_the_command_line_does_not_overrule_several_files() {
    let file = "[azure]\nsubscription = '00000000-0000-4000-8000-000000000001'\n";
    let project = teams(&[("a.toml", ""), ("b.toml", file)]);
    let other = "00000000-0000-4000-8000-000000000002";
    assert_snapshot!(project.run(&["plan", "--file", "teams", "--subscription", other]), @"
    $ azlin plan --file teams --subscription 00000000-0000-4000-8000-000000000002 -> 1
    --- stderr
    error: --subscription conflicts with teams/b.toml, which sets subscription 00000000-0000-4000-8000-000000000001
    help: remove --subscription, or pass only one file
    ");
}

#[test]
fn two_sandboxes_of_one_subscription_are_told_apart() {
    let project = teams(&[("a.toml", "azure.cloud = 'sandbox'\n")]);
    std::fs::write(
        project.path().join("sessions.toml"),
        "azure.cloud = 'sandbox'\n",
    )
    .unwrap();
    assert_snapshot!(project.run(&["plan", "--file", ".", "--file", "teams"]), @"
    $ azlin plan --file . --file teams -> 1
    --- stderr
    error: sessions.toml and teams/a.toml use subscription 5a4db0e5-0000-4000-8000-000000000000, but on different endpoints
    help: use the same `cloud` and `endpoint` in both files (for the sandbox, put both in one folder), or change one `subscription`
    ");
}
