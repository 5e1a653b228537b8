//! What apply did, VM by VM, and whether Azure now is as the file wants it.

use super::Paint;
use std::fmt::Write as _;

use super::plan::{Columns, count, listed};
use crate::apply::Outcome;
use crate::model::{Held, SessionName, VmId};
use crate::plan::{Plan, Step, Why};

/// What became of `step`: a line, and below it why and what to do, where there is something to do.
pub fn outcome(columns: Columns, step: &Step, outcome: &Outcome, paint: Paint) -> String {
    let (mark, why, help) = match outcome {
        Outcome::Written => (paint.green("done"), None, None),
        Outcome::Already => (
            paint.green("done"),
            Some("it was so already".to_owned()),
            None,
        ),
        Outcome::Changed { found } => (
            paint.red("not written"),
            Some(format!(
                "since the plan was made someone has changed it: it has {}",
                held(found)
            )),
            Some("run plan again and look at it".to_owned()),
        ),
        Outcome::Altered { found } => (
            paint.red("written, but not kept"),
            Some(format!("Azure's answer has {}", held(found))),
            Some(
                "a policy with a `modify` effect may change this tag: ask who assigns it"
                    .to_owned(),
            ),
        ),
        Outcome::Failed(failure) => (
            paint.red("failed"),
            Some(failure.to_string()),
            failure.help(),
        ),
        Outcome::Interrupted => (
            paint.yellow("not tried"),
            Some("interrupted".to_owned()),
            None,
        ),
        Outcome::Skipped { because } => (
            paint.yellow("not tried"),
            Some(format!("{because} has to come first")),
            None,
        ),
    };
    let mut text = format!("{}   {mark}\n", columns.line(step, paint));
    for line in why
        .into_iter()
        .chain(help.map(|help| format!("{}: {help}", paint.green("help"))))
    {
        text.push_str(&format!("      {line}\n"));
    }
    text
}

/// What a VM holds, in words.
fn held(found: &Held) -> String {
    match (&found.session, &found.owner) {
        (None, None) => "no session".to_owned(),
        (None, Some(owner)) => format!("no session, and the owner {owner}"),
        (Some(session), None) => format!("{session}, without an owner"),
        (Some(session), Some(owner)) => format!("{session} of the owner {owner}"),
    }
}

/// The last lines of an apply: how the steps ended, and what reading everything once more has shown; nothing of that after
/// an interruption.
pub fn verdict(outcomes: &[Outcome], after: Option<&Plan>, file: &str, paint: Paint) -> String {
    let done = outcomes
        .iter()
        .filter(|outcome| outcome.is_success())
        .count();
    let steps = count(done, "step");
    let writes = match (outcomes.len() - done, after) {
        (0, _) => format!("Applied: {steps} done."),
        (open, Some(_)) => format!("Applied in part: {steps} done, {open} not."),
        (open, None) => format!("Interrupted: {steps} done, {open} not. Run it again to go on."),
    };
    let mut text = format!("\n{}", paint.bold(writes));
    if let Some(after) = after {
        for (name, holders) in doubles(after) {
            let _ = write!(
                text,
                "\n{}: {name} is on {}: somebody gave it out at the same time; take it from one of them",
                paint.red("error"),
                listed(&holders),
            );
        }
        let _ = match after.is_empty() {
            true => write!(
                text,
                " {}",
                paint.green(format!("Azure now matches {file}."))
            ),
            false => {
                let lines = count(after.changes.len() + after.blocked.len(), "line");
                let differ = format!(
                    "Azure does not match {file} yet: {lines} differ. Run plan to see them."
                );
                write!(text, "\n{}", paint.red(differ))
            }
        };
    }
    text.push('\n');
    text
}

/// The names of the file that another VM turns out to hold as well.
fn doubles(after: &Plan) -> Vec<(&SessionName, Vec<VmId>)> {
    let doubled = after.blocked.iter().filter_map(|entry| match &entry.why {
        Why::Held { by } if entry.holds => Some((
            &entry.session,
            std::iter::once(&entry.vm).chain(by).cloned().collect(),
        )),
        _ => None,
    });
    doubled.collect()
}
