//! `[sessions.<group>]` → which VM is to hold which session, each once.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use time::Date;
use toml::de::{DeTable, DeValue};

use super::table::{Entry, entries, expected, string, unknown};
use super::{Diagnostic, LineSpans, Source};
use crate::model::{Declared, SessionName, VmId};
use crate::text::{escape, nearest, quote};

/// Reads the tables of `[sessions]`; what is wrong goes to `found`.
pub(super) fn sessions(
    groups: &DeTable<'_>,
    source: &Source,
    found: &mut Vec<Diagnostic>,
) -> Vec<(Declared, LineSpans)> {
    let taken = Taken::default();
    Reader {
        source,
        found,
        taken,
    }
    .sessions(groups)
}

/// A line's value.
struct Given<'t> {
    text: &'t str,
    span: Range<usize>,
    expires: Option<Date>,
}

struct Reader<'a> {
    source: &'a Source,
    found: &'a mut Vec<Diagnostic>,
    taken: Taken,
}

/// What the declarations before this one have taken, and where.
#[derive(Default)]
struct Taken {
    sessions: HashMap<SessionName, Range<usize>>,
    folded: HashMap<String, Range<usize>>,
    vms: BTreeMap<VmId, Range<usize>>,
}

impl Reader<'_> {
    fn sessions(mut self, groups: &DeTable<'_>) -> Vec<(Declared, LineSpans)> {
        let mut lines = Vec::new();
        for group in entries(groups) {
            if let DeValue::Table(vms) = group.value.get_ref() {
                for vm in entries(vms) {
                    lines.extend(self.declared(&group, &vm));
                }
            } else {
                let help =
                    "put it under its resource group: [sessions.<group>], then VM = \"session\"";
                let diagnostic = expected("a table", &group, group.value.get_ref()).help(help);
                self.found.push(diagnostic);
            }
        }
        self.shadowed(&lines);
        lines
    }

    fn declared(
        &mut self,
        group: &Entry<'_, '_>,
        vm: &Entry<'_, '_>,
    ) -> Option<(Declared, LineSpans)> {
        let Given {
            text,
            span,
            expires,
        } = self.given(group, vm)?;
        let id = match VmId::new(group.key, vm.key) {
            Ok(id) => Some(id),
            Err(rule) => {
                self.found.push(Diagnostic::error(
                    rule,
                    vm.span.clone(),
                    "not a VM in Azure",
                ));
                None
            }
        };
        let session = match SessionName::new(text) {
            Ok(session) => Some(session),
            Err(rule) => {
                let message = format!("a session name {rule}");
                let diagnostic = Diagnostic::error(message, span.clone(), "not a session name");
                self.found.push(diagnostic);
                None
            }
        };
        let (id, session) = (id?, session?);
        if let Some(first) = self.taken.vms.insert(id.clone(), vm.span.clone()) {
            let message = format!("VM `{id}` stands twice");
            let help = "Azure ignores the case of names: keep one of the lines";
            let diagnostic = Diagnostic::error(message, vm.span.clone(), "again here");
            self.found
                .push(diagnostic.with(first, "first here").help(help));
        }
        self.unique(&id, &session, &span);
        let declared = Declared {
            vm: id,
            session,
            expires,
            line: self.source.line_of(vm.span.start),
        };
        let spans = LineSpans {
            vm: vm.span.clone(),
            session: span,
        };
        Some((declared, spans))
    }

    /// What `vm` is given: a string, or a table that holds one.
    fn given<'t>(&mut self, group: &Entry<'_, '_>, vm: &Entry<'t, '_>) -> Option<Given<'t>> {
        let settings = match vm.value.get_ref() {
            DeValue::String(text) => {
                let (text, span) = (text.as_ref(), vm.value_span());
                return Some(Given {
                    text,
                    span,
                    expires: None,
                });
            }
            DeValue::Table(settings) => settings,
            other => {
                let diagnostic = expected("a session name", vm, other)
                    .help("write it in quotes: VM = \"session\"");
                self.found.push(diagnostic);
                return None;
            }
        };
        let settings = entries(settings);
        let meant =
            |entry: &Entry<'_, '_>| !nearest(entry.key, ["session"].into_iter(), 1).is_empty();
        if !settings.iter().any(meant) {
            let message = format!("{} has no `session`", quote(vm.key));
            let (name, dotted) = (escape(vm.key), format!("{}.{}", group.key, vm.key));
            let help = format!(
                "write {name} = {{ session = \"…\" }}; if a name has a dot, put it in quotes: [sessions.\"{}\"]",
                escape(&dotted),
            );
            self.found
                .push(Diagnostic::error(message, vm.span.clone(), "").help(help));
            return None;
        }
        let mut session = None;
        let mut expires = None;
        for entry in settings {
            match entry.key {
                "session" => {
                    session = string(&entry, self.found).map(|text| (text, entry.value_span()))
                }
                "expires" => expires = self.day(&entry),
                _ => self
                    .found
                    .push(unknown(&entry, "a session", &["session", "expires"])),
            }
        }
        session.map(|(text, span)| Given {
            text,
            span,
            expires,
        })
    }

    /// The day that `entry` holds.
    fn day(&mut self, entry: &Entry<'_, '_>) -> Option<Date> {
        let day = match entry.value.get_ref() {
            DeValue::Datetime(when) if when.time.is_none() => when.date,
            _ => None,
        };
        let day = day.and_then(|day| {
            let month = time::Month::try_from(day.month).ok()?;
            Date::from_calendar_date(i32::from(day.year), month, day.day).ok()
        });
        if day.is_none() {
            let message = "`expires` takes a day, the last on which the session is wanted";
            let diagnostic = Diagnostic::error(message, entry.value_span(), "not a day");
            self.found
                .push(diagnostic.help("write it without quotes: expires = 2026-12-31"));
        }
        day
    }

    /// That no VM before this one has its session, nor one that differs only in case.
    fn unique(&mut self, vm: &VmId, session: &SessionName, span: &Range<usize>) {
        let shown = quote(session.as_str());
        if let Some(first) = self.taken.sessions.get(session) {
            let help = format!(
                "give {} another name, or delete one of the lines",
                vm.name()
            );
            let diagnostic = Diagnostic::error(
                format!("session {shown} is assigned twice"),
                span.clone(),
                "again here",
            );
            self.found
                .push(diagnostic.with(first.clone(), "first here").help(help));
            return;
        }
        self.taken.sessions.insert(session.clone(), span.clone());
        let lower = session.as_str().to_lowercase();
        if let Some(first) = self.taken.folded.get(&lower) {
            let message = format!("session {shown} differs from another only in case");
            let diagnostic = Diagnostic::warning(message, span.clone(), "this one")
                .with(first.clone(), "the other")
                .help("case counts in session names, but people will mix these up");
            self.found.push(diagnostic);
        } else if lower != session.as_str() {
            let message = format!("session {shown} has upper-case letters");
            let diagnostic = Diagnostic::warning(message, span.clone(), "")
                .help("case counts: `azlin connect` must be given it exactly so");
            self.found.push(diagnostic);
        }
        self.taken
            .folded
            .entry(lower)
            .or_insert_with(|| span.clone());
        if session.as_str().len() > SessionName::COMFORTABLE {
            let (length, most) = (session.as_str().len(), SessionName::COMFORTABLE);
            let message = format!("session {shown} has {length} characters");
            let diagnostic = Diagnostic::warning(message, span.clone(), "").help(format!(
                "names of up to {most} are easier to type and fit the tables"
            ));
            self.found.push(diagnostic);
        }
    }

    /// That no session is the name of another VM of the file: `connect` would go to that VM.
    fn shadowed(&mut self, lines: &[(Declared, LineSpans)]) {
        let mut named: HashMap<&str, Vec<&VmId>> = HashMap::new();
        for (declared, _) in lines {
            named
                .entry(declared.vm.folded_name())
                .or_default()
                .push(&declared.vm);
        }
        for (declared, spans) in lines {
            let lower = declared.session.as_str().to_lowercase();
            let others = named
                .get(lower.as_str())
                .map(Vec::as_slice)
                .unwrap_or_default();
            let other = others.iter().find(|other| **other != &declared.vm);
            if let Some(other) = other {
                let span = &spans.session;
                let message = format!(
                    "session {} is the name of another VM, {other}",
                    quote(declared.session.as_str())
                );
                let at = self.taken.vms.get(*other).cloned().unwrap_or(span.clone());
                let diagnostic = Diagnostic::error(message, span.clone(), "this session")
                    .with(at, "that VM")
                    .help("`azlin connect` looks for VM names first: choose another session name");
                self.found.push(diagnostic);
            }
        }
    }
}
