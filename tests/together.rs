//! Several azlins at once, people who change tags at the same time, and occasional failures of Azure.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};

use azlin::sandbox::Response;
use serde_json::{Value, json};
use support::azure::{Azure, saying};
use support::{Project, Ran, vms};

/// A project with this fleet, and an Azure on loopback that serves it.
fn state(fleet: &[(&str, Option<&str>)]) -> Project {
    let project = Project::new("");
    project.set_fleet(vms(fleet));
    project
}

/// The number of VMs that hold each name, from the state file.
fn holders(state: &Path) -> BTreeMap<String, usize> {
    let fleet: Value = serde_json::from_slice(&std::fs::read(state).unwrap()).unwrap();
    let mut holders = BTreeMap::new();
    for vm in fleet["vms"].as_array().unwrap() {
        if let Some(name) = vm["tags"]["azlin_session"].as_str() {
            *holders.entry(name.to_owned()).or_default() += 1;
        }
    }
    holders
}

#[test]
fn two_applies_that_give_one_name_to_two_vms_say_so() {
    let fleet = state(&[("rg/a", None), ("rg/b", None)]);
    // Both read a fleet without the name before either writes, and both write before either reads again.
    let (lists, barrier) = (AtomicUsize::new(0), Arc::new(Barrier::new(2)));
    let azure = Azure::threaded(fleet.state(), move |asked, answer| {
        let is_list = asked.target.contains("/virtualMachines?");
        let answered = if is_list { None } else { Some(answer()) };
        if is_list && lists.fetch_add(1, Ordering::SeqCst) < 4 {
            barrier.wait();
        }
        answered.unwrap_or_else(answer)
    });
    let projects = ["a", "b"].map(|vm| azure.project(&format!("[sessions.rg]\n{vm} = 'db'\n")));
    let running = projects.each_ref().map(|project| {
        let mut apply = project.command(&["apply", "--auto-approve"]);
        apply.stdout(Stdio::piped()).spawn().unwrap()
    });
    for apply in running {
        let output = apply.wait_with_output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(5), "{said}");
        assert!(
            said.contains("error: session `db` is on rg/a and ")
                || said.contains("error: session `db` is on rg/b and "),
            "{said}"
        );
    }
    assert_eq!(holders(&fleet.state())["db"], 2);
}

#[test]
fn two_versions_of_one_file_that_give_one_name_to_two_vms_say_so_too() {
    let fleet = state(&[("rg/a", None), ("rg/b", None)]);
    let (lists, barrier) = (AtomicUsize::new(0), Arc::new(Barrier::new(2)));
    let azure = Azure::threaded(fleet.state(), move |asked, answer| {
        let is_list = asked.target.contains("/virtualMachines?");
        if is_list && lists.fetch_add(1, Ordering::SeqCst) >= 2 {
            // The last read of each comes after both writes.
            barrier.wait();
            return answer();
        }
        let answered = answer();
        if is_list {
            barrier.wait();
        }
        answered
    });
    let projects = ["a", "b"].map(|vm| {
        let project = azure.project("");
        let file = std::fs::read_to_string(project.path().join("sessions.toml")).unwrap();
        let file = format!("owner = 'us'\n{file}[sessions.rg]\n{vm} = 'db'\n");
        std::fs::write(project.path().join("sessions.toml"), file).unwrap();
        project
    });
    let running = projects.each_ref().map(|project| {
        let mut apply = project.command(&["apply", "--auto-approve", "--format", "json"]);
        apply
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    });
    for apply in running {
        let output = apply.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(5), "{said}");
        assert!(
            said.contains("error: session `db` is on RG/a and rg/b")
                || said.contains("error: session `db` is on rg/a and rg/b"),
            "{said}"
        );
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["doubles"][0]["name"], "db");
    }
}

/// Pseudo-random numbers, the same in each run.
struct Seeded(AtomicU64);

impl Seeded {
    fn next(&self) -> u64 {
        // Knuth's constants for a linear congruential generator; its high bits are the good ones.
        let step = |x: u64| {
            Some(
                x.wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407),
            )
        };
        self.0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, step)
            .unwrap()
            >> 33
    }
}

