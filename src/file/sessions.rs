//! `[sessions.<group>]` → the lines: VMs and their sessions.

use std::ops::Range;

use time::{Date, Month};
use toml::de::DeValue;

use super::keys::{SETTINGS, names};
use super::table::{Entry, Reader, SECTION, entries};
use super::{Diagnostic, Line};
use crate::model::{SessionName, VmPath};
use crate::text::{escape, nearest, quote};

/// A line's value: the session, its bytes, and the day on which it expires.
type Given<'t> = (&'t str, Range<usize>, Option<Date>);

impl Reader<'_> {
    /// Reads the tables of `[sessions]`.
    pub fn sessions(&mut self, section: &Entry<'_, '_>) -> Vec<Line> {
        let help = "put it under its resource group: [sessions.<group>], then VM = \"session\"";
        let mut lines = Vec::new();
        for group in self.table(section, SECTION) {
            for vm in self.table(&group, help) {
                lines.extend(self.line(&group, &vm));
            }
        }
        lines
    }

    fn line(&mut self, group: &Entry<'_, '_>, vm: &Entry<'_, '_>) -> Option<Line> {
        let (text, session_span, expires) = self.given(group, vm)?;
        let vm_span = vm.span.clone();
        let path = VmPath::new(group.key, vm.key);
        let path = self.valid(path, "", vm_span.clone(), "invalid name");
        let subject = format!("invalid session name {}: it ", quote(text));
        let session = self.session(text, &subject, session_span.clone());
        Some(Line {
            vm: path?,
            session: session?,
            expires,
            line: self.source.line_of(vm_span.start),
            vm_span,
            session_span,
        })
    }

    /// Returns the session name `text`, or reports the rule that it breaks and a name to use instead.
    fn session(&mut self, text: &str, subject: &str, span: Range<usize>) -> Option<SessionName> {
        let report = |rule| {
            let diagnostic = Diagnostic::error(format!("{subject}{rule}"), span, "invalid");
            self.found.push(match SessionName::like(text) {
                Some(name) => diagnostic.help(format!("use a name like `{name}`")),
                None => diagnostic.help("use a name like `project-alpha`"),
            });
        };
        SessionName::new(text).map_err(report).ok()
    }

    /// Reads the value for `vm`: a string, or a table with a `session`.
    fn given<'t>(&mut self, group: &Entry<'_, '_>, vm: &Entry<'t, '_>) -> Option<Given<'t>> {
        let settings = match vm.value.get_ref() {
            DeValue::String(text) => return Some((text, vm.value.span(), None)),
            DeValue::Table(settings) => entries(settings),
            _ => {
                let help = "write it in quotes: VM = \"session\"";
                self.expected("a session name", vm, help);
                return None;
            }
        };
        let is_session = |key: &str| !nearest(key, ["session"].into_iter(), 1).is_empty();
        if !settings.iter().any(|entry| is_session(entry.key)) {
            if !self.dotted(group, vm) {
                let message = format!("missing `session` for {}", quote(vm.key));
                let help = format!("write {} = {{ session = \"…\" }}", escape(vm.key));
                self.found
                    .push(Diagnostic::error(message, vm.span.clone(), "").help(help));
            }
            return None;
        }
        let (mut session, mut expires) = (None, None);
        for entry in settings {
            match entry.key {
                "session" => session = self.string(&entry).map(|text| (text, entry.value.span())),
                "expires" => expires = self.day(&entry),
                _ => self.unknown(&entry, "a session", &names(&SETTINGS)),
            }
        }
        session.map(|(text, span)| (text, span, expires))
    }

    /// Reads the day that `entry` holds.
    fn day(&mut self, entry: &Entry<'_, '_>) -> Option<Date> {
        if let DeValue::Datetime(when) = entry.value.get_ref()
            && let (Some(day), None) = (when.date, when.time)
            && let Ok(month) = Month::try_from(day.month)
            && let Ok(day) = Date::from_calendar_date(day.year.into(), month, day.day)
        {
            return Some(day);
        }
        let message = "`expires` takes a date, the last day of the session";
        let diagnostic = Diagnostic::error(message, entry.value.span(), "not a date");
        self.found
            .push(diagnostic.help("write the date without quotes: expires = 2026-12-31"));
        None
    }
}
