//! Conflicts between valid lines, within one file or across several. A name has one holder, a VM has one line, and a subscription
//! has one Azure and at most one file of each owner.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::ops::Range;

use time::Date;

use super::{Diagnostic, File, Line, Source};
use crate::model::{Cloud, Doubt, Owner, SubscriptionId, VmNames, VmPath};
use crate::text::{escape, quote};

/// One of the files that are checked together.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// Its settings and lines.
    pub file: &'a File,
    /// Its text.
    pub source: &'a Source,
    /// Its subscription, if that is known.
    pub subscription: Option<&'a SubscriptionId>,
}

/// The key by which subscriptions are told apart: the id or, where it is not known, the Azure of the file. Files without an id
/// share one subscription in each Azure.
type Key<'a> = Result<&'a SubscriptionId, (Cloud, Option<SocketAddr>)>;

impl<'a> Member<'a> {
    fn key(&self) -> Key<'a> {
        let azure = &self.file.azure;
        self.subscription.ok_or((azure.cloud, azure.endpoint))
    }
}

/// Returns every error and warning between the lines of `files`, which may be a single file. They are in the order of the files,
/// then of the lines. Each label names its file by its place in `files`.
pub fn check(files: &[Member<'_>]) -> Vec<Diagnostic> {
    let mut found = [settings(files), lines(files), shadowed(files)].concat();
    found.sort_by_key(|diagnostic| (diagnostic.file(), diagnostic.offset()));
    found
}

/// Returns every error and warning between different files of `files`. [`read`](super::read()) finds those within each file.
pub fn check_between(files: &[Member<'_>]) -> Vec<Diagnostic> {
    if let [] | [_] = files {
        return Vec::new();
    }
    let mut found = check(files);
    found.retain(Diagnostic::is_across);
    found
}

/// A location: the place of the file, and the bytes in it.
type At = (usize, Range<usize>);

/// The labels for something that may appear only once.
const TWICE: [&str; 2] = ["again here", "first here"];

/// An error at the first of two places, which conflicts with the second.
fn clash(message: String, places: [At; 2], labels: [&str; 2], help: &str) -> Diagnostic {
    let [(file, span), (other, other_span)] = places;
    let [label, other_label] = labels;
    Diagnostic::error(message, span, label)
        .in_file(file)
        .with_in(other, other_span, other_label)
        .help(help)
}

/// Every line, with the place of its file.
fn all_lines<'a>(
    files: &'a [Member<'a>],
) -> impl Iterator<Item = (usize, &'a Member<'a>, &'a Line)> {
    let files = files.iter().enumerate();
    files.flat_map(|(at, member)| member.file.lines.iter().map(move |line| (at, member, line)))
}