#[test]
fn with_one_request_in_twenty_failing_a_swap_a_chain_and_a_cycle_of_50_converge() {
    for seed in [1, 2, 3] {
        let mut file = "[sessions.rg]\n".to_owned();
        let mut fleet = Vec::new();
        for at in 0..102 {
            // 0 and 1 swap; 2..52 is a cycle; 52..102 is a chain, whose last VM takes a new name.
            let next = match at {
                0 => 1,
                1 => 0,
                51 => 2,
                other => other + 1,
            };
            file += &format!("vm-{at:03} = 's-{next}'\n");
            fleet.push((format!("rg/vm-{at:03}"), format!("s-{at}")));
        }
        let fleet: Vec<(&str, Option<&str>)> = fleet
            .iter()
            .map(|(vm, s)| (vm.as_str(), Some(s.as_str())))
            .collect();
        let project = state(&fleet);
        let path = project.state();
        let random = Seeded(AtomicU64::new(seed));
        let worst = Arc::new(AtomicUsize::new(0));
        let seen = worst.clone();
        // The last plan judges the result, so nothing fails any more.
        let is_over = Arc::new(AtomicBool::new(false));
        let over = is_over.clone();
        let azure = Azure::serve(project.state(), None, move |asked, answer| {
            let fails = random.next().is_multiple_of(20) && !over.load(Ordering::SeqCst);
            // A status below 500 is a refusal. Half of the other failures come after the request has done its work.
            let status = [429, 403, 409, 500, 502, 503, 504][random.next() as usize % 7];
            let refused = fails && (status < 500 || random.next().is_multiple_of(2));
            let done = (!refused).then(answer);
            if asked.method == "PATCH" {
                let most = holders(&path).into_values().max().unwrap_or(0);
                seen.fetch_max(most, Ordering::SeqCst);
            }
            match done {
                Some(answer) if !fails => answer,
                _ => Response {
                    status,
                    headers: vec![("retry-after", "0".to_owned())],
                    body: br#"{"error":{"code":"Chance","message":"not this time"}}"#.to_vec(),
                },
            }
        });
        let sessions = azure.project(&file);
        let mut runs: Vec<Ran> = Vec::new();
        while runs.last().is_none_or(|ran| ran.code() != 0) {
            assert!(
                runs.len() < 20,
                "seed {seed} does not converge: {}",
                runs.last().unwrap()
            );
            runs.push(sessions.run(&["apply", "--auto-approve"]));
        }
        assert_eq!(
            worst.load(Ordering::SeqCst),
            1,
            "seed {seed}: no name ever had two holders"
        );
        is_over.store(true, Ordering::SeqCst);
        let wanted: Vec<String> = sessions
            .run(&["plan"])
            .stdout
            .lines()
            .map(str::to_owned)
            .collect();
        assert!(
            wanted[0].starts_with("No changes"),
            "seed {seed}: {wanted:?}"
        );
    }
}

/// Changes the tags of the VM at `at` in the state file, as someone at the portal does.
fn edit(state: &Path, at: usize, edit: impl Fn(&mut Value)) {
    let mut fleet: Value = serde_json::from_slice(&std::fs::read(state).unwrap()).unwrap();
    edit(&mut fleet["vms"][at]["tags"]);
    std::fs::write(state, fleet.to_string()).unwrap();
}

/// A fleet of `rg/a`, whose session `old` belongs to the owner `us`.
fn owned() -> Project {
    let fleet = state(&[("rg/a", Some("old"))]);
    edit(&fleet.state(), 0, |tags| tags["azlin_owner"] = "us".into());
    fleet
}

/// A project of the owner `us` whose file declares `lines`.
fn of_us(azure: &Azure, lines: &str) -> Project {
    let project = azure.project(lines);
    let path = project.path().join("sessions.toml");
    let file = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, format!("owner = 'us'\n{file}")).unwrap();
    project
}

fn is_patch(asked: &support::azure::Asked) -> bool {
    asked.method == "PATCH"
}

