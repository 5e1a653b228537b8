//! `plan --diff`: a law over files in every spelling, and the diff applied with `patch`.

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use azlin::file;
use azlin::model::{Desired, Live, LiveName};
use azlin::plan::{Aim, plan};
use azlin::show::{self, Paint};
use insta::assert_snapshot;
use proptest::prelude::*;
use support::plans;
use support::spellings::{self, Choices};
use support::{Project, skip, vms};
use time::macros::date;

/// The fleet for a generated file: the state of its VMs, and of some that it does not name.
fn fleet(lines: &[spellings::Line], choices: &mut Choices<'_>) -> Live {
    let mut live = Live::default();
    let others = ["rg/n1", "RG/n.2", "new/n3", "new/n4", "rg.ml/n5"];
    let named = lines.iter().map(|line| {
        (
            format!("{}/{}", line.group, line.name),
            line.session.as_str(),
        )
    });
    for (id, session) in named.chain(others.map(|id| (id.to_owned(), "other"))) {
        let odd = ["it's", "\u{1b}[m\n", "##vso[x]", "a\"b\\", "s0", "live", ""];
        let held = match choices.below(4) {
            0 => continue,
            1 => session,
            _ => choices.one(&odd),
        };
        let owner = choices.one(&["us", "us", "", "them"]);
        let (group, name) = id.split_once('/').unwrap();
        let mut vm = plans::vm(plans::id_in(&plans::subscription(1), group, name), "");
        (vm.held.session, vm.held.owner) = (LiveName::new(held), LiveName::new(owner));
        live.vms.insert(vm.id.clone(), vm);
    }
    live
}

