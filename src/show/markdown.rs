//! A plan as a comment on a pull request.
//!
//! GitHub takes 65,536 characters. In whatever comes from Azure or the file, every character that means something to
//! Markdown or HTML is an entity: no table breaks, nothing links, nobody is mentioned.

use std::fmt::Write as _;

use super::Section;
use super::words::{Words, count, names, symbol, totals, why};
use crate::plan::{Duplicate, Outcome, Step};
use crate::text::inert;

/// By this line a pipeline finds its comment again.
const MARKER: &str = "<!-- azlin plan -->";

/// How many characters of rows are written before the rest is only counted.
const MOST: usize = 58_000;

/// How many characters a plan takes, however little of it there is room for.
const LEAST: usize = 700;

/// What became of plans' steps.
#[derive(Clone, Copy, Debug)]
pub struct Applied<'a> {
    /// Of each plan, in the order of its steps.
    pub outcomes: &'a [Vec<Outcome>],
    /// The names that turned out to be on several VMs.
    pub doubles: &'a [Duplicate],
}

/// Plans that were made together; with what became of their steps, once they were applied. Of several, those without
/// anything to say are only named.
pub fn markdown(sections: &[Section<'_>], applied: Option<Applied<'_>>) -> String {
    let mut text = format!("{MARKER}\n### azlin: {}\n", totals(sections));
    let words = sections.iter().map(|section| Words::new(section, sections));
    let words: Vec<Words<'_>> = words.collect();
    let is_quiet = |words: &Words<'_>| {
        sections.len() > 1 && words.section.plan.is_empty() && words.remarks().is_empty()
    };
    let doubles = applied.map_or(&[][..], |applied| applied.doubles);
    let doubles = doubles.iter().map(|double| {
        let holders = names(&double.holders);
        format!(
            "{} is on {holders}: somebody gave it out at the same time",
            double.name
        )
    });
    let mut doubles: Vec<String> = doubles.collect();
    let loud = words.iter().enumerate();
    let loud: Vec<_> = loud.filter(|(_, words)| !is_quiet(words)).collect();
    let fitting = loud.len().min(MOST / LEAST);
    let mut shown = 0;
    while let Some((at, words)) = loud.get(shown)
        && (shown == 0 || text.len() + LEAST <= MOST)
        && shown < fitting
    {
        // Each gets its share of what is left.
        let room = MOST.saturating_sub(text.len()) / (fitting - shown);
        let outcomes = applied.and_then(|applied| applied.outcomes.get(*at));
        let outcomes = outcomes.map(Vec::as_slice);
        let doubles = std::mem::take(&mut doubles);
        section(&mut text, words, doubles, outcomes, room);
        shown += 1;
    }
    if shown < loud.len() {
        let more = count(loud.len() - shown, "file");
        let _ = writeln!(text, "\n… and {more} more; `azlin show` has them all.");
    }
    let quiet = words.iter().filter(|words| is_quiet(words));
    let quiet: Vec<String> = quiet.map(|words| code(words.section.file)).collect();
    if !quiet.is_empty() {
        let _ = writeln!(text, "\nNo changes for {}.", names(&quiet));
    }
    text
}

/// One plan, in about `room` characters.
fn section(
    text: &mut String,
    words: &Words<'_>,
    doubles: Vec<String>,
    outcomes: Option<&[Outcome]>,
    room: usize,
) {
    let Section { plan, place, file } = words.section;
    let start = text.len();
    let _ = writeln!(text, "\n{} against {}.", code(file), code(place));
    let rows = plan.steps.iter().enumerate().map(|(at, step)| {
        let outcome = outcomes.and_then(|outcomes| outcomes.get(at));
        row(step, words, outcome)
    });
    let blocked = plan.blocked.iter().map(|entry| {
        let (reason, help) = why(entry);
        let (vm, session) = (
            code(&entry.vm.in_subscription()),
            code(entry.session.as_str()),
        );
        format!(
            "| {vm} | {session} | {} | {} | {} |\n",
            entry.line,
            plain(&reason),
            plain(&help)
        )
    });
    let blocked: Vec<String> = blocked.collect();
    if !blocked.is_empty() {
        let _ = writeln!(
            text,
            "\n**Cannot be carried out:**\n\n| VM | session | line | why | what to do |"
        );
        text.push_str("|---|---|---|---|---|\n");
        fill(
            text,
            blocked.into_iter(),
            plan.blocked.len(),
            start + room / 2,
        );
    }
    let remarks = words.remarks().into_iter().map(|(_, remark)| remark);
    let remarks: Vec<String> = doubles.into_iter().chain(remarks).collect();
    if !remarks.is_empty() {
        text.push('\n');
        let items = remarks
            .iter()
            .map(|remark| format!("- {}\n", plain(remark)));
        fill(text, items, remarks.len(), start + room * 3 / 4);
    }
    if !plan.steps.is_empty() {
        let open = if outcomes.is_some() { " open" } else { "" };
        let steps = count(plan.steps.len(), "step");
        let _ = writeln!(
            text,
            "\n<details{open}><summary>{steps}</summary>\n\n| | VM | session | |"
        );
        text.push_str("|---|---|---|---|\n");
        fill(text, rows, plan.steps.len(), start + room);
        text.push_str("\n</details>\n");
    }
}

/// Writes as many rows as fit, and how many there are besides.
fn fill(text: &mut String, rows: impl Iterator<Item = String>, all: usize, most: usize) {
    for (at, row) in rows.enumerate() {
        if text.len() + row.len() > most {
            let _ = writeln!(
                text,
                "\n… and {} more; `azlin show` has them all.",
                all - at
            );
            return;
        }
        text.push_str(&row);
    }
}

fn row(step: &Step, words: &Words<'_>, outcome: Option<&Outcome>) -> String {
    let mark = symbol(step);
    let shown = |name: String| {
        if name.is_empty() {
            String::new()
        } else {
            code(&name)
        }
    };
    let from = step
        .from
        .session
        .as_ref()
        .map_or(String::new(), |name| shown(name.to_string()));
    let to = step
        .to
        .session
        .as_ref()
        .map_or(String::new(), |name| shown(name.to_string()));
    let sessions = match (from.is_empty(), to.is_empty() || from == to) {
        (false, false) => format!("{from} → {to}"),
        _ => format!("{from}{}", if from == to { "" } else { &to }),
    };
    let mut notes = words.notes(step);
    notes.extend(outcome.map(super::outcome::in_words));
    let vm = code(&step.vm.in_subscription());
    format!(
        "| `{mark}` | {vm} | {sessions} | {} |\n",
        plain(&notes.join("; "))
    )
}

/// A value of others.
fn code(value: &str) -> String {
    format!("<code>{}</code>", plain(value))
}

/// Text in which nothing means anything to Markdown or HTML. An entity is a character again before GitHub looks for people
/// to mention and issues to link, so what begins those stands in an element of its own.
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
