//! `azlin init` and `azlin import`: from live sessions to a file.

mod support;

use std::fs;

use azlin::file;
use azlin::importing::{Import, Source, import};
use azlin::model::{Basis, Desired, Hex, Live, Shown};
use azlin::plan::{Action, Aim, plan};
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::json;
use support::plans::{TODAY, fleet, subscription};
use support::server::Server;
use support::{Project, Ran, vms};

fn file_of(project: &Project) -> String {
    fs::read_to_string(project.path().join("sessions.toml")).unwrap()
}

const FILE: &str = "# ours\nowner = 'us'\n\n[azure]\ncloud = 'sandbox'\n\n[sessions.rg]  # the team\nb = 'web'  # keep\n\n[ssh]\nuser = 'me'\n";

#[test]
fn new_sessions_go_to_their_table_and_everything_else_stays() {
    let project = Project::new(FILE).with_fleet(&[
        ("RG/a", Some("db")),
        ("RG/b", Some("web")),
        ("RG/c", Some("cache")),
        ("OTHER/x", Some("gpu")),
        ("OTHER/y", None),
    ]);
    let dry = project.run(&["import", "--dry-run"]);
    assert_snapshot!(dry, @"
    $ azlin import --dry-run -> 0
    --- stdout
    --- sessions.toml
    +++ sessions.toml
    @@ -6,6 +6,11 @@
     
     [sessions.rg]  # the team
     b = 'web'  # keep
    +a = 'db'
    +c = 'cache'
    +
    +[sessions.other]
    +x = 'gpu'
     
     [ssh]
     user = 'me'

    --- stderr
    Would add 3 sessions to sessions.toml (1 already there).
    ");
    assert_eq!(file_of(&project), FILE, "a dry run writes nothing");
    assert_snapshot!(project.run(&["import"]), @"
    $ azlin import -> 0
    --- stderr
    Added 3 sessions to sessions.toml (1 already there). Next, run: azlin plan
    ");
    assert_snapshot!(file_of(&project), @"
    # ours
    owner = 'us'

    [azure]
    cloud = 'sandbox'

    [sessions.rg]  # the team
    b = 'web'  # keep
    a = 'db'
    c = 'cache'

    [sessions.other]
    x = 'gpu'

    [ssh]
    user = 'me'
    ");
    assert_snapshot!(project.run(&["plan"]).stdout, @"
    azlin will update 4 VMs in the sandbox:

      = other/x   gpu   (adds the owner tag)
      = rg/a      db   (adds the owner tag)
      = rg/b      web   (adds the owner tag)
      = rg/c      cache   (adds the owner tag)

    Plan: 0 to set, 0 to change, 0 to clear, 4 to adopt, 0 blocked. 0 sessions already match; 0 unmanaged.
    ");
    let once = file_of(&project);
    assert_snapshot!(project.run(&["import"]).stderr, @"Nothing to add to sessions.toml (4 already there).");
    assert_eq!(file_of(&project), once);
}

#[test]
fn what_cannot_be_imported_is_listed_with_a_way_out() {
    let file = "owner = 'us'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\nb = 'web'\nd = 'k'\n";
    let project = Project::new(file);
    let mut fleet = vms(&[
        ("rg/a", Some("not a name")),
        ("rg/b", Some("other")),
        ("rg/c", Some("web")),
        ("rg/e", Some("twice")),
        ("rg/f", Some("twice")),
        ("rg/g", Some("a")),
        ("rg/h", Some("theirs")),
        ("rg/k", Some("x")),
    ]);
    fleet[6]["tags"]["azlin_owner"] = "them".into();
    project.set_fleet(fleet);
    assert_snapshot!(project.run(&["import"]), @"
    $ azlin import -> 0
    --- stderr
    warning: not imported: `not a name` on rg/a: invalid session name: it contains a space; use only letters, digits, `-`, `_` and `.`; set another with azlin session rg/a not-a-name
    warning: not imported: `other` on rg/b: sessions.toml assigns `web` to it on line 5; to keep the live name, change that line
    warning: not imported: `web` on rg/c: sessions.toml assigns this name to rg/b on line 5; to keep it here, delete that line first
    warning: not imported: `twice` on rg/e: rg/f has this name too; clear all but one with azlin session VM --clear, then run this again
    warning: not imported: `twice` on rg/f: rg/e has this name too; clear all but one with azlin session VM --clear, then run this again
    warning: not imported: `a` on rg/g: it is the name of another VM, rg/a; set another with azlin session rg/g NAME
    warning: not imported: `theirs` on rg/h: the VM belongs to another owner, them
    warning: not imported: `x` on rg/k: the VM's own name is a session on line 6 of sessions.toml; change that session first
    Nothing to add to sessions.toml (8 not imported).
    ");
    assert_eq!(file_of(&project), file);
}

#[test]
fn groups_and_tags_narrow_the_import() {
    let project = Project::new("[azure]\ncloud = 'sandbox'\n");
    let mut fleet = vms(&[
        ("rg/a", Some("db")),
        ("rg/b", Some("web")),
        ("other/c", Some("gpu")),
        ("third/d", Some("x")),
    ]);
    fleet[1]["tags"]["team"] = "ml".into();
    fleet[2]["tags"]["team"] = "ml".into();
    project.set_fleet(fleet);
    let ran = project.run(&["import", "--rg", "RG", "--rg", "other", "--tag", "team=ml"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert_snapshot!(file_of(&project), @r#"
    [azure]
    cloud = 'sandbox'

    [sessions.other]
    c = "gpu"

    [sessions.rg]
    b = "web"
    "#);
}

#[test]
fn names_in_another_tools_tag_move_over() {
    let project = Project::new("owner = 'us'\n[azure]\ncloud = 'sandbox'\n");
    let mut fleet = vms(&[
        ("rg/a", None),
        ("rg/b", Some("kept")),
        ("rg/c", None),
        ("rg/d", None),
    ]);
    fleet[0]["tags"] = json!({ "azlin-session": "alpha" });
    fleet[1]["tags"]["azlin-session"] = "beta".into();
    fleet[2]["tags"] = json!({ "azlin-session": "kept" });
    fleet[3]["tags"] = json!({ "AZLIN-Session": "delta" });
    project.set_fleet(fleet);
    assert_snapshot!(project.run(&["import", "--from-tag", "azlin-session"]), @"
    $ azlin import --from-tag azlin-session -> 0
    --- stderr
    warning: not imported: `beta` on RG/b: the VM has azlin's session kept already; import without --from-tag adds it
    warning: not imported: `kept` on RG/c: RG/b has this name too; clear all but one with azlin session VM --clear, then run this again
    Added 2 sessions to sessions.toml (2 not imported). Next, run: azlin plan
    ");
    assert_snapshot!(file_of(&project), @r#"
    owner = 'us'
    [azure]
    cloud = 'sandbox'

    [sessions.rg]
    a = "alpha"
    d = "delta"
    "#);
    let ran = project.run(&["apply", "-y"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert_eq!(
        project.sessions(),
        ["rg/a alpha", "rg/b kept", "rg/c -", "rg/d delta"]
    );
}

#[test]
fn a_mistake_is_told_before_azure_is_read() {
    let project = Project::new(FILE);
    assert_snapshot!(project.run(&["import", "--tag", "a/b=c"]).stderr, @"
    error: --tag `a/b=c`: a tag key cannot contain `/`
    help: write it as KEY or KEY=VALUE
    ");
    assert_snapshot!(project.run(&["import", "--from-tag", ""]).stderr, @"
    error: --from-tag ``: a tag key cannot be empty
    help: name the tag by its key, such as azlin-session
    ");
    fs::write(
        project.path().join("other.toml"),
        "[azure]\ncloud='sandbox'\n",
    )
    .unwrap();
    let several = ["import", "-f", "sessions.toml", "-f", "other.toml"];
    assert_snapshot!(project.run(&several).stderr, @"
    error: import writes one file, and several are given
    help: choose one with --file
    ");
}

/// An Azure with this fleet over HTTP, and an empty folder for the file that `init` creates.
fn azure(fleet: &[(&str, Option<&str>)], owned: &[(usize, &str)]) -> (Project, (Server, Project)) {
    let served = Project::new("");
    let mut all = vms(fleet);
    for (at, owner) in owned {
        all[*at]["tags"]["azlin_owner"] = (*owner).into();
    }
    served.set_fleet(all);
    let server = Server::of(&served, &[]);
    let project = Project::new("")
        .with_env("AZLIN_ENDPOINT", &server.endpoint)
        .with_env("AZURE_ACCESS_TOKEN", "token")
        .with_env("AZURE_SUBSCRIPTION_ID", azlin::sandbox::SUBSCRIPTION);
    fs::remove_file(project.path().join("sessions.toml")).unwrap();
    (project, (server, served))
}

/// `text` without the port of the server.
fn at_endpoint(text: &str, (server, _): &(Server, Project)) -> String {
    text.replace(&server.endpoint, "ENDPOINT")
}

const LIVE: [(&str, Option<&str>); 4] = [
    ("RG-DEV/vm-1", Some("project-alpha")),
    ("RG-DEV/vm-2", None),
    ("rg-Ml/gpu-1", Some("bert")),
    ("rg-Ml/gpu-2", Some("gpt")),
];

#[test]
fn init_writes_a_file_whose_plan_only_adopts() {
    let (project, server) = azure(&LIVE, &[(3, "others")]);
    let ran = project.run(&["init", "--owner", "org/repo"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert_snapshot!(at_endpoint(&ran.to_string(), &server), @"
    $ azlin init --owner org/repo -> 0
    --- stderr
    warning: not imported: `gpt` on RG-ML/gpu-2: the VM belongs to another owner, others
    Created sessions.toml with owner org/repo for subscription 5a4db0e5-0000-4000-8000-000000000000 at ENDPOINT; it has the 2 sessions there.
    Next, run: azlin plan. The plan adopts 2 VMs: it adds the owner tag and changes nothing else.
    ");
    assert_snapshot!(file_of(&project), @r#"
    # Which VM holds which session name. `azlin plan` shows how Azure differs from this file, `azlin apply` makes Azure match,
    # and `azlin connect NAME` opens SSH on the VM that holds the name.

    # A name for this file alone. azlin marks the sessions that this file sets with it, and clears only those: the ones that
    # you delete here. Without an owner, azlin never clears a session.
    owner = "org/repo"

    [azure]
    subscription = "5a4db0e5-0000-4000-8000-000000000000"

    # One table for each resource group: VM = "session".

    [sessions.rg-dev]
    vm-1 = "project-alpha"

    [sessions.rg-ml]
    gpu-1 = "bert"

    # The team's defaults for `azlin connect`:
    # [ssh]
    # user = "azureuser"
    # jump = "bastion.example.com"                     # on the way to VMs without a public IP
    # command = "tmux new-session -A -s {session}"     # what an interactive connect runs
    "#);
    let plan = project.run(&["plan"]);
    assert_eq!(plan.code(), 0, "{plan}");
    assert_snapshot!(at_endpoint(&plan.stdout, &server), @"
    azlin will update 2 VMs in subscription 5a4db0e5-0000-4000-8000-000000000000 at ENDPOINT:

      = rg-dev/vm-1   project-alpha   (adds the owner tag)
      = rg-ml/gpu-1   bert   (adds the owner tag)

    Plan: 0 to set, 0 to change, 0 to clear, 2 to adopt, 0 blocked. 0 sessions already match; 1 unmanaged.
    ");
    let applied = project.run(&["apply", "-y"]);
    assert_eq!(applied.code(), 0, "{applied}");
    assert_eq!(project.run(&["plan", "--detailed-exitcode"]).code(), 0);
    assert_snapshot!(project.run(&["import"]).stderr, @"
    warning: not imported: `gpt` on rg-ml/gpu-2: the VM belongs to another owner, others
    Nothing to add to sessions.toml (2 already there, 1 not imported).
    ");
}

#[test]
fn init_for_some_groups_counts_only_those() {
    let (project, _server) = azure(&LIVE, &[]);
    let ran = project.run(&["init", "--rg", "rg-ml", "--owner", "ml"]);
    assert_eq!(ran.code(), 0, "{ran}");
    let file = file_of(&project);
    assert!(
        file.contains("scope = \"groups\"") && !file.contains("project-alpha"),
        "{file}"
    );
    assert!(
        file.contains("[sessions.rg-ml]\ngpu-1 = \"bert\"\ngpu-2 = \"gpt\"\n"),
        "{file}"
    );
    let plan = project.run(&["plan"]);
    assert!(plan.stdout.contains("2 to adopt, 0 blocked"), "{plan}");
}

#[test]
fn init_without_sessions_shows_how_to_write_one() {
    let (project, server) = azure(&[("rg/a", None)], &[]);
    let ran = project.run(&["init", "--owner", "us"]);
    assert_snapshot!(at_endpoint(&ran.stderr, &server), @"
    Created sessions.toml with owner us for subscription 5a4db0e5-0000-4000-8000-000000000000 at ENDPOINT; no VM there has a session to add.
    Add a line for each VM, then run: azlin plan
    ");
    let file = file_of(&project);
    assert!(
        file.contains("# [sessions.rg-dev]\n# dev-vm-1 = \"project-alpha\"\n"),
        "{file}"
    );
    assert_eq!(project.run(&["plan", "--detailed-exitcode"]).code(), 0);
}

#[test]
fn init_never_overwrites_whatever_is_there() {
    let project =
        Project::new("# mine\n").with_env("AZURE_SUBSCRIPTION_ID", azlin::sandbox::SUBSCRIPTION);
    let refusal = project.run(&["init"]);
    assert_snapshot!(refusal, @"
    $ azlin init -> 1
    --- stderr
    error: sessions.toml exists already; init never overwrites a file
    help: to add the sessions that it lacks, run azlin import; to create another file, pass --file PATH
    ");
    for arguments in [
        &["init", "--sandbox"][..],
        &["init", "--file", "sessions.toml"],
    ] {
        let ran = project.run(arguments);
        assert_eq!((ran.code(), ran.stderr), (1, refusal.stderr.clone()));
    }
    assert_eq!(file_of(&project), "# mine\n");
    #[cfg(unix)]
    {
        let link = project.path().join("link.toml");
        std::os::unix::fs::symlink("none.toml", &link).unwrap();
        let ran = project.run(&["init", "--sandbox", "--file", "link.toml"]);
        assert_eq!(ran.code(), 1, "{ran}");
        assert!(
            !project.path().join("none.toml").exists(),
            "a link is not followed"
        );
    }
    let fleet = Project::sample().with_fleet(&[("rg/a", Some("x"))]);
    fs::remove_file(fleet.path().join("sessions.toml")).unwrap();
    let ran = fleet.run(&["init", "--sandbox"]);
    assert_snapshot!(ran.stderr, @r#"
    error: .azlin/sandbox.json exists already; init never overwrites a file
    help: to use that sandbox, write a file with cloud = "sandbox" beside it; to start over, delete it
    "#);
    assert_eq!(fleet.sessions(), ["rg/a x"]);
    assert!(!fleet.path().join("sessions.toml").exists());
}

#[test]
fn init_refuses_an_owner_that_another_file_has() {
    let fleet = [
        ("rg/a", Some("db")),
        ("rg/b", Some("twice")),
        ("rg/c", Some("twice")),
    ];
    let (project, _server) = azure(&fleet, &[(1, "us")]);
    let ran = project.run(&["init", "--owner", "us"]);
    assert_eq!(ran.code(), 1, "{ran}");
    assert_snapshot!(ran.stderr, @"
    error: owner us has 1 session in Azure that sessions.toml cannot declare, so azlin would clear what another file set
    help: choose another owner with --owner NAME; each file has an owner of its own
    ");
    assert!(!project.path().join("sessions.toml").exists());
    let ran = project.run(&["init", "--owner", "not an owner"]);
    assert_snapshot!(ran.stderr, @"
    error: invalid --owner: an owner cannot contain a space
    help: use a name like platform-team or org/repository
    ");
}

#[test]
fn the_owner_is_the_repository_or_the_folder() {
    let (project, _server) = azure(&[("rg/a", None)], &[]);
    let owner = |name: &str, url: Option<&str>| {
        let folder = project.path().join(name);
        fs::create_dir(&folder).unwrap();
        if let Some(url) = url {
            let git = |arguments: &[&str]| {
                let mut git = std::process::Command::new("git");
                assert!(
                    git.args(arguments)
                        .current_dir(&folder)
                        .status()
                        .unwrap()
                        .success()
                );
            };
            git(&["init", "-q"]);
            git(&["remote", "add", "origin", url]);
        }
        let ran: Ran = project.run(&["init", "--file", &format!("{name}/sessions.toml")]);
        assert_eq!(ran.code(), 0, "{ran}");
        let text = fs::read_to_string(folder.join("sessions.toml")).unwrap();
        let line = text.lines().find(|line| line.starts_with("owner")).unwrap();
        line.to_owned()
    };
    assert_eq!(
        owner("a", Some("git@github.com:org/repo.git")),
        "owner = \"org/repo\""
    );
    assert_eq!(
        owner("b", Some("https://dev.azure.com/o/p/_git/names")),
        "owner = \"b\""
    );
    assert_eq!(
        owner("c", Some("https://token@host/org/repo.git/")),
        "owner = \"org/repo\""
    );
    assert_eq!(owner("the team", None), "owner = \"the-team\"");
    assert_eq!(owner("größe", None), "owner = \"my-team\"");
}

#[test]
fn the_try_out_sets_changes_adopts_and_clears() {
    let project = Project::new("");
    fs::remove_file(project.path().join("sessions.toml")).unwrap();
    let ran = project.run(&["init", "--sandbox"]);
    assert_snapshot!(ran, @"
    $ azlin init --sandbox -> 0
    --- stderr
    Created sessions.toml, and a simulated Azure with 9 VMs in .azlin beside it.
    Next, run: azlin plan
    ");
    let plan = project.run(&["plan"]);
    assert!(
        plan.stdout
            .contains("Plan: 2 to set, 2 to change, 1 to clear, 2 to adopt, 0 blocked."),
        "{plan}"
    );
    let applied = project.run(&["apply", "-y"]);
    assert_eq!(applied.code(), 0, "{applied}");
}

/// A text of a file with `lines`, comments and spellings of its own.
fn text_of(lines: &[(usize, usize)], owner: bool, style: usize) -> String {
    let mut text = "# head\n".to_owned();
    if owner {
        text += "owner = 'us' # who\n";
    }
    if lines.is_empty() {
        return text;
    }
    match style {
        0 => text += "\n[sessions.rg] # table\n",
        1 => text += "\n[sessions]\n",
        _ => {}
    }
    let mut seen = (Vec::new(), Vec::new());
    for (vm, name) in lines {
        if seen.0.contains(vm) || seen.1.contains(name) {
            continue;
        }
        seen.0.push(*vm);
        seen.1.push(*name);
        let line = match style {
            0 => format!("vm-{vm} = 's-{name}' # {vm}\n"),
            1 => format!("rg.vm-{vm} = \"s-{name}\"\n# after {vm}\n"),
            _ => format!("sessions.rg.vm-{vm}.session = 's-{name}'\n"),
        };
        text += &line;
    }
    text
}

/// The file `text` as azlin reads it.
fn desired(text: &str) -> Desired {
    let (file, found, _) = file::read("sessions.toml", text.as_bytes());
    let file = file.unwrap_or_else(|| panic!("{text}\n{found:#?}"));
    let owner = file.owner.clone();
    file.desired(Basis {
        owner,
        file: Shown::new("sessions.toml"),
        file_sha256: Hex::sha256(text.as_bytes()),
        ..Desired::nothing(&subscription(1)).basis
    })
}

fn imported(text: &str, live: &Live) -> (String, Import) {
    let found = import(&desired(text), live, &Source::default());
    (file::edit(text, &found.edits()).unwrap(), found)
}

proptest! {
    #[test]
    fn import_and_then_plan_has_nothing_more_to_do_but_adoptions(
        held in prop::collection::vec((0..9usize, prop::sample::select(&["", " @ us", " @ them"][..])), 1..9),
        lines in prop::collection::vec((0..12usize, 0..9usize), 0..6),
        owner in any::<bool>(),
        style in 0..3usize,
    ) {
        let text = text_of(&lines, owner, style);
        let held: Vec<(String, String)> = held.iter().enumerate().map(|(at, (name, owner))| {
            let name = if *name == 0 { String::new() } else { format!("s-{name}{owner}") };
            (format!("vm-{at}"), name)
        }).collect();
        let vms: Vec<(usize, &str, &str)> = held.iter().map(|(vm, held)| (1, vm.as_str(), held.as_str())).collect();
        let live = fleet(&vms);
        let before = plan(&[&desired(&text)], &live, &Aim::on(TODAY));
        let (after_text, found) = imported(&text, &live);
        let after = plan(&[&desired(&after_text)], &live, &Aim::on(TODAY));
        for (vm, _) in &found.added {
            for change in after.changes.iter().filter(|change| change.vm.path() == vm) {
                prop_assert_eq!(change.action, Action::Adopt, "{:?}", vm);
            }
        }
        let blocked = |plan: &azlin::plan::Plan| -> Vec<_> {
            plan.files[0].blocked.iter().map(|entry| entry.vm.clone()).collect()
        };
        prop_assert_eq!(blocked(&after), blocked(&before));
        let others = |plan: &azlin::plan::Plan| -> Vec<_> {
            let is_other = |vm: &azlin::model::VmId| !found.added.iter().any(|(added, _)| added == vm.path());
            let others = plan.changes.iter().filter(|change| is_other(&change.vm));
            others.map(|change| (change.vm.clone(), change.after.clone())).collect()
        };
        prop_assert_eq!(others(&after), others(&before), "the rest of the file means what it meant");
        for line in text.lines() {
            prop_assert!(after_text.contains(line), "{} is kept in\n{}", line, after_text);
        }
        let (twice, again) = imported(&after_text, &live);
        prop_assert_eq!(&twice, &after_text);
        prop_assert!(again.added.is_empty());
    }
}
