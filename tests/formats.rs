//! The output for programs, pull requests and reviewers: JSON, Markdown, diffs, annotations, and the stream of each.

mod support;

use std::collections::BTreeMap;

use azlin::model::{Desired, Live, Shown};
use azlin::plan::{Change, Ending, Options, Outcome, Plan, Report, Step, Tried};
use azlin::show;
use insta::assert_snapshot;
use serde_json::Value;
use support::plans::{file, fleet, planned};
use support::schema::Schema;
use support::{Project, vms};
use time::macros::date;

/// A file and a fleet whose plan has every kind of entry.
fn everything() -> Project {
    let file = "owner = 'us'\n[azure]\ncloud = 'sandbox'\n\n[sessions.rg]\na = 'db'       # the database\nb = 'web'\nc = 'set'\nd = 'adopted'\n\
                e = 'by-hand'\ngone = 'x'\ntheirs = 'y'\nover = { session = 'old', expires = 2026-01-01 }\n\n[ssh]\nuser = 'me'\n";
    let mut fleet = vms(&[
        ("rg/a", Some("web")),
        ("rg/b", Some("db")),
        ("rg/c", None),
        ("rg/d", Some("adopted")),
        ("rg/e", Some("|`<@x>\n")),
        ("rg/theirs", Some("z")),
        ("rg/over", Some("old")),
        ("other/left", Some("removed")),
        ("other/n", Some("double")),
        ("other/m", Some("double")),
    ]);
    for (at, owner) in [(0, "us"), (1, "us"), (5, "them"), (6, "us"), (7, "us")] {
        fleet[at]["tags"]["azlin_owner"] = owner.into();
    }
    let project = Project::new(file);
    project.set_fleet(fleet);
    project
}

/// Checks `json` against the schema, and returns it parsed.
fn hold_against_schema(json: &str) -> Value {
    let value: Value = serde_json::from_str(json).unwrap();
    if let Err(error) = Schema::open().check(&value) {
        panic!("{error}\n{json}");
    }
    value
}

/// The files of the step at `at` and of the steps that it waits for.
fn files_around(document: &Value, at: usize) -> (u64, Vec<u64>) {
    let steps = &document["steps"];
    let file = |at: usize| steps[at]["file"].as_u64().unwrap();
    let waits = steps[at]["waits_for"].as_array().unwrap().iter();
    let waits = waits.map(|first| file(usize::try_from(first.as_u64().unwrap()).unwrap()));
    (file(at), waits.collect())
}

