//! In which order: a name is released before it is given out.

use std::collections::{BTreeSet, HashMap};

use super::{Action, Change, Goal, Step};
use crate::model::Held;

/// A change on its way to becoming a step.
struct Node<'c> {
    change: &'c Change,
    /// The change that wants the name that this one's VM holds.
    holds_up: Option<usize>,
    /// How many VMs still hold the name that this one wants.
    waits: usize,
    /// The steps that it comes after.
    after: Vec<usize>,
    /// Whether its VM was cleared to open a circle.
    cleared: bool,
}

/// The steps that carry out `changes`, which are sorted by VM and in which no two take the same name.
///
/// A change waits for every change that releases the name it takes. Each VM releases at most one name, and a name has at
/// most one taker, so a change holds up at most one other: chains run from their free end, and what is left when no end is
/// free are plain circles. The first VM of each, by id, is cleared first and set last, which costs one write.
pub(super) fn order(changes: &[Change]) -> Vec<Step> {
    let mut nodes = nodes(changes);
    let free = nodes.iter().enumerate().filter(|(_, node)| node.waits == 0);
    let mut ready: BTreeSet<usize> = free.map(|(at, _)| at).collect();
    let mut left: BTreeSet<usize> = (0..nodes.len()).collect();
    let mut steps = Vec::with_capacity(nodes.len());
    loop {
        let free = ready.pop_first();
        let Some(node_at) = free.or_else(|| left.first().copied()) else {
            return steps;
        };
        let round = match free {
            Some(_) => Vec::new(),
            None => waits_of_circle(&nodes, node_at),
        };
        let Some(node) = nodes.get_mut(node_at) else {
            return steps;
        };
        let step_at = steps.len();
        let releases = !node.cleared;
        let Change {
            vm,
            machine,
            from,
            to,
            ..
        } = node.change;
        let from = if releases {
            from.clone()
        } else {
            Held::default()
        };
        let (to, after) = match free {
            Some(_) => (to.clone(), std::mem::take(&mut node.after)),
            None => (Goal::default(), round),
        };
        let (vm, machine) = (vm.clone(), machine.clone());
        steps.push(Step {
            vm,
            machine,
            from,
            to,
            after,
            after_others: Vec::new(),
        });
        if free.is_some() {
            left.remove(&node_at);
        } else {
            node.cleared = true;
            node.after.push(step_at);
        }
        let taker = node.holds_up.filter(|_| releases);
        if let Some((taker_at, taker)) = taker.and_then(|at| Some((at, nodes.get_mut(at)?))) {
            taker.after.push(step_at);
            taker.waits = taker.waits.saturating_sub(1);
            if taker.waits == 0 {
                ready.insert(taker_at);
            }
        }
    }
}

/// The steps that the members of a circle come after: a circle is not opened before all that has to be released outside of
/// it is, so that what fails there leaves everyone in it with the name that they have.
fn waits_of_circle(nodes: &[Node<'_>], first: usize) -> Vec<usize> {
    let mut waits = BTreeSet::new();
    let mut at = Some(first);
    while let Some(node) = at.and_then(|at| nodes.get(at)) {
        waits.extend(node.after.iter().copied());
        at = node.holds_up.filter(|next| *next != first);
    }
    waits.into_iter().collect()
}

fn nodes(changes: &[Change]) -> Vec<Node<'_>> {
    let takes = |change: &'_ Change| change.action != Action::Adopt;
    let takers: HashMap<&str, usize> = changes
        .iter()
        .enumerate()
        .filter(|(_, change)| takes(change))
        .filter_map(|(at, change)| Some((change.to.session.as_ref()?.as_str(), at)))
        .collect();
    let taker = |change: &Change| {
        let released = change.from.session.as_ref().filter(|_| takes(change))?;
        takers.get(released.raw()).copied()
    };
    let mut waits: HashMap<usize, usize> = HashMap::new();
    for taker in changes.iter().filter_map(taker) {
        *waits.entry(taker).or_default() += 1;
    }
    let node = |(at, change)| Node {
        change,
        holds_up: taker(change),
        waits: waits.get(&at).copied().unwrap_or(0),
        after: Vec::new(),
        cleared: false,
    };
    changes.iter().enumerate().map(node).collect()
}
