//! A plan as a comment on a pull request.
//!
//! GitHub accepts 65,536 characters. azlin writes each character from Azure or the file that has a meaning in Markdown or HTML as
//! an entity, so that no text breaks a table, becomes a link or mentions anyone.

use std::fmt::{Display, Write as _};

use super::options::flags;
use super::outcome::{in_words, on_several, tally};
use super::refusal::refusal;
use super::stale::lines;
use super::words::{DRIFT, Words, count, ids, names, sessions, symbol, totals};
use super::{Ids, why};
use crate::plan::{
    Difference, Duplicate, Options, Origin, Outcome, Plan, Refused, Step, Tried, refusals,
};
use crate::text::inert;
use crate::trouble::Trouble;

/// The first line, by which a pipeline finds its comment again.
const MARKER: &str = "<!-- azlin plan -->";

/// The maximum number of characters of rows; azlin only counts the rest.
const MOST: usize = 58_000;

/// The minimum number of characters for a file's section.
const LEAST: usize = 700;

/// The maximum number of steps that a reader sees without a click.
const FEW: usize = 20;

/// The outcome of a plan's steps.
#[derive(Clone, Copy, Debug)]
pub struct Applied<'a> {
    /// The steps, in the order of the plan.
    pub tried: &'a [Tried],
    /// The names that turned out to be on several VMs.
    pub doubles: &'a [Duplicate],
}

/// `plan`, made with `options`, as Markdown, with the outcome of its steps if it was applied. The guards that refuse it come first.
/// With several files, it only names those without changes or remarks.
pub fn markdown(plan: &Plan, options: &Options, applied: Option<Applied<'_>>) -> String {
    let refused = refusals(plan, options);
    let headline = match applied {
        None if plan.is_empty() => "azlin plan: no changes".to_owned(),
        None => {
            let refused = if refused.is_empty() { "" } else { "refused; " };
            let totals = totals(plan.changes.iter(), plan.blocked());
            format!("azlin plan: {refused}{totals}")
        }
        Some(applied) if applied.tried.is_empty() => "azlin apply: nothing to do".to_owned(),
        Some(applied) => format!("azlin apply: {}", tally(applied.tried)),
    };
    let mut text = format!("{MARKER}\n### {headline}\n");
    if applied.is_none() && !refused.is_empty() {
        refusal_list(&mut text, plan, &refused);
    }
    let flags = flags(options, ids(plan));
    if !flags.is_empty() {
        let flags: Vec<String> = flags.iter().map(|flag| code(flag)).collect();
        let _ = writeln!(text, "\nOptions: {}", flags.join(" "));
    }
    let is_one_of_several = plan.files.len() > 1;
    let all = Words::of_each(plan);
    let (quiet, loud): (Vec<_>, Vec<_>) = all
        .iter()
        .partition(|words| is_one_of_several && words.is_empty() && words.remarks().is_empty());
    let mut doubles = Vec::new();
    if let Some(Applied {
        tried,
        doubles: several,
    }) = &applied
    {
        let named = several.iter();
        doubles.extend(named.map(|double| on_several(double, tried, ids(plan))));
    }
    let fitting = loud.len().min(MOST / LEAST);
    let mut shown = 0;
    for words in loud.iter().take(fitting) {
        if shown > 0 && text.len() + LEAST > MOST {
            break;
        }
        // Each file gets an equal share of the room that is left.
        let room = MOST.saturating_sub(text.len()) / (fitting - shown);
        let doubles = std::mem::take(&mut doubles);
        section(&mut text, words, doubles, applied, room);
        shown += 1;
    }
    if shown < loud.len() {
        more(&mut text, count(loud.len() - shown, "file"));
    }
    if !quiet.is_empty() {
        let quiet: Vec<String> = quiet.iter().map(|words| code(&words.name)).collect();
        let _ = writeln!(text, "\nNo changes for {}.", names(&quiet));
    }
    text
}

