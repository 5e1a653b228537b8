//! Text → [`File`], or every error in it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::edit::Layout;
use super::encoding::{decode, marked_twice};
use super::keys::{AZURE, SSH, TOP, names};
use super::likely::{self, guids, host, numeric, plainly};
use super::syntax;
use super::table::{Entry, Reader, SECTION, TOP_OF_FILE, entries, listed};
use super::twice::Keys;
use super::{AzureSettings, Diagnostic, File, Member, Source, check, foreign};
use crate::model::{Cloud, Owner, Scope, SubscriptionId, TagKey};
use crate::ssh::{JumpHost, SshDefaults, SshUser};
use crate::text::{is_unprintable, nearest, quote, typed, written_out};

/// The number of syntax errors to report. A file with more is probably not a `sessions.toml` with mistakes but some other file,
/// whose lines are nobody's business.
const MOST_SYNTAX_ERRORS: usize = 3;

/// Reads `bytes`, the content of the file called `name`.
///
/// Returns the file only if no diagnostic is an error. Returns all diagnostics, in the order of the file, so that a person can
/// fix the file in one go.
pub fn read(name: &str, bytes: &[u8]) -> (Option<File>, Vec<Diagnostic>, Source) {
    let (source, wrong) = decode(name, bytes);
    if let Some(wrong) = wrong {
        let foreign = foreign::not_utf8(&source);
        return (None, vec![foreign.unwrap_or(wrong)], source);
    }
    if let Some(twice) = marked_twice(&source) {
        return (None, vec![twice], source);
    }
    let (document, mut syntax_errors) = DeTable::parse_recoverable(&source.text);

    let mut reader = Reader {
        source: &source,
        found: Vec::new(),
        set: set(document.get_ref()),
    };
    let file = reader.file(document.get_ref());
    let mut found = reader.found;
    syntax_errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    let first = syntax_errors.first().and_then(toml::de::Error::span);
    if let Some(foreign) = foreign::not_ours(&source, document.get_ref(), first) {
        return (None, vec![foreign], source);
    }
    // After its first error in a line the parser guesses, so its later errors there would mislead. So would our own diagnostics
    // about the values that it guessed for such a line.
    let line = |error: &toml::de::Error| source.line_of(error.span().map_or(0, |span| span.start));
    syntax_errors.dedup_by_key(|error| line(error));
    let broken: BTreeSet<usize> = syntax_errors.iter().map(line).collect();
    let unsaid = syntax_errors.len().saturating_sub(MOST_SYNTAX_ERRORS);
    syntax_errors.truncate(MOST_SYNTAX_ERRORS);
    let mut syntax = explained(&syntax_errors, &source);
    if unsaid > 0 {
        let last = syntax.pop();
        let help = format!("fix these first; lines with other syntax errors: {unsaid}");
        syntax.extend(last.map(|last| last.help(help)));
    }
    let places: BTreeSet<usize> = syntax.iter().map(|d| source.line_of(d.offset())).collect();
    if !broken.is_empty() {
        let below = below_broken_headers(&source, &broken);
        found.retain(|found| {
            let at = source.line_of(found.offset());
            let has_place = found.labels.iter().all(|label| label.span != (0..0));
            let is_here = broken.contains(&at) || places.contains(&at);
            has_place && !is_here && below.get(at) != Some(&true)
        });
    }
    found.extend(syntax);
    let member = Member {
        file: &file,
        source: &source,
        subscription: None,
    };
    found.extend(check(&[member]));
    found.sort_by_key(Diagnostic::offset);
    // The name of a group is wrong once, not for each of its VMs.
    found.dedup_by(|one, other| one.message == other.message && one.offset() == other.offset());
    let is_valid = !found.iter().any(Diagnostic::is_error);
    (is_valid.then_some(file), found, source)
}

/// `owner`, if `document` has it, and the keys of its `[azure]`.
fn set(document: &DeTable<'_>) -> BTreeSet<String> {
    let mut set = BTreeSet::new();
    for (key, value) in document {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("owner", _) => {
                set.insert("owner".to_owned());
            }
            ("azure", DeValue::Table(azure)) => {
                set.extend(azure.keys().map(|key| key.get_ref().to_string()));
            }
            _ => {}
        }
    }
    set
}

