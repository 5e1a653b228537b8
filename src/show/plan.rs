//! A plan, the way users of Terraform read one.

use std::fmt::Write as _;

use console::{Alignment, measure_text_width, pad_str};

use super::options::flags;
use super::words::{Weight, Words, count, ids, sessions, several, symbol, totals};
use super::{Ids, Paint, why};
use crate::plan::{Options, Origin, Plan, Step};
use crate::trouble::Trouble;

/// `plan`, made with `options`, as text. With several files, each has its own section, and the last line has their sum.
pub fn plan(plan: &Plan, options: &Options, paint: Paint) -> String {
    let mut text = String::new();
    let all = Words::of_each(plan);
    if let [only] = all.as_slice() {
        section(&mut text, only, paint);
        text.push_str(&given(options, only.ids));
        return text;
    }
    for words in &all {
        let _ = writeln!(text, "{}", paint.bold(&words.name));
        section(&mut text, words, paint);
        text.push('\n');
    }
    let files = count(all.len(), "file");
    let totals = totals(plan.changes.iter(), plan.blocked());
    let _ = writeln!(
        text,
        "{}",
        paint.bold(format!("Total for {files}: {totals}."))
    );
    text.push_str(&given(options, ids(plan)));
    text
}

/// A line with the options of the plan, if there are any.
fn given(options: &Options, ids: Ids) -> String {
    let flags = flags(options, ids);
    if flags.is_empty() {
        return String::new();
    }
    format!("Options: {}\n", flags.join(" "))
}

/// The section of one file.
fn section(text: &mut String, words: &Words<'_>, paint: Paint) {
    let Words {
        file, name, place, ..
    } = words;
    if words.is_empty() {
        let mut none = format!("No changes: {place} matches {name}.");
        if file.left_out > 0 {
            none = "No changes to the targets.".to_owned();
        }
        let _ = writeln!(text, "{}", paint.bold(none));
        if !words.remarks().is_empty() {
            text.push('\n');
        }
    }
    if words.changes > 0 {
        let vms = count(words.changes, "VM");
        let partial = if file.blocked.is_empty() {
            ""
        } else {
            "With --partial, "
        };
        let _ = writeln!(text, "{partial}azlin will update {vms} in {place}:\n");
        let width = vm_column(words.steps().map(|(_, step)| step));
        for (_, step) in words.steps() {
            let line = step_line(step, width, paint);
            let _ = writeln!(text, "{}", with_note(&line, &words.notes(step), paint));
        }
        text.push('\n');
    }
    blocked(text, words, paint);
    let remarks = words.remarks();
    for (weight, remark) in &remarks {
        let weight = match weight {
            Weight::Warning => paint.yellow("warning"),
            Weight::Note => paint.blue("note"),
        };
        let _ = writeln!(text, "{weight}: {remark}");
    }
    if !remarks.is_empty() {
        text.push('\n');
    }
    let n = file.matching;
    let matching = several(n, "session already matches", "sessions already match");
    let totals = words.totals();
    let summary = format!("Plan: {totals}. {matching}; {} unmanaged.", file.unmanaged);
    let _ = writeln!(text, "{}", paint.bold(summary));
}

/// The blocked lines, each with its reason and help.
fn blocked(text: &mut String, words: &Words<'_>, paint: Paint) {
    let (entries, name) = (&words.file.blocked, &words.name);
    if entries.is_empty() {
        return;
    }
    let lines = count(entries.len(), "line");
    let _ = writeln!(text, "{lines} in {name} cannot be applied:\n");
    for entry in entries {
        let (mark, todo) = (paint.red("!"), paint.green("help"));
        let (vm, session, line) = (entry.vm.path(), &entry.session, entry.line);
        let drift = match entry.origin {
            Some(Origin::Drift) => "   (drift)",
            _ => "",
        };
        let _ = writeln!(text, "  {mark} {vm}   {session}   {name}:{line}{drift}");
        let Trouble { message, help, .. } = why(entry, words.ids);
        let _ = writeln!(text, "      {message}\n      {todo}: {help}");
    }
    text.push('\n');
}

/// `line` with its notes: beside it if both fit 80 columns, else below it.
fn with_note(line: &str, notes: &[String], paint: Paint) -> String {
    let note = notes.join("; ");
    if note.is_empty() {
        line.to_owned()
    } else if measure_text_width(line) + measure_text_width(&note) + 5 <= 80 {
        format!("{line}   {}", paint.dim(format!("({note})")))
    } else {
        format!("{line}\n      {}", paint.dim(note))
    }
}

/// The width of the column of VMs that fits all of `steps`, which aligns the sessions.
pub fn vm_column<'s>(steps: impl Iterator<Item = &'s Step>) -> usize {
    let widths = steps.map(|step| measure_text_width(&step.vm.path().to_string()));
    widths.max().unwrap_or(0).min(60)
}

/// A step's line, `  ~ rg-dev/dev-vm-1   project-beta -> project-alpha`, with the VM in `width` columns.
pub(super) fn step_line(step: &Step, width: usize, paint: Paint) -> String {
    let vm = step.vm.path().to_string();
    let vm = pad_str(&vm, width, Alignment::Left, None);
    let symbol = symbol(&step.before, &step.after);
    let mark = match symbol {
        '+' => paint.green(symbol),
        '~' => paint.yellow(symbol),
        '-' => paint.red(symbol),
        _ => paint.blue(symbol),
    };
    let sessions = sessions(&step.before, &step.after, "->", str::to_owned);
    format!("  {mark} {vm}   {sessions}")
}