/// The guards that refuse `plan`, and what allows it.
fn refusal_list(text: &mut String, plan: &Plan, refused: &[Refused]) {
    text.push_str("\n**azlin refuses this plan, and applies nothing of it:**\n\n");
    let items = refused.iter().map(|refused| {
        let file = plan.files.get(refused.file);
        let file = file.map_or("", |file| file.basis.file.as_str());
        let Trouble { message, help, .. } = refusal(refused, file, None);
        format!("- {}; {}\n", plain(&message), plain(&help))
    });
    fill(text, items, refused.len(), MOST / 4);
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

/// The section of one file, in about `room` characters.
fn section(
    text: &mut String,
    words: &Words<'_>,
    mut remarks: Vec<String>,
    applied: Option<Applied<'_>>,
    room: usize,
) {
    let start = text.len();
    let (name, place) = (code(&words.name), code(&words.place));
    let _ = writeln!(text, "\n{name} against {place}.");
    blocked(text, words, start + room / 2);
    remarks.extend(words.remarks().into_iter().map(|(_, remark)| remark));
    if !remarks.is_empty() {
        text.push('\n');
        let items = remarks
            .iter()
            .map(|remark| format!("- {}\n", plain(remark)));
        fill(text, items, remarks.len(), start + room * 3 / 4);
    }
    let Some(base) = words.base() else {
        return steps(
            text,
            words,
            &words.steps().collect::<Vec<_>>(),
            "",
            applied,
            start + room,
        );
    };
    let is_drift = |(_, step): &(usize, &Step)| words.origin(step) == Some(Origin::Drift);
    let (drift, new): (Vec<_>, Vec<_>) = words.steps().partition(is_drift);
    let rev = code(base.rev.as_str());
    let since = format!(" since {rev}");
    let share = if drift.is_empty() { room } else { room * 7 / 8 };
    steps(text, words, &new, &since, applied, start + share);
    let before = format!(" of drift, needed at {rev} too");
    steps(text, words, &drift, &before, applied, start + room);
}

/// The table of the steps `own`, up to `most` characters of `text`. `which` says which steps they are.
fn steps(
    text: &mut String,
    words: &Words<'_>,
    own: &[(usize, &Step)],
    which: &str,
    applied: Option<Applied<'_>>,
    most: usize,
) {
    if own.is_empty() {
        return;
    }
    let open = if own.len() <= FEW { " open" } else { "" };
    let steps = count(own.len(), "step");
    let _ = writeln!(text, "\n<details{open}><summary>{steps}{which}</summary>\n");
    text.push_str("| | VM | session | |\n|---|---|---|---|\n");
    let rows = own.iter().map(|(at, step)| {
        let tried = applied.and_then(|applied| applied.tried.get(*at));
        row(step, words, tried.map(|tried| &tried.outcome))
    });
    fill(text, rows, own.len(), most);
    text.push_str("\n</details>\n");
}

/// The table of blocked lines, up to `most` characters of `text`.
fn blocked(text: &mut String, words: &Words<'_>, most: usize) {
    let entries = &words.file.blocked;
    if entries.is_empty() {
        return;
    }
    text.push_str("\n**Cannot be applied:**\n\n| VM | session | line | why | what to do |\n");
    text.push_str("|---|---|---|---|---|\n");
    let rows = entries.iter().map(|entry| {
        let Trouble { message, help, .. } = why(entry, words.ids);
        let (vm, session) = (entry.vm.path().to_string(), entry.session.as_str());
        let (vm, session, line) = (code(&vm), code(session), entry.line);
        let drift = match entry.origin {
            Some(Origin::Drift) => "drift: ",
            _ => "",
        };
        let (why, help) = (plain(&message), plain(&help));
        format!("| {vm} | {session} | {line} | {drift}{why} | {help} |\n")
    });
    fill(text, rows, entries.len(), most);
}

/// Writes as many rows as fit, and the number of the others.
fn fill(text: &mut String, rows: impl Iterator<Item = String>, all: usize, most: usize) {
    for (at, row) in rows.enumerate() {
        if text.len() + row.len() > most {
            more(text, all - at);
            return;
        }
        text.push_str(&row);
    }
}

/// Writes the number of those that do not fit.
fn more(text: &mut String, more: impl Display) {
    let _ = writeln!(text, "\n… and {more} more; `azlin show` lists them all.");
}

fn row(step: &Step, words: &Words<'_>, outcome: Option<&Outcome>) -> String {
    let mut notes = words.notes(step);
    // The table's title says so.
    notes.retain(|note| note != DRIFT);
    notes.extend(outcome.map(in_words));
    let (symbol, vm) = (
        symbol(&step.before, &step.after),
        code(&step.vm.path().to_string()),
    );
    let sessions = sessions(&step.before, &step.after, "→", code);
    let notes = plain(&notes.join("; "));
    format!("| `{symbol}` | {vm} | {sessions} | {notes} |\n")
}

/// A value from Azure or the file, as code.
fn code(value: &str) -> String {
    format!("<code>{}</code>", plain(value))
}

/// Text without any meaning in Markdown or HTML. GitHub resolves entities before it looks for mentions and issues, so `@` and `#`
/// go into elements of their own.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 16);
    for c in inert(text).chars() {
        match c {
            ' ' | '-' | ',' | ';' | '?' | '\'' | '"' | '(' | ')' => plain.push(c),
            '@' | '#' => {
                let _ = write!(plain, "<span>&#{};</span>", u32::from(c));
            }
            c if c.is_ascii_punctuation() => {
                let _ = write!(plain, "&#{};", u32::from(c));
            }
            c => plain.push(c),
        }
    }
    plain
}
