//! Writes whose answer was lost, and other troubles after a write: azlin looks again, says what it knows, and exits with 5.

mod support;

use std::fs::File;
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};

use azlin::sandbox::Response;
use insta::assert_snapshot;
use serde_json::{Value, json};
use support::azure::{Asked, Azure, saying};
use support::schema::Schema;
use support::{Project, Ran, vms};

/// What becomes of the first write, which Azure answers with 504.
#[derive(Clone, Copy)]
enum First {
    Arrives,
    IsLost,
}

/// A refusal that no retry changes.
fn forbidden() -> Response {
    saying(
        403,
        &json!({ "error": { "code": "AuthorizationFailed", "message": "no" } }),
    )
}

fn timeout() -> Response {
    let timeout = json!({ "error": { "code": "GatewayTimeout", "message": "too slow" } });
    let mut answer = saying(504, &timeout);
    answer.headers.push(("retry-after", "0".to_owned()));
    answer
}

fn is_tags(asked: &Asked) -> bool {
    asked.target.contains("/Microsoft.Resources/tags/")
}

/// An Azure whose first write gets no proper answer. From then on, it refuses to read a VM's tags, and to write them.
fn losing(fleet: &Project, first: First) -> Azure {
    let writes = AtomicUsize::new(0);
    Azure::serve(fleet.state(), None, move |asked, answer| {
        if asked.method == "PATCH" && writes.fetch_add(1, Ordering::SeqCst) == 0 {
            if matches!(first, First::Arrives) {
                answer();
            }
            return timeout();
        }
        if is_tags(asked) && writes.load(Ordering::SeqCst) > 0 {
            return forbidden();
        }
        answer()
    })
}

/// The report of an apply, after the plan.
fn report(ran: &Ran) -> &str {
    ran.stdout.split_once("unmanaged.\n").unwrap().1
}

const SWAP: &str = "[sessions.rg]\na = 'db'\nb = 'web'\n";

fn swap() -> Project {
    Project::new("").with_fleet(&[("rg/a", Some("web")), ("rg/b", Some("db"))])
}

fn single() -> Project {
    Project::new("").with_fleet(&[("rg/a", None), ("rg/b", Some("other"))])
}

