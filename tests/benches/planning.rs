//! Measures the time of planning, and checks that it grows no faster than the fleet: `cargo bench`.

use std::time::{Duration, Instant};

use azlin::file;
use azlin::model::{Desired, Live};
use azlin::plan::{Aim, plan};
use plans::{TODAY, id_in, line, live, subscription, vm};

#[path = "../support/plans.rs"]
mod plans;

/// A fleet of `n` VMs and a file for half of them. A third of the lines match, a third are to set, and the rest is one long
/// chain.
fn case(n: usize) -> (Desired, Live) {
    let subscription = subscription(1);
    let mut desired = Desired::nothing(&subscription);
    let mut vms = Vec::with_capacity(n);
    for at in 0..n {
        let id = id_in(
            &subscription,
            &format!("rg-{}", at % 50),
            &format!("vm-{at}"),
        );
        let is_declared = at % 2 == 0;
        let holds = match (is_declared, at % 3) {
            (true, 0) => Some(at),
            (true, 1) => None,
            (true, _) => Some(at + 6),
            (false, _) => Some(n + at),
        };
        if is_declared {
            let line = line(id.clone(), &format!("s-{at}"), at);
            desired.sessions.push(line);
        }
        vms.push(vm(id, &holds.map_or(String::new(), |at| format!("s-{at}"))));
    }
    (desired, live(vms))
}

fn fastest<T>(times: usize, mut work: impl FnMut() -> T) -> (Duration, T) {
    let mut best: Option<(Duration, T)> = None;
    for _ in 0..times {
        let start = Instant::now();
        let done = work();
        let took = start.elapsed();
        if best.as_ref().is_none_or(|(best, _)| took < *best) {
            best = Some((took, done));
        }
    }
    best.expect("at least one run")
}

fn main() {
    println!(
        "{:>9} {:>9} {:>9} {:>12} {:>14}",
        "VMs", "declared", "steps", "plan", "per VM"
    );
    for n in [1_000, 10_000, 100_000] {
        let (desired, live) = case(n);
        let aim = Aim::on(TODAY);
        let (took, plan) = fastest(5, || plan(&[&desired], &live, &aim));
        let each = took / u32::try_from(n).expect("a count");
        println!(
            "{n:>9} {:>9} {:>9} {took:>12.1?} {each:>14.1?}",
            desired.sessions.len(),
            plan.steps.len()
        );
    }
    println!("\n{:>40} {:>12} {:>12}", "1 MB of", "diagnostics", "read");
    let many = 1 << 20;
    let doubled = |n: usize| format!("v{n}='a{n}'\nv{n}='b{n}'\n");
    for (what, text) in [
        (
            "valid lines",
            (0..many / 24).fold("[sessions.rg]\n".to_owned(), |file, n| {
                file + &format!("vm-{n}='session-{n}'\n")
            }),
        ),
        ("opening brackets", "[".repeat(many)),
        ("nested tables", "a = ".to_owned() + &"{a=".repeat(many / 3)),
        ("lines that are not TOML", "= \n".repeat(many / 3)),
        (
            "the same session",
            (0..many / 14).fold("[sessions.rg]\n".to_owned(), |file, n| {
                file + &format!("v{n}='same'\n")
            }),
        ),
        (
            "keys that stand twice",
            (0..many / 30).fold("[sessions.rg]\n".to_owned(), |file, n| file + &doubled(n)),
        ),
        ("NULs", "\0".repeat(many)),
    ] {
        let (took, found) = fastest(3, || file::read("sessions.toml", text.as_bytes()).1.len());
        println!("{what:>40} {found:>12} {took:>12.1?}");
    }
}
