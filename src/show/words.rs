//! The sentences that a plan's text and Markdown share.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::Ids;
use super::blame::written;
use crate::model::{Held, Owner, TagKey, VmId};
use crate::plan::{Action, Base, Change, Duplicate, FilePlan, Goal, Origin, Plan, Step, Why};
use crate::text::{and, escape, or};

/// The note on a step that the older version of the file needed too.
pub(super) const DRIFT: &str = "drift";

/// One file of a plan, in words.
pub(super) struct Words<'p> {
    plan: &'p Plan,
    /// The index of the file in the plan.
    pub at: usize,
    pub file: &'p FilePlan,
    /// The number of VMs that the file changes.
    pub changes: usize,
    /// The file's name, and its subscription in words.
    pub name: String,
    pub place: String,
    pub ids: Ids,
}

/// The weight of a remark.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Warning,
    Note,
}

/// The sum of changes: `1 to set, 1 to change, 1 to clear, 0 blocked`.
pub(super) fn totals<'c>(changes: impl Iterator<Item = &'c Change>, blocked: usize) -> String {
    let (mut set, mut change, mut clear, mut adopt) = (0, 0, 0, 0);
    for one in changes {
        match one.action {
            Action::Set => set += 1,
            Action::Change { .. } => change += 1,
            Action::Clear { .. } => clear += 1,
            Action::Adopt => adopt += 1,
        }
    }
    let adopt = match adopt {
        0 => String::new(),
        n => format!("{n} to adopt, "),
    };
    format!("{set} to set, {change} to change, {clear} to clear, {adopt}{blocked} blocked")
}

/// The way to name the VMs of `plan`.
pub(super) fn ids(plan: &Plan) -> Ids {
    Ids::over(plan.files.iter().map(|file| &file.basis.subscription))
}

impl<'p> Words<'p> {
    /// The files of `plan`.
    pub(super) fn of_each(plan: &'p Plan) -> Vec<Self> {
        let ids = ids(plan);
        let mut all = Vec::with_capacity(plan.files.len());
        for (at, file) in plan.files.iter().enumerate() {
            all.push(Self {
                plan,
                at,
                file,
                changes: plan.changes_of(at).count(),
                name: file.basis.file.to_string(),
                place: file.basis.place.to_string(),
                ids,
            });
        }
        all
    }

    /// The steps of this file, each with its index in the plan.
    pub(super) fn steps(&self) -> impl Iterator<Item = (usize, &'p Step)> {
        let steps = self.plan.steps.iter().enumerate();
        let own = self.at;
        steps.filter(move |(_, step)| step.file == own)
    }

    /// The sum of this file's changes.
    pub(super) fn totals(&self) -> String {
        totals(self.plan.changes_of(self.at), self.file.blocked.len())
    }

    /// True if Azure is as this file wants it.
    pub(super) fn is_empty(&self) -> bool {
        self.changes == 0 && self.file.blocked.is_empty()
    }

    /// Notes on `step`: why it happens and what it depends on.
    pub(super) fn notes(&self, step: &Step) -> Vec<String> {
        let Some(change) = self.plan.change_of(&step.vm) else {
            return Vec::new();
        };
        let mut notes = Vec::new();
        if change.origin == Some(Origin::Drift) {
            notes.push(DRIFT.to_owned());
        }
        match &change.action {
            Action::Clear { .. } if change.before.session.is_none() => {
                notes.push("removes the owner tag, which has no session".to_owned());
            }
            Action::Clear { expired: Some(day) } => notes.push(format!("expired on {day}")),
            Action::Clear { expired: None } => notes.push(format!("removed from {}", self.name)),
            _ if step.after.session.is_none() => {
                notes.push("frees the name; set again below".to_owned());
                notes.extend(self.waits(step));
                return notes;
            }
            Action::Change { unowned: true } if step.before.session.is_some() => {
                notes.push("had no owner".to_owned());
                notes.extend(change.written.as_ref().map(written));
            }
            Action::Adopt if change.before.owner.is_none() => {
                notes.push("adds the owner tag".to_owned());
            }
            Action::Set | Action::Change { .. } | Action::Adopt => {}
        }
        let ours = self.file.basis.owner.as_ref();
        if let Some(owner) = &change.before.owner
            && ours.is_some()
            && change.before.is_anothers(ours)
        {
            notes.push(format!("taken from owner {owner}"));
        }
        if let (Some(name), [_, ..]) = (&change.before.session, change.cures.as_slice()) {
            let others = self.ids.names(&change.cures);
            notes.push(format!("resolves a duplicate: {name} is also on {others}"));
        }
        notes.extend(self.waits(step));
        notes
    }

