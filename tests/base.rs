//! `plan --base REV`: what the edit of a file causes, what had drifted before, and what two branches did to one name.

mod support;

use std::collections::BTreeSet;
use std::fs;

use azlin::model::VmId;
use azlin::plan::{Aim, Origin, Saved, mark_since, plan};
use insta::assert_snapshot;
use proptest::prelude::*;
use serde_json::Value;
use support::git::git_in;
use support::plans::{TODAY, file, fleet};
use support::schema::Schema;
use support::{Project, vms};

const HEAD: &str = "owner = 'us'\n[azure]\ncloud = 'sandbox'\n[sessions.rg]\n";

/// A repository whose first commit assigns db, web and cache. Azure has drifted: web is renamed, and cache is missing.
fn drifted() -> Project {
    let project = Project::new(&format!(
        "{HEAD}a = 'db'\nb = 'web'\nc = 'cache'\ngone = 'x'\n"
    ));
    let mut fleet = vms(&[
        ("rg/a", Some("db")),
        ("rg/b", Some("renamed")),
        ("rg/c", None),
        ("rg/d", None),
        ("rg/e", Some("old")),
    ]);
    for at in [0, 4] {
        fleet[at]["tags"]["azlin_owner"] = "us".into();
    }
    project.set_fleet(fleet);
    let project = project.in_git();
    project.write(&format!(
        "{HEAD}a = 'db'\nb = 'web'\ngone = 'x'\nd = 'new'\nlost = 'y'\n"
    ));
    project
}

