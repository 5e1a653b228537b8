//! Orders the steps: one VM releases a name before another takes it.

use std::collections::{BTreeSet, HashMap};

use super::{Action, Change, Goal, Step};
use crate::model::Held;

/// A change on its way to becoming a step.
struct Node<'c> {
    change: &'c Change,
    /// The change that waits for the name that this VM holds.
    holds_up: Option<usize>,
    /// The number of VMs that still hold the name that this one takes.
    holders: usize,
    /// The steps that it waits for.
    waits_for: Vec<usize>,
    /// True if its VM was cleared to open a circle.
    cleared: bool,
}

/// Returns the steps that make `changes`. The changes are sorted by VM, and no two take the same name.
///
/// A change waits for every change that releases the name it takes. Each VM releases at most one name, and a name has at most one
/// taker, so a change holds up at most one other. Chains run from their free end. If no end is free, only plain circles are left.
/// The first VM of each circle, by id, is cleared first and set last, which costs one write.
pub(super) fn order(changes: &[Change]) -> Vec<Step> {
    let mut nodes = nodes(changes);
    let all = nodes.iter().enumerate();
    let free = all.filter(|(_, node)| node.holders == 0);
    let mut ready: BTreeSet<usize> = free.map(|(at, _)| at).collect();
    let mut left: BTreeSet<usize> = (0..nodes.len()).collect();
    let mut steps = Vec::with_capacity(nodes.len());
    loop {
        let free = ready.pop_first();
        let opens_circle = free.is_none();
        let Some(at) = free.or_else(|| left.first().copied()) else {
            return steps;
        };
        let circle = if opens_circle {
            waits_of_circle(&nodes, at)
        } else {
            Vec::new()
        };
        let Some(node) = nodes.get_mut(at) else {
            return steps;
        };
        let step_at = steps.len();
        let releases = !node.cleared;
        if opens_circle {
            steps.push(step(node, Goal::default(), circle));
            node.cleared = true;
            node.waits_for.push(step_at);
        } else {
            let waits_for = std::mem::take(&mut node.waits_for);
            steps.push(step(node, node.change.after.clone(), waits_for));
            left.remove(&at);
        }
        let taker = node.holds_up.filter(|_| releases);
        if let Some((taker_at, taker)) = taker.and_then(|at| Some((at, nodes.get_mut(at)?))) {
            taker.waits_for.push(step_at);
            taker.holders = taker.holders.saturating_sub(1);
            if taker.holders == 0 {
                ready.insert(taker_at);
            }
        }
    }
}

fn step(node: &Node<'_>, after: Goal, waits_for: Vec<usize>) -> Step {
    let change = node.change;
    let before = if node.cleared {
        Held::default()
    } else {
        change.before.clone()
    };
    Step {
        file: change.file,
        vm: change.vm.clone(),
        machine: change.machine,
        before,
        after,
        waits_for,
    }
}

/// The steps that the members of a circle wait for. A circle opens only after every name that it needs from outside is released.
/// If one of those steps fails, every VM in the circle keeps its name.
fn waits_of_circle(nodes: &[Node<'_>], first: usize) -> Vec<usize> {
    let mut waits = BTreeSet::new();
    let mut at = Some(first);
    while let Some(node) = at.and_then(|at| nodes.get(at)) {
        waits.extend(node.waits_for.iter().copied());
        at = node.holds_up.filter(|next| *next != first);
    }
    waits.into_iter().collect()
}

fn nodes(changes: &[Change]) -> Vec<Node<'_>> {
    let mut takers: HashMap<&str, usize> = HashMap::new();
    for (at, change) in changes.iter().enumerate() {
        if let (Some(name), true) = (&change.after.session, change.action != Action::Adopt) {
            takers.insert(name.as_str(), at);
        }
    }
    let node = |change| Node {
        change,
        holds_up: None,
        holders: 0,
        waits_for: Vec::new(),
        cleared: false,
    };
    let mut nodes: Vec<Node<'_>> = changes.iter().map(node).collect();
    for (at, change) in changes.iter().enumerate() {
        let held = change.before.session.as_ref();
        let released = held.filter(|_| change.action != Action::Adopt);
        let holds_up = released.and_then(|name| takers.get(name.raw()).copied());
        if let Some(taker) = holds_up.and_then(|taker| nodes.get_mut(taker)) {
            taker.holders += 1;
        }
        if let Some(node) = nodes.get_mut(at) {
            node.holds_up = holds_up;
        }
    }
    nodes
}