/// For each line of `source`, from 0, true if the header above it is one of the `broken` lines. The parser then puts the line into
/// another table.
fn below_broken_headers(source: &Source, broken: &BTreeSet<usize>) -> Vec<bool> {
    let mut is_below = false;
    let mut lines = vec![false];
    for line in 1..=source.line_of(source.text.len()) {
        let text = source.line(line).trim();
        if text.starts_with('[') || (text.ends_with(']') && !text.contains('=')) {
            is_below = broken.contains(&line);
        }
        lines.push(is_below);
    }
    lines
}

/// The syntax `errors` in `source` as diagnostics. One for a duplicate key points at both places.
fn explained(errors: &[toml::de::Error], source: &Source) -> Vec<Diagnostic> {
    const TWICE: &str = "duplicate key";
    let is_any_twice = errors.iter().any(|error| error.message() == TWICE);
    let text = source.text.as_str();
    let layout = Layout::new(if is_any_twice { text } else { "" });
    let keys = Keys::new(&layout);
    let one = |error: &toml::de::Error| {
        let span = error.span().unwrap_or(0..0);
        if error.message() == TWICE {
            return keys.twice(text, span);
        }
        syntax::explain(error, source)
    };
    errors.iter().map(one).collect()
}

impl Reader<'_> {
    fn file(&mut self, document: &DeTable<'_>) -> File {
        let mut file = File::default();
        for entry in entries(document) {
            match entry.key {
                "owner" => {
                    file.owner_span = entry.value.span();
                    file.owner =
                        self.checked(&entry, "an owner ", Owner::new, plainly, likely::OWNER);
                }
                "azure" => {
                    file.azure_span = entry.span.clone();
                    file.azure = self.azure(&entry);
                }
                "sessions" => file.lines = self.sessions(&entry),
                "ssh" => file.ssh = self.ssh(&entry),
                _ => self.unknown(&entry, TOP_OF_FILE, &names(&TOP)),
            }
        }
        let expires = file.lines.iter().find(|line| line.expires.is_some());
        // `expires` clears a session, and azlin never clears one for a file without an owner.
        if let (None, Some(line)) = (&file.owner, expires) {
            let start = self.source.start_of(line.line);
            let span = start..start + self.source.line(line.line).len();
            let message =
                "`expires` requires an `owner`: without one, azlin never clears a session";
            let help = format!(
                "add `owner = \"{}\"` above the first table, with a name for this file alone",
                Owner::default()
            );
            self.found
                .push(Diagnostic::error(message, span, "").help(help));
        }
        if let Scope::Groups(groups) = &mut file.azure.scope {
            let named = file.lines.iter().map(|line| line.vm.folded_group());
            groups.extend(named.map(str::to_owned));
        }
        file
    }

    fn azure(&mut self, section: &Entry<'_, '_>) -> AzureSettings {
        let mut settings = AzureSettings::default();
        for entry in self.table(section, SECTION) {
            match entry.key {
                "subscription" => {
                    settings.subscription =
                        self.checked(&entry, "", SubscriptionId::new, guids, likely::GUID);
                }
                "cloud" => settings.cloud = self.one_of(&entry, &Cloud::NAMES),
                "tag" => {
                    let tag = self.checked(&entry, "a tag key ", session_tag, plainly, likely::TAG);
                    settings.tag = tag.unwrap_or_default();
                }
                "endpoint" => {
                    settings.endpoint =
                        self.checked(&entry, "", loopback, numeric, likely::ENDPOINT)
                }
                "scope" => settings.scope = self.one_of(&entry, &Scope::NAMES),
                _ => self.unknown(&entry, "[azure]", &names(&AZURE)),
            }
        }
        settings
    }

    fn ssh(&mut self, section: &Entry<'_, '_>) -> SshDefaults {
        let mut defaults = SshDefaults::default();
        for entry in self.table(section, SECTION) {
            match entry.key {
                "user" => {
                    defaults.user =
                        self.checked(&entry, "a user name ", SshUser::new, plainly, likely::USER)
                }
                "jump" => {
                    defaults.jump =
                        self.checked(&entry, "a jump host ", JumpHost::new, host, likely::JUMP)
                }
                "command" => {
                    defaults.command = self.command(&entry);
                }
                _ => self.unknown(&entry, "[ssh]", &names(&SSH)),
            }
        }
        defaults
    }

    /// Checks the string that `entry` holds. An error of `check` completes the sentence that `subject` starts. The help is the first
    /// valid text of `likely`, which gets the invalid one, or else `help`.
    fn checked<T>(
        &mut self,
        entry: &Entry<'_, '_>,
        subject: &str,
        check: impl Fn(&str) -> Result<T, String>,
        likely: impl Fn(&str) -> Vec<String>,
        help: &str,
    ) -> Option<T> {
        let text = self.string(entry)?;
        let rule = match check(text) {
            Ok(checked) => return Some(checked),
            Err(rule) => rule,
        };
        let valid = likely(text).into_iter().find(|text| check(text).is_ok());
        let help = valid.map_or(help.to_owned(), |valid| format!("write `{valid}`"));
        let message = format!("{subject}{rule}");
        let diagnostic = Diagnostic::error(message, entry.value.span(), "invalid");
        self.found.push(diagnostic.help(help));
        None
    }

    /// Reads the command that `entry` holds.
    fn command(&mut self, entry: &Entry<'_, '_>) -> Option<String> {
        let raw = self.source.text.get(entry.value.span());
        let raw = raw.unwrap_or_default();
        // `"C:\tools"` has a tab in it, which nobody means.
        let inside = raw.strip_prefix('"').and_then(|raw| raw.strip_suffix('"'));
        let inside = inside.filter(|text| text.contains('\\') && !text.contains(['\'', '"']));
        let help = match inside.filter(|text| !text.contains("\\n")) {
            Some(text) => format!(
                "write it in single quotes, which keep a backslash: '{}'",
                typed(text)
            ),
            None => "write it as one line, with `;` or `&&` between commands".to_owned(),
        };
        self.checked(entry, "a command ", plain_command, |_| Vec::new(), &help)
    }

    /// Returns the value that was `checked`, or reports the rule that it breaks.
    pub fn valid<T>(
        &mut self,
        checked: Result<T, String>,
        subject: &str,
        span: Range<usize>,
        label: &str,
    ) -> Option<T> {
        let report = |rule| {
            let message = format!("{subject}{rule}");
            let help = "write the name that it has in Azure; az vm list shows it";
            self.found
                .push(Diagnostic::error(message, span, label).help(help));
        };
        checked.map_err(report).ok()
    }

    /// Returns the choice that `entry` names, or reports it and returns the default.
    fn one_of<T: Clone + Default>(&mut self, entry: &Entry<'_, '_>, choices: &[(&str, T)]) -> T {
        let Some(text) = self.string(entry) else {
            return T::default();
        };
        if let Some((_, chosen)) = choices.iter().find(|(name, _)| *name == text) {
            return chosen.clone();
        }
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        // `AzureUSGovernment` is the name of a cloud elsewhere.
        let lower = text.to_lowercase();
        let inside = names.iter().copied().find(|name| lower.contains(*name));
        let near = inside.or_else(|| nearest(text, names.iter().copied(), 1).first().copied());
        let help = near.map_or(format!("use {}", listed(&names)), |name| {
            format!("did you mean `{name}`?")
        });
        let message = format!("invalid `{}`: {}", entry.key, quote(text));
        let diagnostic = Diagnostic::error(message, entry.value.span(), "unknown value");
        let diagnostic = diagnostic.help(help);
        self.found.push(diagnostic);
        T::default()
    }
}

