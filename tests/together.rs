//! Several azlins at once, occasional failures of Azure, and interrupts.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};

use azlin::sandbox::Response;
use serde_json::Value;
use support::azure::Azure;
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

#[cfg(unix)]
#[test]
fn an_interrupted_apply_finishes_what_is_under_way_and_reports_it() {
    let names: Vec<String> = (0..8).map(|n| format!("rg/vm-{n}")).collect();
    let fleet: Vec<(&str, Option<&str>)> = names.iter().map(|name| (name.as_str(), None)).collect();
    let project = state(&fleet);
    let azlin: Arc<Mutex<Option<u32>>> = Arc::default();
    let target = azlin.clone();
    let azure = Azure::threaded(project.state(), move |asked, answer| {
        if asked.method == "PATCH"
            && let Some(pid) = target.lock().unwrap().take()
        {
            let kill = Command::new("kill")
                .args(["-INT", &pid.to_string()])
                .status();
            assert!(kill.unwrap().success());
        }
        answer()
    });
    let file = (0..8).fold("[sessions.rg]\n".to_owned(), |file, n| {
        file + &format!("vm-{n} = 's-{n}'\n")
    });
    let sessions = azure.project(&file);
    let guard = azlin.lock();
    let mut apply = sessions.command(&["apply", "--auto-approve", "--parallelism", "1"]);
    let child = apply
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    *guard.unwrap() = Some(child.id());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    let done = said.matches("   done\n").count();
    assert!((1..8).contains(&done), "{said}");
    assert!(
        said.contains(&format!("Interrupted: {done} step")),
        "{said}"
    );
    assert!(
        !said.contains("   not tried\n") && said.contains(&format!("{} not tried.", 8 - done)),
        "the steps that were not tried are counted, not listed: {said}"
    );
    assert_eq!(
        holders(&project.state()).len(),
        done,
        "what was reported was written, and nothing else"
    );
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("finishing writes in progress; starting no more")
    );
    assert_eq!(
        sessions.run(&["apply", "--auto-approve"]).code(),
        0,
        "and it goes on from there"
    );
}
