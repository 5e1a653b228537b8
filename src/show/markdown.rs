//! A plan as a comment on a pull request.
//!
//! GitHub takes 65,536 characters. In whatever comes from Azure or the file, every character that means something to
//! Markdown or HTML is an entity: no table breaks, nothing links, nobody is mentioned.

use std::fmt::Write as _;

use super::words::{Words, count, symbol, why};
use crate::plan::{Duplicate, Outcome, Plan, Step};
use crate::text::inert;

/// By this line a pipeline finds its comment again.
const MARKER: &str = "<!-- azlin plan -->";

/// How many characters of rows are written before the rest is only counted.
const MOST: usize = 58_000;

/// `plan` for `place` and the file called `file`; with what became of its steps, once it was applied.
pub fn markdown(
    plan: &Plan,
    place: &str,
    file: &str,
    done: Option<(&[Outcome], &[Duplicate])>,
) -> String {
    let words = Words::new(plan, file);
    let mut text = format!("{MARKER}\n### azlin: {}\n\n", words.totals());
    let _ = writeln!(text, "{} against {}.", code(file), code(place));
    let rows = plan.steps.iter().enumerate().map(|(at, step)| {
        let outcome = done.and_then(|(outcomes, _)| outcomes.get(at));
        row(step, &words, outcome)
    });
    let blocked = plan.blocked.iter().map(|entry| {
        let (reason, help) = why(entry);
        let (vm, session) = (code(&entry.vm.to_string()), code(entry.session.as_str()));
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
        fill(&mut text, blocked.into_iter(), plan.blocked.len(), MOST / 2);
    }
    let doubles = done.iter().flat_map(|(_, doubles)| doubles.iter());
    let doubles = doubles.map(|double| {
        let holders = super::words::listed(&double.holders);
        format!(
            "{} is on {holders}: somebody gave it out at the same time",
            double.name
        )
    });
    let remarks: Vec<String> = doubles
        .chain(words.remarks().into_iter().map(|(_, remark)| remark))
        .collect();
    if !remarks.is_empty() {
        text.push('\n');
        let all = remarks.len();
        fill(
            &mut text,
            remarks
                .iter()
                .map(|remark| format!("- {}\n", plain(remark))),
            all,
            MOST * 3 / 4,
        );
    }
    if !plan.steps.is_empty() {
        let open = if done.is_some() { " open" } else { "" };
        let steps = count(plan.steps.len(), "step");
        let _ = writeln!(
            text,
            "\n<details{open}><summary>{steps}</summary>\n\n| | VM | session | |"
        );
        text.push_str("|---|---|---|---|\n");
        fill(&mut text, rows, plan.steps.len(), MOST);
        text.push_str("\n</details>\n");
    }
    text
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
    let vm = code(&step.vm.to_string());
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
