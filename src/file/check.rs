//! What valid lines have against each other, within one file or over several: a name has one holder, a VM one line, a
//! subscription one Azure and one file of each owner.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::ops::Range;

use super::{Diagnostic, File, Line, Source};
use crate::model::{Cloud, Doubt, Owner, SubscriptionId, VmNames, VmPath};
use crate::text::{escape, quote};

/// One of the files that are checked together.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// What it says.
    pub file: &'a File,
    /// Its text.
    pub source: &'a Source,
    /// Its subscription, if that is known.
    pub subscription: Option<&'a SubscriptionId>,
}

/// What tells subscriptions apart: the id; where that is not known, whatever names it names one in each Azure.
type Key<'a> = Result<&'a SubscriptionId, (Cloud, Option<SocketAddr>)>;

impl<'a> Member<'a> {
    fn key(&self) -> Key<'a> {
        let azure = &self.file.azure;
        self.subscription.ok_or((azure.cloud, azure.endpoint))
    }
}

/// Everything that is wrong with `files` together, one file included, in the order of the files that are to blame and of their
/// lines. The labels say by its place which file each is of.
pub fn check(files: &[Member<'_>]) -> Vec<Diagnostic> {
    let mut checker = Checker {
        files,
        found: Vec::new(),
    };
    checker.settings();
    checker.lines();
    checker.shadowed();
    let mut found = checker.found;
    found.sort_by_key(|diagnostic| (diagnostic.file(), diagnostic.offset()));
    found
}

/// Where something stands: the place of the file, and the bytes.
type At = (usize, Range<usize>);

struct Checker<'a> {
    files: &'a [Member<'a>],
    found: Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    /// Every line, with the place of its file.
    fn all_lines(&self) -> impl Iterator<Item = (usize, &'a Member<'a>, &'a Line)> + use<'a> {
        let files = self.files.iter().enumerate();
        files.flat_map(|(at, member)| member.file.lines.iter().map(move |line| (at, member, line)))
    }

    /// Checks that the files of one subscription mean one Azure and one tag, and that each has an owner of its own.
    fn settings(&mut self) {
        let mut first: HashMap<Key<'a>, usize> = HashMap::new();
        let mut owners: HashMap<(Key<'a>, &Owner), At> = HashMap::new();
        for (at, member) in self.files.iter().enumerate() {
            let file = member.file;
            let other = *first.entry(member.key()).or_insert(at);
            if let Some(earlier) = self.files.get(other) {
                self.same_azure((at, member), (other, earlier));
            }
            let Some(owner) = &file.owner else {
                continue;
            };
            let here = (at, file.spans.owner.clone());
            let there = owners.entry((member.key(), owner)).or_insert(here.clone());
            if there.0 != at {
                let message = format!(
                    "owner {} has two files for the same subscription: each would clear what the other sets",
                    quote(owner.as_str())
                );
                let diagnostic = Diagnostic::error(message, here.1, "again here")
                    .in_file(at)
                    .with_in(there.0, there.1.clone(), "first here")
                    .help("put all lines into one of the files, or give one of them another owner");
                self.found.push(diagnostic);
            }
        }
    }

    fn same_azure(
        &mut self,
        (at, mine): (usize, &Member<'_>),
        (other, theirs): (usize, &Member<'_>),
    ) {
        let (azure, earlier) = (&mine.file.azure, &theirs.file.azure);
        let differs = [
            ("tag", azure.tag != earlier.tag),
            ("cloud", azure.cloud != earlier.cloud),
            ("endpoint", azure.endpoint != earlier.endpoint),
        ];
        for (what, _) in differs.into_iter().filter(|(_, differs)| *differs) {
            let name = escape(&theirs.source.name);
            let message = format!("{name} has another `{what}` for the same subscription");
            let diagnostic = Diagnostic::error(message, mine.file.spans.azure.clone(), "this one")
                .in_file(at)
                .with_in(other, theirs.file.spans.azure.clone(), "the other")
                .help(format!(
                    "give both the same `{what}`, or another `subscription`"
                ));
            self.found.push(diagnostic);
        }
    }

    /// Checks that each VM and each session has one line, and warns of names that are unwise.
    fn lines(&mut self) {
        let mut vms: HashMap<(Key<'a>, &VmPath), (At, &VmPath)> = HashMap::new();
        let mut sessions: HashMap<&str, At> = HashMap::new();
        let mut folded: HashMap<String, (&str, At)> = HashMap::new();
        for (at, member, line) in self.all_lines() {
            let here = (at, line.spans.vm.clone());
            if let Some((there, spelled)) = vms.get(&(member.key(), &line.vm)) {
                self.found.push(vm_twice(&line.vm, spelled, here, there));
            } else {
                vms.insert((member.key(), &line.vm), (here, &line.vm));
            }
            let name = line.session.as_str();
            let here = (at, line.spans.session.clone());
            if let Some(there) = sessions.get(name) {
                self.found.push(session_twice(line, here, there));
                continue;
            }
            sessions.insert(name, here.clone());
            let alike = folded.get(&name.to_lowercase());
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
                self.found.push(diagnostic);
            }
            folded.entry(name.to_lowercase()).or_insert((name, here));
        }
    }

    /// Checks that no session is the name of another VM.
    fn shadowed(&mut self) {
        let vms = self
            .all_lines()
            .map(|(at, member, line)| (&line.vm, (at, member.key(), line)));
        let names = VmNames::new(vms);
        for (at, member, line) in self.all_lines() {
            let is_own = |(_, key, other): &(usize, Key<'_>, &Line)| {
                *key == member.key() && other.vm == line.vm
            };
            let Some((file, _, other)) = names.another(line.session.as_str(), is_own) else {
                continue;
            };
            let shown = quote(line.session.as_str());
            let message = format!("session {shown} is the name of another VM, {}", other.vm);
            let diagnostic = Diagnostic::error(message, line.spans.session.clone(), "this session")
                .in_file(at)
                .with_in(*file, other.spans.vm.clone(), "that VM")
                .help("`azlin connect` looks for VM names first: choose another session name");
            self.found.push(diagnostic);
        }
    }
}

fn vm_twice(vm: &VmPath, spelled: &VmPath, here: At, there: &At) -> Diagnostic {
    let is_spelled_alike = vm.to_string() == spelled.to_string();
    let help = if is_spelled_alike {
        "keep one of the lines"
    } else {
        "Azure ignores case in names: keep one of the lines"
    };
    Diagnostic::error(format!("VM `{vm}` appears twice"), here.1, "again here")
        .in_file(here.0)
        .with_in(there.0, there.1.clone(), "first here")
        .help(help)
}

fn session_twice(line: &Line, here: At, there: &At) -> Diagnostic {
    let message = format!("session {} is assigned twice", quote(line.session.as_str()));
    let vm = line.vm.name();
    Diagnostic::error(message, here.1, "again here")
        .in_file(here.0)
        .with_in(there.0, there.1.clone(), "first here")
        .help(format!(
            "give {vm} another name, or delete one of the lines"
        ))
}