#[test]
fn a_plan_tells_its_own_changes_from_drift() {
    let project = drifted();
    assert_snapshot!(project.run(&["plan", "--base", "HEAD"]), @"
    $ azlin plan --base HEAD -> 1
    --- stdout
    With --partial, azlin will update 3 VMs in the sandbox:

      ~ rg/b   renamed -> web   (drift; had no owner)
      + rg/d   new
      - rg/e   old   (drift; removed from sessions.toml)

    2 lines in sessions.toml cannot be applied:

      ! rg/gone   x   sessions.toml:7   (drift)
          VM not found, or not visible to this identity
          help: check the name, the resource group and the subscription
      ! rg/lost   y   sessions.toml:9
          VM not found, or not visible to this identity
          help: check the name, the resource group and the subscription

    note: compared with sessions.toml at HEAD: 2 new, 3 drift (needed there too)
    note: no longer needed since HEAD: rg/c (cache)

    Plan: 1 to set, 1 to change, 1 to clear, 2 blocked. 1 session already matches; 0 unmanaged.

    --- stderr
    error: 2 lines in sessions.toml cannot be applied
    help: fix the lines above; to apply only the others, run azlin apply --partial
    ");
    assert_snapshot!(project.run(&["plan", "--base", "HEAD", "-o", "markdown"]).stdout, @"
    <!-- azlin plan -->
    ### azlin plan: 1 to set, 1 to change, 1 to clear, 2 blocked

    <code>sessions&#46;toml</code> against <code>the sandbox</code>.

    **Cannot be applied:**

    | VM | session | line | why | what to do |
    |---|---|---|---|---|
    | <code>rg&#47;gone</code> | <code>x</code> | 7 | drift: VM not found, or not visible to this identity | check the name, the resource group and the subscription |
    | <code>rg&#47;lost</code> | <code>y</code> | 9 | VM not found, or not visible to this identity | check the name, the resource group and the subscription |

    - compared with sessions&#46;toml at HEAD&#58; 2 new, 3 drift (needed there too)
    - no longer needed since HEAD&#58; rg&#47;c (cache)

    <details open><summary>1 step since <code>HEAD</code></summary>

    | | VM | session | |
    |---|---|---|---|
    | `+` | <code>rg&#47;d</code> | <code>new</code> |  |

    </details>

    <details open><summary>2 steps of drift, needed at <code>HEAD</code> too</summary>

    | | VM | session | |
    |---|---|---|---|
    | `~` | <code>rg&#47;b</code> | <code>renamed</code> → <code>web</code> | had no owner |
    | `-` | <code>rg&#47;e</code> | <code>old</code> | removed from sessions&#46;toml |

    </details>
    ");
}

#[test]
fn json_has_the_origin_of_each_change_and_a_saved_plan_keeps_it_and_applies() {
    let project = drifted();
    project.write(&format!("{HEAD}a = 'db'\nb = 'web'\nd = 'new'\n"));
    let ran = project.run(&["plan", "--base", "HEAD", "-o", "json", "--out", "plan.json"]);
    assert_eq!(ran.code(), 0, "{ran}");
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    Schema::open().check(&json).unwrap();
    let origins: Vec<String> = json["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| {
            format!(
                "{} {}",
                change["vm"].as_str().unwrap().rsplit('/').next().unwrap(),
                change["origin"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(origins, ["b drift", "d change", "e drift"]);
    assert_eq!(json["base"]["rev"], "HEAD");
    let resolved = &json["base"]["resolved"];
    assert!(
        resolved[0]["vm"].as_str().unwrap().ends_with("rg/c"),
        "{resolved}"
    );
    assert_snapshot!(project.run(&["show", "plan.json"]).stdout, @"
    azlin will update 3 VMs in subscription 5a4db0e5-0000-4000-8000-000000000000:

      ~ rg/b   renamed -> web   (drift; had no owner)
      + rg/d   new
      - rg/e   old   (drift; removed from sessions.toml)

    note: compared with sessions.toml at HEAD: 1 new, 2 drift (needed there too)
    note: no longer needed since HEAD: rg/c (cache)

    Plan: 1 to set, 1 to change, 1 to clear, 0 blocked. 1 session already matches; 0 unmanaged.
    ");
    let ran = project.run(&["apply", "plan.json", "-y"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert_eq!(
        project.sessions(),
        ["rg/a db", "rg/b web", "rg/c -", "rg/d new", "rg/e -"]
    );
    let without = project.run(&["plan", "-o", "json"]);
    let json: Value = serde_json::from_str(&without.stdout).unwrap();
    assert!(json.get("base").is_none(), "{json}");
}

#[test]
fn a_forged_origin_decides_nothing() {
    let project = drifted();
    project.write(&format!("{HEAD}a = 'db'\nb = 'web'\nd = 'new'\n"));
    project.run(&["plan", "--base", "HEAD", "--out", "plan.json"]);
    let path = project.path().join("plan.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"drift\"", "\"change\"")).unwrap();
    let ran = project.run(&["apply", "plan.json", "-y"]);
    assert_eq!(ran.code(), 1, "{ran}");
    assert!(ran.stderr.contains("edited"), "{ran}");
    let mut saved = Saved::read(text.as_bytes()).unwrap();
    for change in &mut saved.plan.changes {
        change.origin = Some(Origin::Drift);
    }
    fs::write(&path, support::plans::with_its_digest(saved)).unwrap();
    let ran = project.run(&["apply", "plan.json", "-y"]);
    assert!(!ran.stdout.contains("drift"), "azlin plans again: {ran}");
}

#[test]
fn a_name_that_two_branches_gave_away_shows_which_line_is_new() {
    let project =
        Project::new(&format!("{HEAD}a = 'db'\n\n\nb = 'web'\n\n\nc = 'cache'\n")).in_git();
    project.git(&["checkout", "-q", "-b", "one"]);
    project.write(&format!(
        "{HEAD}\n\nb = 'web'\n\n\nc = 'cache'\n\n\nx = 'db'\n"
    ));
    project.commit("one");
    project.git(&["checkout", "-q", "main"]);
    project.write(&format!(
        "{HEAD}y = 'other'\nz = 'db'\n\n\nb = 'web'\n\n\nc = 'cache'\n"
    ));
    let main = project.commit("two");
    project.write(&format!(
        "{HEAD}y = 'other'\nz = 'db'\n\n\nb = 'web'\n\n\nc = 'cache'\n\n\nx = 'db'\n"
    ));
    assert_snapshot!(project.run(&["plan", "--base", "main"]).stderr, @"
    error: session `db` is assigned twice; line 15 is new since main
       --> sessions.toml:15:5
        |
      6 | z = 'db'
        |     ---- first here, there at main
     15 | x = 'db'
        |     ^^^^ again here, new since main
    help: give x another session, or delete one of the lines

    error: sessions.toml is invalid: 1 error
    help: fix the file; nothing was read from Azure
    ");
    let ran = project.run(&["plan", "--base", &main[..12]]);
    assert!(
        ran.stderr.contains("new since") && ran.stderr.contains("there at"),
        "{ran}"
    );
    let actions = Project::new("").with_env("GITHUB_ACTIONS", "true");
    let mut command = actions.command(&["plan", "--base", "main", "--file"]);
    let output = command
        .arg(project.path().join("sessions.toml"))
        .current_dir(project.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        text.contains("is assigned twice; line 15 is new since main%0A"),
        "{text}"
    );
    // The same VM twice is a duplicate key.
    project.write(&format!("{HEAD}z = 'db'\nb = 'web'\nZ = 'x'\nz = 'y'\n"));
    assert_snapshot!(project.run(&["plan", "--base", "main"]).stderr, @"
    error: VM `rg/Z` appears twice; line 7 is new since main
      --> sessions.toml:7:1
       |
     5 | z = 'db'
       | - first here, there at main
     7 | Z = 'x'
       | ^ again here, new since main
    help: keep one of the lines: Azure ignores case in VM names

    error: `z` appears twice in this table; line 8 is new since main
      --> sessions.toml:8:1
       |
     5 | z = 'db'
       | - first here, there at main
     8 | z = 'y'
       | ^ again here, new since main
    help: keep one of the lines

    error: sessions.toml is invalid: 2 errors
    help: fix the file; nothing was read from Azure
    ");
}

#[test]
fn a_name_in_two_files_shows_which_one_is_new() {
    let project = Project::new(&format!("{HEAD}a = 'db'\n"));
    fs::write(
        project.path().join("two.toml"),
        HEAD.replace("us", "others"),
    )
    .unwrap();
    let project = project.in_git();
    fs::write(
        project.path().join("two.toml"),
        HEAD.replace("us", "others") + "b = 'db'\n",
    )
    .unwrap();
    let ran = project.run(&[
        "plan",
        "--base",
        "HEAD",
        "-f",
        "sessions.toml",
        "-f",
        "two.toml",
    ]);
    assert_snapshot!(ran.stderr, @"
    error: session `db` is assigned twice; line 5 is new since HEAD
      --> two.toml:5:5
       |
     5 | b = 'db'
       |     ^^^^ again here, new since HEAD
      ::: sessions.toml:5:5
       |
     5 | a = 'db'
       |     ---- first here, there at HEAD
    help: give b another session, or delete one of the lines

    error: the files conflict with each other: 1 error
    help: fix the files; nothing was read from Azure
    ");
}

#[test]
fn a_file_that_was_not_there_or_invalid_or_elsewhere_makes_every_change_new() {
    for (then, said) in [
        (None, "sessions.toml is not in HEAD"),
        (
            Some("not toml".to_owned()),
            "sessions.toml was invalid at HEAD",
        ),
        (
            Some(format!("{HEAD}a = 'db'\n").replace("'sandbox'", "'sandbox'\ntag = 'other'")),
            "for another Azure or tag at HEAD",
        ),
    ] {
        let project = Project::new("").with_fleet(&[("rg/a", None)]);
        match then {
            None => fs::remove_file(project.path().join("sessions.toml")).unwrap(),
            Some(text) => project.write(&text),
        }
        let project = project.in_git();
        project.write(&format!("{HEAD}a = 'db'\n"));
        let ran = project.run(&["plan", "--base", "HEAD"]);
        assert_eq!(ran.code(), 0, "{ran}");
        assert!(ran.stderr.contains(said), "{ran}");
        assert!(ran.stdout.contains(": 1 new, 0 drift"), "{ran}");
    }
}

#[test]
fn a_revision_that_cannot_be_read_is_an_error_with_a_way_out() {
    let project = drifted();
    let run = |rev: &str| project.run(&["plan", &format!("--base={rev}")]);
    assert_snapshot!(run("nope"), @"
    $ azlin plan --base=nope -> 1
    --- stderr
    error: --base: cannot read sessions.toml at `nope`: the repository has no such commit
    help: check the name; a branch of another clone is called origin/NAME
    ");
    assert_snapshot!(run("").stderr, @"
    error: --base: invalid revision ``
    help: name a commit, a branch or a tag, such as origin/main
    ");
    for rev in [
        "--upload-pack=touch owned",
        "-p",
        "^HEAD",
        "HEAD..HEAD",
        ":/first",
        "a\nb",
        "a\u{202e}b",
        "HEAD:x",
        "$(touch owned)",
        "`touch owned`",
    ] {
        let ran = run(rev);
        assert_eq!(ran.code(), 1, "{ran}");
        assert!(ran.stderr.starts_with("error: --base: "), "{ran}");
        assert!(!ran.stderr.contains('\u{202e}'), "{ran}");
        assert!(!project.path().join("owned").exists());
    }
    let outside = Project::new(HEAD);
    assert_snapshot!(outside.run(&["plan", "--base", "HEAD"]).stderr, @"
    error: --base: cannot read sessions.toml at `HEAD`: git says: not a git repository (or any of the parent directories): .git
    help: run this in a clone of the repository, or without --base
    ");
    let without = project.run(&["plan", "--base", "HEAD", "--diff"]);
    assert_eq!(without.code(), 1, "{without}");
}

#[test]
fn a_shallow_clone_names_the_command_that_fetches_the_commit() {
    let project = drifted();
    let first = project.git(&["rev-parse", "HEAD"]);
    project.commit("second");
    let origin = format!("file://{}", project.path().display());
    project.git(&["clone", "-q", "--depth=1", &origin, "clone"]);
    let clone = project.path().join("clone");
    fs::create_dir_all(clone.join(".azlin")).unwrap();
    fs::copy(project.state(), clone.join(".azlin/sandbox.json")).unwrap();
    let run = || {
        let mut command = project.command(&["plan", "--base", &first]);
        let output = command.current_dir(&clone).output().unwrap();
        String::from_utf8_lossy(&output.stderr).replace(&first, "REV")
    };
    assert_snapshot!(run(), @"
    error: --base: cannot read sessions.toml at `bb2bb9a94a`: the repository has no such commit
    help: this clone is shallow: fetch the commit with git fetch --depth=1 origin REV, or clone more of the history (fetch-depth: 0)
    ");
    git_in(&clone, &["fetch", "-q", "--depth=1", "origin", &first]);
    assert!(!run().contains("error: --base"), "{}", run());
}

#[test]
fn settings_of_the_repository_and_of_a_hook_run_and_mislead_nothing() {
    let project = drifted();
    let folder = project.path().join("teams");
    fs::create_dir(&folder).unwrap();
    fs::rename(
        project.path().join("sessions.toml"),
        folder.join("sessions.toml"),
    )
    .unwrap();
    fs::rename(project.path().join(".azlin"), folder.join(".azlin")).unwrap();
    project.commit("moved");
    let owned = project.path().join("owned");
    for setting in [
        "core.fsmonitor",
        "core.pager",
        "diff.external",
        "core.sshCommand",
        "gpg.program",
    ] {
        project.git(&["config", setting, &format!("touch {}", owned.display())]);
    }
    project.git(&["config", "log.showSignature", "true"]);
    let hook = project
        .with_env("GIT_DIR", ".git")
        .with_env("GIT_WORK_TREE", "/")
        .with_env("GIT_INDEX_FILE", "x");
    let ran = hook.run(&["plan", "--base", "HEAD", "--file", "teams/sessions.toml"]);
    assert!(
        ran.stdout
            .contains("compared with teams/sessions.toml at HEAD: 0 new"),
        "{ran}"
    );
    assert!(!owned.exists());
}

proptest! {
    /// A change is drift exactly if the plan for the older file has it too, and nothing else of the plan changes.
    #[test]
    fn the_origin_of_a_change_follows_from_the_older_file(
        held in prop::collection::vec(0..6usize, 6),
        owned in prop::collection::vec(any::<bool>(), 6),
        then in prop::collection::vec(0..6usize, 0..6),
        now in prop::collection::vec(0..6usize, 0..6),
    ) {
        let names = ["", "s-a", "s-b", "s-c", "s-d", "s-e"];
        let vms = ["v0", "v1", "v2", "v3", "v4", "v5"];
        let lines = |picks: &[usize]| {
            let mut seen = BTreeSet::from([0]);
            let own = picks.iter().enumerate().filter(|(_, name)| seen.insert(**name));
            own.map(|(at, name)| (vms[at], names[*name])).collect::<Vec<_>>()
        };
        let held: Vec<String> = held.iter().zip(&owned).map(|(name, owned)| {
            let owner = if *owned && *name > 0 { " @ us" } else { "" };
            format!("{}{owner}", names[*name])
        }).collect();
        let all: Vec<(usize, &str, &str)> = vms.iter().zip(&held).map(|(vm, held)| (1, *vm, held.as_str())).collect();
        let live = fleet(&all);
        let (then, now) = (file(1, "us", &lines(&then)), file(1, "us", &lines(&now)));
        let aim = Aim::on(TODAY);
        let before = plan(&[&then], &live, &aim);
        let plain = plan(&[&now], &live, &aim);
        let mut marked = plain.clone();
        mark_since(&mut marked, &before, "main");
        for change in &marked.changes {
            let same = before.change_of(&change.vm).is_some_and(|other| other.after == change.after);
            prop_assert_eq!(change.origin == Some(Origin::Drift), same);
        }
        let resolved: BTreeSet<&VmId> = marked.base.iter().flat_map(|base| &base.resolved).map(|write| &write.vm).collect();
        for change in &before.changes {
            let left = marked.change_of(&change.vm).is_some()
                || marked.files[0].blocked.iter().any(|line| line.vm == change.vm);
            prop_assert_eq!(resolved.contains(&change.vm), !left);
        }
        let saved = azlin::plan::Saved::new(aim.options.clone(), azlin::plan::fingerprint(&live), marked.clone());
        prop_assert_eq!(Saved::read(saved.write().as_bytes()).unwrap(), saved);
        if then == now {
            prop_assert!(marked.changes.iter().all(|change| change.origin == Some(Origin::Drift)));
        }
        marked.base = None;
        marked.changes.iter_mut().for_each(|change| change.origin = None);
        marked.files.iter_mut().flat_map(|file| &mut file.blocked).for_each(|line| line.origin = None);
        prop_assert_eq!(marked, plain);
    }
}
