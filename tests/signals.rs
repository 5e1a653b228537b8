//! Signals: Ctrl-C, SIGTERM and SIGHUP, which end azlin without losing what it was doing.

#![cfg(unix)]

mod support;

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use support::azure::{Asked, Azure};
use support::server::Server;
use support::{Project, vms};

/// The signals, each with its exit status.
const SIGNALS: [(&str, i32); 3] = [("INT", 130), ("TERM", 143), ("HUP", 129)];

fn send(signal: &str, process: u32) {
    let mut kill = Command::new("kill");
    let sent = kill.args([&format!("-{signal}"), &process.to_string()]);
    assert!(sent.status().unwrap().success());
}

/// A running azlin, and an Azure that sends it signals.
struct Watched {
    azure: Azure,
    /// The process, once it runs.
    process: Arc<Mutex<Option<u32>>>,
    /// Dropped to let the answers that hang go.
    hangs: Mutex<Option<Sender<()>>>,
}

impl Watched {
    /// An Azure over `fleet` that sends `signals` when it receives the `nth` request that `is_it`, counted from 1. If `hangs`, it
    /// doesn't answer that request.
    fn new(
        fleet: &Project,
        signals: &'static [&'static str],
        nth: usize,
        hangs: bool,
        is_it: fn(&Asked) -> bool,
    ) -> Self {
        let process: Arc<Mutex<Option<u32>>> = Arc::default();
        let (target, seen) = (process.clone(), AtomicUsize::new(0));
        let (ends, ended) = channel();
        let ended = Mutex::new(ended);
        let azure = Azure::threaded(fleet.state(), move |asked, answer| {
            if is_it(asked) && seen.fetch_add(1, Ordering::SeqCst) + 1 == nth {
                let process = target.lock().unwrap().unwrap();
                for signal in signals {
                    send(signal, process);
                }
                if hangs {
                    let _ = ended.lock().unwrap().recv();
                }
            }
            answer()
        });
        Self {
            azure,
            process,
            hangs: Mutex::new(Some(ends)),
        }
    }

    /// Starts azlin in `project`.
    fn start(&self, command: &mut Command) -> Child {
        // The server waits for this lock before it sends a signal.
        let mut process = self.process.lock().unwrap();
        let child = command.spawn().unwrap();
        *process = Some(child.id());
        child
    }

    fn run(&self, project: &Project, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = project.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        said(self.start(&mut command).wait_with_output().unwrap())
    }

    /// Starts a command and waits until it says that it finishes its writes. Only then does the answer that hangs arrive. Returns what
    /// it said so far.
    fn stop(&self, command: &mut Command) -> (Child, BufReader<ChildStderr>, String) {
        let mut child = self.start(command.stdout(Stdio::piped()).stderr(Stdio::piped()));
        let mut talk = BufReader::new(child.stderr.take().unwrap());
        let mut told = String::new();
        while !told.contains("finishing") {
            assert_ne!(talk.read_line(&mut told).unwrap(), 0, "{told}");
        }
        (child, talk, told)
    }

    /// Runs azlin, and lets the answer that hangs arrive once azlin has seen the signal.
    fn run_to_its_end(
        &self,
        project: &Project,
        arguments: &[&str],
    ) -> (Option<i32>, String, String) {
        let (child, mut talk, mut told) = self.stop(&mut project.command(arguments));
        self.hangs.lock().unwrap().take();
        talk.read_to_string(&mut told).unwrap();
        let (code, said, _) = said(child.wait_with_output().unwrap());
        (code, said, told)
    }
}

