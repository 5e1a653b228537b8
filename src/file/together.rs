//! What several valid files have against each other: a name has one holder over all of them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::ops::Range;

use super::{Diagnostic, File, Label, LineSpans, Severity, Source};
use crate::model::{Cloud, Declared, Owner, SessionName, SubscriptionId, VmId};
use crate::text::{escape, quote};

/// One of the files.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// What it says.
    pub file: &'a File,
    /// Its text.
    pub source: &'a Source,
    /// Its subscription, if that is known.
    pub subscription: Option<&'a SubscriptionId>,
}

/// What is wrong with one file because of what stands in another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// The place of the file, and what is wrong with it.
    pub file: usize,
    /// What is wrong.
    pub diagnostic: Diagnostic,
    /// The place of the other file.
    pub other: usize,
    /// What it collides with there.
    pub label: Label,
}

/// Where something stands: the place of the file, and the bytes.
type At<'a> = (usize, &'a Range<usize>);

/// What tells subscriptions apart: the id; where that is not known, whatever names it names one in each Azure.
type Key<'a> = (
    Option<&'a SubscriptionId>,
    Option<(Cloud, Option<SocketAddr>)>,
);

impl<'a> Member<'a> {
    fn key(&self) -> Key<'a> {
        let azure = &self.file.azure;
        let unknown = self.subscription.is_none();
        (
            self.subscription,
            unknown.then_some((azure.cloud, azure.endpoint)),
        )
    }
}

/// A line, with the place and the subscription of its file, and with its own place there.
type Line<'a> = (usize, Key<'a>, &'a Declared, &'a LineSpans);

/// All clashes of `files`, in the order of the files that are to blame and of their lines.
pub fn together(files: &[Member<'_>]) -> Vec<Clash> {
    let mut checker = Checker {
        files,
        found: Vec::new(),
    };
    checker.settings();
    checker.lines();
    let Checker { mut found, .. } = checker;
    found.sort_by_key(|clash| (clash.file, clash.diagnostic.offset()));
    found
}

struct Checker<'a> {
    files: &'a [Member<'a>],
    found: Vec<Clash>,
}

impl<'a> Checker<'a> {
    /// The name of the file at `at`, as a diagnostic shows it.
    fn name(&self, at: usize) -> String {
        let name = self.files.get(at).map(|member| member.source.name.as_str());
        escape(name.unwrap_or_default()).into_owned()
    }

    fn clash(&mut self, at: At<'_>, diagnostic: Diagnostic, other: At<'_>, label: &str) {
        self.found.push(Clash {
            file: at.0,
            diagnostic,
            other: other.0,
            label: Label {
                span: other.1.clone(),
                text: label.to_owned(),
            },
        });
    }

    /// That the files of one subscription mean one Azure and one tag, and that each has an owner of its own.
    fn settings(&mut self) {
        let mut first: HashMap<Key<'_>, (usize, &'a File)> = HashMap::new();
        let mut owners: HashMap<(Key<'_>, &Owner), At<'_>> = HashMap::new();
        for (at, member) in self.files.iter().enumerate() {
            let (file, spans) = (member.file, &member.file.spans);
            let (other, earlier) = *first.entry(member.key()).or_insert((at, file));
            let (mine, theirs) = (&file.azure, &earlier.azure);
            let differs = [
                ("tag", mine.tag != theirs.tag),
                ("cloud", mine.cloud != theirs.cloud),
                ("endpoint", mine.endpoint != theirs.endpoint),
            ];
            for (what, _) in differs.into_iter().filter(|(_, differs)| *differs) {
                let name = self.name(other);
                let message = format!("{name} has another `{what}` for the same subscription");
                let diagnostic = Diagnostic::error(message, spans.azure.clone(), "this one").help(
                    format!("give both the same `{what}`, or another `subscription`"),
                );
                self.clash(
                    (at, &spans.azure),
                    diagnostic,
                    (other, &earlier.spans.azure),
                    "the other",
                );
            }
            let Some(owner) = &file.desired.owner else {
                continue;
            };
            let here = (at, &spans.owner);
            let there = *owners.entry((member.key(), owner)).or_insert(here);
            if there.0 != at {
                let (name, owner) = (self.name(there.0), quote(owner.as_str()));
                let message = format!(
                    "the owner {owner} has another file for the same subscription, {name}: each would clear what the other sets"
                );
                let diagnostic = Diagnostic::error(message, spans.owner.clone(), "again here")
                    .help("put all lines into one of the files, or give one another owner");
                self.clash(here, diagnostic, there, "first here");
            }
        }
    }

