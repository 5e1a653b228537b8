//! `azlin blame` and `plan --blame`: which line gives a session to a VM, in which commit, and who last wrote the tags in Azure.

mod support;

use std::fs;

use insta::assert_snapshot;
use serde_json::{Value, json};
use support::Project;
use support::schema::Schema;
use support::server::Server;

const FILE: &str = "owner = 'us'
[azure]
cloud = 'sandbox'
[sessions.rg]
a = 'db'
b = { session = 'web', expires = 2999-01-01 }
[sessions.rg.c]
session = 'cache'
";

fn project() -> Project {
    let project = Project::new(FILE).with_fleet(&[
        ("rg/a", None),
        ("rg/b", Some("by-hand")),
        ("rg/c", Some("cache")),
        ("rg/d", Some("lost")),
        ("other/d", None),
    ]);
    project.in_git()
}

/// `text` with each time as `TIME`, each commit as `COMMIT` and each correlation id as `ID`.
fn steady(text: &str) -> String {
    let words = text.split_inclusive([' ', '\n', ',', ')', '"']);
    let words = words.map(|word| {
        let end = word.len() - usize::from(word.ends_with([' ', '\n', ',', ')', '"']));
        let (word, end) = word.split_at(end);
        let is_hex = |word: &str| word.bytes().all(|c| c.is_ascii_hexdigit() || c == b'-');
        let steady = match word.len() {
            20 if word.ends_with('Z')
                && word.as_bytes()[10] == b'T'
                && !word.starts_with("2026-03-01") =>
            {
                "TIME"
            }
            10 | 40 if is_hex(word) && !word.contains('-') => "COMMIT",
            36 if is_hex(word) && !word.starts_with("5a4db0e5") => "ID",
            _ => word,
        };
        format!("{steady}{end}")
    });
    words.collect()
}

fn blame(project: &Project, arguments: &[&str]) -> String {
    steady(&project.run(&[&["blame"], arguments].concat()).to_string())
}

