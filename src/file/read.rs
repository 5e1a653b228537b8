//! Text → [`File`], or every error in it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::ops::Range;

use toml::de::DeTable;

use super::edit::Layout;
use super::encoding::decode;
use super::keys::{AZURE, SSH, TOP, names};
use super::table::{Entry, Reader, SECTION, entries, listed};
use super::twice::Keys;
use super::{AzureSettings, Diagnostic, File, Member, Source, check};
use crate::model::{Cloud, Owner, Scope, SubscriptionId, TagKey};
use crate::ssh::{JumpHost, SshDefaults, SshUser};
use crate::text::{escape, is_unprintable, nearest, quote, written_out};

/// The number of syntax errors to report. A file with more is not a `sessions.toml` with mistakes, but some other file.
const MOST_SYNTAX_ERRORS: usize = 1_000;

/// Reads `bytes`, the content of the file called `name`.
///
/// Returns the file only if no diagnostic is an error. Returns all diagnostics, in the order of the file, so that a person can
/// fix the file in one go.
pub fn read(name: &str, bytes: &[u8]) -> (Option<File>, Vec<Diagnostic>, Source) {
    let (source, wrong) = decode(name, bytes);
    if let Some(wrong) = wrong {
        return (None, vec![wrong], source);
    }
    let (document, mut syntax_errors) = DeTable::parse_recoverable(&source.text);

    let mut reader = Reader {
        source: &source,
        found: Vec::new(),
    };
    let file = reader.file(document.get_ref());
    let mut found = reader.found;
    syntax_errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    // After its first error in a line the parser guesses, so its later errors there would mislead. So would our own diagnostics
    // about the values that it guessed for such a line.
    let line = |error: &toml::de::Error| source.line_of(error.span().map_or(0, |span| span.start));
    syntax_errors.dedup_by_key(|error| line(error));
    syntax_errors.truncate(MOST_SYNTAX_ERRORS);
    let broken: BTreeSet<usize> = syntax_errors.iter().map(line).collect();
    found.retain(|d| !broken.contains(&source.line_of(d.offset())));
    found.extend(syntax(&syntax_errors, &source.text));
    let member = Member {
        file: &file,
        source: &source,
        subscription: None,
    };
    found.extend(check(&[member]));
    found.sort_by_key(Diagnostic::offset);
    let is_valid = !found.iter().any(Diagnostic::is_error);
    (is_valid.then_some(file), found, source)
}

/// True if `bytes` may be a `sessions.toml`: it has a key of one, or a similar one, or none that azlin can read.
pub fn is_sessions_file(bytes: &[u8]) -> bool {
    let (source, _) = decode("", bytes);
    let (document, _) = DeTable::parse_recoverable(&source.text);
    let mut keys = document.get_ref().keys();
    let is_ours = |key: &str| !nearest(key, names(&TOP).into_iter(), 1).is_empty();
    document.get_ref().is_empty() || keys.any(|key| is_ours(key.get_ref()))
}

/// The syntax errors in `text` as diagnostics. One for a duplicate key points at both places.
fn syntax(errors: &[toml::de::Error], text: &str) -> Vec<Diagnostic> {
    const TWICE: &str = "duplicate key";
    let is_any_twice = errors.iter().any(|error| error.message() == TWICE);
    let layout = Layout::new(if is_any_twice { text } else { "" });
    let keys = Keys::new(&layout);
    let one = |error: &toml::de::Error| {
        let span = error.span().unwrap_or(0..0);
        if error.message() == TWICE {
            return keys.twice(text, span);
        }
        let message = format!("invalid TOML: {}", escape(error.message()));
        Diagnostic::error(message, span, "here")
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
                    file.owner = self.checked(&entry, "an owner ", Owner::new);
                }
                "azure" => {
                    file.azure_span = entry.span.clone();
                    file.azure = self.azure(&entry);
                }
                "sessions" => file.lines = self.sessions(&entry),
                "ssh" => file.ssh = self.ssh(&entry),
                _ => self.unknown(&entry, "the file", &names(&TOP)),
            }
        }
        let expires = file.lines.iter().find(|line| line.expires.is_some());
        // `expires` clears a session, and azlin never clears one for a file without an owner.
        if let (None, Some(line)) = (&file.owner, expires) {
            let start = self.source.start_of(line.line);
            let span = start..start + self.source.line(line.line).len();
            let message =
                "`expires` requires an `owner`: without one, azlin never clears a session";
            let help = "add `owner = \"…\"`, a name for this file, above the first table";
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
                    settings.subscription = self.checked(&entry, "", SubscriptionId::new);
                }
                "cloud" => settings.cloud = self.one_of(&entry, &Cloud::NAMES),
                "tag" => {
                    let tag = self.checked(&entry, "a tag key ", session_tag);
                    settings.tag = tag.unwrap_or_default();
                }
                "endpoint" => settings.endpoint = self.checked(&entry, "", loopback),
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
                "user" => defaults.user = self.checked(&entry, "a user name ", SshUser::new),
                "jump" => defaults.jump = self.checked(&entry, "a jump host ", JumpHost::new),
                "command" => {
                    defaults.command = self.checked(&entry, "a command ", plain_command);
                }
                _ => self.unknown(&entry, "[ssh]", &names(&SSH)),
            }
        }
        defaults
    }

    /// Checks the string that `entry` holds. An error of `check` completes the sentence that `subject` starts.
    fn checked<T>(
        &mut self,
        entry: &Entry<'_, '_>,
        subject: &str,
        check: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let checked = check(self.string(entry)?);
        self.valid(checked, subject, entry.value.span(), "invalid")
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
            self.found.push(Diagnostic::error(message, span, label));
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
        let message = format!("invalid `{}`: {}", entry.key, quote(text));
        let diagnostic = Diagnostic::error(message, entry.value.span(), "unknown value")
            .help(format!("use {}", listed(&names)));
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
