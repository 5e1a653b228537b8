//! The differences that make a saved plan out of date, each in one line.

use std::fmt::Write as _;

use super::outcome::held;
use super::words::{sessions, symbol};
use super::{Ids, why};
use crate::model::{Held, VmId};
use crate::plan::{Difference, Write};

/// The number of differences to show; azlin only counts the rest.
const MOST: usize = 50;

/// `differences` as text, after a line with `since` when they came about.
pub fn stale(differences: &[Difference], since: &str, ids: Ids) -> String {
    let mut text = format!("{since}:\n\n");
    for line in lines(differences, ids) {
        let _ = writeln!(text, "  {line}");
    }
    text
}

/// The lines for `differences`.
pub(super) fn lines(differences: &[Difference], ids: Ids) -> Vec<String> {
    let shown = differences.iter().take(MOST);
    let mut lines: Vec<String> = shown.map(|one| line(one, ids)).collect();
    if differences.len() > MOST {
        lines.push(format!("… and {} more", differences.len() - MOST));
    }
    lines
}

fn line(difference: &Difference, ids: Ids) -> String {
    let step = |Write { vm, before, after }: &Write| {
        let sessions = sessions(before, after, "->", str::to_owned);
        format!("{} {} {sessions}", symbol(before, after), ids.name(vm))
    };
    match difference {
        Difference::OtherVersion { file } => format!("{file} has changed"),
        Difference::OtherFiles { then, now } => {
            format!("the files are {now} now, not {then}")
        }
        Difference::Gone { vm } => format!("{} is gone", ids.name(vm)),
        Difference::OtherMachine { vm } => format!("{} is another machine now", ids.name(vm)),
        Difference::Holds { vm, then, now } => holds(vm, then, now, ids),
        Difference::Blocked { line } => {
            let (vm, why) = (ids.name(&line.vm), why(line, ids).message);
            format!("the line for {vm} is blocked now: {why}")
        }
        Difference::Unblocked { vm } => {
            format!("the line for {} was blocked and now is not", ids.name(vm))
        }
        Difference::StepAdded(write) => format!("another step is needed: {}", step(write)),
        Difference::StepDropped(write) => {
            format!("not needed any more: {}", step(write))
        }
    }
}

/// The change of a VM's tags. Owners appear only where they differ.
fn holds(vm: &VmId, then: &Held, now: &Held, ids: Ids) -> String {
    let vm = ids.name(vm);
    if then.session == now.session {
        let then = then.owner.as_ref().map(|owner| format!(", not {owner}"));
        let then = then.unwrap_or_default();
        return match &now.owner {
            Some(now) => format!("{vm} belongs to owner {now} now{then}"),
            None => format!("{vm} belongs to no owner now{then}"),
        };
    }
    let shown = |one: &Held| {
        let mut one = one.clone();
        if then.owner == now.owner {
            one.owner = None;
        }
        held(&one)
    };
    match (&then.session, &now.session) {
        (Some(_), None) => format!("{vm} no longer holds {}", shown(then)),
        (None, _) => format!("{vm} holds {} now; it held no session", shown(now)),
        (Some(_), Some(_)) => format!("{vm} holds {} now, not {}", shown(now), shown(then)),
    }
}