/// Checks that the files of one subscription agree on the Azure and the tag, and that no two have the same owner.
fn settings(files: &[Member<'_>]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut first: HashMap<Key<'_>, (usize, &Member<'_>)> = HashMap::new();
    let mut owners: HashMap<(Key<'_>, &Owner), At> = HashMap::new();
    for (at, member) in files.iter().enumerate() {
        let (other, earlier) = *first.entry(member.key()).or_insert((at, member));
        let (azure, theirs) = (&member.file.azure, &earlier.file.azure);
        for (what, differs) in [
            ("tag", azure.tag != theirs.tag),
            ("cloud", azure.cloud != theirs.cloud),
            ("endpoint", azure.endpoint != theirs.endpoint),
        ] {
            if differs {
                let name = escape(&earlier.source.name);
                let here = (at, member.file.azure_span.clone());
                let there = (other, earlier.file.azure_span.clone());
                let message =
                    format!("`{what}` differs from {name}, a file for the same subscription");
                let help = format!(
                    "use the same `{what}` in both files; if they are for different subscriptions, fix one `subscription`"
                );
                let labels = ["this file", "the other file"];
                found.push(clash(message, [here, there], labels, &help));
            }
        }
        let Some(owner) = &member.file.owner else {
            continue;
        };
        let here = (at, member.file.owner_span.clone());
        let there = owners.entry((member.key(), owner)).or_insert(here.clone());
        if there.0 != at {
            let message = format!(
                "owner {} has two files for the same subscription: each would clear what the other sets",
                quote(owner.as_str())
            );
            let help = "merge the files; if they belong to different teams, give one of them another owner";
            found.push(clash(message, [here, there.clone()], TWICE, help));
        }
    }
    found
}

/// Checks that each VM and each session has one line, and warns about unwise names.
fn lines(files: &[Member<'_>]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let count = files.iter().map(|member| member.file.lines.len()).sum();
    let mut vms: HashMap<(Key<'_>, &VmPath), (At, &VmPath)> = HashMap::with_capacity(count);
    let mut sessions: HashMap<&str, (&Line, At)> = HashMap::with_capacity(count);
    let mut folded: HashMap<String, (&str, At)> = HashMap::with_capacity(count);
    for (at, member, line) in all_lines(files) {
        let (vm, here) = (&line.vm, (at, line.vm_span.clone()));
        if let Some((there, spelled)) = vms.get(&(member.key(), vm)) {
            let mut help = "keep one of the lines";
            if vm.to_string() != spelled.to_string() {
                help = "keep one of the lines: Azure ignores case in VM names";
            }
            let message = format!("VM `{vm}` appears twice");
            found.push(clash(message, [here, there.clone()], TWICE, help));
        } else {
            vms.insert((member.key(), vm), (here, vm));
        }
        let name = line.session.as_str();
        let here = (at, line.session_span.clone());
        if let Some(there) = sessions.get(name) {
            let message = format!("session {} is assigned twice", quote(name));
            let vm = vm.name();
            let mut help = format!("give {vm} another session, or delete one of the lines");
            let (first, there) = there;
            if first.expires.or(line.expires).is_some() {
                help += "; an expired line counts until you delete it";
            }
            let [again, before] = TWICE;
            let (again, before) = (label(line, again), label(first, before));
            let labels = [again.as_str(), before.as_str()];
            found.push(clash(message, [here, there.clone()], labels, &help));
            continue;
        }
        sessions.insert(name, (line, here.clone()));
        let lower = name.to_lowercase();
        let alike = folded.get(&lower);
        for doubt in Doubt::of(&line.session, alike.map(|(other, _)| *other)) {
            let message = format!("session {} {}", quote(name), doubt.message());
            let other = alike.filter(|_| matches!(doubt, Doubt::Alike(_)));
            let label = if other.is_some() { "this one" } else { "" };
            let mut diagnostic = Diagnostic::warning(message, here.1.clone(), label)
                .in_file(at)
                .help(doubt.help());
            if let Some((_, (file, span))) = other {
                diagnostic = diagnostic.with_in(*file, span.clone(), "the other");
            }
            found.push(diagnostic);
        }
        folded.entry(lower).or_insert((name, here));
    }
    found
}

/// `label` for `line`, with the day on which it expires.
fn label(line: &Line, label: &str) -> String {
    match line.expires {
        Some(day) => format!("{label}, expires after {day}"),
        None => label.to_owned(),
    }
}

/// Returns a warning for each line of `file` that has expired by `today`.
pub fn expired(file: &File, today: Date) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for line in &file.lines {
        if let Some(day) = line.expires.filter(|day| *day < today) {
            let message = format!("session {} expired on {day}", quote(line.session.as_str()));
            let help = "delete the line; azlin no longer assigns the session";
            found.push(Diagnostic::warning(message, line.session_span.clone(), "").help(help));
        }
    }
    found
}

/// Checks that no session is the name of another VM.
fn shadowed(files: &[Member<'_>]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let names = VmNames::new(all_lines(files).map(|all| (&all.2.vm, all)));
    for (at, member, line) in all_lines(files) {
        let is_own = |(_, other, theirs): &(usize, &Member<'_>, &Line)| {
            other.key() == member.key() && theirs.vm == line.vm
        };
        let name = line.session.as_str();
        if let Some((file, _, other)) = names.another(name, is_own) {
            let vm = &other.vm;
            let message = format!("session {} is the name of another VM, {vm}", quote(name));
            let (here, there) = (line.session_span.clone(), other.vm_span.clone());
            let help = format!(
                "use a name like `{name}-session`: `azlin connect` looks for VM names first"
            );
            let labels = ["this session", "that VM"];
            found.push(clash(message, [(at, here), (*file, there)], labels, &help));
        }
    }
    found
}
