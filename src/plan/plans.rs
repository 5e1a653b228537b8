//! [`Plans`]: what several files want, planned together, so that no name ends on two VMs or passes through two, whichever
//! files and subscriptions they are of.

use super::{Action, Aim, Other, Plan, Step, diff, order};
use crate::model::{Desired, Live};

/// A plan for each of several files, made together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plans {
    /// In the order of the files.
    pub each: Vec<Plan>,
}

/// The plans that take `live` to what all of `files` want. A subscription has at most one file of each owner.
pub fn plans(files: &[&Desired], live: &Live, aim: &Aim) -> Plans {
    let diff = diff::diff(files, live, aim);
    let steps = order::order(&diff.changes);
    let mut plans = Plans { each: diff.plans };
    let file_of = |step: &Step| {
        let at = diff
            .changes
            .binary_search_by(|change| change.vm.cmp(&step.vm));
        at.ok()
            .and_then(|at| diff.files.get(at))
            .copied()
            .unwrap_or(0)
    };
    // Where each step has gone.
    let mut places: Vec<Other> = Vec::with_capacity(steps.len());
    for mut step in steps {
        let file = file_of(&step);
        let Some(plan) = plans.each.get_mut(file) else {
            continue;
        };
        let first = std::mem::take(&mut step.after);
        for place in first.into_iter().filter_map(|at| places.get(at)) {
            match place.plan == file {
                true => step.after.push(place.step),
                false => step.after_others.push(*place),
            }
        }
        places.push(Other {
            plan: file,
            step: plan.steps.len(),
        });
        plan.steps.push(step);
    }
    for (file, change) in diff.files.into_iter().zip(diff.changes) {
        if let Some(plan) = plans.each.get_mut(file) {
            plan.changes.push(change);
        }
    }
    plans
}

impl Plans {
    /// Whether Azure is as all files want it.
    pub fn is_empty(&self) -> bool {
        self.each.iter().all(Plan::is_empty)
    }

    /// How many of the changes are of this kind.
    pub fn count(&self, is: impl Fn(&Action) -> bool) -> usize {
        self.each.iter().map(|plan| plan.count(&is)).sum()
    }

    /// How many lines are blocked.
    pub fn blocked(&self) -> usize {
        self.each.iter().map(|plan| plan.blocked.len()).sum()
    }

    /// The steps of all plans as one sequence, in an order in which no name ever has one holder more than it had before;
    /// each with the place of its plan. What a step waits for is a place in this sequence.
    pub fn steps(&self) -> Vec<(usize, Step)> {
        let mut sequence: Vec<(usize, Step)> = Vec::new();
        // Where the steps of each plan have gone, which is as far as each has come.
        let mut gone: Vec<Vec<usize>> = vec![Vec::new(); self.each.len()];
        loop {
            let before = sequence.len();
            for (at, plan) in self.each.iter().enumerate() {
                while let Some(step) = next(plan, at, &gone) {
                    if let Some(gone) = gone.get_mut(at) {
                        gone.push(sequence.len());
                    }
                    sequence.push((at, step));
                }
            }
            if sequence.len() == before {
                return sequence;
            }
        }
    }
}

/// The next step of `plan`, which is the one at `at`, once what it waits for has gone.
fn next(plan: &Plan, at: usize, gone: &[Vec<usize>]) -> Option<Step> {
    let own = gone.get(at)?;
    let step = plan.steps.get(own.len())?;
    let own = step.after.iter().map(|first| own.get(*first));
    let others = step.after_others.iter();
    let others = others.map(|other| gone.get(other.plan)?.get(other.step));
    let after: Option<Vec<usize>> = own.chain(others).map(Option::<&usize>::copied).collect();
    Some(Step {
        after: after?,
        after_others: Vec::new(),
        ..step.clone()
    })
}
