//! The report of apply as a comment: what became of each step, and what Azure shows now.

use std::fmt::Write as _;

use super::Ids;
use super::markdown::{FEW, MOST, blocked, code, fill, plain, refusal_list};
use super::outcome::{
    After, IN_DOUBT, details, differs, held, help_for, matches, no_holders, on_several, sort,
    tally, unread,
};
use super::stale::lines;
use super::words::{Words, count, sessions, symbol};
use crate::plan::{Difference, Ending, Report, Tried, freed};

/// The first line, by which a pipeline finds its report again.
const MARKER: &str = "<!-- azlin apply -->";

/// The place that lists all that a comment only counts.
const LOG: &str = "the log";

/// `report` as Markdown. `azure` and `file` are what was compared, as in [`verdict`](super::verdict).
pub fn report(report: &Report<'_>, after: &After<'_>, azure: &str, file: &str, ids: Ids) -> String {
    let Report {
        plan,
        tried,
        refused,
        ending,
        ..
    } = report;
    let blocked_lines = format!("{} cannot be applied", count(plan.blocked(), "line"));
    let mut headline = match ending {
        Ending::Refused => "refused; nothing was written".to_owned(),
        Ending::Blocked => format!("{blocked_lines}; nothing was written"),
        _ if tried.is_empty() => "nothing to do".to_owned(),
        Ending::Interrupted => format!("interrupted; {}", tally(tried)),
        Ending::Complete | Ending::Partial | Ending::Nothing => tally(tried),
    };
    if plan.blocked() > 0 && *ending != Ending::Blocked {
        headline += &format!("; {blocked_lines}");
    }
    let mut text = format!("{MARKER}\n### azlin apply: {headline}\n");
    if !refused.is_empty() {
        text.push('\n');
        refusal_list(&mut text, plan, refused);
    }
    if refused.is_empty() && *ending != Ending::Blocked {
        state(&mut text, report, after, azure, file, ids);
    }
    let all = Words::of_each(plan);
    for (at, words) in all.iter().enumerate() {
        // Each file gets an equal share of half the room.
        blocked(&mut text, words, MOST / 2 * (at + 1) / all.len());
    }
    for what in ["failed", IN_DOUBT, "restored", "not tried", "done"] {
        let is_it = |tried: &&Tried| sort(&tried.outcome) == what;
        let steps: Vec<&Tried> = tried.iter().filter(is_it).collect();
        if !steps.is_empty() {
            table(&mut text, report, what, &steps, ids);
        }
    }
    text
}

/// The sentence about Azure, and the names on several VMs.
fn state(
    text: &mut String,
    report: &Report<'_>,
    after: &After<'_>,
    azure: &str,
    file: &str,
    ids: Ids,
) {
    let sentence = match after {
        After::Planned { differ, .. } if *differ > 0 => differs(*differ, azure, file),
        After::Planned { left_out, .. } => matches(*left_out, azure, file),
        After::Unread => unread(azure, file),
        After::Interrupted => "azlin was interrupted and did not read Azure again.".to_owned(),
    };
    let sentences = no_holders(&freed(report.tried), ids);
    if !sentences.is_empty() {
        text.push('\n');
        let items = sentences
            .iter()
            .map(|sentence| format!("- {}\n", plain(sentence)));
        fill(text, items, sentences.len(), MOST / 4, LOG);
    }
    let is_double = !report.doubles.is_empty();
    let is_sentence_false = is_double && matches!(after, After::Planned { differ: 0, .. });
    if !is_sentence_false {
        let _ = writeln!(text, "\n{}", plain(&sentence));
    }
    if is_double {
        text.push('\n');
        let items = report.doubles.iter().map(|double| {
            let what = on_several(double, report.tried, ids);
            format!("- {}; clear one of them\n", plain(&what))
        });
        fill(text, items, report.doubles.len(), MOST / 4, LOG);
    }
}

/// The table of `steps`, which all ended as `what` says. The steps that are done are hidden if there are many.
fn table(text: &mut String, report: &Report<'_>, what: &str, steps: &[&Tried], ids: Ids) {
    let is_done = what == "done";
    let title = format!("{} {what}", steps.len());
    if is_done {
        let open = if steps.len() <= FEW { " open" } else { "" };
        let _ = writeln!(text, "\n<details{open}><summary>{title}</summary>\n");
    } else {
        let _ = writeln!(text, "\n**{title}**\n");
    }
    text.push_str("| | VM | session | | Azure shows now |\n|---|---|---|---|---|\n");
    let rows = steps.iter().map(|tried| row(report, tried, ids));
    fill(text, rows, steps.len(), MOST, LOG);
    if is_done {
        text.push_str("\n</details>\n");
    }
}

fn row(report: &Report<'_>, Tried { step, outcome }: &Tried, ids: Ids) -> String {
    let mut vm = code(&ids.name(&step.vm));
    if report.plan.files.len() > 1
        && let Some(file) = report.plan.files.get(step.file)
    {
        vm += &format!(" of {}", code(file.basis.file.as_str()));
    }
    let symbol = symbol(&step.before, &step.after);
    let sessions = sessions(&step.before, &step.after, "→", code);
    let mut notes = plain(&details(outcome));
    let help = help_for(outcome);
    if !help.is_empty() {
        notes += &format!("; {}", plain(help));
    }
    let now = match report.held_now(&step.vm) {
        Some(now) => code(&held(now)),
        None => "not read".to_owned(),
    };
    format!("| `{symbol}` | {vm} | {sessions} | {notes} | {now} |\n")
}

/// The refusal of a saved plan because of `differences`, as Markdown.
pub fn stale_markdown(differences: &[Difference], ids: Ids) -> String {
    let mut text = format!(
        "{MARKER}\n### azlin apply: the plan is out of date; nothing was written\n\nSince it was saved:\n\n"
    );
    for line in lines(differences, ids) {
        let _ = writeln!(text, "- {}", plain(&line));
    }
    text
}