#[test]
fn a_clear_that_races_a_rename_by_hand_removes_nothing() {
    for owner in [Some("us"), None, Some("them")] {
        let fleet = owned();
        let path = fleet.state();
        let azure = Azure::serve(fleet.state(), None, move |asked, answer| {
            if is_patch(asked) {
                // After azlin's read, and before its write.
                edit(&path, 0, |tags| {
                    *tags = json!({ "azlin_session": "by-hand", "azlin_owner": owner });
                    if owner.is_none() {
                        tags.as_object_mut().unwrap().remove("azlin_owner");
                    }
                });
            }
            answer()
        });
        let project = of_us(&azure, "");
        let ran = project.run(&["apply", "-y", "--max-removals", "1"]);
        assert_eq!(ran.code(), 1, "{ran}");
        assert!(ran.stdout.contains("not written\n"), "{ran}");
        assert!(ran.stdout.contains("it now holds by-hand"), "{ran}");
        let tags = &fleet.fleet()["vms"][0]["tags"];
        assert_eq!(tags["azlin_session"], "by-hand");
        assert_eq!(tags["azlin_owner"].as_str(), owner, "{ran}");
    }
}

#[test]
fn a_session_set_by_hand_in_the_middle_of_a_clear_stays() {
    let fleet = owned();
    let (path, writes) = (fleet.state(), AtomicUsize::new(0));
    let azure = Azure::serve(fleet.state(), None, move |asked, answer| {
        if is_patch(asked) && writes.fetch_add(1, Ordering::SeqCst) == 1 {
            edit(&path, 0, |tags| tags["azlin_session"] = "by-hand".into());
        }
        answer()
    });
    let ran = of_us(&azure, "").run(&["apply", "-y", "--max-removals", "1"]);
    assert_eq!(ran.code(), 5, "{ran}");
    assert!(ran.stdout.contains("by-hand"), "{ran}");
    assert_eq!(fleet.sessions(), ["rg/a by-hand"]);
}

#[test]
fn an_owner_that_a_clear_left_behind_is_removed_by_the_next_apply() {
    let fleet = owned();
    let writes = AtomicUsize::new(0);
    let azure = Azure::serve(fleet.state(), None, move |asked, answer| {
        if is_patch(asked) && writes.fetch_add(1, Ordering::SeqCst) == 1 {
            return saying(
                403,
                &json!({ "error": { "code": "Chance", "message": "no" } }),
            );
        }
        answer()
    });
    let project = of_us(&azure, "");
    let ran = project.run(&["apply", "-y", "--max-removals", "1"]);
    assert_eq!(ran.code(), 5, "{ran}");
    let told = "cleared in part\n      the session is gone, but its owner tag is still there: ";
    assert!(ran.stdout.contains(told), "{ran}");
    let plan = project.run(&["plan"]);
    assert_eq!(plan.code(), 0, "no guard objects: {plan}");
    let line = "  - rg/a      (removes the owner tag, which has no session)\n";
    assert!(plan.stdout.to_lowercase().contains(line), "{plan}");
    assert_eq!(project.run(&["apply", "-y"]).code(), 0);
    assert_eq!(fleet.fleet()["vms"][0]["tags"], Value::Null);
    let again = project.run(&["plan", "--detailed-exitcode"]);
    assert_eq!(again.code(), 0, "{again}");
}

#[test]
fn a_circle_whose_clear_fails_halfway_gets_its_name_and_its_owner_back() {
    let fleet = state(&[("rg/a", Some("web")), ("rg/b", Some("db"))]);
    for at in [0, 1] {
        edit(&fleet.state(), at, |tags| tags["azlin_owner"] = "us".into());
    }
    let deletes = AtomicUsize::new(0);
    let azure = Azure::serve(fleet.state(), None, move |asked, answer| {
        let is_delete = is_patch(asked) && String::from_utf8_lossy(&asked.body).contains("Delete");
        if is_delete && deletes.fetch_add(1, Ordering::SeqCst) == 1 {
            return saying(
                403,
                &json!({ "error": { "code": "Chance", "message": "no" } }),
            );
        }
        answer()
    });
    let project = of_us(&azure, "[sessions.rg]\na = 'db'\nb = 'web'\n");
    let ran = project.run(&["apply", "-y"]);
    assert!(ran.stdout.contains("   restored\n"), "{ran}");
    assert_eq!(fleet.sessions(), ["rg/a web", "rg/b db"]);
    let owner = &fleet.fleet()["vms"][0]["tags"]["azlin_owner"];
    assert_eq!(owner, "us");
    assert_eq!(project.run(&["apply", "-y"]).code(), 0);
    assert_eq!(fleet.sessions(), ["rg/a db", "rg/b web"]);
}

