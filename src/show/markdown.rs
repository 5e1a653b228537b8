//! A plan as a comment on a pull request.
//!
//! GitHub accepts 65,536 characters. azlin writes each character from Azure or the file that has a meaning in Markdown or HTML as
//! an entity, so that no text breaks a table, becomes a link or mentions anyone.

use std::fmt::{Display, Write as _};

use super::options::flags;
use super::refusal::refusal;
use super::why;
use super::words::{DRIFT, Words, count, ids, names, sessions, symbol, totals};
use crate::plan::{Options, Origin, Plan, Refused, Step, refusals};
use crate::text::inert;
use crate::trouble::Trouble;

/// The first line, by which a pipeline finds its comment again.
const MARKER: &str = "<!-- azlin plan -->";

/// The command that lists all that a comment only counts.
const SHOW: &str = "`azlin show`";

/// The maximum number of characters of rows; azlin only counts the rest.
pub(super) const MOST: usize = 58_000;

/// The minimum number of characters for a file's section.
const LEAST: usize = 700;

/// The maximum number of steps that a reader sees without a click.
pub(super) const FEW: usize = 20;

/// `plan`, made with `options`, as Markdown. The guards that refuse it come first. With several files, it only names those without
/// changes or remarks.
pub fn markdown(plan: &Plan, options: &Options) -> String {
    let refused = refusals(plan, options);
    let totals = totals(plan.changes.iter(), plan.blocked());
    let headline = match (plan.is_empty(), refused.is_empty()) {
        (true, true) => "no changes".to_owned(),
        (_, true) => totals,
        (_, false) => format!("refused; {totals}"),
    };
    let mut text = format!("{MARKER}\n### azlin plan: {headline}\n");
    if !refused.is_empty() {
        text.push_str("\n**azlin refuses this plan, and applies nothing of it:**\n\n");
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
    let fitting = loud.len().min(MOST / LEAST);
    let mut shown = 0;
    for words in loud.iter().take(fitting) {
        if shown > 0 && text.len() + LEAST > MOST {
            break;
        }
        // Each file gets an equal share of the room that is left.
        let room = MOST.saturating_sub(text.len()) / (fitting - shown);
        section(&mut text, words, room);
        shown += 1;
    }
    if shown < loud.len() {
        more(&mut text, count(loud.len() - shown, "file"), SHOW);
    }
    if !quiet.is_empty() {
        let quiet: Vec<String> = quiet.iter().map(|words| code(&words.name)).collect();
        let _ = writeln!(text, "\nNo changes for {}.", names(&quiet));
    }
    text
}

/// The guards that refuse `plan`, and what allows it.
pub(super) fn refusal_list(text: &mut String, plan: &Plan, refused: &[Refused]) {
    let items = refused.iter().map(|refused| {
        let file = plan.files.get(refused.file);
        let file = file.map_or("", |file| file.basis.file.as_str());
        let Trouble { message, help, .. } = refusal(refused, file, None);
        format!("- {}; {}\n", plain(&message), plain(&help))
    });
    fill(text, items, refused.len(), MOST / 4, SHOW);
}

/// The section of one file, in about `room` characters.
fn section(text: &mut String, words: &Words<'_>, room: usize) {
    let start = text.len();
    let (name, place) = (code(&words.name), code(&words.place));
    let _ = writeln!(text, "\n{name} against {place}.");
    blocked(text, words, start + room / 2);
    let remarks = words.remarks();
    if !remarks.is_empty() {
        text.push('\n');
        let items = remarks
            .iter()
            .map(|(_, remark)| format!("- {}\n", plain(remark)));
        fill(text, items, remarks.len(), start + room * 3 / 4, SHOW);
    }
    let Some(base) = words.base() else {
        let all: Vec<_> = words.steps().map(|(_, step)| step).collect();
        return steps(text, words, &all, "", start + room);
    };
    let is_drift = |step: &&Step| words.origin(step) == Some(Origin::Drift);
    let (drift, new): (Vec<_>, Vec<_>) = words.steps().map(|(_, step)| step).partition(is_drift);
    let rev = code(base.rev.as_str());
    let since = format!(" since {rev}");
    let share = if drift.is_empty() { room } else { room * 7 / 8 };
    steps(text, words, &new, &since, start + share);
    let before = format!(" of drift, needed at {rev} too");
    steps(text, words, &drift, &before, start + room);
}

/// The table of the steps `own`, up to `most` characters of `text`. `which` says which steps they are.
fn steps(text: &mut String, words: &Words<'_>, own: &[&Step], which: &str, most: usize) {
    if own.is_empty() {
        return;
    }
    let open = if own.len() <= FEW { " open" } else { "" };
    let steps = count(own.len(), "step");
    let _ = writeln!(text, "\n<details{open}><summary>{steps}{which}</summary>\n");
    text.push_str("| | VM | session | |\n|---|---|---|---|\n");
    let rows = own.iter().map(|step| row(step, words));
    fill(text, rows, own.len(), most, SHOW);
    text.push_str("\n</details>\n");
}

/// The table of blocked lines, up to `most` characters of `text`.
pub(super) fn blocked(text: &mut String, words: &Words<'_>, most: usize) {
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
    fill(text, rows, entries.len(), most, SHOW);
}

/// Writes as many rows as fit into `most` characters of `text`, and the number of the others, which `place` lists.
pub(super) fn fill(
    text: &mut String,
    rows: impl Iterator<Item = String>,
    all: usize,
    most: usize,
    place: &str,
) {
    for (at, row) in rows.enumerate() {
        if text.len() + row.len() > most {
            more(text, all - at, place);
            return;
        }
        text.push_str(&row);
    }
}

/// Writes the number of those that do not fit. `place` lists them all.
fn more(text: &mut String, more: impl Display, place: &str) {
    let _ = writeln!(text, "\n… and {more} more; {place} lists them all.");
}

fn row(step: &Step, words: &Words<'_>) -> String {
    let mut notes = words.notes(step);
    // The table's title says so.
    notes.retain(|note| note != DRIFT);
    let (symbol, vm) = (
        symbol(&step.before, &step.after),
        code(&step.vm.path().to_string()),
    );
    let sessions = sessions(&step.before, &step.after, "→", code);
    let notes = plain(&notes.join("; "));
    format!("| `{symbol}` | {vm} | {sessions} | {notes} |\n")
}

/// A value from Azure or the file, as code.
pub(super) fn code(value: &str) -> String {
    format!("<code>{}</code>", plain(value))
}

/// Text without any meaning in Markdown or HTML. GitHub resolves entities before it looks for mentions and issues, so `@` and `#`
/// go into elements of their own.
pub(super) fn plain(text: &str) -> String {
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
