//! A plan, the way users of Terraform read one.

use std::fmt::Write as _;

use console::{Alignment, measure_text_width, pad_str};

use super::Paint;
use super::words::{Weight, Words, count, symbol, totals, why};
use crate::model::LiveName;
use crate::plan::{Plan, Step};

/// A plan with what it is for.
#[derive(Clone, Copy, Debug)]
pub struct Section<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Its Azure: "the sandbox", "subscription 0000…".
    pub place: &'a str,
    /// The name of its file.
    pub file: &'a str,
}

/// Plans that were made together, as text: of several, each below its file's name, and what they come to at the end.
pub fn plans(sections: &[Section<'_>], paint: Paint) -> String {
    if let [only] = sections {
        return section(only, sections, paint);
    }
    let mut text = String::new();
    for one in sections {
        let plan = section(one, sections, paint);
        let _ = writeln!(text, "{}\n{plan}", paint.bold(one.file));
    }
    let files = count(sections.len(), "file");
    let total = format!("Over {files}: {}.", totals(sections));
    let _ = writeln!(text, "{}", paint.bold(total));
    text
}

/// `plan` as text for `place` ("the sandbox", "subscription 0000…") and the file called `file`.
pub fn plan(plan: &Plan, place: &str, file: &str, paint: Paint) -> String {
    plans(&[Section { plan, place, file }], paint)
}

fn section(section: &Section<'_>, all: &[Section<'_>], paint: Paint) -> String {
    let Section { plan, place, file } = *section;
    let words = Words::new(section, all);
    let mut text = String::new();
    if plan.is_empty() {
        let none = match plan.left_out {
            0 => format!("No changes: {place} matches {file}."),
            n => format!(
                "No changes to the targets; {} beside them would change.",
                count(n, "VM")
            ),
        };
        let _ = writeln!(text, "{}", paint.bold(none));
    }
    if !plan.changes.is_empty() {
        let sessions = count(plan.changes.len(), "session");
        let _ = writeln!(text, "azlin will change {sessions} in {place}:\n");
        let columns = Columns::of(&plan.steps);
        for step in &plan.steps {
            let line = with_note(&columns.line(step, paint), &words.notes(step), paint);
            let _ = writeln!(text, "{line}");
        }
        text.push('\n');
    }
    if !plan.blocked.is_empty() {
        let lines = count(plan.blocked.len(), "line");
        let _ = writeln!(text, "{lines} of {file} cannot be carried out:\n");
        for entry in &plan.blocked {
            let (mark, help) = (paint.red("!"), paint.green("help"));
            let (reason, way_out) = why(entry);
            let (vm, session, line) = (entry.vm.in_subscription(), &entry.session, entry.line);
            let _ = writeln!(text, "  {mark} {vm}   {session}   {file}:{line}");
            let _ = writeln!(text, "      {reason}\n      {help}: {way_out}");
        }
        text.push('\n');
    }
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
    let _ = writeln!(text, "{}", paint.bold(summary(plan, &words)));
    text
}

fn summary(plan: &Plan, words: &Words<'_>) -> String {
    let matching = match plan.matching {
        1 => "1 session already matches".to_owned(),
        n => format!("{n} sessions already match"),
    };
    let totals = totals(std::slice::from_ref(&words.section));
    format!("Plan: {totals}. {matching}; {} unmanaged.", plan.unmanaged)
}

/// `line` with its notes beside it where both fit 80 columns, else below it.
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

/// The width of the column of VMs, so that sessions stand below each other.
#[derive(Clone, Copy, Debug)]
pub struct Columns {
    vm: usize,
}

impl Columns {
    /// The widths that fit all of `steps`.
    pub fn of(steps: &[Step]) -> Self {
        let widths = steps
            .iter()
            .map(|step| measure_text_width(&step.vm.in_subscription()));
        Self {
            vm: widths.max().unwrap_or(0).min(60),
        }
    }

    /// `  ~ rg-dev/dev-vm-1   project-beta -> project-alpha`
    pub(super) fn line(self, step: &Step, paint: Paint) -> String {
        let vm = step.vm.in_subscription();
        let vm = pad_str(&vm, self.vm, Alignment::Left, None);
        let symbol = symbol(step);
        let mark = match symbol {
            '+' => paint.green(symbol),
            '~' => paint.yellow(symbol),
            '-' => paint.red(symbol),
            _ => paint.blue(symbol),
        };
        let sessions = match (&step.from.session, &step.to.session) {
            (Some(from), Some(to)) if from != to => format!("{from} -> {to}"),
            (_, Some(to)) => to.to_string(),
            (from, None) => from.as_ref().map(LiveName::to_string).unwrap_or_default(),
        };
        format!("  {mark} {vm}   {sessions}")
    }
}
