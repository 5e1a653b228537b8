//! Names → candidates, each with a description for the shell. The first name of a VM or a session counts.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;

use clap_complete::CompletionCandidate;

use crate::model::{SessionName, SubscriptionId, VmPath};
use crate::show::count;

/// A VM and its session, as names to type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::verbs) struct Name {
    /// The VM's subscription. None if it is unknown.
    pub subscription: Option<SubscriptionId>,
    /// The VM.
    pub vm: VmPath,
    /// The session that it holds, or that the file assigns to it.
    pub session: Option<SessionName>,
}

impl Name {
    /// The VM's unique id.
    fn id(&self) -> (Option<&SubscriptionId>, &VmPath) {
        (self.subscription.as_ref(), &self.vm)
    }

    /// The VM with its subscription, if that is known.
    fn in_full(&self) -> String {
        match &self.subscription {
            Some(subscription) => format!("{subscription}/{}", self.vm),
            None => self.vm.to_string(),
        }
    }

    /// The VM for a description, with its subscription if `several` are known.
    fn shown(&self, several: bool) -> String {
        if several {
            self.in_full()
        } else {
            self.vm.to_string()
        }
    }
}

/// The distinct VMs with the same name.
type Same<'k> = BTreeMap<(Option<&'k SubscriptionId>, &'k VmPath), &'k Name>;

/// The words on offer in alphabetical order, each with its description.
type Offers = BTreeMap<String, String>;

/// VM names, or `GROUP/VM` if the name alone is ambiguous or the user is typing a group. Behind a slash, `SUBSCRIPTION/GROUP/VM`
/// too.
pub(in crate::verbs) fn vms(names: &[Name], current: &OsStr) -> Vec<CompletionCandidate> {
    let namesakes = by_name(names);
    let slashes = current.to_string_lossy().matches('/').count();
    let mut offers = Offers::new();
    for same in namesakes.values() {
        for known in same.values() {
            let alike = same.values().filter(|other| other.vm == known.vm).count();
            let offer = match (same.len() > 1, slashes) {
                (false, 0) => known.vm.name().to_owned(),
                // `GROUP/VM` is enough if it is one VM's.
                (_, 0 | 1) if alike == 1 => known.vm.to_string(),
                _ => known.in_full(),
            };
            offers.insert(offer, about(known));
            if slashes > 0 {
                offers.insert(known.in_full(), about(known));
            }
        }
    }
    starting_with(current, offers, Case::Ignored)
}

/// Session names.
pub(in crate::verbs) fn sessions(names: &[Name], current: &OsStr) -> Vec<CompletionCandidate> {
    starting_with(current, offers(names), Case::Counts)
}

/// The sessions of `names`, each with its VM.
fn offers(names: &[Name]) -> Offers {
    let subscriptions: BTreeSet<_> = names.iter().map(|name| &name.subscription).collect();
    let mut offers = Offers::new();
    for name in names {
        if let Some(session) = &name.session {
            let about = || format!("session on {}", name.shown(subscriptions.len() > 1));
            offers.entry(session.to_string()).or_insert_with(about);
        }
    }
    offers
}

/// Session names, then VM names. If a name is both, the VM wins, as in `connect`. Behind a slash, only VMs: no session name has one.
pub(in crate::verbs) fn sessions_and_vms(
    names: &[Name],
    current: &OsStr,
) -> Vec<CompletionCandidate> {
    if current.to_string_lossy().contains('/') {
        return self::vms(names, current);
    }
    let subscriptions: BTreeSet<_> = names.iter().map(|name| &name.subscription).collect();
    let several = subscriptions.len() > 1;
    let mut vms = Offers::new();
    for same in by_name(names).into_values() {
        let Some((_, known)) = same.first_key_value() else {
            continue;
        };
        let about = match same.len() {
            1 => about(known),
            many if several => {
                format!("{many} VMs: choose one as SUBSCRIPTION/GROUP/VM")
            }
            many => format!("VM in {many} resource groups: choose one with --rg"),
        };
        vms.insert(known.vm.name().to_owned(), about);
    }
    let taken: BTreeSet<String> = vms.keys().map(|name| name.to_lowercase()).collect();
    let mut sessions = offers(names);
    sessions.retain(|name, _| !taken.contains(&name.to_lowercase()));
    let mut candidates = starting_with(current, sessions, Case::Counts);
    candidates.extend(starting_with(current, vms, Case::Ignored));
    candidates
}

/// Resource groups.
pub(in crate::verbs) fn groups(names: &[Name], current: &OsStr) -> Vec<CompletionCandidate> {
    let mut groups: BTreeMap<&str, (&str, BTreeSet<_>)> = BTreeMap::new();
    for known in names {
        let group = groups.entry(known.vm.folded_group());
        let (_, vms) = group.or_insert((known.vm.group(), BTreeSet::new()));
        vms.insert(known.id());
    }
    let mut offers = Offers::new();
    for (group, vms) in groups.into_values() {
        offers.insert(group.to_owned(), count(vms.len(), "VM"));
    }
    starting_with(current, offers, Case::Ignored)
}

