//! A plan as a comment on a pull request.
//!
//! GitHub takes 65,536 characters. Whatever comes from Azure or the file stands in `<code>`, with every character that means
//! something to Markdown or HTML as an entity: no table breaks, nothing links, nobody is mentioned.

use std::fmt::Write as _;

use super::words::{Words, count, symbol};
use crate::plan::{Outcome, Plan, Step};
use crate::text::escape;

/// By this line a pipeline finds its comment again.
const MARKER: &str = "<!-- azlin plan -->";

/// How many characters of rows are written before the rest is only counted.
const MOST: usize = 58_000;

/// `plan` for `place` and the file called `file`; with what became of its steps, once it was applied.
pub fn markdown(plan: &Plan, place: &str, file: &str, outcomes: Option<&[Outcome]>) -> String {
    let words = Words::new(plan, file);
    let mut text = format!("{MARKER}\n### azlin: {}\n\n", words.totals());
    let _ = writeln!(text, "{} against {}.", code(file), code(place));
    let rows = plan.steps.iter().enumerate().map(|(at, step)| {
        let outcome = outcomes.and_then(|outcomes| outcomes.get(at));
        row(step, &words, outcome)
    });
    let blocked = plan.blocked.iter().map(|entry| {
        let (reason, help) = words.why(entry);
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
    for (_, remark) in words.remarks() {
        let _ = writeln!(text, "\n> {}", plain(&remark));
    }
    if !plan.steps.is_empty() {
        let open = if outcomes.is_some() { " open" } else { "" };
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

/// Text in which nothing means anything to Markdown or HTML.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 16);
    for c in escape(text).chars() {
        match c {
            ' ' | '-' | '_' | ',' | ';' | '?' | '\'' | '"' | '(' | ')' => plain.push(c),
            c if c.is_ascii_punctuation() => {
                let _ = write!(plain, "&#{};", u32::from(c));
            }
            c => plain.push(c),
        }
    }
    plain
}
