//! Explains why azlin refuses a plan, a saved plan, a line or a change by hand, and what to do.

use std::collections::BTreeSet;

use super::Ids;
use super::options::permissions;
use super::words::{count, did_you_mean, names};
use crate::model::{LiveName, SessionName, Shown, VmId};
use crate::plan::{Allow, Blocked, NoRename, Options, Refusal, Refused, Unusable, What, Why};
use crate::text::quote;
use crate::trouble::{Exit, Trouble};

/// A saved plan on its way to Azure.
#[derive(Clone, Copy, Debug)]
pub struct Applying<'s> {
    /// The name of its file.
    pub name: &'s str,
    /// The options that its author gave it.
    pub options: &'s Options,
}

/// The refusal of a plan for `file` by a guard, with the flag that allows it. `saved` is the saved plan, if it is one.
pub fn refusal(refused: &Refused, file: &str, saved: Option<Applying<'_>>) -> Trouble {
    let (message, check) = refusal_in_words(&refused.why, file);
    let flag = &refused.allow;
    let help = match saved {
        None if *flag == Allow::Incomplete => format!(
            "{check}; use {flag} only if you know that no missing VM holds one of your names"
        ),
        None => format!("{check}, then allow it with {flag}"),
        Some(saved) if flag.is_in(saved.options) => format!(
            "{check}, then run this again with {flag}: what {} allows counts only if you allow it too",
            saved.name
        ),
        Some(_) => format!("create a new plan that allows this: azlin plan {flag} --out FILE"),
    };
    Trouble::new(message, help).exit(Exit::Refused)
}

/// The reason for a refusal, and what to do before allowing it.
fn refusal_in_words(why: &Refusal, file: &str) -> (String, &'static str) {
    let message = match why {
        Refusal::TooMany { clears, owned } => {
            format!("{file} would clear {clears} of the {owned} sessions that it owns")
        }
        Refusal::Former { clears } => format!(
            "the plan would clear {clears} sessions of another owner and take over none of them"
        ),
        Refusal::All { clears } => {
            format!("{file} would clear all {clears} sessions that it owns")
        }
        Refusal::EmptyFile { clears } => {
            let sessions = count(*clears, "session");
            format!("{file} declares no sessions, so it would clear {sessions}")
        }
        Refusal::Incomplete { reasons } => {
            let reasons: Vec<&str> = reasons.iter().map(Shown::as_str).collect();
            let message = format!(
                "VMs may be missing from Azure's list: {}",
                reasons.join("; ")
            );
            return (message, "fix the cause and run this again");
        }
    };
    (message, "review what would be cleared")
}

/// The refusal of the saved plan `name`, because it takes ownership where this run does not allow it. `more` has these
/// permissions.
pub fn taking(name: &str, more: &Options, ids: Ids) -> Trouble {
    let flags = permissions(more, ids);
    let message = format!(
        "{name} takes VMs from their owner with {}, which this run does not allow",
        names(&flags)
    );
    let help = format!(
        "review it with azlin show, then run this again with {}",
        flags.join(" ")
    );
    Trouble::new(message, help).exit(Exit::Refused)
}

/// The reason why `files` cannot take over the sessions of owner `old`, and what to do.
pub fn no_rename(old: &LiveName, why: NoRename, files: &[&str]) -> Trouble {
    let file = |at: usize| files.get(at).copied().unwrap_or_default();
    let (message, help) = match why {
        NoRename::NoOwner => (
            "--take-ownership-from requires an `owner`, but the file has none".to_owned(),
            "write `owner = \"…\"` at the top of the file",
        ),
        NoRename::Current(at) => (
            format!(
                "--take-ownership-from: {old} is the owner of {} now",
                file(at)
            ),
            "name the owner that the file had before",
        ),
        NoRename::Either(one, other) => (
            format!(
                "--take-ownership-from: {} and {} are for the same subscription, so either could take over from {old}",
                file(one),
                file(other)
            ),
            "pass only the file that takes over, with --file",
        ),
    };
    Trouble::new(message, help)
}

/// A note that the owner `old` has no session among those of the `known` owners.
pub fn owns_nothing(old: &LiveName, known: &BTreeSet<&LiveName>) -> String {
    let known: Vec<_> = known.iter().collect();
    let mut note = format!("no session in Azure belongs to owner {old}");
    if !known.is_empty() {
        note += &format!("; owners there: {}", names(&known));
    }
    note
}