/// `text` after `patch -R` of `diff`; none if `patch` is not installed.
fn reversed(folder: &Path, text: &str, diff: &str) -> Option<String> {
    let (file, patch) = (folder.join("patched.toml"), folder.join("diff.patch"));
    std::fs::write(&file, text).unwrap();
    std::fs::write(&patch, diff).unwrap();
    let mut command = Command::new("patch");
    command
        .args(["-R", "--fuzz=0", "-i"])
        .arg(&patch)
        .arg(&file);
    let Ok(output) = command.stdin(Stdio::null()).output() else {
        skip("there is no patch");
        return None;
    };
    assert!(output.status.success(), "{output:?}\n{text}\n{diff}");
    Some(std::fs::read_to_string(file).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Azure's state, written as a file, has the live sessions of the VMs that the file manages and the comments of the file,
    /// and its plan has no changes. `patch -R` of the diff gives that file.
    #[test]
    fn the_file_that_azure_would_be_has_the_live_sessions(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut choices = Choices::new(&bytes);
        let file = spellings::file(&mut choices);
        let live = fleet(&file.lines, &mut choices);
        let read = file::read("", file.text.as_bytes()).0.expect("a valid file");
        let aim = Aim::on(date!(2026 - 11 - 23));
        let wanted = |file: &file::File| {
            let mut basis = Desired::nothing(&plans::subscription(1)).basis;
            basis.file = azlin::model::Shown::new("patched.toml");
            basis.owner = file.owner.clone();
            file.desired(basis)
        };
        let planned = plan(&[&wanted(&read)], &live, &aim);
        let azure = show::azure(&planned, 0, &file.text).expect("a file that can be edited");

        let blocked: BTreeSet<String> = planned.files[0].blocked.iter().map(|line| line.vm.path().to_string().to_lowercase()).collect();
        let awaited: BTreeSet<&str> = planned.files[0].blocked.iter().map(|line| line.session.as_str()).collect();
        let mut expected = spellings::said(&file.text);
        for vm in live.vms.values() {
            let id = vm.id.path().to_string().to_lowercase();
            let held = vm.held.session.as_ref().map(LiveName::raw);
            let ours = vm.held.owner.as_ref().is_some_and(|owner| owner.raw() == "us");
            let line = expected.get(&id).cloned();
            let over = line.as_ref().is_some_and(|(_, day)| day.as_ref().is_some_and(|day| day.starts_with("2020")));
            let is_kept = (over || line.is_none()) && held.is_some_and(|name| awaited.contains(name));
            if blocked.contains(&id) || is_kept || ((over || line.is_none()) && (held.is_none() || !ours)) {
                continue;
            }
            match held {
                Some(session) => {
                    let day = line.and_then(|(_, day)| day).filter(|_| !over);
                    expected.insert(id, (session.to_owned(), day));
                }
                None => {
                    expected.remove(&id);
                }
            }
        }
        prop_assert_eq!(spellings::said(&azure), expected, "{}\n--\n{}", file.text, azure);

        let stay = spellings::comments(&azure);
        let mut all = spellings::comments(&file.text);
        all.retain(|comment| stay.contains(comment) || spellings::about(comment).is_none());
        prop_assert_eq!(stay, all, "{}\n--\n{}", file.text, azure);
        if let Some(file) = file::read("", azure.as_bytes()).0 {
            let again = plan(&[&wanted(&file)], &live, &aim);
            prop_assert_eq!(show::azure(&again, 0, &azure), Ok(azure.clone()));
        }

        let diff = show::diff(&planned, 0, &file.text, "patched.toml", Paint { on: false }).unwrap();
        prop_assert_eq!(diff.is_empty(), azure == file.text);
        let folder = tempfile::tempdir().unwrap();
        if let (false, Some(reversed)) = (diff.is_empty(), reversed(folder.path(), &file.text, &diff)) {
            prop_assert_eq!(reversed, azure);
        }
    }
}

/// The diff of a file with these sessions against the VMs `rg/a`, `rg/b` and `rg/c`. Checks that `patch -R` of it gives a valid
/// file.
fn diff(sessions: &str) -> String {
    let file = format!("azure.cloud = 'sandbox'\nowner = 'us'\n{sessions}");
    let project = Project::new(&file);
    let mut fleet = vms(&[
        ("rg/a", Some("old")),
        ("rg/b", None),
        ("rg/c", Some("left")),
    ]);
    for at in [0, 2] {
        fleet[at]["tags"]["azlin_owner"] = "us".into();
    }
    project.set_fleet(fleet);
    let diff = project.run(&["plan", "--diff"]).stdout;
    if let Some(text) = reversed(project.path(), &file, &diff) {
        let back = Project::new(&text);
        let ran = back.run(&["validate"]);
        assert_eq!(ran.code(), 0, "{ran}\n{text}");
        back.set_fleet(project.fleet()["vms"].as_array().unwrap().clone());
        assert_eq!(
            back.run(&["plan", "--detailed-exitcode"]).code(),
            0,
            "{text}"
        );
    }
    diff.lines().skip(3).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_spelling_of_a_file_leads_back_to_what_azure_has() {
    for (sessions, shown) in [
        (
            "[ sessions . rg ]\na = 'new'\nb = 'set'\n",
            " azure.cloud = 'sandbox'\n owner = 'us'\n [ sessions . rg ]\n-a = 'old'\n-c = 'left'\n+a = 'new'\n+b = 'set'",
        ),
        (
            "[\"sessions\".rg]\na = 'new'\nb = 'set'\n",
            " azure.cloud = 'sandbox'\n owner = 'us'\n [\"sessions\".rg]\n-a = 'old'\n-c = 'left'\n+a = 'new'\n+b = 'set'",
        ),
        (
            "[sessions]\nrg.a = 'new'\nrg.b = 'set'\n",
            " azure.cloud = 'sandbox'\n owner = 'us'\n [sessions]\n-rg.a = 'old'\n-rg.c = 'left'\n+rg.a = 'new'\n+rg.b = 'set'",
        ),
        (
            "[sessions]\nrg = { a = 'new', b = 'set' } # both\n",
            " azure.cloud = 'sandbox'\n owner = 'us'\n [sessions]\n-rg = { a = 'old', c = 'left' } # both\n+rg = { a = 'new', b = 'set' } # both",
        ),
        (
            "[sessions.rg.a]\nsession = 'new'\n[sessions.rg.b]\nsession = 'set'\n",
            " azure.cloud = 'sandbox'\n owner = 'us'\n [sessions.rg.a]\n-session = 'old'\n-[sessions.rg.c]\n-session = 'left'\n+session = 'new'\n+[sessions.rg.b]\n+session = 'set'",
        ),
        (
            "[sessions.rg]\na = \"new\" # was \"new\" before\n## the \\ rest\nb = 'set'",
            " azure.cloud = 'sandbox'\n owner = 'us'\n [sessions.rg]\n-a = \"old\" # was \"new\" before\n+a = \"new\" # was \"new\" before\n ## the \\ rest\n-c = 'left'\n+b = 'set'\n\\ No newline at end of file",
        ),
    ] {
        assert_eq!(diff(sessions), shown);
    }
}

#[test]
fn a_windows_file_leads_back_too() {
    let shown = diff("[sessions.rg]\r\na = 'new' # a\r\nb = 'set'\r\n");
    assert_eq!(shown.lines().count(), 7, "{shown}");
}

#[test]
fn an_empty_diff_says_why_if_owners_are_to_be_written() {
    let project = Project::new("azure.cloud = 'sandbox'\nowner = 'us'\n[sessions.rg]\na = 'x'\n")
        .with_fleet(&[("rg/a", Some("x"))]);
    assert_snapshot!(project.run(&["plan", "--diff"]), @"
    $ azlin plan --diff -> 0
    --- stderr
    note: no diff to show: the sessions in Azure match sessions.toml, and apply only adds the owner tag azlin_owner to 1 VM
    Run azlin apply to make these changes.
    ");
}

#[test]
fn the_mark_at_the_start_of_a_file_is_part_of_its_diff() {
    let text = "\u{feff}sessions.rg.a = \"new\"\n[azure]\ncloud = \"sandbox\"\n";
    let project = Project::new(text).with_fleet(&[("rg/a", Some("old"))]);
    let diff = project.run(&["plan", "--diff"]).stdout;
    assert!(diff.contains("-\u{feff}sessions.rg.a = \"old\""), "{diff}");
    if let Some(reversed) = reversed(project.path(), text, &diff) {
        assert_eq!(reversed, text.replace("new", "old"));
    }
}
