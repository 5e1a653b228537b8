//! The report of apply: each VM's outcome, and whether Azure now matches the file.

use std::fmt::Write as _;

use console::StyledObject;

use super::plan::step_line;
use super::words::{count, several};
use super::{Ids, Paint};
use crate::model::{Held, VmId};
use crate::plan::{Duplicate, Freed, Outcome, Step, Tried, freed};
use crate::trouble::{Exit, Trouble};

type Tone = fn(Paint, &'static str) -> StyledObject<&'static str>;

/// The word for a step whose write may have arrived, or may still arrive.
pub(super) const IN_DOUBT: &str = "may have been written";

/// An outcome in words: its tone, a word, the reason and the help. The last two may be empty.
type Wording<'o> = (Tone, &'static str, String, &'o str);

/// The outcome of `step`: a line, and below it the reason and the help, if any. `file` is the step's file, if there are
/// several.
pub fn outcome(
    width: usize,
    step: &Step,
    outcome: &Outcome,
    file: Option<&str>,
    paint: Paint,
) -> String {
    let (tone, word, why, help) = wording(outcome);
    let mut text = step_line(step, width, paint) + &format!("   {}", tone(paint, word));
    if let Some(file) = file {
        text += &paint.dim(format!("   ({file})")).to_string();
    }
    text.push('\n');
    if !why.is_empty() {
        let _ = writeln!(text, "      {why}");
    }
    if !help.is_empty() {
        let _ = writeln!(text, "      {}: {help}", paint.green("help"));
    }
    text
}

/// An outcome in one line.
fn in_words(outcome: &Outcome) -> String {
    let (_, word, why, _) = wording(outcome);
    if why.is_empty() {
        return word.to_owned();
    }
    format!("{word}: {why}")
}

/// The details of an outcome beside its [`sort`]; may be empty.
pub(super) fn details(outcome: &Outcome) -> String {
    let (_, word, why, _) = wording(outcome);
    if word == sort(outcome) {
        why
    } else {
        in_words(outcome)
    }
}

/// The help for an outcome; may be empty.
pub(super) fn help_for(outcome: &Outcome) -> &str {
    let (.., help) = wording(outcome);
    help
}

fn wording(outcome: &Outcome) -> Wording<'_> {
    let (good, fair, bad): (Tone, Tone, Tone) = (Paint::green, Paint::yellow, Paint::red);
    let plain = |text: &str| text.to_owned();
    match outcome {
        Outcome::Written => (good, "done", String::new(), ""),
        Outcome::Already => (good, "done", plain("no change was needed"), ""),
        Outcome::Changed { found, .. } => {
            let found = held(found);
            let why = format!("someone changed it after the plan was made; it now holds {found}");
            (
                bad,
                "not written",
                why,
                "run azlin plan and review the change",
            )
        }
        Outcome::Altered { found } => {
            let why = format!("Azure stored {} instead", held(found));
            let help = "look for an Azure Policy with a `modify` effect on this tag";
            (bad, "written, but not kept", why, help)
        }
        Outcome::Accepted => {
            let why = plain("Azure accepted the write, but the VM does not show it yet");
            (fair, "accepted", why, "run azlin plan again in a minute")
        }
        Outcome::Halfway { why } => {
            let why = format!("the session is gone, but its owner tag is still there: {why}");
            let help = "run the same command again to remove it";
            (bad, "cleared in part", why, help)
        }
        Outcome::InDoubt { why, found } => {
            let now = now(found.as_ref());
            let help = "run azlin plan in a minute to see whether it arrived";
            (bad, IN_DOUBT, format!("{why}; {now}"), help)
        }
        Outcome::Failed { why, help } => {
            let help = help.as_deref().unwrap_or_default();
            (bad, "failed", why.clone(), help)
        }
        Outcome::PutBack => {
            let why = plain("its name was freed for a VM that could not take it");
            (fair, "restored", why, "")
        }
        Outcome::NotPutBack { why } => {
            let why = format!("probably no VM holds the name now: {why}");
            let help = "run the same command again to set it";
            (bad, "freed, but not restored", why, help)
        }
        Outcome::Interrupted => (fair, "not tried", plain("interrupted"), ""),
        Outcome::Skipped { because } => {
            let why = format!("depends on {}, which did not succeed", because.path());
            (fair, "not tried", why, "")
        }
    }
}

