//! `azlin session`: shows and sets one VM's session by hand.

mod support;

use std::fs;

use azlin::sandbox::Response;
use insta::assert_snapshot;
use serde_json::{Value, json};
use support::azure::{Asked, Azure, saying};
use support::{Project, vms};

const FILE: &str = "owner = \"us\"

[azure]
cloud = \"sandbox\"

[sessions.rg]
# the frontend's
a = \"atlas\"   # until March
b = \"boreas\"
";

/// A fleet in which `a` matches the file, `b` was set by hand, `c` belongs to another owner and `d` has no session.
fn project() -> Project {
    let project = Project::new(FILE);
    project.set_fleet(fleet());
    project
}

fn fleet() -> Vec<Value> {
    let mut fleet = vms(&[
        ("rg/a", Some("atlas")),
        ("rg/b", Some("by-hand")),
        ("rg/c", Some("theirs")),
        ("rg/d", None),
    ]);
    fleet[0]["tags"]["azlin_owner"] = "us".into();
    fleet[2]["tags"]["azlin_owner"] = "data-team".into();
    fleet
}

fn tags(project: &Project, at: usize) -> Value {
    project.fleet()["vms"][at]["tags"].clone()
}

fn file(project: &Project) -> String {
    fs::read_to_string(project.path().join("sessions.toml")).unwrap()
}