/// Checks a key for the session's tag: any that Azure accepts, except the owner's.
fn session_tag(key: &str) -> Result<TagKey, String> {
    let tag = TagKey::new(key)?;
    if tag.is(Owner::TAG) {
        return Err(format!(
            "cannot be `{}`, the tag that holds the owner",
            Owner::TAG
        ));
    }
    Ok(tag)
}

/// Checks that `command` is printable: `connect --print` writes it to a terminal.
fn plain_command(command: &str) -> Result<String, String> {
    match command.chars().find(|c| is_unprintable(*c)) {
        Some(odd) => Err(format!("cannot contain `{}`", written_out(odd))),
        None => Ok(command.to_owned()),
    }
}

/// Reads `http://` and a loopback address with a port, the only endpoint that a file may name.
fn loopback(endpoint: &str) -> Result<SocketAddr, String> {
    let host = endpoint.strip_prefix("http://").unwrap_or_default();
    let address: Option<SocketAddr> = host.trim_end_matches('/').parse().ok();
    address
        .filter(|address| address.ip().is_loopback())
        .ok_or_else(|| {
            format!(
                "`endpoint` requires a loopback address like \"http://127.0.0.1:8999\", not {}: \
             a file must not decide where your token goes",
                quote(endpoint)
            )
        })
}
