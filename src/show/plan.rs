//! A plan, the way users of Terraform read one.

use std::fmt::Write as _;

use console::{Alignment, measure_text_width, pad_str};

use super::Paint;
use crate::model::{LiveName, VmId};
use crate::plan::{Action, Blocked, Plan, Step, Why};

/// `plan` as text for `place` ("the sandbox", "subscription 0000…") and the file called `file`.
pub fn plan(plan: &Plan, place: &str, file: &str, paint: Paint) -> String {
    let mut text = String::new();
    if plan.is_empty() {
        let _ = writeln!(
            text,
            "{}",
            paint.bold(format!("No changes: {place} matches {file}."))
        );
    }
    if !plan.changes.is_empty() {
        let sessions = count(plan.changes.len(), "session");
        let _ = writeln!(text, "azlin will change {sessions} in {place}:\n");
        let columns = Columns::of(&plan.steps);
        for step in &plan.steps {
            let line = columns.line(step, paint);
            let _ = writeln!(
                text,
                "{}",
                with_note(&line, &notes(step, plan, file), paint)
            );
        }
        text.push('\n');
    }
    if !plan.blocked.is_empty() {
        let lines = count(plan.blocked.len(), "line");
        let _ = writeln!(text, "{lines} of {file} cannot be carried out:\n");
        for entry in &plan.blocked {
            blocked(&mut text, entry, file, paint);
        }
        text.push('\n');
    }
    let remarks = remarks(plan, paint);
    if !remarks.is_empty() {
        let _ = writeln!(text, "{remarks}");
    }
    let _ = writeln!(text, "{}", paint.bold(summary(plan)));
    text
}

/// What is not a change and should be known.
fn remarks(plan: &Plan, paint: Paint) -> String {
    let mut text = String::new();
    let (warning, note) = (paint.yellow("warning"), paint.blue("note"));
    for reason in &plan.incomplete {
        let _ = writeln!(
            text,
            "{warning}: VMs may be missing from Azure's list: {reason}"
        );
    }
    for line in &plan.expiring {
        let _ = writeln!(
            text,
            "{note}: {} on {} expires after {}",
            line.session, line.vm, line.day
        );
    }
    for duplicate in &plan.duplicates {
        let holders = listed(&duplicate.holders);
        let _ = writeln!(
            text,
            "{warning}: {} is on several VMs: {holders}",
            duplicate.name
        );
    }
    if plan.unreadable > 0 {
        let vms = count(plan.unreadable, "VM");
        let _ = writeln!(
            text,
            "{warning}: Azure's list has {vms} that azlin cannot read; their sessions are not counted"
        );
    }
    if plan.foreign > 0 {
        let vms = count(plan.foreign, "VM");
        let _ = writeln!(
            text,
            "{note}: the tag of another tool, `azlin-session`, is on {vms}; azlin leaves it alone"
        );
    }
    text
}

