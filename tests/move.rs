//! `azlin move`: the file gives a session to another VM, and the plan shows what follows.

mod support;

use std::collections::BTreeSet;
use std::fs;

use azlin::file::{self, edit};
use azlin::model::{Basis, Desired, Hex, Live, Owner, SessionName, Shown};
use azlin::moving::{NoMove, moving};
use azlin::plan::{Aim, plan};
use insta::assert_snapshot;
use proptest::prelude::*;
use support::plans::{id_in, live, subscription};
use support::spellings::{self, Choices};
use support::{Project, vms};
use time::Date;

fn file_of(project: &Project) -> String {
    fs::read_to_string(project.path().join("sessions.toml")).unwrap()
}

const FILE: &str = "# ours
owner = 'us'

[azure]
cloud = 'sandbox'

[sessions.rg]
a = 'db'    # until March
bb = 'web'  # the shop

[sessions.other]
x = { session = 'gpu', expires = 2999-01-31 }  # research

[ssh]
user = 'me'
";

/// [`FILE`] on a fleet that matches it.
fn project() -> Project {
    let project = Project::new(FILE);
    let mut fleet = vms(&[
        ("rg/a", Some("db")),
        ("rg/bb", Some("web")),
        ("rg/c", None),
        ("other/x", Some("gpu")),
        ("OTHER/y", None),
        ("third/z", None),
    ]);
    for vm in &mut fleet {
        if vm["tags"]["azlin_session"].is_string() {
            vm["tags"]["azlin_owner"] = "us".into();
        }
    }
    project.set_fleet(fleet);
    project
}

/// The lines that a move changes in [`FILE`], after the output of the command.
fn moved(arguments: &[&str]) -> String {
    let project = project();
    let ran = project.run(&[&["move"], arguments].concat());
    let after = file_of(&project);
    let diff = similar::TextDiff::from_lines(FILE, &after);
    let changes = diff.iter_all_changes();
    let changes = changes.filter(|change| change.tag() != similar::ChangeTag::Equal);
    let lines: String = changes.map(|c| format!("{}{c}", c.tag())).collect();
    assert_eq!(
        project.sessions()[0],
        "rg/a db",
        "it writes nothing to Azure"
    );
    format!("{ran}--- file\n{lines}")
}