#[test]
fn the_json_of_several_files_is_what_its_schema_says() {
    let project = Project::new("");
    let ids = [1, 2].map(azlin::sandbox::subscription_id);
    let fleet = [(&ids[0], "db"), (&ids[1], "web")].map(|(id, session)| {
        serde_json::json!({
            "subscription": id, "group": "rg", "name": "vm", "tags": { "azlin_session": session },
        })
    });
    project.set_fleet(fleet.to_vec());
    for (name, id, session) in [
        ("sessions.toml", &ids[0], "web"),
        ("two.toml", &ids[1], "db"),
    ] {
        let file = format!(
            "azure.cloud = 'sandbox'\nazure.subscription = '{id}'\n[sessions.rg]\nvm = '{session}'\ngone = 'x-{session}'\n"
        );
        std::fs::write(project.path().join(name), file).unwrap();
    }
    let plan = project.run(&["plan", "--file", ".", "--format", "json"]);
    let plan = hold_against_schema(&plan.stdout);
    let around: Vec<_> = (0..3).map(|at| files_around(&plan, at)).collect();
    assert_eq!(around, [(0, vec![]), (1, vec![0]), (0, vec![0, 1])]);

    project.run(&["plan", "--file", ".", "--out", "plan.json"]);
    let saved = std::fs::read_to_string(project.path().join("plan.json")).unwrap();
    let saved = hold_against_schema(&saved);
    assert_eq!(saved["steps"], plan["steps"]);
    let shown = project.run(&["show", "plan.json", "--format", "json"]);
    assert_eq!(hold_against_schema(&shown.stdout), saved);

    let applying = ["apply", "--partial", "--auto-approve", "--file", "."];
    let applied = project.run(&[&applying[..], &["--format", "json"]].concat());
    let report = hold_against_schema(&applied.stdout);
    assert_eq!(applied.code(), 5, "{applied}");
    assert_eq!(report["changes"], plan["changes"]);
    let steps = report["steps"].as_array().unwrap().iter();
    let outcomes: Vec<_> = steps
        .map(|step| {
            (
                step["file"].as_u64().unwrap(),
                step["outcome"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(outcomes, [(0, "written"), (1, "written"), (0, "written")]);
}

#[test]
fn the_text_says_everything() {
    assert_snapshot!(everything().run(&["plan"]).stdout, @r#"
    With --partial, azlin will update 7 VMs in the sandbox:

      - OTHER/left   removed   (removed from sessions.toml)
      + rg/c         set
      = rg/d         adopted   (adds the owner tag)
      ~ rg/e         "|`<@x>\n" -> by-hand   (had no owner)
      - rg/over      old   (expired on 2026-01-01)
      - rg/a         web   (frees the name; set again below)
      ~ rg/b         db -> web
      + rg/a         db

    2 lines in sessions.toml cannot be applied:

      ! rg/gone   x   sessions.toml:11
          VM not found, or not visible to this identity
          help: check the name, the resource group and the subscription
      ! rg/theirs   y   sessions.toml:12
          the VM belongs to another owner, `them`
          help: ask that owner, then run this again with --take-ownership rg/theirs

    note: 1 line of sessions.toml has expired: old on rg/over (2026-01-01)
    warning: session `double` is on several VMs: OTHER/m and OTHER/n

    Plan: 1 to set, 3 to change, 2 to clear, 1 to adopt, 2 blocked. 0 sessions already match; 2 unmanaged.
    "#);
}

#[test]
fn the_json_is_what_its_schema_says() {
    let project = everything();
    let ran = project.run(&["plan", "--format", "json"]);
    assert_eq!(ran.code(), 1, "a line is blocked");
    let plan = hold_against_schema(&ran.stdout);
    assert!(ran.stdout.is_ascii());
    let actions: Vec<&str> = plan["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions,
        [
            "clear", "change", "change", "set", "adopt", "change", "clear"
        ]
    );
    assert_eq!(plan["changes"][5]["before"]["session"], "|`<@x>\n");

    let ran = project.run(&["apply", "--auto-approve", "--partial", "--format", "json"]);
    assert_eq!(ran.code(), 5);
    let report = hold_against_schema(&ran.stdout);
    assert_eq!(report["ending"], "partial");
    assert!(
        report["steps"]
            .as_array()
            .unwrap()
            .iter()
            .all(|step| step["outcome"] == "written")
    );

    let ran = Project::sandbox("").run(&["plan", "--format", "json"]);
    hold_against_schema(&ran.stdout);
    let ran = Project::sandbox("").run(&["apply", "--format", "json"]);
    hold_against_schema(&ran.stdout);
    assert_eq!(ran.code(), 0, "{ran}");
}

#[test]
fn the_schema_knows_every_outcome() {
    let schema = Schema::open();
    let plan = planned(&[file(1, "us", &[("a", "db")])], &fleet(&[(1, "a", "")]));
    let found = plan.steps[0].before.clone();
    let (why, because) = ("no".to_owned(), plan.steps[0].vm.clone());
    for outcome in [
        Outcome::Already,
        Outcome::Written,
        Outcome::Changed {
            found: found.clone(),
        },
        Outcome::Altered {
            found: found.clone(),
        },
        Outcome::Accepted,
        Outcome::Halfway { why: why.clone() },
        Outcome::InDoubt {
            why: why.clone(),
            found: None,
        },
        Outcome::InDoubt {
            why: why.clone(),
            found: Some(found),
        },
        Outcome::Failed {
            why: why.clone(),
            help: None,
        },
        Outcome::Interrupted,
        Outcome::Skipped { because },
        Outcome::PutBack,
        Outcome::NotPutBack { why },
    ] {
        let step = plan.steps[0].clone();
        let tried = [Tried { step, outcome }];
        for ending in [
            Ending::Complete,
            Ending::Partial,
            Ending::Nothing,
            Ending::Interrupted,
            Ending::Refused,
            Ending::Blocked,
        ] {
            let report: Value = {
                let report = Report {
                    plan: &plan,
                    ending,
                    refused: &[],
                    tried: &tried,
                    doubles: &[],
                    now: None,
                };
                serde_json::from_str(&report.json()).unwrap()
            };
            assert_eq!(schema.check(&report), Ok(()), "{report:#}");
        }
    }
}

#[test]
fn the_schema_refuses_what_is_no_plan() {
    let schema = Schema::open();
    let plan = everything().run(&["plan", "--format", "json"]).stdout;
    let plan: Value = serde_json::from_str(&plan).unwrap();
    for (place, nonsense) in [
        ("/changes/0/action", Value::from("delete")),
        ("/changes/0/file", Value::from("sessions.toml")),
        ("/changes/0/vm", Value::from("rg/a")),
        ("/files", Value::from(Vec::<Value>::new())),
        ("/files/0/blocked/0/reason", Value::from("stuck")),
        ("/files/0/subscription", Value::from("sandbox")),
        ("/steps/0/waits_for", Value::from(vec![-1])),
        ("/digest", Value::Null),
    ] {
        let mut plan = plan.clone();
        *plan.pointer_mut(place).unwrap() = nonsense;
        assert!(schema.check(&plan).is_err(), "{place}");
    }
}

#[test]
fn the_markdown_is_safe_and_starts_with_its_marker() {
    let project = everything();
    let markdown = project.run(&["plan", "--format", "markdown"]).stdout;
    assert_snapshot!(markdown, @r#"
    <!-- azlin plan -->
    ### azlin plan: 1 to set, 3 to change, 2 to clear, 1 to adopt, 2 blocked

    <code>sessions&#46;toml</code> against <code>the sandbox</code>.

    **Cannot be applied:**

    | VM | session | line | why | what to do |
    |---|---|---|---|---|
    | <code>rg&#47;gone</code> | <code>x</code> | 11 | VM not found, or not visible to this identity | check the name, the resource group and the subscription |
    | <code>rg&#47;theirs</code> | <code>y</code> | 12 | the VM belongs to another owner, &#96;them&#96; | ask that owner, then run this again with --take-ownership rg&#47;theirs |

    - 1 line of sessions&#46;toml has expired&#58; old on rg&#47;over (2026-01-01)
    - session &#96;double&#96; is on several VMs&#58; OTHER&#47;m and OTHER&#47;n

    <details open><summary>8 steps</summary>

    | | VM | session | |
    |---|---|---|---|
    | `-` | <code>OTHER&#47;left</code> | <code>removed</code> | removed from sessions&#46;toml |
    | `+` | <code>rg&#47;c</code> | <code>set</code> |  |
    | `=` | <code>rg&#47;d</code> | <code>adopted</code> | adds the owner tag |
    | `~` | <code>rg&#47;e</code> | <code>"&#124;&#96;&#60;<span>&#64;</span>x&#62;&#92;n"</code> → <code>by-hand</code> | had no owner |
    | `-` | <code>rg&#47;over</code> | <code>old</code> | expired on 2026-01-01 |
    | `-` | <code>rg&#47;a</code> | <code>web</code> | frees the name; set again below |
    | `~` | <code>rg&#47;b</code> | <code>db</code> → <code>web</code> |  |
    | `+` | <code>rg&#47;a</code> | <code>db</code> |  |

    </details>
    "#);
    let applied = project
        .run(&[
            "apply",
            "--auto-approve",
            "--partial",
            "--format",
            "markdown",
        ])
        .stdout;
    assert!(
        applied.starts_with(
            "<!-- azlin apply -->\n### azlin apply: 8 steps done; 2 lines cannot be applied\n"
        ) && applied.contains("<details open><summary>8 done</summary>"),
        "{applied}"
    );
}

/// A fleet and a file of `n` changes with hostile names in Azure.
fn large(n: usize) -> (Desired, Live) {
    let rows: Vec<[String; 3]> = (0..n)
        .map(|at| {
            [
                format!("virtual-machine-{at:05}"),
                format!("session-{at}"),
                format!("|`<@everyone>\u{202e}\n#1 {at}"),
            ]
        })
        .collect();
    let mut lines = Vec::new();
    let mut vms = Vec::new();
    for [vm, session, held] in &rows {
        lines.push((vm.as_str(), session.as_str()));
        vms.push((1, vm.as_str(), held.as_str()));
    }
    (file(1, "", &lines), fleet(&vms))
}

/// The plan as a comment on a pull request.
fn comment(plan: &Plan) -> String {
    show::markdown(plan, &Options::default())
}

#[test]
fn the_markdown_of_5000_changes_fits_a_comment() {
    let (desired, mut live) = large(5_000);
    let markdown = comment(&planned(std::slice::from_ref(&desired), &live));
    assert!(
        markdown.len() < 65_000 && markdown.contains(" more; "),
        "{}",
        markdown.len()
    );
    assert_eq!(
        markdown.matches("<details>").count(),
        markdown.matches("</details>").count()
    );
    // All of them expire within the week, and that many notes also fit.
    let mut expiring = desired.clone();
    for line in &mut expiring.sessions {
        line.expires = Some(date!(2026 - 11 - 25));
    }
    let markdown = comment(&planned(&[expiring], &live));
    assert!(markdown.len() < 65_000, "{}", markdown.len());
    // All of them are blocked, and the rows for them also fit.
    live.vms = BTreeMap::new();
    let markdown = comment(&planned(std::slice::from_ref(&desired), &live));
    assert!(markdown.len() < 65_000, "{}", markdown.len());
}

#[test]
fn the_markdown_of_300_files_fits_a_comment_too() {
    for changes in [1, 50] {
        let (desired, live) = large(changes);
        let mut plan = planned(&[desired], &live);
        let (of_one, changes) = (plan.files.remove(0), std::mem::take(&mut plan.changes));
        let steps = std::mem::take(&mut plan.steps);
        for at in 0..300 {
            let mut file = of_one.clone();
            file.basis.place =
                Shown::new("subscription 5a4db0e5-0000-4000-8000-000000000002 at 127.0.0.1:8999");
            file.basis.file = Shown::new(&format!("teams.of.the.whole.company/{at:03}.toml"));
            plan.files.push(file);
            let own = changes.iter().map(|change| Change {
                file: at,
                ..change.clone()
            });
            plan.changes.extend(own);
            let own = steps.iter().map(|step| Step {
                file: at,
                ..step.clone()
            });
            plan.steps.extend(own);
        }
        let markdown = show::markdown(&plan, &Options::default());
        assert!(markdown.len() < 65_000, "{}", markdown.len());
        assert!(markdown.contains("000&#46;toml") && markdown.contains("files more;"));
        let (open, closed) = ("<details", "</details>");
        assert_eq!(
            markdown.matches(open).count(),
            markdown.matches(closed).count()
        );
    }
}

#[test]
fn nothing_of_others_means_anything_to_markdown() {
    let (desired, live) = large(3);
    let markdown = comment(&planned(std::slice::from_ref(&desired), &live));
    for row in markdown
        .lines()
        .filter(|line| line.contains("virtual-machine"))
    {
        assert_eq!(row.matches('|').count(), 5, "{row}");
        assert!(
            !row.contains('@')
                && !row.contains("<e")
                && !row.contains("#1 ")
                && !row.contains('\u{202e}'),
            "{row}"
        );
    }
}

#[test]
fn the_diff_is_what_git_would_show_if_azure_were_a_file() {
    let project = everything();
    assert_snapshot!(project.run(&["plan", "--diff"]).stdout, @r#"
    --- azure
    +++ sessions.toml
    @@ -3,16 +3,14 @@
     cloud = 'sandbox'
     
     [sessions.rg]
    -a = 'web'       # the database
    -b = 'db'
    +a = 'db'       # the database
    +b = 'web'
    +c = 'set'
     d = 'adopted'
    -e = "|`<@x>\n"
    +e = 'by-hand'
     gone = 'x'
     theirs = 'y'
    -over = { session = 'old' }
    -
    -[sessions.OTHER]
    -left = 'removed'
    +over = { session = 'old', expires = 2026-01-01 }
     
     [ssh]
     user = 'me'
    "#);
    project.run(&["apply", "--auto-approve", "--partial"]);
    assert_eq!(project.run(&["plan", "--diff"]).stdout, "");
}

#[test]
fn the_diff_keeps_several_vms_on_one_line_and_acts_on_nothing() {
    let file = "[azure]\ncloud = 'sandbox'\n[sessions]\nrg = { a = 'x', b = 'y' } # \u{9b}\u{202e}##vso[task.x]\n";
    let project = Project::new(file).with_env("CI", "true").with_fleet(&[
        ("rg/a", Some("##vso[task.setvariable]evil")),
        ("rg/b", Some("z")),
    ]);
    let diff = project.run(&["plan", "--diff"]).stdout;
    assert!(
        !diff.contains("##vso")
            && !diff
                .chars()
                .any(|c| c != '\n' && azlin::text::is_unprintable(c)),
        "{diff}"
    );
    assert_snapshot!(diff, @r##"
    --- azure
    +++ sessions.toml
    @@ -1,4 +1,4 @@
     [azure]
     cloud = 'sandbox'
     [sessions]
    -rg = { a = '#\u0023vso[task.setvariable]evil', b = 'z' } # \u{9b}\u{202e}#\u0023vso[task.x]
    +rg = { a = 'x', b = 'y' } # \u{9b}\u{202e}#\u0023vso[task.x]
    "##);
}

#[test]
fn on_github_actions_diagnostics_and_blocked_lines_are_annotations() {
    let project = everything().with_env("GITHUB_ACTIONS", "true");
    let ran = project.run(&["plan", "--format", "markdown"]);
    assert!(!ran.stdout.contains("::error"), "stdout is data");
    let annotations: Vec<&str> = ran
        .stderr
        .lines()
        .filter(|line| line.starts_with("::"))
        .collect();
    assert_snapshot!(annotations.join("\n"), @"
    ::error file=sessions.toml,line=11,title=azlin::x on rg/gone: VM not found, or not visible to this identity%0Ahelp: check the name, the resource group and the subscription
    ::error file=sessions.toml,line=12,title=azlin::y on rg/theirs: the VM belongs to another owner, `them`%0Ahelp: ask that owner, then run this again with --take-ownership rg/theirs
    ");
    let invalid = Project::sandbox("[sessions.rg]\na = 'x y'\nb = 'Upper'\n")
        .with_env("GITHUB_ACTIONS", "true");
    let ran = invalid.run(&["validate"]);
    let annotations: Vec<&str> = ran
        .stderr
        .lines()
        .filter(|line| line.starts_with("::"))
        .collect();
    assert_snapshot!(annotations.join("\n"), @"
    ::error file=sessions.toml,line=5,col=5,title=azlin::invalid session name `x y`: it contains a space; use only letters, digits, `-`, `_` and `.`%0Ahelp: use a name like `x-y`
    ::warning file=sessions.toml,line=6,col=5,title=azlin::session `Upper` has upper-case letters%0Ahelp: prefer lower case, because `azlin connect` requires the exact spelling
    ");
}

/// The lines of `text` that start with `sign`, each cut after its properties.
fn properties<'t>(text: &'t str, sign: &str, end: &str) -> Vec<&'t str> {
    let lines = text.lines().filter(|line| line.starts_with(sign));
    lines
        .map(|line| line.split(end).next().unwrap_or_default())
        .collect()
}

/// A repository with two invalid files in `teams/`, one of them with a name that means something to a runner.
fn repository() -> Project {
    let project = Project::sandbox("");
    let teams = project.path().join("teams");
    std::fs::create_dir_all(project.path().join(".git")).unwrap();
    std::fs::create_dir_all(&teams).unwrap();
    for name in ["db.toml", "a,b;c].toml"] {
        std::fs::write(teams.join(name), "[sessions.rg]\na = 'x y'\n").unwrap();
    }
    project
}

#[test]
fn annotations_name_the_file_from_the_root_of_its_repository_wherever_azlin_runs() {
    let project = repository().with_env("GITHUB_ACTIONS", "true");
    let teams = project.path().join("teams");
    let here = project.run(&["validate", "--file", "teams/db.toml"]);
    let expected = ["::error file=teams/db.toml,line=2,col=5"];
    assert_eq!(properties(&here.stderr, "::", ",title"), expected);
    let absolute = teams.join("db.toml");
    let absolute = project.run(&["validate", "--file", absolute.to_str().unwrap()]);
    assert_eq!(properties(&absolute.stderr, "::", ",title"), expected);
    for (folder, file) in [(&teams, "db.toml"), (&teams, "../teams/db.toml")] {
        let mut inside = project.command(&["validate", "--file", file]);
        let ran = inside.current_dir(folder).output().unwrap();
        let stderr = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(properties(&stderr, "::", ",title"), expected, "{file}");
    }
    let both = project.run(&["validate", "--file", "teams"]);
    assert_eq!(
        properties(&both.stderr, "::", ",title"),
        [
            "::error file=teams/a%2Cb;c].toml,line=2,col=5",
            "::error file=teams/db.toml,line=2,col=5"
        ]
    );
}

#[test]
fn a_checkout_without_git_is_the_root_too_and_a_file_outside_of_any_keeps_its_name() {
    let project = repository().with_env("GITHUB_ACTIONS", "true");
    std::fs::remove_dir(project.path().join(".git")).unwrap();
    let ran = project.run(&["validate", "--file", "teams/../teams/db.toml"]);
    let given = ["::error file=teams/../teams/db.toml,line=2,col=5"];
    assert_eq!(properties(&ran.stderr, "::", ",title"), given);
    let workspace = project.path().to_str().unwrap().to_owned();
    let project = project.with_env("GITHUB_WORKSPACE", &workspace);
    let mut inside = project.command(&["validate", "--file", "db.toml"]);
    let ran = inside.current_dir(project.path().join("teams")).output();
    let stderr = String::from_utf8(ran.unwrap().stderr).unwrap();
    let expected = ["::error file=teams/db.toml,line=2,col=5"];
    assert_eq!(properties(&stderr, "::", ",title"), expected);
}

#[test]
fn azure_pipelines_gets_annotations_of_its_own_kind() {
    let project = repository().with_env("TF_BUILD", "True");
    let ran = project.run(&["validate", "--file", "teams"]);
    let lines = ran
        .stderr
        .lines()
        .filter(|line| line.starts_with("##vso") || line.starts_with("::"));
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @"
    ##vso[task.logissue type=error;sourcepath=teams/a,b%3Bc%5D.toml;linenumber=2;columnnumber=5;]invalid session name `x y`: it contains a space; use only letters, digits, `-`, `_` and `.`%0Ahelp: use a name like `x-y`
    ##vso[task.logissue type=error;sourcepath=teams/db.toml;linenumber=2;columnnumber=5;]invalid session name `x y`: it contains a space; use only letters, digits, `-`, `_` and `.`%0Ahelp: use a name like `x-y`
    ");
    let ran = everything().with_env("TF_BUILD", "True").run(&["plan"]);
    assert_eq!(
        properties(&ran.stderr, "##vso", "]"),
        [
            "##vso[task.logissue type=error;sourcepath=sessions.toml;linenumber=11;",
            "##vso[task.logissue type=error;sourcepath=sessions.toml;linenumber=12;"
        ]
    );
}

#[test]
fn validate_lists_expired_lines() {
    let file = "owner = 'us'\n[sessions.rg]\na = { session = 'x', expires = 2020-01-01 }\nb = { session = 'y', expires = 2999-01-01 }\n";
    let project = Project::sandbox("");
    std::fs::write(project.path().join("sessions.toml"), file).unwrap();
    assert_snapshot!(project.run(&["validate"]), @"
    $ azlin validate -> 0
    --- stdout
    sessions.toml is valid: 2 sessions

    --- stderr
    warning: session `x` expired on 2020-01-01
      --> sessions.toml:3:17
       |
     3 | a = { session = 'x', expires = 2020-01-01 }
       |                 ^^^
    help: delete the line; azlin no longer assigns the session
    ");
}

#[test]
fn validate_needs_no_azure() {
    let project =
        Project::new("[azure]\nendpoint = 'http://127.0.0.1:1'\n[sessions.rg]\na = 'x'\n");
    assert_snapshot!(project.run(&["validate"]), @"
    $ azlin validate -> 0
    --- stdout
    sessions.toml is valid: 1 session
    ");
    assert_eq!(Project::new("nonsense").run(&["validate"]).code(), 1);
}

#[test]
fn terraforms_spelling_of_flags_works() {
    let project = Project::sample();
    assert_eq!(
        project
            .run(&[
                "plan",
                "-detailed-exitcode",
                "-out=p.json",
                "-target",
                "dev-vm-1"
            ])
            .code(),
        2
    );
    assert!(project.path().join("p.json").exists());
    assert_eq!(
        project
            .run(&["apply", "-auto-approve", "-parallelism=2"])
            .code(),
        0
    );
    assert_eq!(project.run(&["plan", "-nonsense"]).code(), 1);
    let ran = project.run(&[
        "connect",
        "dev-vm-1",
        "--print",
        "--",
        "terraform",
        "-out=x",
        "-auto-approve",
    ]);
    assert!(
        ran.stdout.ends_with("terraform '-out=x' -auto-approve\n"),
        "{ran}"
    );
}