/// The last look at a VM whose write is in doubt, in words.
fn now(found: Option<&Held>) -> String {
    match found {
        Some(found) => format!("Azure shows {} now, but it may still arrive", held(found)),
        None => "azlin could not look again".to_owned(),
    }
}

/// A VM's session and owner in words.
pub(super) fn held(found: &Held) -> String {
    match (&found.session, &found.owner) {
        (None, None) => "no session".to_owned(),
        (None, Some(owner)) => format!("no session and owner {owner}"),
        (Some(session), None) => session.to_string(),
        (Some(session), Some(owner)) => format!("{session} (owner {owner})"),
    }
}

/// The error of a write to `vm` that failed.
pub fn failed(vm: &VmId, outcome: &Outcome, ids: Ids) -> Trouble {
    let name = ids.name(vm);
    let message = match outcome {
        Outcome::Failed { why, .. } => why.clone(),
        Outcome::InDoubt { why, found } => {
            let now = now(found.as_ref());
            let message = format!("{why}; the session of {name} may have been written: {now}");
            return Trouble::new(
                message,
                format!("check it in a minute: azlin session {name}"),
            );
        }
        _ => format!("{name}: {}", in_words(outcome)),
    };
    let (.., mut help) = wording(outcome);
    if help.is_empty() {
        help = "fix what Azure reports, then run the command again";
    }
    Trouble::new(message, help)
}

/// The error for a name that azlin just set and that several VMs hold.
pub fn doubled(double: &Duplicate, tried: &[Tried], ids: Ids) -> Trouble {
    let help = "clear one of them: azlin session VM --clear";
    Trouble::new(on_several(double, tried, ids), help).exit(Exit::Partial)
}

/// The error for a session that someone changed right after azlin set it.
pub fn changed_since(vm: &VmId, now: &Held, ids: Ids) -> Trouble {
    let (vm, now) = (ids.name(vm), held(now));
    let message = format!("{vm} holds {now} now: someone changed it at the same time");
    let help = format!("agree on a name, then set it again: azlin session {vm} NAME");
    Trouble::new(message, help).exit(Exit::Partial)
}

/// The names that no VM holds now, each with the VM that should have got it, in sentences.
pub(super) fn no_holders(freed: &[Freed], ids: Ids) -> Vec<String> {
    let sentence = |freed: &Freed| {
        let (name, vm) = (&freed.name, ids.name(&freed.vm));
        format!(
            "no VM holds `{name}` now: it was freed for {vm}, which did not get it; run azlin apply again to set it"
        )
    };
    freed.iter().map(sentence).collect()
}

/// The name, the VMs that hold it, and how that came about in the steps `tried`.
pub(super) fn on_several(double: &Duplicate, tried: &[Tried], ids: Ids) -> String {
    let (name, holders) = (&double.name, ids.names(&double.holders));
    let is_altered = tried.iter().any(|tried| match &tried.outcome {
        Outcome::Altered { found } => found.session.as_ref() == Some(name),
        _ => false,
    });
    let why = if is_altered {
        "Azure stored it instead of the name that azlin wrote"
    } else {
        "someone assigned it at the same time"
    };
    format!("session `{name}` is on {holders}: {why}")
}

/// The sorts of outcomes, in the order of a tally.
const SORTS: [&str; 5] = ["done", IN_DOUBT, "failed", "restored", "not tried"];

/// The sort of an outcome.
pub(super) fn sort(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Written | Outcome::Already => "done",
        Outcome::InDoubt { .. } => IN_DOUBT,
        Outcome::Interrupted | Outcome::Skipped { .. } => "not tried",
        Outcome::PutBack => "restored",
        Outcome::Changed { .. }
        | Outcome::Altered { .. }
        | Outcome::Accepted
        | Outcome::Halfway { .. }
        | Outcome::Failed { .. }
        | Outcome::NotPutBack { .. } => "failed",
    }
}

