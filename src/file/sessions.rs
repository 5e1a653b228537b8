//! `[sessions.<group>]` → the lines: VMs and their sessions.

use std::ops::Range;

use time::{Date, Month};
use toml::de::DeValue;

use super::keys::{SETTINGS, is_setting, names};
use super::table::{Entry, Reader, SECTION, UNDER_GROUP, entries, home};
use super::{Diagnostic, Line};
use crate::model::{Cloud, Scope, SessionName, SubscriptionId, VmPath};
use crate::text::{nearest, quote};

/// A line's value: the session, its bytes, and the day on which it expires.
type Given<'t> = (&'t str, Range<usize>, Option<Date>);

impl Reader<'_> {
    /// Reads the tables of `[sessions]`.
    pub fn sessions(&mut self, section: &Entry<'_, '_>) -> Vec<Line> {
        let mut lines = Vec::new();
        for group in self.table(section, SECTION) {
            let help = format!("{UNDER_GROUP}{}", self.line_of(&group));
            for vm in self.table(&group, &help) {
                if !self.is_misplaced(&vm) {
                    lines.extend(self.line(&group, &vm));
                }
            }
        }
        lines
    }

    /// Reports a setting of the file that is below a group's header, where it would be a VM. It is one if the file has no such
    /// setting elsewhere, and the value is valid for it.
    fn is_misplaced(&mut self, vm: &Entry<'_, '_>) -> bool {
        let DeValue::String(value) = vm.value.get_ref() else {
            return false;
        };
        let is_setting = match vm.key {
            "owner" => true,
            "subscription" => SubscriptionId::new(value).is_ok(),
            "cloud" => Cloud::NAMES.iter().any(|(name, _)| name == value),
            "scope" => Scope::NAMES.iter().any(|(name, _)| name == value),
            "endpoint" => value.contains("://"),
            _ => false,
        };
        let Some(home) = home(vm.key).filter(|_| is_setting && !self.set.contains(vm.key)) else {
            return false;
        };
        let key = vm.key;
        let message = format!("`{key}` would be a VM here, and the file has no `{key}`");
        let diagnostic = Diagnostic::error(message, vm.span.clone(), "below the header of a group");
        self.found
            .push(diagnostic.help(format!("move `{key}` {home}")));
        true
    }

    fn line(&mut self, group: &Entry<'_, '_>, vm: &Entry<'_, '_>) -> Option<Line> {
        let (text, session_span, expires) = self.given(group, vm)?;
        let vm_span = vm.span.clone();
        let path = VmPath::new(group.key, vm.key);
        // Is the group the invalid part?
        let is_group = path.is_err() && VmPath::new(group.key, "vm").is_err();
        let wrong = if is_group { &group.span } else { &vm_span };
        let path = self.valid(path, "", wrong.clone(), "invalid name");
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
                let raw = self.source.text.get(vm.value.span()).unwrap_or_default();
                let name = SessionName::new(raw)
                    .ok()
                    .or_else(|| SessionName::like(raw));
                let name = name.map_or("project-alpha".to_owned(), |name| name.to_string());
                let help = format!("write a session name in quotes: \"{name}\"");
                self.expected("a session name", vm, &help);
                return None;
            }
        };
        let is_session = |key: &str| !nearest(key, ["session"].into_iter(), 1).is_empty();
        if !settings.iter().any(|entry| is_session(entry.key)) {
            // `{ name = "x" }`
            let mut others = settings.iter().filter(|entry| !is_setting(entry.key));
            let other = others.next().filter(|_| others.next().is_none());
            let is_string =
                |entry: &&Entry<'_, '_>| matches!(entry.value.get_ref(), DeValue::String(_));
            let is_in_braces = self
                .source
                .text
                .get(vm.value.span())
                .is_some_and(|raw| raw.starts_with('{'));
            if let Some(other) = other.filter(is_string).filter(|_| is_in_braces) {
                let message = format!("unknown key {} in a session", quote(other.key));
                let diagnostic = Diagnostic::error(message, other.span.clone(), "unknown key");
                self.found.push(diagnostic.help("did you mean `session`?"));
            } else if !self.dotted(group, vm) {
                let message = format!("missing `session` for {}", quote(vm.key));
                let help = "add `session = \"project-alpha\"` to its settings";
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
        let raw = self.source.text.get(entry.value.span()).unwrap_or_default();
        let written = raw.trim_matches(['"', '\'']).get(..10).and_then(day);
        let help = match written {
            Some(day) => format!("write only the date, without quotes: {day}"),
            None => "write the date as YEAR-MONTH-DAY, without quotes: 2030-06-30".to_owned(),
        };
        self.found.push(diagnostic.help(help));
        None
    }
}

/// The day that `text` spells as `2030-06-30`.
fn day(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
}
