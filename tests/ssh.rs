//! `connect`: the built binary with a real `ssh` and a real server for each VM.

#![cfg(unix)]

mod support;

use std::collections::HashMap;
use std::sync::Mutex;
use std::thread;

use azlin::sandbox::Response;
use azlin::text::is_unprintable;
use insta::assert_snapshot;
use serde_json::{Value, json};
use support::azure::Azure;
use support::sshd::OpenSsh;
use support::{Project, Ran, vms};

const FIRST_MACHINE: &str = "11111111-1111-4111-8111-111111111111";
const SECOND_MACHINE: &str = "22222222-2222-4222-8222-222222222222";
/// An address without a server. Even if a test goes wrong, its traffic stays on this machine.
const NOWHERE: &str = "127.9.9.9";

/// `rg/vm-1`, the machine `id`, with a session and a public address.
fn machine(id: &str, session: &str, address: &str) -> Vec<Value> {
    let mut vms = vms(&[("rg/vm-1", Some(session))]);
    vms[0]["vm_id"] = id.into();
    vms[0]["public_ip"] = address.into();
    vms[0]["private_ip"] = NOWHERE.into();
    vms
}

/// The first machine, which holds `project-alpha`, at 127.0.0.1.
fn project_alpha() -> Vec<Value> {
    machine(FIRST_MACHINE, "project-alpha", "127.0.0.1")
}

#[test]
fn connect_reaches_a_shell_and_ends_with_its_status() {
    let Some(ssh) = OpenSsh::here() else { return };
    let _server = ssh.serve("a", &["127.0.0.1"]);
    let project = ssh.project("", project_alpha());
    let ran = project.run_with(
        "echo $SSH_CONNECTION; exit 7",
        &["connect", "project-alpha", "--user", &ssh.user],
    );
    assert_eq!((ran.code(), ran.stderr.as_str()), (7, ""), "{ran}");
    let reached = format!(" 127.0.0.1 {}\n", ssh.port);
    assert!(ran.stdout.ends_with(&reached), "{ran}");
}