/// The distinct VMs by name.
fn by_name(names: &[Name]) -> BTreeMap<&str, Same<'_>> {
    let mut by_name: BTreeMap<&str, Same<'_>> = BTreeMap::new();
    for known in names {
        let same = by_name.entry(known.vm.folded_name()).or_default();
        same.entry(known.id()).or_insert(known);
    }
    by_name
}

fn about(known: &Name) -> String {
    let vm = &known.vm;
    match &known.session {
        Some(session) => format!("VM in {}, session {session}", vm.group()),
        None => format!("VM in {}", vm.group()),
    }
}

/// The role of upper and lower case in a kind of names: the same here as where azlin reads them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Counts,
    Ignored,
}

fn starting_with(current: &OsStr, offers: Offers, case: Case) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    let folded = current.to_lowercase();
    let starts = |offer: &str| match case {
        Case::Counts => offer.starts_with(current.as_ref()),
        Case::Ignored => offer.to_lowercase().starts_with(&folded),
    };
    let mut candidates = Vec::new();
    for (offer, about) in offers {
        if starts(&offer) && is_plain(&offer) {
            candidates.push(CompletionCandidate::new(offer).help(Some(about.into())));
        }
    }
    candidates
}

/// Returns true if every shell reads `word` as exactly one word, and azlin does not read it as a flag. Not every shell quotes its
/// completions, and parentheses in the name of a resource group would run a command in some.
fn is_plain(word: &str) -> bool {
    let is_letter = |c: char| c.is_alphanumeric() || c == '_';
    word.starts_with(is_letter) && word.chars().all(|c| is_letter(c) || "-./".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[(&str, &str, &str)]) -> Vec<Name> {
        let name = |(group, vm, session): &(&str, &str, &str)| Name {
            subscription: None,
            vm: VmPath::new(group, vm).unwrap(),
            session: SessionName::new(session).ok(),
        };
        names.iter().map(name).collect()
    }

    fn shown(candidates: &[CompletionCandidate]) -> String {
        let line = |candidate: &CompletionCandidate| {
            let help = candidate.get_help().unwrap();
            format!("{}  {help}", candidate.get_value().to_string_lossy())
        };
        candidates.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_session_shows_its_vm_and_a_vm_its_session() {
        let names = names(&[("rg", "b", "web"), ("rg", "a", "db"), ("rg", "c", "")]);
        insta::assert_snapshot!(shown(&sessions_and_vms(&names, OsStr::new(""))), @r"
        db  session on rg/a
        web  session on rg/b
        a  VM in rg, session db
        b  VM in rg, session web
        c  VM in rg
        ");
    }

    #[test]
    fn the_first_name_of_a_vm_counts() {
        let names = names(&[("rg", "a", "live"), ("RG", "A", "declared")]);
        insta::assert_snapshot!(shown(&sessions_and_vms(&names, OsStr::new(""))), @r"
        declared  session on RG/A
        live  session on rg/a
        a  VM in rg, session live
        ");
    }

    #[test]
    fn a_name_of_a_vm_and_a_session_means_the_vm() {
        let names = names(&[("rg", "web", "db"), ("rg", "db", "other")]);
        insta::assert_snapshot!(shown(&sessions_and_vms(&names, OsStr::new(""))), @r"
        other  session on rg/db
        db  VM in rg, session other
        web  VM in rg, session db
        ");
    }

    #[test]
    fn a_name_in_several_groups_is_offered_with_its_group() {
        let names = names(&[("rg-1", "a", "x"), ("rg-2", "A", "y"), ("rg-2", "b", "")]);
        insta::assert_snapshot!(shown(&vms(&names, OsStr::new(""))), @r"
        b  VM in rg-2
        rg-1/a  VM in rg-1, session x
        rg-2/A  VM in rg-2, session y
        ");
        insta::assert_snapshot!(shown(&vms(&names, OsStr::new("rg-2/"))), @r"
        rg-2/A  VM in rg-2, session y
        rg-2/b  VM in rg-2
        ");
    }

    #[test]
    fn groups_are_counted_whatever_their_casing() {
        let names = names(&[
            ("Rg", "a", ""),
            ("rg", "b", ""),
            ("RG", "B", ""),
            ("x", "a", ""),
        ]);
        insta::assert_snapshot!(shown(&groups(&names, OsStr::new(""))), @r"
        Rg  2 VMs
        x  1 VM
        ");
    }

    #[test]
    fn a_word_that_a_shell_could_run_is_not_offered() {
        let names = names(&[("rg(id)", "a", ""), ("-rg", "-rf", ""), ("größe", "_1", "")]);
        insta::assert_snapshot!(shown(&groups(&names, OsStr::new(""))), @"größe  1 VM");
        insta::assert_snapshot!(shown(&vms(&names, OsStr::new(""))), @r"
        _1  VM in größe
        a  VM in rg(id)
        ");
    }
}