#[test]
fn a_write_that_may_have_arrived_is_said_to_and_never_nothing_applied() {
    let fleet = single();
    let azure = losing(&fleet, First::IsLost);
    let ran = azure
        .project("[sessions.rg]\na = 'atlas'\n")
        .run(&["apply", "-y"]);
    assert_eq!(ran.code(), 5, "{ran}");
    assert_snapshot!(report(&ran), @"

      + rg/a   atlas   may have been written
          cannot write the tags of rg/a: Azure returned 504 GatewayTimeout: too slow; azlin could not look again
          help: run azlin plan in a minute to see whether it arrived

    In doubt: 1 step may have been written.
    Azure does not match sessions.toml yet: 1 line differs. Run azlin plan for details.
    ");
}

#[test]
fn a_write_that_the_last_reading_shows_is_done() {
    let fleet = single();
    let azure = losing(&fleet, First::Arrives);
    let ran = azure
        .project("[sessions.rg]\na = 'atlas'\n")
        .run(&["apply", "-y"]);
    assert_eq!(ran.code(), 0, "{ran}");
    let report = report(&ran);
    assert!(report.contains("+ rg/a   atlas   done\n"), "{ran}");
    let verdict = "Applied: 1 step done. Azure now matches sessions.toml.\n";
    assert!(report.ends_with(verdict), "{ran}");
}

#[test]
fn json_and_markdown_tell_the_doubt_too() {
    let fleet = single();
    let file = "[sessions.rg]\na = 'atlas'\n";
    let azure = losing(&fleet, First::IsLost);
    let ran = azure
        .project(file)
        .run(&["apply", "-y", "--format", "json"]);
    assert_eq!(ran.code(), 5, "{ran}");
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(Schema::open().check(&told), Ok(()));
    assert_eq!(told["ending"], "partial");
    let step = &told["steps"][0];
    assert_eq!(step["outcome"], "in_doubt");
    // The list of VMs was read again.
    assert_eq!(step["found"], json!({ "session": null, "owner": null }));

    let ran = losing(&fleet, First::IsLost)
        .project(file)
        .run(&["apply", "-y", "--format", "markdown"]);
    assert_eq!(ran.code(), 5, "{ran}");
    assert!(ran.stdout.contains("1 step may have been written"), "{ran}");
    assert!(!ran.stdout.contains("failed"), "{ran}");
}

#[test]
fn a_refusal_does_not_end_the_doubt_about_an_earlier_attempt() {
    let fleet = single();
    let writes = AtomicUsize::new(0);
    let azure = Azure::serve(fleet.state(), None, move |asked, answer| {
        if asked.method != "PATCH" {
            return answer();
        }
        match writes.fetch_add(1, Ordering::SeqCst) {
            0 => timeout(),
            _ => forbidden(),
        }
    });
    let ran = azure
        .project("[sessions.rg]\na = 'atlas'\n")
        .run(&["apply", "-y"]);
    assert_eq!(ran.code(), 5, "{ran}");
    let word = "atlas   may have been written\n";
    assert!(ran.stdout.contains(word), "{ran}");
    let now = "Azure shows no session now, but it may still arrive";
    assert!(ran.stdout.contains(now), "{ran}");
}

#[test]
fn a_step_that_needs_the_name_of_a_doubtful_one_is_not_tried() {
    let fleet = swap();
    let azure = losing(&fleet, First::IsLost);
    let ran = azure.project(SWAP).run(&["apply", "-y"]);
    assert_eq!(ran.code(), 5, "{ran}");
    assert!(
        ran.stdout
            .contains("In doubt: 1 step may have been written, 2 not tried."),
        "{ran}"
    );
    assert_eq!(fleet.sessions(), ["rg/a web", "rg/b db"]);
}

#[test]
fn a_doubt_that_one_more_look_settles_stops_nothing() {
    let fleet = swap();
    let (writes, looks) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let azure = Azure::serve(fleet.state(), None, move |asked, answer| {
        if asked.method == "PATCH" && writes.fetch_add(1, Ordering::SeqCst) == 0 {
            answer();
            return timeout();
        }
        // The look of the next attempt fails, the last look doesn't.
        let is_look = is_tags(asked) && asked.method == "GET";
        if is_look
            && writes.load(Ordering::SeqCst) == 1
            && looks.fetch_add(1, Ordering::SeqCst) == 0
        {
            return forbidden();
        }
        answer()
    });
    let ran = azure.project(SWAP).run(&["apply", "-y"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert_eq!(fleet.sessions(), ["rg/a db", "rg/b web"]);
}

#[test]
fn a_session_that_may_have_been_written_is_said_to() {
    let fleet = single();
    let azure = losing(&fleet, First::IsLost);
    let ran = azure.project("").run(&["session", "a", "atlas"]);
    assert_eq!((ran.code(), ran.stdout.as_str()), (5, ""), "{ran}");
    assert_snapshot!(ran.stderr, @"
    error: cannot write the tags of RG/a: Azure returned 504 GatewayTimeout: too slow; the session of RG/a may have been written: Azure shows no session now, but it may still arrive
    help: check it in a minute: azlin session RG/a
    ");
}

#[test]
fn a_session_that_arrived_without_an_answer_is_looked_up_and_doubles_with_it() {
    for is_taken in [false, true] {
        let fleet = single();
        let (path, writes) = (fleet.state(), AtomicUsize::new(0));
        let azure = Azure::serve(fleet.state(), None, move |asked, answer| {
            if asked.method == "PATCH" {
                writes.fetch_add(1, Ordering::SeqCst);
                answer();
                if is_taken {
                    let text = std::fs::read_to_string(&path).unwrap();
                    std::fs::write(&path, text.replace("other", "atlas")).unwrap();
                }
                return timeout();
            }
            if is_tags(asked) && writes.load(Ordering::SeqCst) > 0 {
                return forbidden();
            }
            answer()
        });
        let ran = azure.project("").run(&["session", "a", "atlas"]);
        assert_eq!(ran.stdout, "Session name for a: atlas\n", "{ran}");
        assert_eq!(ran.code(), if is_taken { 5 } else { 0 }, "{ran}");
        let double = "session `atlas` is on rg/a and rg/b";
        assert_eq!(
            ran.stderr.to_lowercase().contains(double),
            is_taken,
            "{ran}"
        );
    }
}

#[test]
fn tags_that_may_have_been_written_are_said_to() {
    for arguments in [
        &["tag", "add", "b", "team=x"][..],
        &["tag", "remove", "b", "env"],
    ] {
        for is_readable in [false, true] {
            let mut fleet = vms(&[("rg/b", Some("other"))]);
            fleet[0]["tags"]["env"] = "dev".into();
            let project = Project::new("");
            project.set_fleet(fleet);
            let writes = AtomicUsize::new(0);
            let azure = Azure::serve(project.state(), None, move |asked, answer| {
                let is_patch = asked.method == "PATCH";
                let before = writes.fetch_add(usize::from(is_patch), Ordering::SeqCst);
                match (is_patch, before) {
                    (true, 0) => timeout(),
                    (true, _) => forbidden(),
                    (false, 1..) if is_tags(asked) && !is_readable => forbidden(),
                    _ => answer(),
                }
            });
            let ran = azure.project("").run(arguments);
            assert_eq!((ran.code(), ran.stdout.as_str()), (5, ""), "{ran}");
            let told = "the change may have been written: rg/b ";
            let said = ran.stderr.to_lowercase();
            assert!(said.contains(told), "{ran}");
            let shows = "rg/b does not show it, but it may still arrive\n";
            assert_eq!(said.contains(shows), is_readable, "{ran}");
            assert!(said.contains("azlin tag list rg/b"), "{ran}");
        }
    }
}

#[test]
fn a_session_that_is_written_but_not_saved_is_amiss() {
    let fleet = single();
    let file = std::sync::Arc::new(std::sync::Mutex::new(None::<std::path::PathBuf>));
    let path = file.clone();
    let azure = Azure::serve(fleet.state(), None, move |asked, answer| {
        if asked.method == "PATCH"
            && let Some(path) = path.lock().unwrap().take()
        {
            std::fs::remove_file(&path).unwrap();
            std::fs::create_dir(&path).unwrap();
        }
        answer()
    });
    let project = azure.project("[sessions.rg]\n");
    *file.lock().unwrap() = Some(project.path().join("sessions.toml"));
    let ran = project.run(&["session", "a", "atlas", "--save"]);
    assert_eq!(ran.code(), 5, "{ran}");
    assert_eq!(ran.stdout, "Session name for a: atlas\n");
    let told = "error: the VM was updated, but the file was not: ";
    assert!(ran.stderr.contains(told), "{ran}");
}

/// Runs azlin with a stdout that is full.
#[cfg(target_os = "linux")]
fn run_full(project: &Project, arguments: &[&str]) -> (Option<i32>, String) {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = project.command(arguments);
    let output = command
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_printed_after_a_write_is_amiss() {
    let project = || {
        let project = Project::sandbox("[sessions.rg]\na = 'atlas'\n");
        project.set_fleet(vms(&[("rg/a", None)]));
        project
    };
    for (arguments, exit) in [
        (&["apply", "-y"][..], 1),
        (&["apply", "-y", "-o", "json"], 5),
        (&["apply", "-y", "-o", "markdown"], 5),
        (&["session", "a", "by-hand"], 5),
        (&["session", "a", "by-hand", "--save"], 5),
        (&["tag", "add", "a", "team=x"], 5),
        (&["tag", "list", "a"], 1),
        (&["session", "a"], 1),
    ] {
        let project = project();
        let (code, said) = run_full(&project, arguments);
        assert_eq!(code, Some(exit), "{arguments:?}: {said}");
        assert!(said.contains("error: cannot write to stdout"), "{said}");
        if arguments.contains(&"--save") {
            let file = std::fs::read_to_string(project.path().join("sessions.toml")).unwrap();
            assert!(file.contains("by-hand"), "the file is saved nevertheless");
        }
    }
}

#[test]
fn a_session_cleared_in_part_is_cleared_by_the_same_command() {
    let fleet = Project::new("");
    let mut vm = vms(&[("rg/a", Some("old"))]);
    vm[0]["tags"]["azlin_owner"] = "us".into();
    fleet.set_fleet(vm);
    let writes = AtomicUsize::new(0);
    let azure = Azure::serve(fleet.state(), None, move |asked, answer| {
        if asked.method == "PATCH" && writes.fetch_add(1, Ordering::SeqCst) == 1 {
            return forbidden();
        }
        answer()
    });
    let project = azure.project("");
    let clear = ["session", "a", "--clear", "--force"];
    let ran = project.run(&clear);
    assert_eq!((ran.code(), ran.stdout.as_str()), (5, ""), "{ran}");
    let told = "the session is gone, but its owner tag is still there: ";
    assert!(ran.stderr.contains(told), "{ran}");
    assert!(!ran.stderr.contains("restore"), "{ran}");
    assert_eq!(project.run(&clear).code(), 0);
    assert_eq!(fleet.fleet()["vms"][0]["tags"], Value::Null);
}
