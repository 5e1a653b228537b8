//! What apply did, VM by VM, and whether Azure now is as the file wants it.

use super::Paint;
use std::fmt::Write as _;

use super::Ids;
use super::plan::Columns;
use super::words::count;
use crate::model::Held;
use crate::plan::{Duplicate, Outcome, Step, Tried};

/// What became of `step`: a line, and below it why and what to do, where there is something to do. `file` is the one that
/// the step is of, where there are several.
pub fn outcome(
    columns: Columns,
    step: &Step,
    outcome: &Outcome,
    file: Option<&str>,
    paint: Paint,
) -> String {
    let (word, why, help) = words(outcome);
    let word = match outcome {
        Outcome::Written | Outcome::Already => paint.green(word),
        Outcome::Accepted | Outcome::Interrupted | Outcome::Skipped { .. } | Outcome::PutBack => {
            paint.yellow(word)
        }
        Outcome::Changed { .. }
        | Outcome::Altered { .. }
        | Outcome::Failed { .. }
        | Outcome::NotPutBack { .. } => paint.red(word),
    };
    let file = file.map_or(String::new(), |file| {
        paint.dim(format!("   ({file})")).to_string()
    });
    let mut text = format!("{}   {word}{file}\n", columns.line(step, paint));
    let help = help.map(|help| format!("{}: {help}", paint.green("help")));
    for line in why.into_iter().chain(help) {
        let _ = writeln!(text, "      {line}");
    }
    text
}

/// What became of a step, in one line.
pub(super) fn in_words(outcome: &Outcome) -> String {
    match words(outcome) {
        (word, Some(why), _) => format!("{word}: {why}"),
        (word, None, _) => word.to_owned(),
    }
}

/// A word, why, and what to do.
pub(super) fn words(outcome: &Outcome) -> (&'static str, Option<String>, Option<String>) {
    let plain = |why: &str| Some(why.to_owned());
    match outcome {
        Outcome::Written => ("done", None, None),
        Outcome::Already => ("done", plain("it was so already"), None),
        Outcome::Changed { found, .. } => (
            "not written",
            Some(format!(
                "since the plan was made someone has changed it: it has {}",
                held(found)
            )),
            plain("run plan again and look at it"),
        ),
        Outcome::Altered { found } => (
            "written, but not kept",
            Some(format!("Azure's answer has {}", held(found))),
            plain("a policy with a `modify` effect may change this tag: ask who assigns it"),
        ),
        Outcome::Accepted => (
            "accepted",
            plain("Azure has taken the write, but the VM does not show it yet"),
            plain("run plan in a minute"),
        ),
        Outcome::Failed { why, help, .. } => ("failed", Some(why.clone()), help.clone()),
        Outcome::PutBack => (
            "put back",
            plain("it had been freed for a VM that could not take it"),
            None,
        ),
        Outcome::NotPutBack { why } => (
            "freed, and not put back",
            Some(format!("no VM holds the name now: {why}")),
            plain("run the same command again, which gives it out"),
        ),
        Outcome::Interrupted => ("not tried", plain("interrupted"), None),
        Outcome::Skipped { because } => (
            "not tried",
            Some(format!("{} has to come first", because.path())),
            None,
        ),
    }
}

/// What a VM holds, in words.
fn held(found: &Held) -> String {
    match (&found.session, &found.owner) {
        (None, None) => "no session".to_owned(),
        (None, Some(owner)) => format!("no session, and the owner {owner}"),
        (Some(session), None) => session.to_string(),
        (Some(session), Some(owner)) => format!("{session} of the owner {owner}"),
    }
}

/// The last lines of an apply: how the steps ended, and what reading everything once more has shown.
pub fn verdict(tried: &[Tried], after: &After<'_>, file: &str, ids: Ids, paint: Paint) -> String {
    let done = tried.iter().filter(|tried| tried.outcome.is_success());
    let done = done.count();
    let changed = tried.iter().any(|tried| tried.outcome.changed_something());
    let (steps, open) = (count(done, "step"), tried.len() - done);
    let writes = match after {
        After::Interrupted if open > 0 => {
            format!("Interrupted: {steps} done, {open} not. Run it again to go on.")
        }
        _ if open == 0 => format!("Applied: {steps} done."),
        _ if !changed => format!("Nothing applied: {} failed.", count(open, "step")),
        _ => format!("Applied in part: {steps} done, {open} not."),
    };
    let mut text = format!("\n{}", paint.bold(writes));
    match after {
        After::Interrupted => {}
        After::Unread => {
            let _ = write!(
                text,
                "\n{}",
                paint.red(format!("Could not check whether Azure matches {file}."))
            );
        }
        After::Planned {
            differ,
            left_out,
            doubles,
        } => {
            for Duplicate { name, holders } in *doubles {
                let (error, on) = (paint.red("error"), ids.names(holders));
                let _ = write!(
                    text,
                    "\n{error}: {name} is on {on}: somebody gave it out at the same time; take it from one of them",
                );
            }
            if *differ > 0 {
                let lines = match differ {
                    1 => "1 line differs".to_owned(),
                    n => format!("{n} lines differ"),
                };
                let verdict = format!("Azure does not match {file} yet: {lines}. Run plan to see.");
                let _ = write!(text, "\n{}", paint.red(verdict));
            } else if doubles.is_empty() {
                let verdict = if *left_out > 0 {
                    "The targets now match.".to_owned()
                } else {
                    format!("Azure now matches {file}.")
                };
                let _ = write!(text, " {}", paint.green(verdict));
            }
        }
    }
    text.push('\n');
    text
}

/// What is known after an apply.
#[derive(Clone, Copy, Debug)]
pub enum After<'p> {
    /// Azure was read once more.
    Planned {
        /// How many lines still differ.
        differ: usize,
        /// How many VMs differ from the files and are no targets.
        left_out: usize,
        /// The names of these steps that several VMs hold.
        doubles: &'p [Duplicate],
    },
    /// Azure could not be read, or not all of it.
    Unread,
    /// Azure was not read: someone wanted azlin to end.
    Interrupted,
}
