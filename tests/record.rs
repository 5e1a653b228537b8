//! `AZLIN_RECORD`: the file with each request and its answer.

#![cfg(unix)]

mod support;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use support::azure::Azure;
use support::server::Server;
use support::{Project, Ran, vms};

const RECORD: &str = "traffic.jsonl";

/// A project on an Azure with the VMs `rg/a` and `rg/b`, which records into [`RECORD`]. Its file gives each VM a session.
fn project(faults: &[&str]) -> (Project, Azure, Project) {
    let served = Project::new("");
    served.set_fleet(vms(&[("rg/a", None), ("rg/b", None)]));
    let azure = Azure::with_faults(served.state(), faults);
    let project = azure.project("[sessions.rg]\na = 'one'\nb = 'two'\n");
    (project.with_env("AZLIN_RECORD", RECORD), azure, served)
}

const APPLY: [&str; 4] = ["apply", "--auto-approve", "--parallelism", "1"];

fn lines(project: &Project) -> Vec<Value> {
    let text = fs::read_to_string(project.path().join(RECORD)).unwrap();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_record_is_private_even_if_the_file_was_not() {
    let (project, _azure, _served) = project(&[]);
    let record = project.path().join(RECORD);
    for was in [None, Some(0o644), Some(0o666), Some(0o600)] {
        if let Some(mode) = was {
            fs::write(&record, "{}\n").unwrap();
            fs::set_permissions(&record, fs::Permissions::from_mode(mode)).unwrap();
        }
        let ran = project.run(&["plan"]);
        assert_eq!(ran.code(), 0, "{ran}");
        let mode = fs::metadata(&record).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{was:?}");
        assert!(lines(&project).len() > was.map_or(0, |_| 1), "appended");
    }
}

/// Puts something at the path of the record.
type Maker<'m> = &'m dyn Fn(&Path);

#[test]
fn nothing_is_sent_if_the_record_is_not_a_file_of_ones_own() {
    let make_link = |at: &Path| {
        fs::write(at.with_extension("victim"), "precious").unwrap();
        symlink(at.with_extension("victim"), at).unwrap();
    };
    let make_pipe = |at: &Path| {
        assert!(Command::new("mkfifo").arg(at).status().unwrap().success());
    };
    let odd = "it is a link, a folder, a pipe or a device";
    let makers: [(Maker<'_>, &str); 6] = [
        (&make_link, odd),
        (&|at| symlink("missing", at).unwrap(), odd),
        (&|at| symlink("/dev/null", at).unwrap(), odd),
        (&make_pipe, odd),
        (&|at| fs::create_dir(at).unwrap(), odd),
        (
            &|at| {
                fs::write(at, "")
                    .and_then(|()| chown(at, Some(7), None))
                    .unwrap()
            },
            "it belongs to someone else",
        ),
    ];
    let is_root =
        fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    for (make, why) in makers {
        if why.contains("someone") && !is_root {
            continue;
        }
        let (project, azure, _served) = project(&[]);
        make(&project.path().join(RECORD));
        let ran = project.run(&APPLY);
        assert_eq!(ran.code(), 1, "{ran}");
        assert!(
            ran.stderr.contains(&format!(
                "error: cannot record requests in {RECORD}: {why}\n"
            )),
            "{ran}"
        );
        assert_eq!(azure.asked().len(), 0);
        let victim = fs::read_to_string(project.path().join("traffic.victim"));
        assert!(victim.is_err() || victim.unwrap() == "precious");
        assert!(!project.path().join("missing").exists());
    }
    let (project, azure, _served) = project(&[]);
    for device in ["/dev/null", "/dev/full", "/dev/stderr", "missing/file"] {
        let mut command = project.command(&["plan"]);
        let output = command.env("AZLIN_RECORD", device).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(
            told.starts_with(&format!("error: cannot record requests in {device}: ")),
            "{told}"
        );
    }
    assert_eq!(azure.asked().len(), 0);
}

/// The size at which files end for a process under `ulimit -f 200`, whose unit differs between shells.
fn limit() -> usize {
    let folder = tempfile::tempdir().unwrap();
    let script = "trap '' XFSZ; ulimit -f 200; head -c 1000000 /dev/zero > full; true";
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).current_dir(folder.path());
    assert!(shell.output().unwrap().status.success());
    let full = folder.path().join("full");
    usize::try_from(fs::metadata(full).unwrap().len()).unwrap()
}

#[test]
fn wherever_the_record_ends_no_request_follows_and_the_outcome_is_true() {
    let limit = limit();
    let (whole, azure, _served) = project(&[]);
    assert_eq!(whole.run(&APPLY).code(), 0);
    let text = fs::read_to_string(whole.path().join(RECORD)).unwrap();
    let requests = azure.asked().len();
    assert_eq!(text.lines().count(), requests);
    let mut size = 0;
    let mut codes = Vec::new();
    for (at, line) in text.lines().enumerate() {
        size += line.len() + 1;
        // Room for the lines before this one, and for half of this one.
        let room = size - line.len() / 2;
        let (project, azure, served) = project(&[]);
        fs::write(project.path().join(RECORD), vec![b'\n'; limit - room]).unwrap();
        let ran = project.run_after("trap '' XFSZ; ulimit -f 200", &APPLY);
        assert_eq!(azure.asked().len(), at + 1, "{ran}");
        let done = ran.stdout.matches("   done\n").count();
        let sessions = served.sessions();
        let written = sessions.iter().filter(|vm| !vm.ends_with(" -")).count();
        assert_eq!(done, written, "{ran}");
        check_blame(&ran);
        codes.push((written, ran.code()));
        // The next run starts a line of its own after the one that was cut off.
        assert_eq!(project.run(&["plan"]).code(), 0);
        let text = fs::read_to_string(project.path().join(RECORD)).unwrap();
        let whole = text.lines().filter(|line| line.ends_with('}'));
        assert_eq!(whole.count(), at + 1);
        assert!(
            text.lines()
                .last()
                .is_some_and(|line| line.starts_with('{'))
        );
    }
    // The list, then a read and a write for each VM, then the list again.
    assert_eq!(codes, [(0, 1), (0, 1), (1, 5), (1, 5), (2, 5), (2, 1)]);
}

fn check_blame(ran: &Ran) {
    let error = format!("cannot record requests in {RECORD}: file too large");
    assert!(ran.stderr.contains(&error), "{ran}");
    for lie in ["Azure returned", "retrying", "may have"] {
        assert!(
            !format!("{}{}", ran.stdout, ran.stderr).contains(lie),
            "{ran}"
        );
    }
}

#[test]
fn no_command_ends_well_without_its_record() {
    for arguments in [
        &["plan", "--detailed-exitcode"][..],
        &["list"],
        &["session", "a", "one"],
        &["tag", "add", "a", "k=v"],
        &["connect", "a", "--print"],
        &["connect", "a"],
        &["ssh-config"],
        &["whoami"],
    ] {
        let (project, azure, _served) = project(&[]);
        let ran = project.run_after("trap '' XFSZ; ulimit -f 0", arguments);
        assert_eq!(ran.code(), 1, "{ran}");
        check_blame(&ran);
        // Lists are read in parallel.
        assert!(azure.asked().len() <= 4, "{ran}");
    }
}

#[test]
fn a_request_without_an_answer_is_recorded_too() {
    let (project, _azure, _served) = project(&["drop:on=reads,first=1"]);
    assert_eq!(project.run(&["plan"]).code(), 0);
    let lines = lines(&project);
    assert!(
        lines[0]["error"].is_string() && lines[0]["status"].is_null(),
        "{lines:?}"
    );
    assert_eq!(lines[1]["status"], 200);
}

#[test]
fn a_request_that_azlin_gave_up_is_recorded_too() {
    let server = Server::of(&Project::new(""), &["--latency-ms", "60000"]);
    let project = server.project("").with_env("AZLIN_RECORD", RECORD);
    assert_eq!(project.run(&["plan", "--deadline", "1"]).code(), 1);
    let lines = lines(&project);
    assert_eq!(lines[0]["error"], "azlin stopped waiting for an answer");
    assert_eq!(lines[0]["method"], "GET");
}