/// The steps of an apply, counted: `3 steps done, 1 failed, 2 not tried`.
pub(super) fn tally(tried: &[Tried]) -> String {
    let mut tally: Vec<String> = Vec::new();
    for what in SORTS {
        let number = tried.iter().filter(|tried| sort(&tried.outcome) == what);
        let number = number.count();
        if number > 0 && tally.is_empty() {
            tally.push(format!("{} {what}", count(number, "step")));
        } else if number > 0 {
            tally.push(format!("{number} {what}"));
        }
    }
    if tally.is_empty() {
        tally.push("0 steps done".to_owned());
    }
    tally.join(", ")
}

/// The last lines of an apply: the outcome of the steps, and whether Azure matches now.
/// `azure` is what the file is compared with: Azure, or the sandbox.
pub fn verdict(
    tried: &[Tried],
    after: &After<'_>,
    azure: &str,
    file: &str,
    ids: Ids,
    paint: Paint,
) -> String {
    let (all, tally) = (tried.len(), tally(tried));
    let done = tried.iter().filter(|tried| tried.outcome.is_success());
    let is_done = done.count() == all;
    let is_doubt = |tried: &Tried| matches!(tried.outcome, Outcome::InDoubt { .. });
    let may_have_changed = |tried: &&Tried| tried.outcome.may_have_changed();
    let mut changed = tried.iter().filter(may_have_changed).peekable();
    let writes = match after {
        After::Interrupted if !is_done => {
            format!("Interrupted: {tally}. Run it again to continue.")
        }
        _ if is_done => format!("Applied: {tally}."),
        _ if changed.peek().is_none() => format!("Nothing applied: {tally}."),
        _ if changed.all(is_doubt) => format!("In doubt: {tally}."),
        _ => format!("Applied in part: {tally}."),
    };
    let mut text = format!("\n{}", paint.bold(writes));
    for sentence in no_holders(&freed(tried), ids) {
        text += &format!("\n{}: {sentence}", paint.yellow("warning"));
    }
    match after {
        After::Interrupted => {}
        After::Unread => {
            text += &format!("\n{}", paint.red(unread(azure, file)));
        }
        After::Planned {
            differ,
            left_out,
            doubles,
        } => {
            for double in *doubles {
                let (error, what) = (paint.red("error"), on_several(double, tried, ids));
                text += &format!("\n{error}: {what}; clear one of them");
            }
            if *differ > 0 {
                text += &format!("\n{}", paint.red(differs(*differ, azure, file)));
            } else if doubles.is_empty() {
                text += &format!(" {}", paint.green(matches(*left_out, azure, file)));
            }
        }
    }
    text + "\n"
}

/// A sentence that `differ` lines of `file` differ from Azure.
pub(super) fn differs(differ: usize, azure: &str, file: &str) -> String {
    let lines = several(differ, "line differs", "lines differ");
    format!(
        "{} does not match {file} yet: {lines}. Run azlin plan for details.",
        capital(azure)
    )
}

/// A sentence that Azure matches `file`, apart from `left_out` VMs that are not targets.
pub(super) fn matches(left_out: usize, azure: &str, file: &str) -> String {
    if left_out > 0 {
        return "The targets now match.".to_owned();
    }
    format!("{} now matches {file}.", capital(azure))
}

/// A sentence that nobody knows whether Azure matches `file`.
pub(super) fn unread(azure: &str, file: &str) -> String {
    format!("Could not check whether {azure} matches {file}.")
}

/// `text` with its first letter in upper case, to begin a sentence.
fn capital(text: &str) -> String {
    let mut rest = text.chars();
    let first = rest.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + rest.as_str()
}

/// The state of Azure after an apply, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub enum After<'p> {
    /// azlin read Azure again.
    Planned {
        /// The number of lines that still differ.
        differ: usize,
        /// The number of VMs that differ but are not targets.
        left_out: usize,
        /// The names of these steps that several VMs now hold.
        doubles: &'p [Duplicate],
    },
    /// azlin could not read all of Azure.
    Unread,
    /// azlin was interrupted and did not read Azure again.
    Interrupted,
}