    /// A note on the steps of other files that must come before `step`.
    fn waits(&self, step: &Step) -> Option<String> {
        let mut first = Vec::new();
        for at in &step.waits_for {
            if let Some(step) = self.plan.steps.get(*at)
                && step.file != self.at
                && let Some(file) = self.plan.files.get(step.file)
            {
                first.push(format!("{} of {}", step.vm.path(), file.basis.file));
            }
        }
        (!first.is_empty()).then(|| format!("after {}", names(&first)))
    }

    /// Warnings and notes that are not about a change.
    pub(super) fn remarks(&self) -> Vec<(Weight, String)> {
        use Weight::{Note, Warning};
        let file = self.file;
        let mut remarks = Vec::new();
        for reason in &file.incomplete {
            let remark = format!("VMs may be missing from Azure's list: {reason}");
            remarks.push((Warning, remark));
        }
        if file.basis.tag != TagKey::default() {
            let tag = escape(file.basis.tag.as_str());
            let remark = format!("{} keeps session names in the tag `{tag}`", self.name);
            remarks.push((Note, remark));
        }
        if file.left_out > 0 {
            let vms = count(file.left_out, "other VM");
            let remark = format!("--target excludes {vms} that {} would change", self.name);
            remarks.push((Note, remark));
        }
        for line in &file.expiring {
            let (session, vm, day) = (&line.session, line.vm.path(), line.day);
            remarks.push((Note, format!("{session} on {vm} expires after {day}")));
        }
        remarks.extend(self.expired().map(|remark| (Note, remark)));
        for Duplicate { name, holders } in &file.duplicates {
            let holders = self.ids.names(holders);
            remarks.push((
                Warning,
                format!("session `{name}` is on several VMs: {holders}"),
            ));
        }
        if file.basis.owner.is_none() && file.unmanaged > 0 {
            let one = "session in Azure is not in";
            let are = several(file.unmanaged, one, "sessions in Azure are not in");
            let them = if file.unmanaged == 1 { "it" } else { "them" };
            let remark = format!(
                "{are} {}; azlin keeps {them}, because a file without `owner` never clears a session",
                self.name
            );
            remarks.push((Note, remark));
        }
        if let Some(base) = &self.plan.base {
            remarks.extend(self.compared(base).map(|remark| (Note, remark)));
        }
        remarks.extend(self.renamed().map(|remark| (Note, remark)));
        if file.foreign > 0 {
            let carry = several(file.foreign, "VM carries", "VMs carry");
            let remark =
                format!("{carry} another tool's tag, `azlin-session`, which azlin does not touch");
            remarks.push((Note, remark));
        }
        remarks
    }
}

