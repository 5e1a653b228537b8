//! `azlin ssh-config`: `Host` blocks for every session.

mod support;

use std::fs;
use std::process::Command;

use insta::assert_snapshot;
use serde_json::json;
use support::{Project, vms};

const FILE: &str = "[azure]
cloud = \"sandbox\"

[sessions.rg]
a = \"v1.2-test\"

[ssh]
user = \"azureuser\"
jump = \"me@bastion:2222\"
";

fn project(fleet: &[(&str, Option<&str>)]) -> Project {
    let project = Project::new(FILE);
    let mut fleet = vms(fleet);
    for (at, vm) in fleet.iter_mut().enumerate() {
        vm["vm_id"] = format!("1996dffd-7c41-4e58-a9d6-{at:012}").into();
    }
    fleet[1]["public_ip"] = json!(null);
    project.set_fleet(fleet);
    project
}

fn two() -> Project {
    project(&[
        ("rg/a", Some("v1.2-test")),
        ("rg/b", Some("project-beta")),
        ("rg/c", None),
    ])
}

fn read(project: &Project, path: &str) -> String {
    fs::read_to_string(project.path().join(path)).unwrap()
}

#[test]
fn every_session_has_a_block() {
    assert_snapshot!(two().run(&["ssh-config"]), @"
    $ azlin ssh-config -> 0
    --- stdout
    # The sessions in the sandbox, written by `azlin ssh-config`, which overwrites this file each time.

    # rg/b
    Host project-beta
        HostName 10.0.0.5
        User azureuser
        HostKeyAlias azlin-1996dffd-7c41-4e58-a9d6-000000000001
        CheckHostIP no
        ProxyJump me@bastion:2222

    # rg/a
    Host v1.2-test
        HostName 203.0.0.4
        User azureuser
        HostKeyAlias azlin-1996dffd-7c41-4e58-a9d6-000000000000
        CheckHostIP no
    ");
}

#[test]
fn ssh_reads_it_as_it_is_meant() {
    let project = two();
    fs::write(
        project.path().join("config"),
        project.run(&["ssh-config"]).stdout,
    )
    .unwrap();
    let ssh = Command::new("ssh")
        .args(["-G", "-F", "config", "project-beta"])
        .current_dir(project.path())
        .output();
    let Ok(ssh) = ssh else {
        eprintln!("skipped: there is no ssh here");
        assert!(std::env::var_os("AZLIN_TEST_EVERYTHING").is_none());
        return;
    };
    let said = String::from_utf8(ssh.stdout).unwrap();
    for line in [
        "hostname 10.0.0.5",
        "user azureuser",
        "hostkeyalias azlin-1996dffd-7c41-4e58-a9d6-000000000001",
        "proxyjump me@bastion:2222",
        "checkhostip no",
    ] {
        assert!(
            said.lines().any(|said| said == line),
            "no `{line}`:\n{said}"
        );
    }
}

#[test]
fn what_would_lead_astray_is_left_out_and_said() {
    let project = project(&[
        ("rg/a", Some("v1.2-test")),
        ("rg/b", Some("$(id)")),
        ("rg/c", Some("twice")),
        ("rg/d", Some("twice")),
        ("rg/e", Some("C")),
        ("rg/f", Some("github.com")),
        ("rg/g", Some("bastion")),
        ("rg/h", Some("mine")),
        ("rg/i", Some("localhost")),
        ("rg/j", Some("x\nHost *\n  ProxyCommand touch /tmp/x")),
        ("rg/k", Some("*")),
        ("rg/l", Some("nowhere")),
    ]);
    let mut fleet = project.fleet()["vms"].as_array().unwrap().clone();
    fleet[11]["public_ip"] = json!(null);
    fleet[11]["private_ip"] = json!(null);
    project.set_fleet(fleet);
    fs::create_dir(project.path().join(".ssh")).unwrap();
    fs::write(
        project.path().join(".ssh/config"),
        "host  \"mine\" yours*\n",
    )
    .unwrap();
    assert_snapshot!(project.run(&["ssh-config"]), @r"
    $ azlin ssh-config -> 0
    --- stdout
    # The sessions in the sandbox, written by `azlin ssh-config`, which overwrites this file each time.

    # rg/a
    Host v1.2-test
        HostName 203.0.0.4
        User azureuser
        HostKeyAlias azlin-1996dffd-7c41-4e58-a9d6-000000000000
        CheckHostIP no

    --- stderr
    warning: skipped `$(id)`: not a valid session name; set another with azlin session VM NAME
    warning: skipped `*`: not a valid session name; set another with azlin session VM NAME
    warning: skipped `C`: another VM, rg/c, has this name; choose another session name
    warning: skipped `bastion`: ssh already knows this name (the jump host in sessions.toml); choose another session name
    warning: skipped `github.com`: it looks like the name of an existing SSH host; to include it anyway, declare it in sessions.toml
    warning: skipped `localhost`: ssh already knows this name (this machine); choose another session name
    warning: skipped `mine`: ssh already knows this name (~/.ssh/config:1); choose another session name
    warning: skipped `nowhere`: rg/l has no IP address; add a network interface with one
    warning: skipped `twice`: it is on rg/c and rg/d; clear all but one with azlin session VM --clear
    warning: skipped `x\nHost *\n  ProxyCommand touch /tmp/x`: not a valid session name; set another with azlin session VM NAME
    ");
}

#[test]
fn write_puts_them_in_a_file_that_ssh_includes() {
    let project = two();
    let ran = project.run(&["ssh-config", "--write"]);
    // The home folder of the tests is not that of ssh, unless the user has none.
    let said = ran
        .to_string()
        .replace(project.path().to_str().unwrap(), "~");
    let (told, rest): (Vec<&str>, Vec<&str>) = said
        .split_inclusive('\n')
        .partition(|line| line.starts_with("warning: ssh ignores HOME and reads /"));
    assert!(told.len() <= 1, "{ran}");
    assert_snapshot!(rest.concat(), @"
    $ azlin ssh-config --write -> 0
    --- stderr
    note: wrote 2 sessions to ~/.ssh/azlin.d/5a4db0e5-0000-4000-8000-000000000000.conf
    note: these hosts are sandbox VMs, which are not real
    note: added the line `Include azlin.d/*.conf` to ~/.ssh/config
    ");
    let file = ".ssh/azlin.d/5a4db0e5-0000-4000-8000-000000000000.conf";
    assert_eq!(read(&project, file), project.run(&["ssh-config"]).stdout);
    assert_eq!(read(&project, ".ssh/config"), "Include azlin.d/*.conf\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &str| {
            let metadata = fs::metadata(project.path().join(path)).unwrap();
            format!("{:o}", metadata.permissions().mode() & 0o777)
        };
        assert_eq!(mode(file), "600");
        assert_eq!(mode(".ssh/config"), "600");
        assert_eq!(mode(".ssh/azlin.d"), "700");
    }
    assert_eq!(project.run(&["ssh-config", "--write"]).code(), 0);
    assert_eq!(read(&project, ".ssh/config"), "Include azlin.d/*.conf\n");
    let beside = fs::read_dir(project.path().join(".ssh/azlin.d")).unwrap();
    assert_eq!(beside.count(), 1, "nothing is left lying about");
}

#[test]
fn a_config_of_ones_own_stays_as_it_is_below_the_line() {
    let project = two();
    fs::create_dir(project.path().join(".ssh")).unwrap();
    let own = "# mine\nHost web\n  User me\n";
    fs::write(project.path().join("dotfiles"), own).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("../dotfiles", project.path().join(".ssh/config")).unwrap();
    #[cfg(not(unix))]
    fs::write(project.path().join(".ssh/config"), own).unwrap();
    assert_eq!(project.run(&["ssh-config", "--write"]).code(), 0);
    assert_eq!(
        read(&project, ".ssh/config"),
        format!("Include azlin.d/*.conf\n\n{own}")
    );
    #[cfg(unix)]
    assert!(
        fs::symlink_metadata(project.path().join(".ssh/config"))
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn a_config_that_is_not_utf8_keeps_its_bytes() {
    let project = two();
    fs::create_dir(project.path().join(".ssh")).unwrap();
    fs::write(project.path().join(".ssh/config"), b"# caf\xe9\n").unwrap();
    assert_eq!(project.run(&["ssh-config", "--write"]).code(), 0);
    assert_eq!(
        fs::read(project.path().join(".ssh/config")).unwrap(),
        b"Include azlin.d/*.conf\n\n# caf\xe9\n"
    );
}

#[test]
fn an_include_that_belongs_to_another_host_does_not_count() {
    let project = two();
    fs::create_dir(project.path().join(".ssh")).unwrap();
    let own = "Host foo\n    User x\n    Include azlin.d/*.conf\n";
    fs::write(project.path().join(".ssh/config"), own).unwrap();
    assert_eq!(project.run(&["ssh-config", "--write"]).code(), 0);
    assert_eq!(
        read(&project, ".ssh/config"),
        format!("Include azlin.d/*.conf\n\n{own}")
    );
}

#[test]
fn hosts_that_ssh_knows_from_other_files_are_left_alone() {
    let project = two();
    let ssh = project.path().join(".ssh");
    fs::create_dir_all(ssh.join("conf.d")).unwrap();
    fs::create_dir_all(ssh.join("azlin.d")).unwrap();
    fs::write(ssh.join("config"), "Include conf.d/*\nHost proj*\n").unwrap();
    fs::write(ssh.join("conf.d/work"), "Host web\n").unwrap();
    fs::write(ssh.join("azlin.d/other.conf"), "Host v1.2-test\n").unwrap();
    let ran = project.run(&["ssh-config", "--write"]);
    for name in ["project-beta", "v1.2-test"] {
        assert!(ran.stderr.contains(&format!("skipped `{name}`:")), "{ran}");
    }
    // Another scope has another configuration file.
    let file = FILE.replace("[sessions.rg]", "scope = \"groups\"\n\n[sessions.rg]");
    fs::write(project.path().join("sessions.toml"), file).unwrap();
    assert_eq!(project.run(&["ssh-config", "--write"]).code(), 0);
    assert_eq!(fs::read_dir(ssh.join("azlin.d")).unwrap().count(), 3);
}

#[test]
fn a_jump_host_that_ssh_cannot_read_is_refused() {
    for jump in [
        "host:99999",
        "a:b:c",
        "fe80::1",
        "[::1",
        "h:",
        "u@h@i",
        "none",
        "-x",
        "h[",
        "u@-oProxyCommand=x",
    ] {
        let project = Project::sandbox(&format!("[ssh]\njump = \"{jump}\"\n"));
        let ran = project.run(&["validate"]);
        assert_eq!(ran.code(), 1, "{jump}: {ran}");
    }
    for jump in [
        "host",
        "me@host:22",
        "10.0.0.1:2222",
        "[fe80::1]:22",
        "[::1]",
        "a.b-c_d",
    ] {
        let project = Project::sandbox(&format!("[ssh]\njump = \"{jump}\"\n"));
        let ran = project.run(&["validate"]);
        assert_eq!(ran.code(), 0, "{jump}: {ran}");
    }
}
