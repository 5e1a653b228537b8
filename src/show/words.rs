//! A plan in words: the sentences that the text and the Markdown share.

use std::collections::BTreeMap;

use super::Section;
use crate::model::{Vm, VmId};
use crate::plan::{Action, Blocked, Step, Why};

/// What there is to say about a plan for one file.
pub(super) struct Words<'p> {
    pub section: Section<'p>,
    /// All that were made together with it, itself included.
    all: &'p [Section<'p>],
}

/// How much a remark weighs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Warning,
    Note,
}

/// What plans come to: `1 to set, 1 to change, 1 to clear, 0 blocked`
pub(super) fn totals(sections: &[Section<'_>]) -> String {
    let count = |is: fn(&Action) -> bool| -> usize {
        sections.iter().map(|section| section.plan.count(is)).sum()
    };
    let set = count(|action| *action == Action::Set);
    let change = count(|action| matches!(action, Action::Change { .. }));
    let clear = count(|action| matches!(action, Action::Clear { .. }));
    let adopt = match count(|action| *action == Action::Adopt) {
        0 => String::new(),
        n => format!("{n} to adopt, "),
    };
    let blocked: usize = sections
        .iter()
        .map(|section| section.plan.blocked.len())
        .sum();
    format!("{set} to set, {change} to change, {clear} to clear, {adopt}{blocked} blocked")
}

impl<'p> Words<'p> {
    pub(super) fn new(section: &Section<'p>, all: &'p [Section<'p>]) -> Self {
        Self {
            section: *section,
            all,
        }
    }

    /// What a reader of `step` would otherwise ask.
    pub(super) fn notes(&self, step: &Step) -> Vec<String> {
        let changes = &self.section.plan.changes;
        let change = changes.binary_search_by(|change| change.vm.cmp(&step.vm));
        let Some(change) = change.ok().and_then(|at| changes.get(at)) else {
            return Vec::new();
        };
        let mut notes = Vec::new();
        match &change.action {
            Action::Clear { expired: Some(day) } => notes.push(format!("expired on {day}")),
            Action::Clear { expired: None } => {
                notes.push(format!("removed from {}", self.section.file))
            }
            _ if step.to.session.is_none() => {
                notes.push("frees the name; set again below".to_owned());
                notes.extend(self.waits(step));
                return notes;
            }
            Action::Change { by_hand: true } => notes.push("was set by hand".to_owned()),
            Action::Adopt if change.from.owner.is_none() => {
                notes.push("adopts what was set by hand".to_owned());
            }
            Action::Set | Action::Change { by_hand: false } | Action::Adopt => {}
        }
        if let (Some(from), Some(_)) = (&change.from.owner, &change.to.owner)
            && change.from.owner != change.to.held().owner
        {
            notes.push(format!("taken from owner {from}"));
        }
        if let (Some(name), [_, ..]) = (&change.from.session, change.cures.as_slice()) {
            let others = names(&change.cures);
            notes.push(format!("cures a duplicate: {name} is also on {others}"));
        }
        notes.extend(self.waits(step));
        notes
    }

    /// What of other files has to come before `step`.
    fn waits(&self, step: &Step) -> Option<String> {
        let first = step.after_others.iter().filter_map(|other| {
            let section = self.all.get(other.plan)?;
            let step = section.plan.steps.get(other.step)?;
            Some(format!("{} of {}", step.vm.in_subscription(), section.file))
        });
        let first: Vec<String> = first.collect();
        (!first.is_empty()).then(|| format!("after {}", super::names(&first)))
    }

    /// What is not a change and should be known.
    pub(super) fn remarks(&self) -> Vec<(Weight, String)> {
        let plan = self.section.plan;
        let mut remarks = Vec::new();
        for reason in &plan.incomplete {
            let remark = format!("VMs may be missing from Azure's list: {reason}");
            remarks.push((Weight::Warning, remark));
        }
        for line in &plan.expiring {
            let remark = format!("{} on {} expires after {}", line.session, line.vm, line.day);
            remarks.push((Weight::Note, remark));
        }
        for duplicate in &plan.duplicates {
            let holders = names(&duplicate.holders);
            let remark = format!("{} is on several VMs: {holders}", duplicate.name);
            remarks.push((Weight::Warning, remark));
        }
        if plan.unreadable > 0 {
            let vms = count(plan.unreadable, "VM");
            let remark = format!(
                "Azure's list has {vms} that azlin cannot read; their sessions are not counted"
            );
            remarks.push((Weight::Warning, remark));
        }
        if plan.foreign > 0 {
            let vms = count(plan.foreign, "VM");
            let remark = format!(
                "the tag of another tool, `azlin-session`, is on {vms}; azlin leaves it alone"
            );
            remarks.push((Weight::Note, remark));
        }
        remarks
    }
}

/// Why `entry` is blocked, and what to do.
pub fn why(entry: &Blocked) -> (String, String) {
    match &entry.why {
        Why::NoSuchVm { nearest } => (
            "Azure lists no such VM, or the identity may not see it".to_owned(),
            match nearest.as_slice() {
                [] => "check the name, the resource group and the subscription".to_owned(),
                nearest => format!("did you mean {}?", names(nearest)),
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
            format!("the name is on {}, which this plan leaves alone", names(by)),
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
    }
}

/// What a step does, as the field's symbols: set, change, clear, adopt.
pub(super) fn symbol(step: &Step) -> char {
    match (&step.from.session, &step.to.session) {
        (None, Some(_)) => '+',
        (Some(from), Some(to)) if from == to => '=',
        (Some(_), Some(_)) => '~',
        (_, None) => '-',
    }
}

/// The name of a VM's file, where there are several.
pub type FileOf<'a> = dyn Fn(&Vm) -> &'a str + 'a;

/// Names `vms` among those of their subscription: a VM by its own name, or as `GROUP/VM` where another has the same.
pub(super) fn told_apart<'v>(vms: impl Iterator<Item = &'v VmId>) -> impl Fn(&VmId) -> String {
    let mut called: BTreeMap<_, usize> = BTreeMap::new();
    for vm in vms {
        *called
            .entry((vm.subscription(), vm.folded_name()))
            .or_default() += 1;
    }
    move |vm| match called.get(&(vm.subscription(), vm.folded_name())) {
        None | Some(1) => vm.name().to_owned(),
        Some(_) => vm.in_subscription(),
    }
}

/// `3 sessions`, `1 session`.
pub fn count(n: usize, what: &str) -> String {
    match n {
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

/// `a/b, c/d and e/f`, or the first few of many.
pub fn names(all: &[impl ToString]) -> String {
    const MOST: usize = 5;
    let shown: Vec<String> = all.iter().take(MOST).map(ToString::to_string).collect();
    match (shown.split_last(), all.len().saturating_sub(MOST)) {
        (Some(_), more @ 1..) => format!("{} and {more} more", shown.join(", ")),
        (Some((last, [])), 0) => last.clone(),
        (Some((last, others)), 0) => format!("{} and {last}", others.join(", ")),
        (None, _) => String::new(),
    }
}