/// Sets the tags of VM number `at` in the state file, as someone at the portal does.
fn by_hand(state: &Path, at: usize, tags: Value) {
    let mut fleet: Value = serde_json::from_slice(&std::fs::read(state).unwrap()).unwrap();
    fleet["vms"][at]["tags"] = tags;
    std::fs::write(state, fleet.to_string()).unwrap();
}

/// An Azure in which someone gives VM `a` exactly its old tags back, after azlin has written it and before its last list.
fn reverting(fleet: &Project, old: Value) -> Azure {
    let (state, lists) = (fleet.state(), AtomicUsize::new(0));
    Azure::serve(fleet.state(), None, move |asked, answer| {
        if asked.target.contains("/virtualMachines?") && lists.fetch_add(1, Ordering::SeqCst) == 1 {
            by_hand(&state, 0, old.clone());
        }
        answer()
    })
}

#[test]
fn an_old_session_that_someone_puts_back_during_apply_is_seen() {
    let fleet = state(&[("rg/a", Some("web")), ("rg/b", None)]);
    let azure = reverting(&fleet, json!({ "azlin_session": "web" }));
    let project = azure.project("[sessions.rg]\na = 'db'\nb = 'web'\n");
    let ran = project.run(&["apply", "-y"]);
    assert_eq!(ran.code(), 5, "{ran}");
    assert_eq!(holders(&fleet.state())["web"], 2);
    assert!(
        ran.stdout
            .contains("session `web` is on rg/a and rg/b: someone assigned it at the same time"),
        "{ran}"
    );
    assert!(!ran.stdout.contains("now matches"), "{ran}");
}

#[test]
fn a_report_shows_what_someone_put_back_and_not_what_azlin_wrote() {
    let fleet = state(&[("rg/a", Some("web"))]);
    let azure = reverting(&fleet, json!({ "azlin_session": "web" }));
    let project = azure.project("[sessions.rg]\na = 'db'\n");
    let ran = project.run(&["apply", "-y", "-o", "json"]);
    assert_eq!(ran.code(), 5, "{ran}");
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["steps"][0]["now"]["session"], "web");
}

#[test]
fn a_session_that_someone_changes_at_the_same_time_is_told() {
    let fleet = state(&[("rg/a", None)]);
    let azure = reverting(&fleet, json!({ "azlin_session": "theirs" }));
    let ran = azure.project("").run(&["session", "a", "mine"]);
    assert_eq!(ran.code(), 5, "{ran}");
    let said = "error: RG/a holds theirs now: someone changed it at the same time\n";
    assert!(ran.stderr.contains(said), "{ran}");
}

#[test]
fn a_write_that_something_answers_in_azures_place_is_seen() {
    let fleet = state(&[("rg/a", None)]);
    let azure = Azure::serve(fleet.state(), None, |asked, answer| {
        let answered = answer();
        if asked.method == "PATCH" {
            return saying(400, &json!({ "error": { "code": "Odd", "message": "no" } }));
        }
        answered
    });
    let ran = azure
        .project("[sessions.rg]\na = 'db'\n")
        .run(&["apply", "-y"]);
    assert_eq!(ran.code(), 0, "{ran}");
    assert!(ran.stdout.contains("Applied: 1 step done."), "{ran}");
}

#[test]
fn a_duplicate_that_was_there_before_is_nobodys_fault_now() {
    let fleet = state(&[("rg/a", Some("twice")), ("rg/b", Some("twice"))]);
    let azure = Azure::serve(fleet.state(), None, |asked, answer| {
        if asked.method == "PATCH" && asked.target.contains("/virtualMachines/b/") {
            return saying(
                403,
                &json!({ "error": { "code": "AuthorizationFailed", "message": "no" } }),
            );
        }
        answer()
    });
    let ran = azure
        .project("[sessions.rg]\na = 'twice'\nb = 'other'\n")
        .run(&["apply", "-y"]);
    assert_eq!(ran.code(), 1, "{ran}");
    assert!(!ran.stdout.contains("at the same time"), "{ran}");
}
