//! The embedded Azure: `sandbox reset`, `sandbox serve`, and two azlins at once.

mod support;

use std::process::Stdio;
use std::sync::Arc;

use azlin::azure::sign_in::SignIn;
use azlin::azure::{Arm, Target, tags};
use azlin::model::{SubscriptionId, VmId, VmPath};
use azlin::sandbox::Sandbox;
use insta::assert_snapshot;
use support::Project;
use support::azure::Azure;
use support::server::Server;

#[test]
fn reset_makes_a_new_fleet_beside_the_file() {
    let project = Project::sample();
    assert_snapshot!(project.run(&["sandbox", "reset"]), @"
    $ azlin sandbox reset -> 0
    --- stderr
    created ./.azlin/sandbox.json with 8 VMs
    ");
    project.run(&["apply", "--auto-approve"]);
    assert_eq!(project.run(&["plan", "--detailed-exitcode"]).code(), 0);
    assert_eq!(project.run(&["sandbox", "reset", "--vms", "150"]).code(), 0);
    assert_eq!(project.fleet()["vms"].as_array().unwrap().len(), 150);
    let ran = project.run(&["plan", "--detailed-exitcode"]);
    assert_eq!(ran.code(), 2, "as new: {ran}");
    assert!(ran.stdout.contains("2 to set, 2 to change"), "{ran}");
}

#[test]
fn reset_makes_several_subscriptions() {
    let project = Project::sample();
    let told = |arguments: &[&str]| {
        let ran = project.run(&[&["sandbox", "reset"], arguments].concat());
        assert_eq!(ran.stdout, "");
        format!("{} {}", ran.code(), ran.stderr)
    };
    assert_snapshot!(told(&["--vms", "150", "--subscriptions", "5"]), @"0 created ./.azlin/sandbox.json with 750 VMs in 5 subscriptions");
    assert_snapshot!(told(&["--subscriptions", "3"]), @"0 created ./.azlin/sandbox.json with 24 VMs in 3 subscriptions");
    assert_snapshot!(told(&["--subscriptions", "1"]), @"0 created ./.azlin/sandbox.json with 8 VMs");
    assert_snapshot!(told(&["--vms", "50000", "--subscriptions", "3"]), @"
    1 error: a sandbox can have at most 100000 VMs, but this one would have 150000
    help: lower --vms or --subscriptions
    ");
    assert_snapshot!(told(&["--subscriptions", "51"]), @"
    1 error: invalid value '51' for '--subscriptions <K>': 51 is not in 1..=50

    For more information, try '--help'.
    ");
    assert_eq!(project.fleet()["vms"].as_array().unwrap().len(), 8);
}

#[test]
fn a_plan_sees_its_own_subscription_only() {
    let project = Project::sample();
    project.run(&["sandbox", "reset"]);
    let alone = project.run(&["plan"]);
    project.run(&["sandbox", "reset", "--subscriptions", "3"]);
    assert_eq!(project.run(&["plan"]).stdout, alone.stdout);
}

#[test]
fn reset_works_beside_a_file_that_is_not_valid_and_without_any() {
    let project = Project::new("no toml");
    assert_eq!(project.run(&["sandbox", "reset", "--vms", "3"]).code(), 0);
    assert_eq!(project.fleet()["vms"].as_array().unwrap().len(), 3);
    assert_eq!(project.run(&["sandbox", "reset", "--vms", "0"]).code(), 1);
}

#[test]
fn a_damaged_fleet_is_told_and_left_alone() {
    let project = Project::sample();
    std::fs::create_dir(project.path().join(".azlin")).unwrap();
    std::fs::write(project.state(), "{\"format\":1,\"vms\":[").unwrap();
    let ran = project.run(&["plan"]);
    assert_eq!(ran.code(), 1);
    assert!(
        ran.stderr.contains("sandbox.json") && ran.stderr.contains("azlin sandbox reset"),
        "{ran}"
    );
    assert_eq!(
        std::fs::read_to_string(project.state()).unwrap(),
        "{\"format\":1,\"vms\":["
    );
}

/// Every command that asks the sandbox. Each has to say what is wrong with the file.
const ASKING: [&[&str]; 8] = [
    &["list"],
    &["plan"],
    &["apply", "--auto-approve"],
    &["session", "dev-vm-1", "x"],
    &["tag", "list", "dev-vm-1"],
    &["tag", "add", "dev-vm-1", "a=b"],
    &["connect", "dev-vm-1", "--print"],
    &["ssh-config"],
];

/// Every command that writes to the sandbox.
const WRITING: [&[&str]; 4] = [
    &["apply", "--auto-approve"],
    &["session", "dev-vm-1", "x"],
    &["tag", "add", "dev-vm-1", "a=b"],
    &["connect", "gpu-vm-2", "--start", "--print"],
];

/// Checks that `ran` blames the sandbox's file, not Azure, and did not try again.
fn blames_the_file(ran: &support::Ran, why: &str, help: &str) {
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.code(), 1, "{ran}");
    assert!(said.contains(&format!("sandbox.json: {why}")), "{ran}");
    assert!(said.contains(&format!("help: {help}")), "{ran}");
    for lie in ["Azure returned", "retrying"] {
        assert!(!said.contains(lie), "{ran}");
    }
}

const CHECK: &str = "check that you may read and write this file and its folder";

#[test]
fn a_sandbox_without_a_usable_file_says_so_whatever_is_asked() {
    let damaged: fn(&std::path::Path) = |file| std::fs::write(file, "{\"vms\":[").unwrap();
    let folder: fn(&std::path::Path) = |file| std::fs::create_dir(file).unwrap();
    for (damage, why, help) in [
        (
            damaged,
            "EOF while parsing",
            "fix the file, or start over: azlin sandbox reset",
        ),
        #[cfg(unix)]
        (folder, "sandbox.json is not a regular file", CHECK),
    ] {
        let project = Project::sample();
        std::fs::create_dir(project.path().join(".azlin")).unwrap();
        damage(&project.state());
        for arguments in ASKING {
            blames_the_file(&project.run(arguments), why, help);
        }
        // Served over HTTP, it is the same error for the client, and the server tells it once.
        let server = Server::of(&project, &[]);
        for _ in 0..2 {
            let ran = server.project("").run(&["list"]);
            blames_the_file(&ran, why, help);
        }
        let told = server.told();
        assert_eq!(
            told.matches(&format!("sandbox.json: {why}")).count(),
            1,
            "{told}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_sandbox_that_cannot_be_written_fails_each_write_as_not_done() {
    use std::os::unix::fs::PermissionsExt as _;
    let project = Project::sample();
    assert_eq!(project.run(&["sandbox", "reset"]).code(), 0);
    let before = project.fleet();
    // A limit on the size of files acts like a full disk.
    let full = |arguments| project.run_after("trap '' XFSZ; ulimit -f 0", arguments);
    for arguments in WRITING {
        blames_the_file(&full(arguments), "file too large", CHECK);
    }
    let ran = full(&["apply", "--auto-approve"]);
    assert!(ran.stdout.contains("\nNothing applied: "), "{ran}");
    assert_eq!(full(&["plan"]).code(), 0);
    let mode = |mode| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(project.state(), permissions).unwrap();
    };
    mode(0o444);
    for arguments in WRITING {
        blames_the_file(&project.run(arguments), "permission denied", CHECK);
    }
    assert_eq!(project.run(&["sandbox", "reset"]).code(), 1);
    mode(0o644);
    assert_eq!(project.fleet(), before);
    let left = std::fs::read_dir(project.path().join(".azlin")).unwrap();
    assert_eq!(left.count(), 2, "the fleet and its lock");
}

#[cfg(unix)]
#[test]
fn a_link_in_the_state_folder_leads_no_write_elsewhere() {
    let project = Project::sample();
    let victim = project.path().join("victim.txt");
    std::fs::write(&victim, "precious").unwrap();
    std::fs::create_dir(project.path().join(".azlin")).unwrap();
    for name in ["sandbox.new", "sandbox.json"] {
        let link = project.path().join(".azlin").join(name);
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(&victim, link).unwrap();
        project.run(&["sandbox", "reset"]);
        assert_eq!(
            std::fs::read_to_string(&victim).unwrap(),
            "precious",
            "{name}"
        );
    }
}

#[test]
fn serve_is_an_azure_for_another_azlin() {
    let served = Project::sample();
    let server = Server::of(&served, &["--page-size", "3"]);
    let sample = std::fs::read_to_string(served.path().join("sessions.toml")).unwrap();
    let (_, sessions) = sample.split_once("[sessions.rg-dev]").unwrap();
    let other = server.project(&format!("[sessions.rg-dev]{sessions}"));
    let path = other.path().join("sessions.toml");
    let file = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, format!("owner = 'platform-team'\n{file}")).unwrap();
    let ran = other.run(&["apply", "--auto-approve"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert_eq!(
        other.run(&["connect", "project-alpha", "--print"]).code(),
        0
    );
    assert!(!other.state().exists(), "the fleet is the server's");
    // The served sandbox sees the other's writes.
    assert_eq!(served.run(&["plan", "--detailed-exitcode"]).code(), 0);
}

/// The runs of `plan` and `apply` with one new session against a sandbox with these faults, and the server afterwards.
fn under(faults: &[&str], arguments: &[&str]) -> (support::Ran, Project) {
    let served = Project::sample();
    let faults: Vec<String> = faults
        .iter()
        .map(|fault| format!("--fault={fault}"))
        .collect();
    let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
    let server = Server::of(&served, &faults);
    let other = server.project("[sessions.rg-dev]\ndev-vm-2 = 'fresh'\n");
    (other.run(arguments), served)
}

#[test]
fn an_azure_that_throttles_each_third_request_is_waited_for() {
    let (ran, served) = under(
        &["throttle:every=3,retry-after=1"],
        &["apply", "--auto-approve"],
    );
    assert_eq!(ran.code(), 0, "{ran}");
    assert!(
        served
            .sessions()
            .contains(&"rg-dev/dev-vm-2 fresh".to_owned())
    );
}

#[test]
fn an_answer_that_got_lost_is_not_a_write_that_did() {
    for faults in [
        ["drop:on=reads,first=1", "drop:on=writes,first=1"],
        ["cut:on=reads,first=1", "drop:on=writes,first=1,when=after"],
    ] {
        let (ran, served) = under(&faults, &["apply", "--auto-approve"]);
        assert_eq!(ran.code(), 0, "{ran}");
        assert!(
            served
                .sessions()
                .contains(&"rg-dev/dev-vm-2 fresh".to_owned())
        );
    }
}

#[test]
fn a_lock_on_the_group_is_named() {
    let (ran, _) = under(
        &["vm=dev-vm-2:scope-locked:at=group"],
        &["apply", "--auto-approve"],
    );
    assert_eq!(ran.code(), 1, "{ran}");
    let told = format!("{}{}", ran.stdout, ran.stderr);
    assert!(
        told.contains("blocked by a lock on the resource group `rg-dev`, scope /subscriptions/5a4db0e5-0000-4000-8000-000000000000/resourceGroups/rg-dev (409 ScopeLocked)"),
        "{ran}"
    );
}

#[test]
fn a_test_can_ask_what_fired() {
    let state = Project::sample();
    let faults = [
        "vm=dev-vm-2:conflict:first=1",
        "throttle:every=3,retry-after=0",
        "drop:first=1",
    ];
    let azure = Azure::with_faults(state.state(), &faults);
    let ran = azure
        .project("[sessions.rg-dev]\ndev-vm-2 = 'fresh'\n")
        .run(&["apply", "--auto-approve"]);
    assert_eq!(ran.code(), 0, "{ran}");
    let fired = ["conflict", "throttle", "drop"].map(|kind| azure.fired(kind));
    assert_eq!(fired, [1, 3, 1], "{:#?}", azure.asked());
}

#[tokio::test]
async fn in_process_a_lost_answer_is_no_answer_too() {
    let project = Project::sample();
    let faults = vec![azlin::sandbox::Fault::parse("drop").unwrap()];
    let sandbox = Arc::new(Sandbox::open(project.state(), 100).with_faults(faults));
    let subscription = SubscriptionId::new(azlin::sandbox::SUBSCRIPTION).unwrap();
    let target = Target::Sandbox(Arc::clone(&sandbox));
    let vm = VmId::new(&subscription, VmPath::new("rg-dev", "dev-vm-2").unwrap());
    let arm = Arm::open(target, subscription, SignIn::sandbox()).unwrap();
    let failure = tags::read(&arm, &vm).await.unwrap_err();
    assert_snapshot!(failure, @"cannot read the tags of rg-dev/dev-vm-2: no response: the connection was closed before the answer was complete");
    assert_eq!(sandbox.fired("drop"), 5, "it was tried again");
}

#[test]
fn a_fault_that_there_is_not_is_refused_with_those_there_are() {
    let ran =
        Project::sample().run(&["sandbox", "serve", "--port", "0", "--fault", "scope-lokced"]);
    assert_eq!((ran.code(), ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.contains("unknown fault `scope-lokced` (did you mean `scope-locked`?); the kinds are throttle, budget"), "{ran}");
}

#[test]
fn help_lists_every_kind_and_key() {
    let help = Project::sample()
        .run(&["sandbox", "serve", "--help"])
        .stdout;
    for (kind, keys) in azlin::sandbox::Fault::kinds() {
        assert!(help.contains(kind), "{kind}");
        for key in keys {
            assert!(help.contains(&format!("{key}=")), "{kind}: {key}");
        }
    }
}

#[test]
fn a_port_that_is_taken_is_told() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let ran = Project::sample().run(&["sandbox", "serve", "--port", &port]);
    assert_eq!((ran.code(), ran.stdout.as_str()), (1, ""));
    assert_snapshot!(ran.stderr.replace(&port, "PORT"), @"
    error: cannot serve on 127.0.0.1:PORT: address already in use
    help: choose another port with --port; 0 picks a free one
    ");
}

#[test]
fn what_two_azlins_write_at_once_neither_loses() {
    let (mut both, mut fleet) = ([String::new(), String::new()], Vec::new());
    let names: Vec<String> = (0..40).map(|n| format!("rg/vm-{n:02}")).collect();
    for (at, name) in names.iter().enumerate() {
        let line = format!("{} = 's-{at}'\n", name.replace("rg/", ""));
        both[at % 2] += &line;
        fleet.push((name.as_str(), None));
    }
    let project = Project::sandbox("").with_fleet(&fleet);
    let mut running = Vec::new();
    for (at, lines) in both.iter().enumerate() {
        let file = project.path().join(format!("{at}.toml"));
        std::fs::write(
            &file,
            format!("[azure]\ncloud = 'sandbox'\n[sessions.rg]\n{lines}"),
        )
        .unwrap();
        let arguments = ["apply", "--auto-approve", "--file", file.to_str().unwrap()];
        running.push(
            project
                .command(&arguments)
                .stdout(Stdio::null())
                .spawn()
                .unwrap(),
        );
    }
    for mut apply in running {
        assert_eq!(apply.wait().unwrap().code(), Some(0));
    }
    let expected: Vec<String> = (0..40).map(|at| format!("rg/vm-{at:02} s-{at}")).collect();
    assert_eq!(project.sessions(), expected);
}