fn said(output: Output) -> (Option<i32>, String, String) {
    assert_eq!(output.status.signal(), None, "azlin ended by itself");
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn is_write(asked: &Asked) -> bool {
    asked.method == "PATCH"
}

fn is_list(asked: &Asked) -> bool {
    asked.target.contains("/virtualMachines?")
}

/// Eight VMs without a session.
fn eight() -> Project {
    let names: Vec<String> = (0..8).map(|n| format!("rg/vm-{n}")).collect();
    let fleet: Vec<(&str, Option<&str>)> = names.iter().map(|name| (name.as_str(), None)).collect();
    let project = Project::new("");
    project.set_fleet(vms(&fleet));
    project
}

/// A file that gives each of [`eight`] a session.
fn eight_lines() -> String {
    (0..8).fold("[sessions.rg]\n".to_owned(), |file, n| {
        file + &format!("vm-{n} = 's-{n}'\n")
    })
}

fn named(fleet: &Project) -> usize {
    let sessions = fleet.sessions();
    sessions.iter().filter(|line| !line.ends_with(" -")).count()
}

#[test]
fn an_apply_that_is_asked_to_end_finishes_what_is_under_way_and_reports_it() {
    for (signal, exit) in SIGNALS {
        let fleet = eight();
        let signals: &[&str] = match signal {
            "INT" => &["INT"],
            "TERM" => &["TERM"],
            _ => &["HUP"],
        };
        let watched = Watched::new(&fleet, signals, 1, true, is_write);
        let project = watched.azure.project(&eight_lines());
        let arguments = ["apply", "--auto-approve", "--parallelism", "1"];
        let (code, said, talk) = watched.run_to_its_end(&project, &arguments);
        assert_eq!(code, Some(exit), "{said}{talk}");
        let done = said.matches("   done\n").count();
        assert!((1..8).contains(&done), "{said}");
        let tally = format!("Interrupted: {done} step");
        assert!(said.contains(&tally), "{said}");
        assert!(
            !said.contains("   not tried\n") && said.contains(&format!("{} not tried.", 8 - done)),
            "the steps that were not tried are counted, not listed: {said}"
        );
        assert_eq!(
            named(&fleet),
            done,
            "what was reported was written, and nothing else"
        );
        assert!(
            talk.contains("finishing writes in progress; starting no more"),
            "{talk}"
        );
        assert_eq!(
            project.run(&["apply", "--auto-approve"]).code(),
            0,
            "and it goes on from there"
        );
    }
}

const SWAP: &str = "[sessions.rg]\na = 'db'\nb = 'web'\n";

fn swap() -> Project {
    Project::new("").with_fleet(&[("rg/a", Some("web")), ("rg/b", Some("db"))])
}

#[test]
fn a_name_that_was_freed_goes_back_after_a_signal() {
    let fleet = swap();
    let watched = Watched::new(&fleet, &["TERM"], 1, true, is_write);
    let project = watched.azure.project(SWAP);
    let (code, said, _) = watched.run_to_its_end(&project, &["apply", "-y"]);
    assert_eq!(code, Some(143), "{said}");
    assert!(said.contains("+ rg/a   web   restored\n"), "{said}");
    assert_eq!(fleet.sessions(), ["rg/a web", "rg/b db"]);
}

#[test]
fn a_freed_name_that_azlin_has_no_time_to_give_back_is_named() {
    let fleet = swap();
    let process: Arc<Mutex<Option<u32>>> = Arc::default();
    let (target, seen) = (process.clone(), AtomicUsize::new(0));
    let ((ends, ended), (never, waits)) = (channel(), channel::<()>());
    let (ended, waits) = (Mutex::new(ended), Mutex::new(waits));
    let azure = Azure::threaded(fleet.state(), move |asked, answer| {
        if is_write(asked) {
            send("INT", target.lock().unwrap().unwrap());
            // The first write frees the name. The second gives it back, and has no time to.
            let _ = match seen.fetch_add(1, Ordering::SeqCst) {
                0 => ended.lock().unwrap().recv(),
                _ => waits.lock().unwrap().recv(),
            };
        }
        answer()
    });
    let watched = Watched {
        azure,
        process,
        hangs: Mutex::new(Some(ends)),
    };
    let project = watched.azure.project(SWAP);
    let (code, said, _) = watched.run_to_its_end(&project, &["apply", "-y"]);
    drop(never);
    assert_eq!(code, Some(130), "{said}");
    assert!(
        said.contains("+ rg/a   web   freed, but not restored\n"),
        "{said}"
    );
    assert!(said.contains("help: run the same command again"), "{said}");
}

#[test]
fn a_second_signal_ends_at_once_and_the_report_still_says_what_is_known() {
    let fleet = eight();
    let watched = Watched::new(&fleet, &["INT", "TERM"], 2, true, is_write);
    let project = watched.azure.project(&eight_lines());
    let arguments = ["apply", "-y", "--parallelism", "1", "--format", "json"];
    let (code, said, talk) = watched.run(&project, &arguments);
    assert_eq!(code, Some(130), "{said}{talk}");
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(report["ending"], "interrupted");
    let steps = report["steps"].as_array().unwrap();
    let outcomes: Vec<&str> = steps
        .iter()
        .map(|step| step["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes[..3], ["written", "in_doubt", "interrupted"]);
    assert!(talk.contains("1 may have been written"), "{talk}");
}

#[test]
fn the_terminal_may_be_gone() {
    let fleet = swap();
    let watched = Watched::new(&fleet, &["HUP"], 1, true, is_write);
    let project = watched.azure.project(SWAP);
    let mut command = project.command(&["apply", "-y"]);
    let (mut child, talk, _) = watched.stop(command.env("AZLIN_LOG", "trace"));
    // From now on, every write to them fails.
    drop((child.stdout.take(), talk));
    watched.hangs.lock().unwrap().take();
    assert_eq!(child.wait().unwrap().code(), Some(129));
    assert_eq!(fleet.sessions(), ["rg/a web", "rg/b db"]);
}

#[test]
fn nohup_keeps_a_hangup_away() {
    let fleet = eight();
    let watched = Watched::new(&fleet, &["HUP"], 1, false, is_write);
    let project = watched.azure.project(&eight_lines());
    let azlin = project.command(&["apply", "-y"]);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "trap '' HUP; exec \"$0\" apply -y"])
        .arg(azlin.get_program())
        .current_dir(project.path())
        .env("HOME", project.path())
        .env("AZURE_ACCESS_TOKEN", "secret-token")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let (code, said, talk) = said(watched.start(&mut shell).wait_with_output().unwrap());
    if cfg!(target_os = "linux") {
        assert_eq!(code, Some(0), "{said}{talk}");
        assert_eq!(named(&fleet), 8);
    }
}

#[test]
fn session_and_tag_finish_their_write() {
    for (arguments, done) in [
        (&["session", "vm-0", "atlas"][..], "azlin_session"),
        (&["tag", "add", "vm-0", "team=x"], "team"),
    ] {
        let fleet = eight();
        let watched = Watched::new(&fleet, &["TERM"], 1, true, is_write);
        let project = watched.azure.project("");
        let (code, said, talk) = watched.run_to_its_end(&project, arguments);
        assert_eq!(code, Some(143), "{said}{talk}");
        assert!(talk.contains("finishing the write in progress"), "{talk}");
        let tags = &fleet.fleet()["vms"][0]["tags"];
        assert!(tags[done].is_string(), "{tags}");
        assert!(said.contains("vm-0"), "the result is printed: {said}");
    }
}

#[test]
fn a_second_signal_leaves_session_and_tag_in_doubt() {
    for arguments in [
        &["session", "vm-0", "atlas"][..],
        &["tag", "add", "vm-0", "team=x"],
    ] {
        let fleet = eight();
        let watched = Watched::new(&fleet, &["INT", "INT", "TERM"], 1, true, is_write);
        let project = watched.azure.project("");
        let (code, said, talk) = watched.run(&project, arguments);
        assert_eq!((code, said.as_str()), (Some(130), ""), "{talk}");
        assert!(talk.contains("may have been written"), "{talk}");
    }
}

#[test]
fn a_command_that_only_asks_ends_at_once() {
    for arguments in [
        &["plan"][..],
        &["apply", "-y"],
        &["list"],
        &["connect", "vm-0"],
        &["session", "vm-0", "atlas"],
        &["tag", "list", "vm-0"],
    ] {
        let fleet = eight();
        let watched = Watched::new(&fleet, &["TERM"], 1, true, is_list);
        let project = watched.azure.project("");
        let (code, said, talk) = watched.run(&project, arguments);
        assert_eq!((code, said.as_str()), (Some(143), ""), "{talk}");
        assert_eq!(named(&fleet), 0);
    }
}

#[test]
fn a_sandbox_that_serves_ends_well() {
    for (signal, _) in SIGNALS {
        let project = Project::new("");
        let mut server = Server::of(&project, &[]);
        assert_eq!(server.project("").run(&["list"]).code(), 0);
        send(signal, server.process.id());
        assert_eq!(server.process.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[test]
fn a_file_that_is_a_pipe_leaves_ctrl_c_to_the_system() {
    let project = Project::new("");
    let pipe = project.path().join("pipe.toml");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let mut child = project
        .command(&["plan", "--file", "pipe.toml"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    send("INT", child.id());
    assert_eq!(child.wait().unwrap().signal(), Some(2));
}