#[test]
fn a_command_has_its_input_its_output_and_its_status() {
    let Some(ssh) = OpenSsh::here() else { return };
    let _server = ssh.serve("a", &["127.0.0.1"]);
    let project = ssh.project("", project_alpha());
    let connect = ["connect", "project-alpha", "--"];
    let run = |input, words: &[&str]| project.run_with(input, &[&connect[..], words].concat());
    assert_snapshot!(run("", &["echo out; echo err >&2; exit 3"]), @r"
    $ azlin connect project-alpha -- echo out; echo err >&2; exit 3 -> 3
    --- stdout
    out

    --- stderr
    err
    ");
    assert_snapshot!(run("", &["true"]), @"$ azlin connect project-alpha -- true -> 0");
    assert_snapshot!(run("one\ntwo\n", &["cat"]), @r"
    $ azlin connect project-alpha -- cat -> 0
    --- stdout
    one
    two
    ");
}

#[test]
fn the_words_of_a_command_are_read_by_the_remote_shell_as_those_of_ssh_are() {
    let Some(ssh) = OpenSsh::here() else { return };
    let _server = ssh.serve("a", &["127.0.0.1"]);
    let project = ssh.project("", project_alpha());
    let said = |words: &[&str]| {
        let ran = project.run(&[&["connect", "project-alpha", "--"], words].concat());
        assert_eq!((ran.code(), ran.stderr.as_str()), (0, ""), "{ran}");
        ran.stdout
    };
    assert_eq!(said(&["echo", "a   b", "'c   d'"]), "a b c   d\n");
    assert_eq!(said(&["echo", "--", "-l", "--user"]), "-- -l --user\n");
    let home = ssh.path("home");
    assert_eq!(said(&["echo", "$HOME"]), format!("{}\n", home.display()));
}

#[test]
fn a_server_that_does_not_answer_is_sshs_own_error() {
    let Some(ssh) = OpenSsh::here() else { return };
    let project = ssh.project("", project_alpha());
    let ran = project.run(&["connect", "project-alpha", "--", "true"]);
    assert_eq!((ran.code(), ran.stdout.as_str()), (255, ""), "{ran}");
    assert!(ran.stderr.contains("Connection refused"), "{ran}");
}

#[test]
fn key_port_and_user_are_those_of_the_flags() {
    let Some(ssh) = OpenSsh::here() else { return };
    let _server = ssh.serve("a", &["127.0.0.1"]);
    ssh.configure(
        "StrictHostKeyChecking accept-new\nIdentityFile none\nPort 1\nUser nobody-at-all\n",
    );
    let project = ssh.project("", project_alpha());
    let (key, port) = (ssh.key(), ssh.port.to_string());
    let all = [["--key", &key], ["--port", &port], ["--user", &ssh.user]];
    let status = |flags: &[[&str; 2]]| {
        let arguments = [&["connect", "vm-1"], &flags.concat()[..], &["--", "exit 9"]];
        project.run(&arguments.concat()).code()
    };
    assert_eq!(status(&all), 9);
    assert_eq!(status(&all[1..]), 255, "without the key");
    assert_eq!(status(&[all[0], all[2]]), 255, "without the port");
    assert_eq!(status(&all[..2]), 255, "without the user");
}

#[test]
fn the_files_user_logs_in_unless_a_flag_names_another() {
    let Some(ssh) = OpenSsh::here() else { return };
    let _server = ssh.serve("a", &["127.0.0.1"]);
    let of_file = |user: &str| ssh.project(&format!("[ssh]\nuser = '{user}'\n"), project_alpha());
    let status = |project: Project, flag: &[&str]| {
        let arguments = [&["connect", "vm-1"], flag, &["--", "exit 9"]];
        project.run(&arguments.concat()).code()
    };
    assert_eq!(status(of_file(&ssh.user), &[]), 9);
    assert_eq!(status(of_file("nobody-at-all"), &[]), 255);
    assert_eq!(status(of_file("nobody-at-all"), &["--user", &ssh.user]), 9);
    assert_eq!(
        status(of_file(&ssh.user), &["--user", "nobody-at-all"]),
        255
    );
}

#[test]
fn the_files_command_is_what_an_interactive_connect_runs() {
    let Some(ssh) = OpenSsh::here() else { return };
    let _server = ssh.serve("a", &["127.0.0.1"]);
    let file = "[ssh]\ncommand = 'echo attached to {session}; exit 5'\n";
    let project = ssh.project(file, project_alpha());
    assert_eq!(project.run(&["connect", "vm-1", "--", "true"]).code(), 0);

    ssh.configure(&format!("LogLevel INFO\n{}", ssh.usual("yes")));
    let ran = project.run(&["connect", "vm-1"]);
    assert_eq!(
        (ran.code(), ran.stdout.as_str()),
        (5, "attached to project-alpha\n"),
        "{ran}"
    );
    let no_terminal = "Pseudo-terminal will not be allocated because stdin is not a terminal.";
    assert_eq!(ran.stderr.trim_end(), no_terminal, "it asks for one");
    assert_snapshot!(project.run(&["connect", "vm-1", "--", "echo other"]), @"
    $ azlin connect vm-1 -- echo other -> 0
    --- stdout
    other
    ");
}

#[test]
fn a_host_key_is_known_under_the_machines_id_and_nothing_else() {
    let Some(ssh) = OpenSsh::here() else { return };
    let _server = ssh.serve("a", &["127.0.0.1", "127.0.0.2"]);
    let project = ssh.project("", project_alpha());
    let connect = |name| {
        let ran = project.run(&["connect", name, "--", "true"]);
        assert_eq!((ran.code(), ran.stderr.as_str()), (0, ""), "{ran}");
    };
    connect("project-alpha");
    assert_eq!(ssh.known_hosts(), [format!("azlin-{FIRST_MACHINE}")]);

    ssh.be_strict();
    connect("vm-1");
    connect("127.0.0.1");
    project.set_fleet(machine(FIRST_MACHINE, "renamed", "127.0.0.1"));
    connect("renamed");
    project.set_fleet(machine(FIRST_MACHINE, "renamed", "127.0.0.2"));
    connect("renamed");
    connect("127.0.0.2");
    assert_eq!(ssh.known_hosts(), [format!("azlin-{FIRST_MACHINE}")]);
}

#[test]
fn a_vm_made_anew_behind_the_same_address_is_neither_feared_nor_trusted() {
    let Some(ssh) = OpenSsh::here() else { return };
    let connect = ["connect", "project-alpha", "--", "echo in"];
    let first = ssh.serve("first", &["127.0.0.1"]);
    let project = ssh.project("", project_alpha());
    assert_eq!(project.run(&connect).code(), 0);
    drop(first);

    let _second = ssh.serve("second", &["127.0.0.1"]);
    project.set_fleet(machine(SECOND_MACHINE, "project-alpha", "127.0.0.1"));
    ssh.be_strict();
    let unknown = project.run(&connect);
    assert_eq!((unknown.code(), unknown.stdout.as_str()), (255, ""));
    let no_key = format!("host key is known for azlin-{SECOND_MACHINE} and");
    assert!(unknown.stderr.contains(&no_key), "{unknown}");
    assert!(!unknown.stderr.contains("CHANGED"), "{unknown}");

    ssh.accept_new();
    assert_snapshot!(project.run(&connect), @"
    $ azlin connect project-alpha -- echo in -> 0
    --- stdout
    in
    ");
    let both = [FIRST_MACHINE, SECOND_MACHINE].map(|id| format!("azlin-{id}"));
    assert_eq!(ssh.known_hosts(), both);
}

#[test]
fn another_host_key_on_the_same_machine_is_refused_loudly() {
    let Some(ssh) = OpenSsh::here() else { return };
    let connect = ["connect", "project-alpha", "--", "echo in"];
    let first = ssh.serve("first", &["127.0.0.1"]);
    let project = ssh.project("", project_alpha());
    assert_eq!(project.run(&connect).code(), 0);
    drop(first);

    let _impostor = ssh.serve("impostor", &["127.0.0.1", "127.0.0.2"]);
    for address in ["127.0.0.1", "127.0.0.2"] {
        project.set_fleet(machine(FIRST_MACHINE, "project-alpha", address));
        let ran = project.run(&connect);
        assert_eq!((ran.code(), ran.stdout.as_str()), (255, ""), "{ran}");
        let warning = "REMOTE HOST IDENTIFICATION HAS CHANGED!";
        assert!(ran.stderr.contains(warning), "{ran}");
    }
}

#[test]
fn a_vm_without_a_public_address_is_reached_through_the_jump_host_alone() {
    let Some(ssh) = OpenSsh::here() else { return };
    let jump = ssh.serve("jump", &["127.0.0.1"]);
    let server = ssh.serve("a", &["127.0.0.2", "127.0.0.3"]);
    let mut fleet = vms(&[("rg/inside", None), ("rg/outside", None)]);
    fleet[0]["private_ip"] = "127.0.0.2".into();
    fleet[0].as_object_mut().unwrap().remove("public_ip");
    fleet[1]["public_ip"] = "127.0.0.3".into();
    fleet[1]["private_ip"] = NOWHERE.into();
    let file = format!("[ssh]\njump = '{}@127.0.0.1:{}'\n", ssh.user, ssh.port);
    let project = ssh.project(&file, fleet);
    let reached = |vm| {
        let ran = project.run(&["connect", vm, "--", "echo $SSH_CONNECTION"]);
        assert_eq!((ran.code(), ran.stderr.as_str()), (0, ""), "{ran}");
        let words: Vec<&str> = ran.stdout.split_whitespace().collect();
        words[2].to_owned()
    };
    assert_eq!(reached("outside"), "127.0.0.3");
    assert_eq!(reached("inside"), "127.0.0.2");

    let known = ssh.known_hosts();
    assert_eq!(known.len(), 3, "{known:?}");
    assert!(
        known.contains(&format!("[127.0.0.1]:{}", ssh.port)),
        "{known:?}"
    );
    let logins = |log: &str| log.matches("Accepted publickey").count();
    let log = jump.stop();
    assert_eq!(logins(&log), 1, "only for the VM that needs it:\n{log}");
    let ran = project.run(&["connect", "inside", "--", "true"]);
    assert_eq!(ran.code(), 255, "there is no other way: {ran}");
    assert_eq!(logins(&server.stop()), 2);
}

#[test]
fn a_hundred_connects_run_their_command_a_hundred_times() {
    let Some(ssh) = OpenSsh::here() else { return };
    let _server = ssh.serve("a", &["127.0.0.1"]);
    let state = ssh.path("sandbox.json");
    let document = json!({ "format": 1, "vms": project_alpha() });
    std::fs::write(&state, document.to_string()).unwrap();
    // Each run signs in by itself, and its third list fails once.
    let lists = Mutex::new(HashMap::<String, usize>::new());
    let azure = Azure::serve(state, None, move |asked, answer| {
        let mut lists = lists.lock().unwrap();
        let list = lists.entry(asked.token.clone()).or_default();
        *list += 1;
        match *list {
            3 => Response {
                status: 503,
                headers: Vec::new(),
                body: br#"{"error":{"code":"ServerTimeout","message":"later"}}"#.to_vec(),
            },
            _ => answer(),
        }
    });
    let project = ssh.client_of(azure.project(""));
    let marks = ssh.path("marks");
    let run = |token: String, mark: usize| {
        let append = format!("echo {mark} >> {}", marks.display());
        let mut azlin = project.command(&["connect", "project-alpha", "--", &append]);
        let output = azlin.env("AZURE_ACCESS_TOKEN", token).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    run("first".to_owned(), 0);
    thread::scope(|scope| {
        for worker in 0..9 {
            let run = &run;
            scope.spawn(move || {
                for mark in (1..100).skip(worker).step_by(9) {
                    run(format!("run-{mark}"), mark);
                }
            });
        }
    });
    let marks = std::fs::read_to_string(marks).unwrap();
    let mut marks: Vec<usize> = marks.lines().map(|mark| mark.parse().unwrap()).collect();
    marks.sort_unstable();
    assert_eq!(marks, (0..100).collect::<Vec<_>>());
    assert_eq!(
        azure.asked().len(),
        500,
        "four lists, one of them twice, each time"
    );
}

/// Texts that are harmful as a word of a command line, in a shell or on a terminal. None may create `marker`.
fn hostile(marker: &str) -> Vec<String> {
    vec![
        format!("-oProxyCommand=touch {marker}"),
        format!("-F{marker}"),
        format!("$(touch {marker})"),
        format!("`touch {marker}`"),
        format!("a;touch {marker}"),
        format!("a\ntouch {marker}\n"),
        format!("'; touch {marker} #"),
        "\u{1b}]0;owned\u{7}\u{1b}[2J".to_owned(),
        "\u{9b}31m\r\u{8}".to_owned(),
        "\u{202e}ahpla-tcejorp".to_owned(),
        "x".repeat(300),
    ]
}

/// Checks that nothing in azlin's output acts on a terminal.
fn assert_plain(ran: &Ran) {
    let said = format!("{}{}", ran.stdout, ran.stderr);
    let acts = said.chars().find(|c| *c != '\n' && is_unprintable(*c));
    assert_eq!(acts, None, "{ran:?}");
}

#[test]
fn a_hostile_argument_runs_nothing_and_is_answered_plainly() {
    let Some(ssh) = OpenSsh::here() else { return };
    let _server = ssh.serve("a", &["127.0.0.1"]);
    let project = ssh.project("", project_alpha());
    let marker = ssh.path("marker");
    for name in hostile(marker.to_str().unwrap()) {
        for arguments in [
            &["connect", &name][..],
            &["connect", &name, "--", "true"],
            &["connect", &name, "--rg", "rg"],
            &["connect", "vm-1", &format!("--rg={name}")],
            &["connect", "vm-1", "--user", &name],
            &["connect", "vm-1", &format!("--user={name}")],
            &["connect", "vm-1", &format!("--port={name}")],
            &["connect", "vm-1", &name],
        ] {
            let ran = project.run(arguments);
            assert_eq!((ran.code(), ran.stdout.as_str()), (1, ""), "{ran:?}");
            assert!(ran.stderr.starts_with("error: "), "{ran:?}");
            assert_plain(&ran);
            assert!(!marker.exists(), "{ran:?}");
        }
    }
}

#[test]
fn a_remote_command_that_looks_like_an_option_of_ssh_stays_a_remote_command() {
    let Some(ssh) = OpenSsh::here() else { return };
    let _server = ssh.serve("a", &["127.0.0.1"]);
    let project = ssh.project("", project_alpha());
    let marker = ssh.path("marker");
    let option = format!("-oProxyCommand=touch {}", marker.display());
    let ran = project.run(&["connect", "vm-1", "--", &option]);
    assert_ne!(
        ran.code(),
        255,
        "what a shell makes of it is the shell's: {ran}"
    );
    assert!(!marker.exists(), "{ran}");
    let key = format!("--key={option}");
    let ran = project.run(&["connect", "vm-1", &key, "--", "exit 9"]);
    assert_eq!(ran.code(), 9, "{ran}");
    assert!(!marker.exists(), "{ran}");
}

#[test]
fn a_hostile_session_on_a_vm_leads_there_and_runs_nothing() {
    let Some(ssh) = OpenSsh::here() else { return };
    let _server = ssh.serve("a", &["127.0.0.1"]);
    let file = "[ssh]\ncommand = 'echo attached to {session}'\n";
    let marker = ssh.path("marker");
    for name in hostile(marker.to_str().unwrap()) {
        let project = ssh.project(file, machine(FIRST_MACHINE, &name, "127.0.0.1"));
        let called = if name.starts_with('-') { "vm-1" } else { &name };
        let ran = project.run_with("echo in a shell; exit 9", &["connect", called]);
        assert_eq!(
            (ran.code(), ran.stdout.as_str(), ran.stderr.as_str()),
            (9, "in a shell\n", ""),
            "{ran:?}"
        );
        let missed = project.run(&["connect", "nothing"]);
        assert_eq!(missed.code(), 1, "{missed:?}");
        assert_plain(&missed);
        assert!(!marker.exists(), "{name:?}");
    }
}

#[test]
fn a_stopped_vm_is_said_and_started_when_asked() {
    let Some(ssh) = OpenSsh::here() else { return };
    let _server = ssh.serve("a", &["127.0.0.1"]);
    let mut fleet = project_alpha();
    fleet[0]["power"] = "deallocated".into();
    let project = ssh.project("", fleet);
    let append = format!(
        "echo x >> {0}; cat {0}; exit 4",
        ssh.path("marks").display()
    );
    let connect = |flag: &[&str]| {
        let arguments = [&["connect", "project-alpha"], flag, &["--", &append]];
        let mut ran = project.run(&arguments.concat());
        ran.arguments.truncate(ran.arguments.find(" -- ").unwrap());
        ran
    };
    assert_snapshot!(connect(&[]), @"
    $ azlin connect project-alpha -> 1
    --- stderr
    error: RG/vm-1 is deallocated
    help: start it: azlin connect RG/vm-1 --start
    ");
    assert_snapshot!(connect(&["--start"]), @"
    $ azlin connect project-alpha --start -> 4
    --- stdout
    x

    --- stderr
    starting RG/vm-1…
    RG/vm-1 is running
    ");
    assert_snapshot!(connect(&[]), @"
    $ azlin connect project-alpha -> 4
    --- stdout
    x
    x
    ");
}