    /// That no VM and no session stands in two files, and no session is a VM's name in another.
    fn lines(&mut self) {
        let mut vms: HashMap<(Key<'_>, &VmId), At<'a>> = HashMap::new();
        let mut sessions: HashMap<&SessionName, At<'a>> = HashMap::new();
        let mut folded: HashMap<String, At<'a>> = HashMap::new();
        let files = self.files;
        let lines = || {
            files.iter().enumerate().flat_map(|(at, member)| {
                let lines = member.file.desired.sessions.iter();
                let lines = lines.zip(&member.file.spans.lines);
                lines.map(move |(line, spans)| (at, member.key(), line, spans))
            })
        };
        for (at, key, line, spans) in lines() {
            let here = (at, &spans.vm);
            let there = *vms.entry((key, &line.vm)).or_insert(here);
            if there.0 != at {
                let message = format!("VM `{}` stands in {} too", line.vm, self.name(there.0));
                let diagnostic = Diagnostic::error(message, spans.vm.clone(), "again here")
                    .help("a VM is one file's: keep one of the lines");
                self.clash(here, diagnostic, there, "first here");
            }
            let here = (at, &spans.session);
            let there = *sessions.entry(&line.session).or_insert(here);
            let alike = *folded
                .entry(line.session.as_str().to_lowercase())
                .or_insert(here);
            if there.0 != at {
                let diagnostic = self.twice(line, spans, there.0);
                self.clash(here, diagnostic, there, "first here");
            } else if alike.0 != at && there == here {
                let (shown, name) = (quote(line.session.as_str()), self.name(alike.0));
                let message = format!("session {shown} differs only in case from one in {name}");
                let diagnostic = Diagnostic::warning(message, spans.session.clone(), "this one")
                    .help("case counts in session names, but people will mix these up");
                self.clash(here, diagnostic, alike, "the other");
            }
        }
        self.shadowed(lines());
    }

    fn twice(&self, line: &Declared, spans: &LineSpans, other: usize) -> Diagnostic {
        let (shown, name) = (quote(line.session.as_str()), self.name(other));
        let message = format!("session {shown} is assigned in {name} too");
        let vm = line.vm.name();
        Diagnostic::error(message, spans.session.clone(), "again here").help(format!(
            "give {vm} another name, or delete one of the lines"
        ))
    }

    fn shadowed(&mut self, lines: impl Iterator<Item = Line<'a>> + Clone) {
        let mut named: HashMap<&str, Vec<At<'a>>> = HashMap::new();
        for (at, _, line, spans) in lines.clone() {
            let named = named.entry(line.vm.folded_name()).or_default();
            named.push((at, &spans.vm));
        }
        for (at, _, line, spans) in lines {
            let lower = line.session.as_str().to_lowercase();
            let mut vms = named.get(lower.as_str()).into_iter().flatten();
            let Some(there) = vms.find(|there| there.0 != at) else {
                continue;
            };
            let (shown, name) = (quote(line.session.as_str()), self.name(there.0));
            let message = format!("session {shown} is the name of a VM in {name}");
            let diagnostic = Diagnostic::error(message, spans.session.clone(), "this session")
                .help("`azlin connect` looks for VM names first: choose another session name");
            self.clash((at, &spans.session), diagnostic, *there, "that VM");
        }
    }
}

impl Clash {
    /// Whether the files are of no use together.
    pub fn is_error(&self) -> bool {
        self.diagnostic.severity == Severity::Error
    }
}