impl Words<'_> {
    /// A remark on the lines that have expired, if there are any.
    fn expired(&self) -> Option<String> {
        let mut lines = Vec::new();
        for line in &self.file.expired {
            lines.push(format!(
                "{} on {} ({})",
                line.session,
                line.vm.path(),
                line.day
            ));
        }
        if lines.is_empty() {
            return None;
        }
        let (name, n) = (&self.name, lines.len());
        let one = format!("line of {name} has expired");
        let have = several(n, &one, &format!("lines of {name} have expired"));
        Some(format!("{have}: {}", names(&lines)))
    }

    /// The origin of `step`, if the plan was compared with an older version of its file.
    pub(super) fn origin(&self, step: &Step) -> Option<Origin> {
        self.plan.change_of(&step.vm)?.origin
    }

    /// The revision that the plan was compared with.
    pub(super) fn base(&self) -> Option<&Base> {
        self.plan.base.as_ref()
    }

    /// Remarks on the comparison with `base`: which changes are drift, and what is no longer needed.
    fn compared(&self, base: &Base) -> impl Iterator<Item = String> {
        let (rev, name) = (&base.rev, &self.name);
        let own = self.plan.changes_of(self.at).map(|change| change.origin);
        let own = own.chain(self.file.blocked.iter().map(|line| line.origin));
        let (mut new, mut drift) = (0, 0);
        for origin in own.flatten() {
            match origin {
                Origin::Change => new += 1,
                Origin::Drift => drift += 1,
            }
        }
        let counts = (new + drift > 0).then(|| {
            let too = if drift > 0 { " (needed there too)" } else { "" };
            format!("compared with {name} at {rev}: {new} new, {drift} drift{too}")
        });
        let first = self.at == 0;
        let resolved = base.resolved.iter().filter(|_| first).map(|write| {
            let vm = self.ids.name(&write.vm);
            let sessions = sessions(&write.before, &write.after, "->", str::to_owned);
            format!("{vm} ({sessions})")
        });
        let resolved: Vec<String> = resolved.collect();
        let resolved = (!resolved.is_empty())
            .then(|| format!("no longer needed since {rev}: {}", names(&resolved)));
        counts.into_iter().chain(resolved)
    }

    /// A remark on the flag for a renamed owner, if several lines are blocked by the same one.
    fn renamed(&self) -> Option<String> {
        self.file.basis.owner.as_ref()?;
        let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in &self.file.blocked {
            if let Why::Owned { by } = &entry.why {
                *lines.entry(by.raw()).or_default() += 1;
            }
        }
        let mut several = lines.into_iter().filter(|(_, lines)| *lines > 1);
        let old = several.find_map(|(by, _)| Owner::new(by).ok())?;
        Some(format!(
            "if {old} is the former owner of {}, take over all its sessions with --take-ownership-from {old}",
            self.name
        ))
    }
}

/// The symbol of a step: set, change, clear or adopt.
pub(super) fn symbol(before: &Held, after: &Goal) -> char {
    match (&before.session, &after.session) {
        (None, Some(_)) => '+',
        (Some(before), Some(after)) if before == after => '=',
        (Some(_), Some(_)) => '~',
        (_, None) => '-',
    }
}

/// The sessions of a step, each written by `show`: old and new with `arrow` between them, or the only one.
pub(super) fn sessions(
    before: &Held,
    after: &Goal,
    arrow: &str,
    show: impl Fn(&str) -> String,
) -> String {
    let before = before.session.as_ref();
    let before = before.map(|name| show(&name.to_string()));
    let after = after.session.as_ref().map(|name| show(name.as_str()));
    match (before, after) {
        (Some(before), Some(after)) if before != after => format!("{before} {arrow} {after}"),
        (before, after) => after.or(before).unwrap_or_default(),
    }
}

/// A function that names each of `vms` within its subscription: by its own name if that is unique, else as `GROUP/VM`.
pub(super) fn told_apart<'v>(vms: impl Iterator<Item = &'v VmId>) -> impl Fn(&VmId) -> String {
    let mut called: BTreeMap<_, usize> = BTreeMap::new();
    for vm in vms {
        let key = (vm.subscription(), vm.path().folded_name());
        *called.entry(key).or_default() += 1;
    }
    move |vm| match called.get(&(vm.subscription(), vm.path().folded_name())) {
        None | Some(1) => vm.name().to_owned(),
        Some(_) => vm.path().to_string(),
    }
}

/// A count with its noun: `3 sessions`, `1 session`.
pub fn count(n: usize, what: &str) -> String {
    several(n, what, &format!("{what}s"))
}

/// A count with the phrase for one or for many: `1 line differs`, `3 lines differ`.
pub(super) fn several(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Names as a list: `a/b, c/d and e/f`, or the first few of many.
pub fn names(all: &[impl ToString]) -> String {
    const MOST: usize = 5;
    let mut shown: Vec<String> = all.iter().take(MOST).map(ToString::to_string).collect();
    if all.len() > MOST {
        shown.push(format!("{} more", all.len() - MOST));
    }
    and(&shown)
}

/// A suggestion: `did you mean a, b or c?`
pub(super) fn did_you_mean(names: impl Iterator<Item = impl Display>) -> String {
    format!("did you mean {}?", or(&names.collect::<Vec<_>>()))
}
