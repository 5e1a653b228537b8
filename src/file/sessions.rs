//! `[sessions.<group>]` → the lines: which VM is to hold which session.

use std::ops::Range;

use time::Date;
use toml::de::{DeTable, DeValue};

use super::table::{Entry, entries, expected, string, unknown};
use super::{Diagnostic, Line, LineSpans, Source};
use crate::model::{SessionName, VmPath};
use crate::text::{escape, nearest, quote};

/// Reads the tables of `[sessions]`; what is wrong with a line goes to `found`.
pub(super) fn sessions(
    groups: &DeTable<'_>,
    source: &Source,
    found: &mut Vec<Diagnostic>,
) -> Vec<Line> {
    Reader { source, found }.sessions(groups)
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
}

impl Reader<'_> {
    fn sessions(mut self, groups: &DeTable<'_>) -> Vec<Line> {
        let mut lines = Vec::new();
        for group in entries(groups) {
            if let DeValue::Table(vms) = group.value.get_ref() {
                for vm in entries(vms) {
                    lines.extend(self.line(&group, &vm));
                }
            } else {
                let help =
                    "put it under its resource group: [sessions.<group>], then VM = \"session\"";
                let diagnostic = expected("a table", &group, group.value.get_ref()).help(help);
                self.found.push(diagnostic);
            }
        }
        lines
    }

    fn line(&mut self, group: &Entry<'_, '_>, vm: &Entry<'_, '_>) -> Option<Line> {
        let given = self.given(group, vm)?;
        let path = VmPath::new(group.key, vm.key);
        if let Err(rule) = &path {
            let diagnostic = Diagnostic::error(rule, vm.span.clone(), "not a VM in Azure");
            self.found.push(diagnostic);
        }
        let session = SessionName::new(given.text);
        if let Err(rule) = &session {
            let message = format!("a session name {rule}");
            let diagnostic = Diagnostic::error(message, given.span.clone(), "not a session name");
            self.found.push(diagnostic);
        }
        Some(Line {
            vm: path.ok()?,
            session: session.ok()?,
            expires: given.expires,
            line: self.source.line_of(vm.span.start),
            spans: LineSpans {
                vm: vm.span.clone(),
                session: given.span,
            },
        })
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
}