/// The trouble with the saved plan in the file `name`.
pub fn unusable(unusable: &Unusable, name: &str) -> Trouble {
    let mut help = "create a new plan: azlin plan --out FILE";
    let message = match unusable {
        Unusable::NotAPlan { why } => {
            format!("{name} is not a saved plan, or is truncated: {why}")
        }
        Unusable::Newer { format } => {
            help = "update azlin";
            let format = quote(format.as_str());
            format!("{name} was made by a newer azlin, in format {format}")
        }
        Unusable::Edited => format!("{name} was edited after azlin wrote it"),
        Unusable::Other {
            what,
            saved,
            now,
            file,
        } => {
            let changed = |what| format!("with {what} `{saved}` for {file}, which now has `{now}`");
            let made = match what {
                What::Subscription => changed("subscription"),
                What::Tag => changed("tag"),
                What::Owner => changed("owner"),
                What::File => format!("from a different version of {file}"),
                What::Files => format!("for other files: `{saved}` instead of `{now}`"),
            };
            format!("{name} was made {made}")
        }
    };
    let trouble = Trouble::new(message, help);
    if unusable.stale().is_some() {
        return trouble.exit(Exit::Stale);
    }
    trouble
}

/// The reason why `entry` is blocked, and what to do.
pub fn why(entry: &Blocked, ids: Ids) -> Trouble {
    let (message, help) = match &entry.why {
        Why::NoSuchVm { nearest, kept } => {
            let mut help = "check the name, the resource group and the subscription".to_owned();
            if entry.vm.name() == "owner" {
                help = "if this is the file's owner, move it to the top of the file, above the first table".to_owned();
            } else if !nearest.is_empty() {
                help = did_you_mean(nearest.iter().map(|vm| ids.name(vm)));
            }
            let mut message = "VM not found, or not visible to this identity".to_owned();
            if !kept.is_empty() {
                let (holders, session) = (ids.names(kept), &entry.session);
                let keep = if kept.len() == 1 { "keeps" } else { "keep" };
                message += &format!("; {holders} {keep} session `{session}` until you fix this");
            }
            (message, help)
        }
        Why::Owned { by } => {
            let vm = ids.name(&entry.vm);
            let help = format!("ask that owner, then run this again with --take-ownership {vm}");
            (format!("the VM belongs to another owner, `{by}`"), help)
        }
        Why::Held { by, expired } => {
            let holders = ids.names(by);
            let mut message = format!("the name is on {holders}, which this plan does not change");
            if !expired.is_empty() {
                let vms = ids.names(expired);
                message += &format!(
                    "; the line for {vms} has expired, but azlin clears only sessions that the file's owner set"
                );
            }
            let vm = by.first().map_or("VM".to_owned(), |vm| ids.name(vm));
            let help = format!(
                "to move the name here, clear it there first (azlin session {vm} --clear); otherwise choose another name"
            );
            (message, help.to_owned())
        }
        Why::Stuck { by } => {
            let by = ids.name(by);
            let message = format!("the name is on {by}, whose own line is blocked");
            (message, format!("fix the line for {by} first"))
        }
        Why::Shadowed { by } => {
            let help = "choose another session name".to_owned();
            (shadowed("the session", by, ids), help)
        }
    };
    Trouble::new(message, help)
}

/// The reason why `vm` is not given `wanted`, or is not cleared, and what to do.
pub fn not_by_hand(vm: &VmId, wanted: Option<&SessionName>, why: &Why, ids: Ids) -> Trouble {
    let name = wanted.map_or("", SessionName::as_str);
    let shown = ids.name(vm);
    match why {
        Why::Owned { by } => Trouble::new(
            format!("{shown} belongs to another owner, `{by}`"),
            "change it in that owner's file; use --force only to override that file",
        ),
        Why::Held { by, .. } => {
            let mut help =
                "choose another name; if it should move here, clear it there first:".to_owned();
            for vm in by.iter().take(5) {
                help += &format!("\n  azlin session {} --clear", ids.name(vm));
            }
            let holders = ids.names(by);
            Trouble::new(format!("session `{name}` is already on {holders}"), help)
        }
        Why::Shadowed { by } => Trouble::new(
            shadowed(&format!("session `{name}`"), by, ids),
            "choose another name",
        ),
        Why::NoSuchVm { .. } | Why::Stuck { .. } => Trouble::new(
            format!("cannot set {name} on {shown} now"),
            "see why with azlin plan, then run this again",
        ),
    }
}

pub(super) fn shadowed(name: &str, by: &VmId, ids: Ids) -> String {
    let by = ids.name(by);
    format!("{name} is the name of another VM, {by}: `azlin connect` would open that VM")
}