#[test]
fn a_name_leads_to_its_vm_its_line_its_commit_and_its_last_write() {
    let project = project();
    assert_eq!(project.run(&["apply", "-y", "--target", "rg/a"]).code(), 0);
    assert_snapshot!(blame(&project, &["db"]), @"
    $ azlin blame db -> 0
    --- stdout
    Azure    rg/a holds db, set by owner us
             tags last written by azlin-sandbox at TIME (Microsoft.Resources/tags/write, correlation id ID)
    file     sessions.toml:5 gives db to rg/a
             commit COMMIT by Ada L. <ada@example.com> at 2026-03-01T10:00:00Z: first
    ");
    assert_snapshot!(blame(&project, &["A"]), @"
    $ azlin blame A -> 0
    --- stdout
    Azure    rg/a holds db, set by owner us
             tags last written by azlin-sandbox at TIME (Microsoft.Resources/tags/write, correlation id ID)
    file     sessions.toml:5 gives db to rg/a
             commit COMMIT by Ada L. <ada@example.com> at 2026-03-01T10:00:00Z: first
    ");
    assert_snapshot!(blame(&project, &["db", "-o", "json"]), @r#"
    $ azlin blame db -o json -> 0
    --- stdout
    {
      "format_version": "1.0",
      "name": "db",
      "vms": [
        {
          "vm": "5a4db0e5-0000-4000-8000-000000000000/rg/a",
          "session": "db",
          "owner": "us",
          "written": {
            "at": "TIME",
            "by": "azlin-sandbox",
            "operation": "Microsoft.Resources/tags/write",
            "correlation_id": "ID"
          },
          "unknown": null
        }
      ],
      "line": {
        "file": "sessions.toml",
        "line": 5,
        "vm": "5a4db0e5-0000-4000-8000-000000000000/rg/a",
        "session": "db",
        "commit": {
          "id": "COMMIT",
          "author": "Ada L.",
          "email": "<ada@example.com>",
          "at": "2026-03-01T10:00:00Z",
          "summary": "first",
          "is_oldest": false
        },
        "unknown": null
      }
    }
    "#);
}

#[test]
fn what_is_missing_is_said_in_a_line() {
    let project = project();
    // Declared, and on no VM yet; then a VM that the file does not name, a session that it does not declare, and a new line.
    assert_snapshot!(blame(&project, &["web"]), @"
    $ azlin blame web -> 0
    --- stdout
    Azure    no VM holds `web`
             rg/b holds by-hand, without an owner
             last write unknown: Azure's activity log has no write in the last 89 days; a write shows after some minutes
    file     sessions.toml:6 gives web to rg/b
             commit COMMIT by Ada L. <ada@example.com> at 2026-03-01T10:00:00Z: first
    ");
    assert_snapshot!(blame(&project, &["other/d"]), @"
    $ azlin blame other/d -> 0
    --- stdout
    Azure    OTHER/d has no session
             last write unknown: Azure's activity log has no write in the last 89 days; a write shows after some minutes
    file     no file declares `other/d`
    ");
    assert_snapshot!(blame(&project, &["lost"]), @"
    $ azlin blame lost -> 0
    --- stdout
    Azure    rg/d holds lost, without an owner
             last write unknown: Azure's activity log has no write in the last 89 days; a write shows after some minutes
    file     no file declares `lost`
    ");
    project.write(&FILE.replace("'cache'", "'cash'"));
    assert_snapshot!(blame(&project, &["c"]), @"
    $ azlin blame c -> 0
    --- stdout
    Azure    rg/c holds cache, without an owner
             last write unknown: Azure's activity log has no write in the last 89 days; a write shows after some minutes
    file     sessions.toml:8 gives cash to rg/c
             commit unknown: the line is not committed yet
    ");
    let outside = Project::new(FILE).with_fleet(&[("rg/c", Some("cache"))]);
    assert_snapshot!(blame(&outside, &["cache"]), @"
    $ azlin blame cache -> 0
    --- stdout
    Azure    rg/c holds cache, without an owner
             last write unknown: Azure's activity log has no write in the last 89 days; a write shows after some minutes
    file     sessions.toml:8 gives cache to rg/c
             commit unknown: git says: not a git repository (or any of the parent directories): .git
    ");
    let nowhere = outside.with_env("PATH", "/nowhere");
    assert_snapshot!(blame(&nowhere, &["b"]), @"
    $ azlin blame b -> 0
    --- stdout
    Azure    Azure lists no VM `b`
    file     sessions.toml:6 gives web to rg/b
             commit unknown: git does not run
    ");
}

#[test]
fn a_name_that_nothing_has_or_several_vms_have_is_an_error() {
    let project = project();
    assert_snapshot!(project.run(&["blame", "d"]).stderr, @"
    error: `d` is the name of 2 VMs:
      OTHER/d
      rg/d
    help: use GROUP/VM, as listed above
    ");
    assert_snapshot!(project.run(&["blame", "ca"]).stderr, @"
    error: no VM, session or IP address matches `ca` (searched 5 VMs)
    help: did you mean a or c? sessions that exist:
      by-hand   rg/b
      cache     rg/c
      lost      rg/d
    ");
}

/// A server over a project whose file and log are these, with these faults.
fn served(faults: &[&str], log: &[Value]) -> (Project, Server, Project) {
    let served = Project::new("").with_fleet(&[("rg/a", Some("by-hand")), ("rg/b", Some("other"))]);
    let lines: Vec<String> = log.iter().map(Value::to_string).collect();
    fs::write(served.state().with_extension("activity"), lines.join("\n")).unwrap();
    let faults: Vec<&str> = faults.iter().flat_map(|fault| ["--fault", fault]).collect();
    let server = Server::of(&served, &faults);
    let file = "owner = 'us'\n[sessions.rg]\na = 'db'\nb = 'web'\n";
    let project = Project::new(file)
        .with_env("AZLIN_ENDPOINT", &server.endpoint)
        .with_env("AZURE_ACCESS_TOKEN", "token")
        .with_env("AZURE_SUBSCRIPTION_ID", azlin::sandbox::SUBSCRIPTION);
    (project, server, served)
}

/// An entry of the log about `resource`, which is a VM or its tags.
fn entry(time: &str, caller: &str, resource: &str) -> Value {
    let id = format!(
        "/subscriptions/{}/resourceGroups/RG/providers/Microsoft.Compute/virtualMachines/{resource}",
        azlin::sandbox::SUBSCRIPTION
    );
    json!({ "time": time, "caller": caller, "resource": id })
}

const TAGS: &str = "/providers/Microsoft.Resources/tags/default";

#[test]
fn the_newest_write_counts_whether_azure_logs_it_for_the_vm_or_for_its_tags() {
    let log = [
        entry("9000-01-01T00:00:00.5Z", "third", &format!("a{TAGS}")),
        entry("9000-01-01T00:00:00.25Z", "second", "a"),
        entry("9000-01-01T00:00:00Z", "first", "a"),
        entry("9000-01-02T00:00:00Z", "fourth", "B"),
    ];
    let (project, _server, _served) = served(&[], &log);
    let of = |vm: &str| {
        let ran = project.run(&["blame", vm]);
        ran.stdout
            .lines()
            .nth(1)
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    assert!(
        of("a").starts_with("tags last written by third at 9000-01-01T00:00:00Z"),
        "{}",
        of("a")
    );
    assert!(
        of("b").starts_with("tags last written by fourth at 9000-01-02T00:00:00Z"),
        "{}",
        of("b")
    );
}

#[test]
fn a_plan_names_who_wrote_the_sessions_that_were_set_by_hand() {
    let log = [entry(
        "9000-01-01T00:00:00Z",
        "ada@example.com",
        &format!("a{TAGS}"),
    )];
    let (project, _server, _served) = served(&[], &log);
    let ran = project.run(&["plan", "--blame"]);
    let text = ran.stdout.lines().take(7).collect::<Vec<_>>().join("\n");
    assert_snapshot!(text.split(" in subscription").next().unwrap().to_owned() + text.split(":\n").nth(1).unwrap_or(""), @"
    azlin will update 2 VMs
      ~ rg/a   by-hand -> db
          had no owner; tags last written by ada@example.com at 9000-01-01T00:00:00Z
      ~ rg/b   other -> web   (had no owner)

    Plan: 0 to set, 2 to change, 0 to clear, 0 blocked. 0 sessions already match; 0 unmanaged.
    ");
    assert!(
        ran.stderr.contains(
            "note: Azure's activity log has no write of the tags of rg/b in the last 89 days"
        ),
        "{ran}"
    );
    let ran = project.run(&["plan", "--blame", "-o", "json", "--out", "plan.json"]);
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    Schema::open().check(&json).unwrap();
    assert_eq!(json["changes"][0]["written"]["by"], "ada@example.com");
    assert!(json["changes"][1].get("written").is_none());
    assert!(
        project
            .run(&["show", "plan.json", "-o", "markdown"])
            .stdout
            .contains("tags last written by ada")
    );
    assert_eq!(project.run(&["apply", "plan.json", "-y"]).code(), 0);
}

#[test]
fn without_the_right_or_an_answer_the_rest_is_still_there() {
    for fault in [
        "forbidden:list=log",
        "not-json:list=log",
        "circle:list=log",
        "old-api:list=log",
    ] {
        let (project, _server, _served) = served(&[fault], &[]);
        let ran = project.run(&["blame", "a"]);
        assert_eq!(ran.code(), 0, "{ran}");
        assert!(
            ran.stdout.contains("rg/a holds by-hand")
                && ran.stdout.contains("sessions.toml:3 gives db"),
            "{ran}"
        );
        if fault.starts_with("forbidden") {
            assert!(
                ran.stdout
                    .contains("lacks the permission `Microsoft.Insights/eventtypes/values/read`"),
                "{ran}"
            );
            let plan = project.run(&["plan", "--blame"]);
            assert_eq!(plan.code(), 0, "{plan}");
            assert!(plan.stderr.contains("warning: who last wrote the tags of 2 VMs is unknown: cannot read the activity log of rg/a: "), "{plan}");
        }
    }
}

#[test]
fn a_hostile_caller_author_or_subject_moves_no_terminal_and_commands_no_runner() {
    let hostile = "\u{1b}[2J\u{202e}x\n::error::owned ##vso[task.complete] <script>|`";
    let log = [
        entry("9000-01-01T00:00:00Z", hostile, "a"),
        entry("9000-01-01T00:00:00Z\u{1b}[2J", "x", "b"),
    ];
    let (project, _server, _served) = served(&[], &log);
    let project = project.with_env("GITHUB_ACTIONS", "true");
    project.git(&["init", "-q"]);
    project.git(&["add", "-A"]);
    let author = "\u{1b}[2JEve\u{202e} ::error::owned <eve@\u{1b}example>";
    project.git(&[
        "commit",
        "-q",
        "--author",
        author,
        "-m",
        "\u{1b}]0;owned\u{7}::error::x\u{202e} ##vso[task.complete]",
    ]);
    for arguments in [
        &["blame", "a"][..],
        &["blame", "b", "-o", "json"],
        &["plan", "--blame"],
        &["plan", "--blame", "-o", "markdown"],
    ] {
        let ran = project.run(arguments);
        assert_eq!(ran.code(), 0, "{ran}");
        for stream in [&ran.stdout, &ran.stderr] {
            assert!(!stream.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{ran}");
            for line in stream.lines() {
                assert!(
                    !line.trim_start().starts_with("::") && !line.contains("##vso["),
                    "{line}\n{ran}"
                );
            }
        }
        assert!(
            !ran.stdout.contains("<script>") || arguments.last() != Some(&"markdown"),
            "{ran}"
        );
    }
}

#[test]
fn settings_of_a_repository_run_nothing_and_a_file_may_have_any_name() {
    let project = project();
    let owned = project.path().join("owned");
    let attributes = "*.toml diff=x filter=x\n";
    fs::write(project.path().join(".gitattributes"), attributes).unwrap();
    let name = "--contents=x :(top)*.toml";
    let file = project.path().join(name);
    fs::rename(project.path().join("sessions.toml"), &file).unwrap();
    project.commit("named");
    for setting in [
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "diff.x.textconv",
        "filter.x.clean",
        "filter.x.smudge",
        "filter.x.process",
        "gpg.program",
        "pager.blame",
    ] {
        project.git(&["config", setting, &format!("touch {}", owned.display())]);
    }
    let flag = format!("--file={name}");
    fs::write(&file, format!("# new\n{FILE}")).unwrap();
    let ran = project.run(&["blame", "db", &flag]);
    assert!(
        ran.stdout.contains("toml:6 gives db") && ran.stdout.contains("Z: first"),
        "{ran}"
    );
    assert!(!owned.exists(), "{ran}");
    let ran = project.run(&["plan", "--base", "HEAD", &flag]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert!(!owned.exists(), "{ran}");
    for name in ["--help", "-x", "$(touch owned)", "a;b", "../x", ""] {
        let ran = project.run(&["blame", "--", name]);
        assert_eq!(ran.code(), 1, "{ran}");
    }
    assert!(!owned.exists());
}

#[test]
fn a_repository_that_lacks_objects_runs_none_of_its_remotes_programs() {
    let project = project();
    let owned = project.path().join("owned");
    let objects = project.path().join(".git/objects");
    let lost = project.git(&["rev-parse", "HEAD:./sessions.toml"]);
    fs::remove_file(objects.join(&lost[..2]).join(&lost[2..])).unwrap();
    for (setting, value) in [
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"),
        (
            "remote.origin.url",
            &format!("ext::touch {}", owned.display()),
        ),
        (
            "remote.origin.uploadpack",
            &format!("touch {}", owned.display()),
        ),
        ("protocol.ext.allow", "always"),
    ] {
        project.git(&["config", setting, value]);
    }
    let ran = project.run(&["blame", "db"]);
    assert!(ran.stdout.contains("commit unknown: git says: "), "{ran}");
    let ran = project.run(&["plan", "--base", "HEAD"]);
    assert_eq!(ran.code(), 1, "{ran}");
    assert!(
        ran.stderr
            .contains("help: fetch the whole commit, or run this without --base"),
        "{ran}"
    );
    let version = project.git(&["version"]);
    let minor = version
        .split('.')
        .nth(1)
        .and_then(|minor| minor.parse::<u32>().ok());
    // Older versions of git do not know the setting that forbids it.
    assert!(
        minor.is_none_or(|minor| minor < 45) || !owned.exists(),
        "{ran}"
    );
}

#[test]
fn a_shallow_clone_says_that_the_commit_may_be_an_earlier_one() {
    let project = project();
    project.commit("second");
    let origin = format!("file://{}", project.path().display());
    project.git(&["clone", "-q", "--depth=1", &origin, "clone"]);
    let clone = project.path().join("clone");
    fs::create_dir_all(clone.join(".azlin")).unwrap();
    fs::copy(project.state(), clone.join(".azlin/sandbox.json")).unwrap();
    let output = project
        .command(&["blame", "db"])
        .current_dir(&clone)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        text.contains("(or an earlier commit that this clone lacks)"),
        "{text}"
    );
}