#[test]
fn a_line_stays_in_its_place_with_its_comment_when_its_vm_changes() {
    assert_snapshot!(moved(&["db", "c"]), @"
    $ azlin move db c -> 0
    --- stdout
    azlin will update 2 VMs in the sandbox:

      - rg/a   db   (removed from sessions.toml)
      + rg/c   db

    Plan: 1 to set, 0 to change, 1 to clear, 0 blocked. 2 sessions already match; 0 unmanaged.

    --- stderr
    sessions.toml now gives db to rg/c, and no longer to rg/a (line 8)
    Run azlin apply to make these changes.

    --- file
    -a = 'db'    # until March
    +c = 'db'    # until March
    ");
}

#[test]
fn the_last_day_goes_with_the_session() {
    assert_snapshot!(moved(&["gpu", "OTHER/Y"]), @"
    $ azlin move gpu OTHER/Y -> 0
    --- stdout
    azlin will update 2 VMs in the sandbox:

      - other/x   gpu   (removed from sessions.toml)
      + other/y   gpu

    Plan: 1 to set, 0 to change, 1 to clear, 0 blocked. 2 sessions already match; 0 unmanaged.

    --- stderr
    sessions.toml now gives gpu to other/y, and no longer to other/x (line 12); it still expires after 2999-01-31
    Run azlin apply to make these changes.

    --- file
    -x = { session = 'gpu', expires = 2999-01-31 }  # research
    +y = { session = 'gpu', expires = 2999-01-31 }  # research
    ");
    assert_snapshot!(moved(&["gpu", "c"]), @"
    $ azlin move gpu c -> 0
    --- stdout
    azlin will update 2 VMs in the sandbox:

      - other/x   gpu   (removed from sessions.toml)
      + rg/c      gpu

    Plan: 1 to set, 0 to change, 1 to clear, 0 blocked. 2 sessions already match; 0 unmanaged.

    --- stderr
    sessions.toml now gives gpu to rg/c, and no longer to other/x (line 12); it still expires after 2999-01-31
    note: this removed a comment from sessions.toml: `# research`
    Run azlin apply to make these changes.

    --- file
    +c = { session = 'gpu', expires = 2999-01-31 }
    -x = { session = 'gpu', expires = 2999-01-31 }  # research
    ");
    assert_snapshot!(moved(&["gpu", "a"]), @"
    $ azlin move gpu a -> 0
    --- stdout
    azlin will update 2 VMs in the sandbox:

      - other/x   gpu   (removed from sessions.toml)
      ~ rg/a      db -> gpu

    Plan: 0 to set, 1 to change, 1 to clear, 0 blocked. 1 session already matches; 0 unmanaged.

    --- stderr
    sessions.toml now gives gpu to rg/a, and no longer to other/x (line 12); it still expires after 2999-01-31
    note: rg/a had db on line 8; sessions.toml no longer declares db
    note: this removed a comment from sessions.toml: `# research`
    Run azlin apply to make these changes.

    --- file
    -a = 'db'    # until March
    +a = { session = 'gpu', expires = 2999-01-31 }    # until March
    -x = { session = 'gpu', expires = 2999-01-31 }  # research
    ");
    assert_snapshot!(moved(&["db", "x"]), @"
    $ azlin move db x -> 0
    --- stdout
    azlin will update 2 VMs in the sandbox:

      - rg/a      db   (removed from sessions.toml)
      ~ other/x   gpu -> db

    Plan: 0 to set, 1 to change, 1 to clear, 0 blocked. 1 session already matches; 0 unmanaged.

    --- stderr
    sessions.toml now gives db to other/x, and no longer to rg/a (line 8)
    note: other/x had gpu on line 12; sessions.toml no longer declares gpu
    note: this removed a comment from sessions.toml: `# until March`
    Run azlin apply to make these changes.

    --- file
    -a = 'db'    # until March
    -x = { session = 'gpu', expires = 2999-01-31 }  # research
    +x = { session = 'db' }  # research
    ");
}

#[test]
fn a_session_replaces_another_which_is_named() {
    assert_snapshot!(moved(&["web", "rg/a"]), @"
    $ azlin move web rg/a -> 0
    --- stdout
    azlin will update 2 VMs in the sandbox:

      - rg/bb   web   (removed from sessions.toml)
      ~ rg/a    db -> web

    Plan: 0 to set, 1 to change, 1 to clear, 0 blocked. 1 session already matches; 0 unmanaged.

    --- stderr
    sessions.toml now gives web to rg/a, and no longer to rg/bb (line 9)
    note: rg/a had db on line 8; sessions.toml no longer declares db
    note: this removed a comment from sessions.toml: `# the shop`
    Run azlin apply to make these changes.

    --- file
    -a = 'db'    # until March
    -bb = 'web'  # the shop
    +a = 'web'    # until March
    ");
}

#[test]
fn a_session_without_a_line_gets_one() {
    assert_snapshot!(moved(&["cache", "third/z"]), @"
    $ azlin move cache third/z -> 0
    --- stdout
    azlin will update 1 VM in the sandbox:

      + third/z   cache

    Plan: 1 to set, 0 to change, 0 to clear, 0 blocked. 3 sessions already match; 0 unmanaged.

    --- stderr
    sessions.toml now gives cache to third/z
    Run azlin apply to make these changes.

    --- file
    +[sessions.third]
    +z = 'cache'
    +
    ");
    assert_snapshot!(moved(&["cache", "--rg", "RG", "a"]), @"
    $ azlin move cache --rg RG a -> 0
    --- stdout
    azlin will update 1 VM in the sandbox:

      ~ rg/a   db -> cache

    Plan: 0 to set, 1 to change, 0 to clear, 0 blocked. 2 sessions already match; 0 unmanaged.

    --- stderr
    sessions.toml now gives cache to rg/a
    note: rg/a had db on line 8; sessions.toml no longer declares db
    Run azlin apply to make these changes.

    --- file
    -a = 'db'    # until March
    +a = 'cache'    # until March
    ");
}

#[test]
fn what_is_so_already_needs_no_edit() {
    assert_snapshot!(moved(&["db", "a"]), @"
    $ azlin move db a -> 0
    --- stdout
    No changes: the sandbox matches sessions.toml.
    Plan: 0 to set, 0 to change, 0 to clear, 0 blocked. 3 sessions already match; 0 unmanaged.

    --- stderr
    Nothing to edit: sessions.toml gives db to rg/a already (line 8).

    --- file
    ");
}

#[test]
fn a_dry_run_shows_the_diff_and_writes_nothing() {
    assert_snapshot!(moved(&["gpu", "a", "--dry-run"]), @"
    $ azlin move gpu a --dry-run -> 0
    --- stdout
    --- sessions.toml
    +++ sessions.toml
    @@ -5,11 +5,10 @@
     cloud = 'sandbox'
     
     [sessions.rg]
    -a = 'db'    # until March
    +a = { session = 'gpu', expires = 2999-01-31 }    # until March
     bb = 'web'  # the shop
     
     [sessions.other]
    -x = { session = 'gpu', expires = 2999-01-31 }  # research
     
     [ssh]
     user = 'me'

    --- stderr
    sessions.toml would give gpu to rg/a, and no longer to other/x (line 12); it still expires after 2999-01-31
    note: rg/a had db on line 8; sessions.toml no longer declares db
    note: this removed a comment from sessions.toml: `# research`

    --- file
    ");
}

#[test]
fn a_mistake_writes_nothing() {
    let project = project();
    for (arguments, expected) in [
        (
            ["no name", "c"],
            "error: invalid session name `no name`: it contains a space",
        ),
        (
            ["db", "cc"],
            "error: no VM is named `cc` (searched 6 VMs)\nhelp: did you mean rg/c?",
        ),
        (["db", "web"], "error: no VM is named `web`"),
        (
            ["c", "a"],
            "error: session `c` is the name of another VM, rg/c",
        ),
        (
            ["X", "a"],
            "error: session `X` is the name of another VM, other/x",
        ),
    ] {
        let ran = project.run(&[&["move"], &arguments[..]].concat());
        assert_eq!(ran.code(), 1, "{ran}");
        assert!(
            ran.stderr.contains(expected.split('\n').next().unwrap()),
            "{ran}"
        );
        assert_eq!(file_of(&project), FILE);
    }
    assert_snapshot!(project.run(&["move", "db", "cc"]).stderr, @"
    error: no VM is named `cc` (searched 6 VMs)
    help: did you mean rg/c?
    ");
    assert_snapshot!(project.run(&["move", "db"]).stderr, @"
    error: the following required arguments were not provided:
      <VM>

    Usage: azlin move <NAME> <VM>

    For more information, try '--help'.
    ");
}

#[test]
fn a_name_that_several_vms_have_is_ambiguous() {
    let project = Project::sandbox("[sessions.rg]\na = 'db'\n").with_fleet(&[
        ("rg/a", Some("db")),
        ("rg/b", None),
        ("other/b", None),
    ]);
    assert_snapshot!(project.run(&["move", "db", "b"]).stderr, @"
    error: `b` is the name of 2 VMs:
      OTHER/b
      rg/b
    help: use GROUP/VM, as listed above
    ");
    let ran = project.run(&["move", "db", "other/b", "--dry-run"]);
    assert_eq!(ran.code(), 0, "{ran}");
}

#[test]
fn a_move_to_a_vm_of_another_owner_is_written_and_blocked() {
    let project = project();
    let mut fleet = project.fleet();
    fleet["vms"][2]["tags"] = serde_json::json!({ "azlin_session": "x1", "azlin_owner": "them" });
    fs::write(project.state(), fleet.to_string()).unwrap();
    assert_snapshot!(project.run(&["move", "db", "c"]), @"
    $ azlin move db c -> 1
    --- stdout
    1 line in sessions.toml cannot be applied:

      ! rg/c   db   sessions.toml:8
          the VM belongs to another owner, `them`
          help: ask that owner, then run this again with --take-ownership rg/c

    Plan: 0 to set, 0 to change, 0 to clear, 1 blocked. 2 sessions already match; 0 unmanaged.

    --- stderr
    sessions.toml now gives db to rg/c, and no longer to rg/a (line 8)
    error: 1 line in sessions.toml cannot be applied
    help: fix the lines above; to apply only the others, run azlin apply --partial
    ");
}

#[test]
fn an_expired_line_is_not_moved() {
    let project = Project::new("owner = 'us'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\na = { session = 'db', expires = 2020-01-01 }\n")
        .with_fleet(&[("rg/a", Some("db")), ("rg/b", None)]);
    let before = file_of(&project);
    assert_snapshot!(project.run(&["move", "db", "b"]).stderr, @"
    error: line 5 of sessions.toml, which gives db to rg/a, expired on 2020-01-01
    help: give the line a later `expires`, or delete it; then run this again
    ");
    assert_snapshot!(project.run(&["move", "db", "a"]).stderr, @"
    error: line 5 of sessions.toml, which gives db to rg/a, expired on 2020-01-01
    help: give the line a later `expires`, or delete it; then run this again
    ");
    assert_eq!(file_of(&project), before);
}

#[test]
fn of_several_files_the_one_that_declares_the_vm_or_the_session_changes() {
    let project =
        Project::new("owner = 'one'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\na = 'db'\n")
            .with_fleet(&[("rg/a", Some("db")), ("rg/b", Some("web")), ("rg/c", None)]);
    let two = project.path().join("two.toml");
    fs::write(
        &two,
        "owner = 'two'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\nb = 'web'\n",
    )
    .unwrap();
    let run = |arguments: &[&str]| {
        let files = ["-f", "sessions.toml", "-f", "two.toml"];
        project.run(&[&["move"], arguments, &files].concat())
    };
    assert_snapshot!(run(&["web", "a"]).stderr, @"
    error: two.toml gives web to rg/b on line 5, but rg/a belongs to sessions.toml
    help: delete line 5 of two.toml, then run this again: azlin edits one file at a time
    ");
    assert_snapshot!(run(&["cache", "c"]).stderr, @"
    error: no file has a line for cache or rg/c, and several could take it: sessions.toml and two.toml
    help: choose one: --file sessions.toml or two.toml
    ");
    let ran = run(&["web", "c"]);
    assert!(
        ran.stderr.starts_with("two.toml now gives web to rg/c"),
        "{ran}"
    );
    assert!(
        fs::read_to_string(&two)
            .unwrap()
            .ends_with("[sessions.rg]\nc = 'web'\n")
    );
}

#[test]
fn a_windows_file_stays_one_and_an_invalid_one_as_it_is() {
    let piped = Project::sandbox("[sessions.rg]\na = 'db'\n");
    let text = file_of(&piped);
    let ran = piped.run_with(&text, &["move", "db", "dev-vm-1", "--file", "/dev/stdin"]);
    assert!(
        !cfg!(target_os = "linux") || ran.stderr.contains("is not a regular file"),
        "{ran}"
    );
    let odd = "[azure]\ncloud = 'sandbox'\n[[sessions]]\n";
    let project = Project::new(odd).with_fleet(&[("rg/a", None)]);
    assert_eq!(project.run(&["move", "db", "a"]).code(), 1);
    assert_eq!(file_of(&project), odd);
    let mark = "\u{feff}[azure]\r\ncloud = 'sandbox'\r\n[sessions.rg]\r\na = 'db'\r\n";
    let project = Project::new(mark).with_fleet(&[("rg/a", Some("db")), ("rg/b", None)]);
    let ran = project.run(&["move", "db", "b"]);
    assert_eq!(
        ran.code(),
        1,
        "without an owner, azlin does not clear rg/a: {ran}"
    );
    assert_eq!(file_of(&project), mark.replace("a = 'db'", "b = 'db'"));
}

/// The file `text` as azlin reads it, with an owner.
fn desired(text: &str) -> Desired {
    let (file, found, _) = file::read("sessions.toml", text.as_bytes());
    let file = file.unwrap_or_else(|| panic!("{text}\n{found:#?}"));
    file.desired(Basis {
        owner: Owner::new("us").ok(),
        file: Shown::new("sessions.toml"),
        file_sha256: Hex::sha256(text.as_bytes()),
        ..Desired::nothing(&subscription(1)).basis
    })
}

proptest! {
    /// In every spelling of a file that Azure matches, a move changes the plan for the two VMs and nothing else.
    #[test]
    fn a_move_and_then_a_plan_is_exactly_the_move(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut choices = Choices::new(&bytes);
        let (pick, to, is_new) = (choices.below(12), choices.below(14), choices.rarely(4));
        let group = choices.one(&["rg", "WEB-1", "new", "rg.ml"]);
        let before = spellings::file(&mut choices).text;
        let then = desired(&before);
        let line = then.sessions.get(pick % then.sessions.len().max(1));
        let session = match line.filter(|_| !is_new) {
            Some(line) => line.session.clone(),
            None => SessionName::new("fresh-name").unwrap(),
        };
        let vm = match then.sessions.get(to) {
            Some(line) => line.vm.clone(),
            None => id_in(&subscription(1), group, "Target.1"),
        };
        let held = then.sessions.iter().map(|line| support::plans::vm(line.vm.clone(), &format!("{} @ us", line.session)));
        let live: Live = live([support::plans::vm(vm.clone(), "")].into_iter().chain(held));
        // No line has expired on this day.
        let aim = Aim::on(Date::MIN);
        prop_assert!(plan(&[&then], &live, &aim).changes.is_empty());

        let moved = match moving(&[&then], &live, &vm, &session, Date::MIN) {
            Ok(moved) => moved,
            Err(NoMove::Already { line, .. }) => {
                prop_assert_eq!((&line.vm, &line.session), (&vm, &session));
                return Ok(());
            }
            Err(NoMove::Shadowed { .. }) => return Ok(()),
            Err(why) => return Err(TestCaseError::fail(format!("{why:?}\n{before}"))),
        };
        let path = vm.spelled_for(&then.groups());
        let after = edit(&before, &[moved.edit(&path, &session)]);
        let after = after.map_err(|_| TestCaseError::fail(format!("cannot edit:\n{before}\n{vm:?} {session}")))?;

        let mut expected = spellings::said(&before);
        let day = moved.from.and_then(|from| {
            expected.remove(&from.vm.path().to_string().to_lowercase()).and_then(|(_, day)| day)
        });
        expected.insert(vm.path().to_string().to_lowercase(), (session.to_string(), day));
        prop_assert_eq!(spellings::said(&after), expected, "{}\n--\n{}", before, after);

        let now = desired(&after);
        let plan = plan(&[&now], &live, &aim);
        prop_assert_eq!(plan.blocked(), 0);
        let changed: BTreeSet<_> = plan.changes.iter().map(|change| &change.vm).collect();
        let involved: BTreeSet<_> = moved.from.map(|from| &from.vm).into_iter().chain([&vm]).collect();
        prop_assert_eq!(changed, involved, "{}\n--\n{}", before, after);
        let given = plan.change_of(&vm).and_then(|change| change.after.session.clone());
        prop_assert_eq!(given, Some(session));

        let gone = file::comments_gone(&before, &after);
        prop_assert!(gone.len() <= 3, "{:?}\n{}\n--\n{}", gone, before, after);
        let kept = spellings::comments(&after).len() + gone.len();
        prop_assert_eq!(kept, spellings::comments(&before).len(), "{}\n--\n{}", before, after);
        prop_assert_eq!(before.contains('\r'), after.contains('\r'));
    }
}
