//! What apply did, VM by VM, and whether Azure now is as the file wants it.

use super::Paint;
use super::plan::{Columns, count};
use crate::apply::Outcome;
use crate::model::LiveName;
use crate::plan::{Plan, Step};

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
                "since the plan was made someone has {}",
                given(found.as_ref())
            )),
            Some("run plan again and look at it".to_owned()),
        ),
        Outcome::Altered { found } => (
            paint.red("written, but not kept"),
            Some(format!("Azure's answer has {}", held(found.as_ref()))),
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

fn given(found: Option<&LiveName>) -> String {
    match found {
        Some(name) => format!("given it {name}"),
        None => "cleared it".to_owned(),
    }
}

fn held(found: Option<&LiveName>) -> String {
    found.map_or_else(|| "no session".to_owned(), |name| format!("{name}"))
}

/// The last lines of an apply: how the steps ended, and what reading everything once more has shown.
pub fn verdict(outcomes: &[Outcome], after: &Plan, file: &str, paint: Paint) -> String {
    let done = outcomes
        .iter()
        .filter(|outcome| outcome.is_success())
        .count();
    let open = outcomes.len() - done;
    let writes = match open {
        0 => format!("Applied: {} done.", count(done, "step")),
        _ => format!("Applied in part: {} done, {open} not.", count(done, "step")),
    };
    let verdict = if after.is_empty() {
        paint.green(format!("Azure now matches {file}."))
    } else {
        let lines = count(after.changes.len() + after.blocked.len(), "line");
        paint.red(format!(
            "Azure does not match {file} yet: {lines} differ. Run plan to see them."
        ))
    };
    format!("\n{} {verdict}\n", paint.bold(writes))
}
