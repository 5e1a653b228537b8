//! Apply in process, on a sandbox in which some writes fail: the invariants that hold whatever fails.

mod support;

use std::sync::Arc;

use azlin::apply::{Place, apply, put_back};
use azlin::azure::sign_in::SignIn;
use azlin::azure::{Arm, Target, fleet};
use azlin::model::{Desired, Held, Live, Owner, Scope, SubscriptionId, TagKey};
use azlin::plan::{Ending, Outcome, Plan, ending};
use azlin::sandbox::{self, Sandbox};
use proptest::prelude::*;
use support::plans::{holders, id_in, line, no_name_gained, planned};
use support::{Project, vms};

/// An interrupt that never comes.
fn undisturbed() -> std::future::Pending<()> {
    std::future::pending()
}

struct Azure {
    /// Keeps the folder alive.
    _project: Project,
    arm: Arm,
}

impl Azure {
    /// A fleet of VMs `vm-0`, `vm-1`, …. Each has the number of its session (0 for none), whether this owner set it, and
    /// whether a lock forbids writes.
    fn new(fleet: &[(usize, bool, bool)]) -> Self {
        let names: Vec<(String, String)> = fleet
            .iter()
            .enumerate()
            .map(|(at, (session, ..))| (format!("rg/vm-{at}"), format!("s-{session}")))
            .collect();
        let rows: Vec<(&str, Option<&str>)> = names
            .iter()
            .map(|(vm, session)| (vm.as_str(), Some(session.as_str()).filter(|s| *s != "s-0")))
            .collect();
        let mut vms = vms(&rows);
        for (vm, (session, ours, locked)) in vms.iter_mut().zip(fleet) {
            if *ours && *session != 0 {
                vm["tags"]["azlin_owner"] = "us".into();
            }
            vm["tags"]["env"] = "kept as it is".into();
            vm["lock"] = (*locked).into();
        }
        let project = Project::new("");
        project.set_fleet(vms);
        let sandbox = Target::Sandbox(Arc::new(Sandbox::open(project.state(), 100)));
        let subscription = SubscriptionId::new(sandbox::SUBSCRIPTION).unwrap();
        let arm = Arm::open(sandbox, subscription, SignIn::sandbox()).unwrap();
        Self {
            _project: project,
            arm,
        }
    }

    async fn live(&self) -> Live {
        let tag = TagKey::default();
        fleet::sessions(&self.arm, &Scope::Subscription, &tag)
            .await
            .unwrap()
    }
}

fn desired(lines: &[(usize, usize)]) -> Desired {
    let subscription = SubscriptionId::new(sandbox::SUBSCRIPTION).unwrap();
    let mut desired = Desired::nothing(&subscription);
    desired.basis.owner = Some(Owner::new("us").unwrap());
    for (vm, session) in lines {
        let vm = id_in(&subscription, "rg", &format!("vm-{vm}"));
        desired.sessions.push(line(vm, &format!("s-{session}"), 1));
    }
    desired
}

/// Checks that each VM holds its old session or its new one. It may hold none if the VM that the file assigns its old session
/// to holds that session now.
fn kept_or_reached(plan: &Plan, before: &Live, after: &Live) -> Result<(), TestCaseError> {
    for (id, vm) in &before.vms {
        let goal = plan.changes.iter().find(|change| change.vm == *id);
        let goal = goal.map(|change| change.after.held());
        let now: &Held = &after.vms[id].held;
        let passed_on = *now == Held::default()
            && plan.changes.iter().any(|taker| {
                let wanted = taker.after.held();
                wanted.session == vm.held.session && after.vms[&taker.vm].held == wanted
            });
        prop_assert!(
            *now == vm.held || Some(now) == goal.as_ref() || passed_on,
            "{id:?} held {:?}, is to hold {goal:?} and holds {now:?}",
            vm.held
        );
    }
    Ok(())
}

/// The VMs, each with its session, whether it is ours and whether it is locked; and the file's VMs and sessions.
type Case = (Vec<(usize, bool, bool)>, Vec<(usize, usize)>);

fn cases() -> impl Strategy<Value = Case> {
    let fleet = prop::collection::vec((0..8usize, any::<bool>(), prop::bool::weighted(0.3)), 8);
    let vms = Just((0..9).collect::<Vec<usize>>()).prop_shuffle();
    let sessions = Just((1..10).collect::<Vec<usize>>()).prop_shuffle();
    (fleet, vms, sessions, 0..9usize).prop_map(|(fleet, vms, sessions, lines)| {
        (fleet, vms.into_iter().zip(sessions).take(lines).collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_cannot_be_written_every_vm_keeps_its_name_or_gets_its_new_one((vms, lines) in cases(), parallelism in 1..5usize) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let azure = Azure::new(&vms);
            let (files, tag) = ([desired(&lines)], TagKey::default());
            let places = [Place { arm: &azure.arm, tag: &tag }];
            let before = azure.live().await;
            let plan = planned(&files, &before);
            let mut reported = 0;
            let mut report = |_: &_, _: &Outcome| reported += 1;
            let mut tried = apply(&places, &plan.steps, parallelism, undisturbed(), undisturbed(), &mut report).await;
            put_back(&places, &mut tried, undisturbed(), &mut report).await;
            let steps: Vec<_> = tried.iter().map(|tried| &tried.step).collect();
            prop_assert_eq!(steps, plan.steps.iter().collect::<Vec<_>>());
            prop_assert!(reported >= plan.steps.len(), "each step is reported");

            let after = azure.live().await;
            kept_or_reached(&plan, &before, &after)?;
            no_name_gained(&holders(&before), &after)?;
            let left = planned(&files, &after);
            let complete = ending(&tried, left.is_empty(), &[]) == Ending::Complete;
            prop_assert_eq!(complete, left.is_empty(), "{:?}", tried);
            let fleet = azure._project.fleet();
            for vm in fleet["vms"].as_array().unwrap() {
                prop_assert_eq!(vm["tags"]["env"].as_str(), Some("kept as it is"));
            }
            Ok(())
        })?;
    }
}