#[test]
fn it_says_which_session_a_vm_holds() {
    let project = Project::sandbox("").with_fleet(&[("rg/azlin-vm-12345", Some("my-project"))]);
    assert_snapshot!(project.run(&["session", "azlin-vm-12345"]), @"
    $ azlin session azlin-vm-12345 -> 0
    --- stdout
    Session name for azlin-vm-12345: my-project
    ");
    assert_snapshot!(project.run(&["session", "AZLIN-vm-12345"]).stdout, @"Session name for azlin-vm-12345: my-project");
    assert_snapshot!(project.run(&["session", "rg/azlin-vm-12345", "--clear"]), @"
    $ azlin session rg/azlin-vm-12345 --clear -> 0
    --- stdout
    No session name is set for azlin-vm-12345

    --- stderr
    note: previous session: my-project
    ");
    assert_snapshot!(project.run(&["session", "azlin-vm-12345"]), @"
    $ azlin session azlin-vm-12345 -> 0
    --- stdout
    No session name is set for azlin-vm-12345
    ");
    assert_snapshot!(project.run(&["session", "azlin-vm-12345", "--clear"]), @"
    $ azlin session azlin-vm-12345 --clear -> 0
    --- stdout
    No session name is set for azlin-vm-12345
    ");
}

#[test]
fn it_says_whose_a_session_is_and_what_the_file_has() {
    let project = project();
    assert_snapshot!(project.run(&["session", "a"]), @"
    $ azlin session a -> 0
    --- stdout
    Session name for a: atlas

    --- stderr
    note: sessions.toml manages this VM
    ");
    assert_snapshot!(project.run(&["session", "b"]), @"
    $ azlin session b -> 0
    --- stdout
    Session name for b: by-hand

    --- stderr
    note: sessions.toml assigns boreas to this VM, and the next apply will set it
    ");
    assert_snapshot!(project.run(&["session", "c"]), @"
    $ azlin session c -> 0
    --- stdout
    Session name for c: theirs

    --- stderr
    note: another owner manages this VM: data-team
    ");
}

#[test]
fn a_session_set_by_hand_carries_no_owner_and_the_next_apply_puts_the_files_back() {
    let project = project();
    assert_snapshot!(project.run(&["session", "a", "my-project"]), @"
    $ azlin session a my-project -> 0
    --- stdout
    Session name for a: my-project

    --- stderr
    note: previous session: atlas
    note: sessions.toml assigns atlas to this VM, so the next apply will restore it; use --save to update the file
    ");
    assert_eq!(tags(&project, 0), json!({ "azlin_session": "my-project" }));
    assert_snapshot!(project.run(&["plan", "--target", "a"]).stdout, @"
    azlin will update 1 VM in the sandbox:

      ~ rg/a   my-project -> atlas   (had no owner)

    note: --target excludes 1 other VM that sessions.toml would change

    Plan: 0 to set, 1 to change, 0 to clear, 0 blocked. 0 sessions already match; 1 unmanaged.
    Options: --target rg/a
    ");
    assert_eq!(project.run(&["apply", "--auto-approve"]).code(), 0);
    assert_eq!(
        tags(&project, 0),
        json!({ "azlin_session": "atlas", "azlin_owner": "us" })
    );
}

#[test]
fn what_is_so_already_is_left_as_it_is() {
    let project = project();
    let before = project.fleet();
    assert_snapshot!(project.run(&["session", "a", "atlas"]), @"
    $ azlin session a atlas -> 0
    --- stdout
    Session name for a: atlas
    ");
    assert_snapshot!(project.run(&["session", "c", "theirs"]), @"
    $ azlin session c theirs -> 0
    --- stdout
    Session name for c: theirs
    ");
    assert_snapshot!(project.run(&["session", "d", "--clear"]), @"
    $ azlin session d --clear -> 0
    --- stdout
    No session name is set for d
    ");
    assert_eq!(project.fleet(), before);
}

#[test]
fn a_name_that_is_taken_names_its_holder_and_both_ways_out() {
    let project = project();
    let before = project.fleet();
    assert_snapshot!(project.run(&["session", "d", "by-hand"]), @"
    $ azlin session d by-hand -> 1
    --- stderr
    error: session `by-hand` is already on rg/b
    help: choose another name; if it should move here, clear it there first:
      azlin session rg/b --clear
    ");
    assert_snapshot!(project.run(&["session", "d", "C"]), @"
    $ azlin session d C -> 1
    --- stderr
    error: session `C` is the name of another VM, rg/c: `azlin connect` would open that VM
    help: choose another name
    ");
    assert_eq!(project.fleet(), before);
}

#[test]
fn a_name_that_the_file_gives_to_another_vm_is_said() {
    let project = project();
    assert_snapshot!(project.run(&["session", "d", "boreas"]), @"
    $ azlin session d boreas -> 0
    --- stdout
    Session name for d: boreas

    --- stderr
    note: sessions.toml assigns this name to rg/b on line 9; apply cannot set it there while this VM holds it
    ");
    assert_snapshot!(project.run(&["session", "d", "boreas", "--save"]), @"
    $ azlin session d boreas --save -> 1
    --- stderr
    error: --save: sessions.toml assigns this name to rg/b on line 9
    help: change that line first, or choose another name
    ");
}

#[test]
fn another_owners_vm_is_refused_and_forced() {
    let project = project();
    let before = project.fleet();
    assert_snapshot!(project.run(&["session", "c", "mine"]), @"
    $ azlin session c mine -> 1
    --- stderr
    error: rg/c belongs to another owner, `data-team`
    help: change it in that owner's file; use --force only to override that file
    ");
    assert_snapshot!(project.run(&["session", "c", "--clear"]), @"
    $ azlin session c --clear -> 1
    --- stderr
    error: rg/c belongs to another owner, `data-team`
    help: change it in that owner's file; use --force only to override that file
    ");
    assert_eq!(project.fleet(), before);
    assert_snapshot!(project.run(&["session", "c", "mine", "--force"]), @"
    $ azlin session c mine --force -> 0
    --- stdout
    Session name for c: mine

    --- stderr
    note: previous session: theirs
    ");
    assert_eq!(tags(&project, 2), json!({ "azlin_session": "mine" }));
}

#[test]
fn without_an_owner_in_the_file_any_owner_is_another() {
    let project = Project::sandbox("");
    project.set_fleet(fleet());
    assert_snapshot!(project.run(&["session", "a", "mine"]), @"
    $ azlin session a mine -> 1
    --- stderr
    error: RG/a belongs to another owner, `us`
    help: change it in that owner's file; use --force only to override that file
    ");
}

#[test]
fn save_edits_the_file_and_keeps_its_comments() {
    let project = project();
    assert_snapshot!(project.run(&["session", "a", "my-project", "--save"]), @"
    $ azlin session a my-project --save -> 0
    --- stdout
    Session name for a: my-project

    --- stderr
    note: previous session: atlas
    note: updated sessions.toml
    ");
    assert_eq!(file(&project), FILE.replace("\"atlas\"", "\"my-project\""));
    assert_snapshot!(project.run(&["session", "b", "--clear", "--save"]), @"
    $ azlin session b --clear --save -> 0
    --- stdout
    No session name is set for b

    --- stderr
    note: previous session: by-hand
    note: updated sessions.toml
    ");
    assert_eq!(
        file(&project),
        FILE.replace("\"atlas\"", "\"my-project\"")
            .replace("b = \"boreas\"\n", "")
    );
    assert_snapshot!(project.run(&["session", "d", "delos", "--save"]), @"
    $ azlin session d delos --save -> 0
    --- stdout
    Session name for d: delos

    --- stderr
    note: updated sessions.toml
    ");
    assert!(file(&project).ends_with("# until March\nd = \"delos\"\n"));
    let plan = project.run(&["plan"]);
    assert!(
        plan.stdout.starts_with("No changes"),
        "the file owns what it saved: {plan}"
    );
}

#[test]
fn save_follows_the_spelling_of_the_file() {
    let project = Project::new("sessions.rg.a = 'atlas'\n[azure]\ncloud = \"sandbox\"\n")
        .with_fleet(&[("rg/a", None), ("rg/b", None)]);
    assert_eq!(project.run(&["session", "b", "new", "--save"]).code(), 0);
    assert_eq!(
        file(&project),
        "sessions.rg.a = 'atlas'\nsessions.rg.b = 'new'\n[azure]\ncloud = \"sandbox\"\n"
    );
}

#[test]
fn what_cannot_be_saved_is_not_written_either() {
    let project = Project::sandbox("[sessions.rg]\nghost = 'atlas'\n")
        .with_fleet(&[("rg/a", None), ("rg/b", None)]);
    assert_snapshot!(project.run(&["session", "b", "ghost", "--save"]), @"
    $ azlin session b ghost --save -> 1
    --- stderr
    error: --save: sessions.toml would be invalid: session `ghost` is the name of another VM, rg/ghost
    help: choose another name, or run this without --save
    ");
    assert_eq!(project.sessions(), ["rg/a -", "rg/b -"]);
}

#[test]
fn a_vm_is_named_by_its_name_or_with_its_group() {
    let project = Project::sandbox("").with_fleet(&[
        ("rg/vm", Some("one")),
        ("rg-2/vm", Some("two")),
        ("rg-2/web-1", None),
    ]);
    assert_snapshot!(project.run(&["session", "vm"]), @"
    $ azlin session vm -> 1
    --- stderr
    error: `vm` is the name of 2 VMs:
      RG/vm
      RG-2/vm
    help: use GROUP/VM, as listed above
    ");
    assert_snapshot!(project.run(&["session", "vm", "--rg", "RG-2"]).stdout, @"Session name for vm: two");
    assert_snapshot!(project.run(&["session", "rg/vm"]).stdout, @"Session name for vm: one");
    assert_snapshot!(project.run(&["session", "web-2"]), @"
    $ azlin session web-2 -> 1
    --- stderr
    error: no VM is named `web-2` (searched 3 VMs)
    help: did you mean RG-2/web-1?
    ");
    assert_snapshot!(project.run(&["session", "two"]), @"
    $ azlin session two -> 1
    --- stderr
    error: no VM is named `two` (searched 3 VMs)
    help: use RG-2/vm, which holds the session of that name
    ");
    assert_snapshot!(project.run(&["session", "web-1", "--resource-group", "rg"]), @"
    $ azlin session web-1 --resource-group rg -> 1
    --- stderr
    error: no VM is named `web-1` (searched 1 VM in resource group rg)
    help: `web-1` is in another resource group: use --rg RG-2
    ");
    // A VM of another group holds the name.
    assert_snapshot!(project.run(&["session", "web-1", "one", "--rg", "rg-2"]), @"
    $ azlin session web-1 one --rg rg-2 -> 1
    --- stderr
    error: session `one` is already on RG/vm
    help: choose another name; if it should move here, clear it there first:
      azlin session RG/vm --clear
    ");
}

#[test]
fn a_hostile_name_is_refused_and_shown_harmless() {
    let project = project();
    let before = project.fleet();
    let long = "x".repeat(300);
    let names = [
        "-oProxyCommand=touch /tmp/x",
        "$(id)",
        "a;b",
        "a\nb",
        "a\u{1b}[31mb",
        "\u{202e}txt",
        "",
        &long,
        "10.0.0.4",
    ];
    for name in names {
        let as_session = project.run(&["session", "d", "--", name]);
        let as_vm = project.run(&["session", "--", name]);
        for ran in [&as_session, &as_vm] {
            assert_eq!((ran.code(), ran.stdout.as_str()), (1, ""), "{ran:?}");
            let acts = |c: char| c != '\n' && azlin::text::is_unprintable(c);
            assert!(!ran.stderr.contains(acts), "{ran:?}");
            assert!(
                ran.stderr.lines().count() <= 4 && ran.stderr.len() < 500,
                "{ran}"
            );
        }
        assert!(
            as_session.stderr.contains("error: invalid session name `"),
            "{as_session}"
        );
        assert!(as_session.stderr.contains(": it "), "{as_session}");
        assert!(as_vm.stderr.contains("no VM is named"), "{as_vm}");
    }
    assert_eq!(project.fleet(), before);
}

#[test]
fn a_look_is_one_request_and_a_change_reads_before_and_after() {
    let project = Project::sandbox("");
    let azure = Azure::faithful(project.state());
    let asked = |arguments: &[&str]| {
        let before = azure.asked().len();
        let ran = azure.project("").run(arguments);
        assert_eq!(ran.code(), 0, "{ran}");
        let asked = azure.asked().split_off(before);
        let asked = asked.iter().map(|asked| {
            let path = asked.target.split('?').next().unwrap_or_default();
            format!(
                "{} {}\n",
                asked.method,
                path.rsplit('/').next().unwrap_or_default()
            )
        });
        asked.collect::<String>()
    };
    assert_eq!(asked(&["session", "dev-vm-1"]), "GET virtualMachines\n");
    assert_snapshot!(asked(&["session", "dev-vm-1", "new-name"]), @"
    GET virtualMachines
    GET default
    PATCH default
    GET virtualMachines
    ");
}

/// An Azure with [`fleet`] that answers with `fault` where that returns an answer, and correctly otherwise.
fn faulty(
    fault: impl Fn(&Asked) -> Option<Response> + Send + Sync + 'static,
) -> (Project, Project) {
    let fleet = project();
    let azure = Azure::serve(fleet.state(), None, move |asked, answer| {
        fault(asked).unwrap_or_else(answer)
    });
    let client = azure.project("");
    let file = fs::read_to_string(client.path().join("sessions.toml")).unwrap();
    fs::write(
        client.path().join("sessions.toml"),
        format!("owner = 'us'\n{file}"),
    )
    .unwrap();
    (fleet, client)
}

fn is_merge(asked: &Asked) -> bool {
    asked.method == "PATCH" && String::from_utf8_lossy(&asked.body).contains("Merge")
}

#[test]
fn a_vm_whose_new_session_is_refused_gets_its_old_one_back() {
    let refusal = || {
        saying(
            403,
            &json!({ "error": { "code": "RequestDisallowedByPolicy", "message": "no" } }),
        )
    };
    // The write that restores the old name also restores the owner.
    let refuses = move |asked: &Asked| {
        let owner = String::from_utf8_lossy(&asked.body).contains("azlin_owner");
        (is_merge(asked) && !owner).then(refusal)
    };
    let (fleet, client) = faulty(refuses);
    assert_snapshot!(client.run(&["session", "a", "new-name"]), @"
    $ azlin session a new-name -> 1
    --- stderr
    note: restored the session that it held
    error: cannot write the tags of RG/a: Azure returned 403 RequestDisallowedByPolicy: no
    help: ask the policy's owner for an exemption, or for a name that it allows
    ");
    assert_eq!(
        tags(&fleet, 0),
        json!({ "azlin_session": "atlas", "azlin_owner": "us" })
    );
}

#[test]
fn a_session_that_is_lost_on_the_way_is_named_with_the_way_back() {
    let (fleet, client) = faulty(|asked| {
        let refusal = json!({ "error": { "code": "RequestDisallowedByPolicy", "message": "no" } });
        is_merge(asked).then(|| saying(403, &refusal))
    });
    assert_snapshot!(client.run(&["session", "a", "new-name"]), @"
    $ azlin session a new-name -> 5
    --- stderr
    error: cannot write the tags of RG/a: Azure returned 403 RequestDisallowedByPolicy: no
    help: restore the session with azlin session RG/a atlas (it holds none now); ask the policy's owner for an exemption, or for a name that it allows
    ");
    assert_eq!(fleet.sessions().first().unwrap(), "rg/a -");
}

#[test]
fn when_the_first_of_two_writes_is_refused_the_refusal_is_what_is_said() {
    let (fleet, client) = faulty(|asked| {
        let refusal = json!({ "error": { "code": "RequestDisallowedByPolicy", "message": "no" } });
        (asked.method == "PATCH").then(|| saying(403, &refusal))
    });
    assert_snapshot!(client.run(&["session", "a", "new-name"]), @"
    $ azlin session a new-name -> 1
    --- stderr
    error: cannot write the tags of RG/a: Azure returned 403 RequestDisallowedByPolicy: no
    help: ask the policy's owner for an exemption, or for a name that it allows
    ");
    assert_eq!(fleet.sessions().first().unwrap(), "rg/a atlas");
}

#[test]
fn a_session_that_is_set_is_said_although_nothing_could_be_read_after_it() {
    let written = std::sync::atomic::AtomicBool::new(false);
    let (fleet, client) = faulty(move |asked| {
        use std::sync::atomic::Ordering::SeqCst;
        let refusal = json!({ "error": { "code": "AuthorizationFailed", "message": "no more" } });
        written.fetch_or(asked.method == "PATCH", SeqCst);
        let is_list = asked.target.contains("virtualMachines?");
        (is_list && written.load(SeqCst)).then(|| saying(403, &refusal))
    });
    assert_snapshot!(client.run(&["session", "d", "new-name"]), @"
    $ azlin session d new-name -> 5
    --- stdout
    Session name for d: new-name

    --- stderr
    error: could not check whether another VM also holds this name: cannot list the VMs: Azure returned 403 AuthorizationFailed: no more
    help: ask for the role that this command requires (see azlin guide sign-in); a new role assignment takes a few minutes to take effect
    ");
    assert_eq!(tags(&fleet, 3), json!({ "azlin_session": "new-name" }));
}

#[test]
fn saving_keeps_what_someone_else_wrote_meanwhile() {
    let fleet = project();
    let meanwhile = std::sync::Arc::new(std::sync::Mutex::new(None::<std::path::PathBuf>));
    let path = meanwhile.clone();
    let azure = Azure::serve(fleet.state(), None, move |asked, answer| {
        if asked.method == "PATCH" {
            let path = path.lock().unwrap().take().unwrap();
            let text = fs::read_to_string(&path).unwrap();
            fs::write(&path, format!("{text}c = \"from-a-colleague\"\n")).unwrap();
        }
        answer()
    });
    let client = azure.project("[sessions.rg]\n# a comment\n");
    *meanwhile.lock().unwrap() = Some(client.path().join("sessions.toml"));
    let ran = client.run(&["session", "d", "delos", "--save"]);
    assert_eq!(ran.code(), 0, "{ran}");
    let text = file(&client);
    assert!(
        text.ends_with("# a comment\nc = \"from-a-colleague\"\nd = \"delos\"\n"),
        "{text}"
    );
}

#[test]
fn an_expired_line_is_not_saved_into() {
    let line = "a = { session = \"old\", expires = 2020-01-01 }\n";
    let file = format!("owner = \"us\"\n[azure]\ncloud = \"sandbox\"\n[sessions.rg]\n{line}");
    let project = Project::new(&file).with_fleet(&[("rg/a", None)]);
    assert_snapshot!(project.run(&["session", "a", "new", "--save"]), @"
    $ azlin session a new --save -> 1
    --- stderr
    error: --save: line 5 of sessions.toml, for rg/a, expired on 2020-01-01
    help: give it a later `expires` first, or run this without --save
    ");
    assert_eq!(project.sessions(), ["rg/a -"]);
}

#[test]
fn what_a_file_would_be_warned_of_is_warned_of_here_too() {
    let project = project();
    let long = "a-very-long-name-of-more-than-thirty";
    assert_snapshot!(project.run(&["session", "d", "ATLAS"]).stderr, @"warning: session ATLAS differs from `atlas` only in case: choose a name that people cannot confuse with it");
    assert_snapshot!(project.run(&["session", "d", long]).stderr, @"
    warning: session a-very-long-name-of-more-than-thirty has 36 characters: prefer at most 30 characters, which are easier to type and fit the tables
    note: previous session: ATLAS
    ");
}

#[test]
fn a_session_that_a_policy_changes_is_said() {
    let (_fleet, client) = faulty(|asked| {
        let tags = json!({ "properties": { "tags": { "azlin_session": "policy-name" } } });
        is_merge(asked).then(|| saying(200, &tags))
    });
    assert_snapshot!(client.run(&["session", "d", "new-name"]), @"
    $ azlin session d new-name -> 5
    --- stderr
    error: RG/d: written, but not kept: Azure stored policy-name instead
    help: look for an Azure Policy with a `modify` effect on this tag
    ");
}

#[test]
fn without_a_file_and_a_subscription_it_says_what_is_missing() {
    let project = Project::sandbox("");
    fs::remove_file(project.path().join("sessions.toml")).unwrap();
    assert_snapshot!(project.run(&["session", "vm"]), @"
    $ azlin session vm -> 1
    --- stderr
    error: no subscription given, and no sessions.toml found in this folder or any above it
    help: change to the folder that has one, pass --subscription, set AZURE_SUBSCRIPTION_ID, or run `az login`
    ");
    assert_snapshot!(project.run(&["session", "vm", "--file", "other.toml"]), @"
    $ azlin session vm --file other.toml -> 1
    --- stderr
    error: cannot read other.toml: no such file or directory
    help: check the path and the permissions of the file
    ");
}

#[test]
fn a_name_of_several_words_is_answered_with_one_word() {
    let project = Project::sample();
    assert_snapshot!(project.run(&["session", "dev-vm-1", "two", "words"]), @"
    $ azlin session dev-vm-1 two words -> 1
    --- stderr
    error: invalid session name `two words`: it cannot contain spaces
    help: use a name like two-words
    ");
    assert_snapshot!(project.run(&["session", "dev-vm-1", "two", "w/rds"]).stderr, @"
    error: invalid session name `two w/rds`: it cannot contain spaces
    help: use a name like two-w-rds
    ");
}

#[test]
fn without_a_vm_a_script_is_told_to_name_one() {
    let project = Project::sample();
    assert_snapshot!(project.run(&["session"]), @"
    $ azlin session -> 1
    --- stderr
    error: no VM given, and the list to choose from requires a terminal
    help: specify a VM: azlin session VM
    ");
    assert_snapshot!(project.run(&["session", "--no-input"]).stderr, @"
    error: no VM given, and --no-input disables the list to choose from
    help: specify a VM: azlin session VM
    ");
}