fn summary(plan: &Plan) -> String {
    let set = plan.count(|action| *action == Action::Set);
    let change = plan.count(|action| matches!(action, Action::Change { .. }));
    let clear = plan.count(|action| matches!(action, Action::Clear { .. }));
    let adopt = match plan.count(|action| *action == Action::Adopt) {
        0 => String::new(),
        n => format!("{n} to adopt, "),
    };
    let (matching, verb) = match plan.matching {
        1 => ("1 session".to_owned(), "matches"),
        n => (format!("{n} sessions"), "match"),
    };
    format!(
        "Plan: {set} to set, {change} to change, {clear} to clear, {adopt}{} blocked. {matching} already {verb}; {} unmanaged.",
        plan.blocked.len(),
        plan.unmanaged,
    )
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

/// What a reader of the step would otherwise ask.
fn notes(step: &Step, plan: &Plan, file: &str) -> Vec<String> {
    let change = plan
        .changes
        .binary_search_by(|change| change.vm.cmp(&step.vm));
    let Some(change) = change.ok().and_then(|at| plan.changes.get(at)) else {
        return Vec::new();
    };
    let mut notes = Vec::new();
    match &change.action {
        Action::Clear { expired: Some(day) } => notes.push(format!("expired on {day}")),
        Action::Clear { expired: None } => notes.push(format!("removed from {file}")),
        _ if step.to.session.is_none() => {
            return vec!["frees the name; set again below".to_owned()];
        }
        Action::Change { by_hand: true } => notes.push("was set by hand".to_owned()),
        Action::Adopt if change.from.owner.is_none() => {
            notes.push("adopts what was set by hand".to_owned())
        }
        Action::Set | Action::Change { by_hand: false } | Action::Adopt => {}
    }
    if let (Some(from), Some(_)) = (&change.from.owner, &change.to.owner)
        && change.from.owner != change.to.held().owner
    {
        notes.push(format!("taken from owner {from}"));
    }
    if let (Some(name), [_, ..]) = (&change.from.session, change.cures.as_slice()) {
        notes.push(format!(
            "cures a duplicate: {name} is also on {}",
            listed(&change.cures)
        ));
    }
    notes
}

fn blocked(text: &mut String, entry: &Blocked, file: &str, paint: Paint) {
    let mark = paint.red("!");
    let _ = writeln!(
        text,
        "  {mark} {}   {}   {file}:{}",
        entry.vm, entry.session, entry.line
    );
    let (reason, help) = match &entry.why {
        Why::NoSuchVm { nearest } => (
            "Azure lists no such VM, or the identity may not see it".to_owned(),
            match nearest.as_slice() {
                [] => "check the name, the resource group and the subscription".to_owned(),
                nearest => format!("did you mean {}?", listed(nearest)),
            },
        ),
        Why::Owned { by } => (
            format!("the VM belongs to another owner, {by}"),
            format!(
                "agree with {by}, then take it with --take-ownership {}",
                entry.vm
            ),
        ),
        Why::Held { by } => (
            format!(
                "the name is on {}, which this plan leaves alone",
                listed(by)
            ),
            "choose another name, or free it there first".to_owned(),
        ),
        Why::Stuck { by } => (
            format!("the name is on {by}, whose own line is blocked"),
            format!("clear the way for {by} first"),
        ),
        Why::Shadowed { by } => (
            format!("it is the name of another VM, {by}, to which `azlin connect` would go"),
            "choose another session name".to_owned(),
        ),
    };
    let _ = writeln!(text, "      {reason}");
    let _ = writeln!(text, "      {}: {help}", paint.green("help"));
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
            .map(|step| measure_text_width(&step.vm.to_string()));
        Self {
            vm: widths.max().unwrap_or(0).min(60),
        }
    }

    /// `  ~ rg-dev/dev-vm-1   project-beta -> project-alpha`
    pub(super) fn line(self, step: &Step, paint: Paint) -> String {
        let vm = step.vm.to_string();
        let vm = pad_str(&vm, self.vm, Alignment::Left, None);
        let (mark, sessions) = match (&step.from.session, &step.to.session) {
            (None, Some(to)) => (paint.green("+"), to.to_string()),
            (Some(from), Some(to)) if from == to => (paint.blue("="), to.to_string()),
            (Some(from), Some(to)) => (paint.yellow("~"), format!("{from} -> {to}")),
            (from, None) => (
                paint.red("-"),
                from.as_ref().map(LiveName::to_string).unwrap_or_default(),
            ),
        };
        format!("  {mark} {vm}   {sessions}")
    }
}

/// `3 sessions`, `1 session`.
pub(super) fn count(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

/// `a/b, c/d and e/f`, or the first few of many.
pub(super) fn listed(vms: &[VmId]) -> String {
    const MOST: usize = 5;
    let shown: Vec<String> = vms.iter().take(MOST).map(ToString::to_string).collect();
    match (shown.split_last(), vms.len().saturating_sub(MOST)) {
        (Some(_), more @ 1..) => format!("{} and {more} more", shown.join(", ")),
        (Some((last, [])), 0) => last.clone(),
        (Some((last, others)), 0) => format!("{} and {last}", others.join(", ")),
        (None, _) => String::new(),
    }
}
