//! Text → [`File`], or every reason why not.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::sessions::sessions;
use super::table::{Entry, entries, listed, string, table, unknown};
use super::{AzureSettings, Diagnostic, File, Line, Member, Source, check};
use crate::model::{Cloud, Owner, Scope, SubscriptionId, TagKey};
use crate::ssh::{JumpHost, SshDefaults, SshUser};
use crate::text::{escape, is_unprintable, quote, written_out};

/// How many lines that are not TOML are told of. A file with more is not a `sessions.toml` with mistakes, but something else.
const MOST_SYNTAX_ERRORS: usize = 1_000;

/// Reads `bytes`, the content of the file called `name`.
///
/// The file is there only if no diagnostic is an error. Diagnostics come in the order of the file; all of one run at once,
/// because a person who fixes a file wants to fix it once.
pub fn read(name: &str, bytes: &[u8]) -> (Option<File>, Vec<Diagnostic>, Source) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let at = error.valid_up_to();
            let diagnostic = Diagnostic::error("the file is not UTF-8", at..at + 1, "this byte")
                .help("save it as UTF-8: that is what TOML is written in");
            let source = Source::new(name, String::from_utf8_lossy(bytes));
            return (None, vec![diagnostic], source);
        }
    };
    let source = Source::new(name, text);
    let (document, mut syntax_errors) = DeTable::parse_recoverable(text);

    let mut found = Vec::new();
    let file = Reader {
        source: &source,
        found: &mut found,
    }
    .file(document.get_ref());
    syntax_errors.sort_by_key(|error| error.span().map_or(0, |span| span.start));
    // After its first stumble in a line the parser guesses, and what it says then would mislead. So would what is said of the
    // values that it makes up for such a line.
    let line = |error: &toml::de::Error| source.line_of(error.span().map_or(0, |span| span.start));
    syntax_errors.dedup_by_key(|error| line(error));
    syntax_errors.truncate(MOST_SYNTAX_ERRORS);
    let broken: BTreeSet<usize> = syntax_errors.iter().map(line).collect();
    found.retain(|d| !broken.contains(&source.line_of(d.offset())));
    let keys = if syntax_errors.is_empty() {
        Keys::new()
    } else {
        keys(document.get_ref())
    };
    found.extend(syntax_errors.iter().map(|error| syntax(error, text, &keys)));
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

/// A syntax error in our words; a key that stands twice points at both places.
fn syntax(error: &toml::de::Error, text: &str, keys: &Keys<'_>) -> Diagnostic {
    let span = error.span().unwrap_or(0..0);
    if error.message() != "duplicate key" {
        let message = format!("not TOML: {}", escape(error.message()));
        return Diagnostic::error(message, span, "here");
    }
    let key = text.get(span.clone()).unwrap_or_default();
    let key = key.trim_matches(['"', '\'']);
    let all = keys.get(key).map(Vec::as_slice).unwrap_or_default();
    let before = all.partition_point(|other| other.start < span.start);
    let first = before
        .checked_sub(1)
        .and_then(|last| all.get(last))
        .cloned();
    let message = format!("{} appears twice in this table", quote(key));
    let diagnostic = Diagnostic::error(message, span, "again here");
    match first {
        Some(first) => diagnostic.with(first, "first here"),
        None => diagnostic,
    }
    .help("keep one of the lines")
}

/// Every place where each key stands, in any table, in the order of the file.
type Keys<'d> = HashMap<&'d str, Vec<Range<usize>>>;

fn keys<'d>(table: &'d DeTable<'_>) -> Keys<'d> {
    fn collect<'d>(table: &'d DeTable<'_>, keys: &mut Keys<'d>) {
        for (key, value) in table {
            keys.entry(key.get_ref().as_ref())
                .or_default()
                .push(key.span());
            if let DeValue::Table(table) = value.get_ref() {
                collect(table, keys);
            }
        }
    }
    let mut keys = Keys::new();
    collect(table, &mut keys);
    for places in keys.values_mut() {
        places.sort_by_key(|place| place.start);
    }
    keys
}

/// The sections besides the sessions.
struct Reader<'a> {
    source: &'a Source,
    found: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn file(&mut self, document: &DeTable<'_>) -> File {
        let mut file = File::default();
        for entry in entries(document) {
            match entry.key {
                "owner" => {
                    file.spans.owner = entry.value_span();
                    file.owner = self.checked(&entry, "an owner ", Owner::new);
                }
                "azure" => {
                    file.spans.azure = entry.span.clone();
                    if let Some(table) = table(&entry, self.found) {
                        file.azure = self.azure(table);
                    }
                }
                "sessions" => {
                    if let Some(table) = table(&entry, self.found) {
                        file.lines = sessions(table, self.source, self.found);
                    }
                }
                "ssh" => {
                    if let Some(table) = table(&entry, self.found) {
                        file.ssh = self.ssh(table);
                    }
                }
                _ => {
                    let known = ["owner", "azure", "sessions", "ssh"];
                    self.found.push(unknown(&entry, "the file", &known));
                }
            }
        }
        if file.owner.is_none() {
            self.expires_without_owner(&file.lines);
        }
        if let Scope::Groups(groups) = &mut file.azure.scope {
            let named = file.lines.iter().map(|line| line.vm.folded_group());
            groups.extend(named.map(str::to_owned));
        }
        file
    }

    /// That `expires` clears a session, which azlin never does for a file that does not say who it is.
    fn expires_without_owner(&mut self, lines: &[Line]) {
        if let Some(line) = lines.iter().find(|line| line.expires.is_some()) {
            let start = self.source.start_of(line.line);
            let span = start..start + self.source.line(line.line).len();
            let message = "`expires` needs an `owner`: without one azlin never clears a session";
            let help = "write `owner = \"…\"`, a name for this file, above all tables";
            self.found
                .push(Diagnostic::error(message, span, "").help(help));
        }
    }

    fn azure(&mut self, azure: &DeTable<'_>) -> AzureSettings {
        let mut settings = AzureSettings::default();
        for entry in entries(azure) {
            match entry.key {
                "subscription" => {
                    settings.subscription = self.checked(&entry, "", SubscriptionId::new);
                }
                "cloud" => {
                    if let Some(cloud) = self.one_of(&entry, &Cloud::NAMES) {
                        settings.cloud = cloud;
                    }
                }
                "tag" => {
                    if let Some(tag) = self.checked(&entry, "a tag key ", session_tag) {
                        settings.tag = tag;
                    }
                }
                "endpoint" => settings.endpoint = self.checked(&entry, "", loopback),
                "scope" => {
                    let scopes = [
                        ("subscription", Scope::Subscription),
                        ("groups", Scope::Groups(BTreeSet::new())),
                    ];
                    if let Some(scope) = self.one_of(&entry, &scopes) {
                        settings.scope = scope;
                    }
                }
                _ => {
                    let known = ["subscription", "cloud", "tag", "endpoint", "scope"];
                    self.found.push(unknown(&entry, "[azure]", &known));
                }
            }
        }
        settings
    }

    fn ssh(&mut self, ssh: &DeTable<'_>) -> SshDefaults {
        let mut defaults = SshDefaults::default();
        for entry in entries(ssh) {
            match entry.key {
                "user" => defaults.user = self.checked(&entry, "a user name ", SshUser::new),
                "jump" => defaults.jump = self.checked(&entry, "a jump host ", JumpHost::new),
                "command" => {
                    defaults.command = self.checked(&entry, "a command ", plain_command);
                }
                _ => {
                    self.found
                        .push(unknown(&entry, "[ssh]", &["user", "jump", "command"]));
                }
            }
        }
        defaults
    }

    /// The string that `entry` holds, through `check`; `subject` starts the sentence that `check`'s answer ends.
    fn checked<T>(
        &mut self,
        entry: &Entry<'_, '_>,
        subject: &str,
        check: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = string(entry, self.found)?;
        match check(text) {
            Ok(checked) => Some(checked),
            Err(rule) => {
                let message = format!("{subject}{rule}");
                self.found
                    .push(Diagnostic::error(message, entry.value_span(), "not valid"));
                None
            }
        }
    }

    fn one_of<T: Clone>(&mut self, entry: &Entry<'_, '_>, choices: &[(&str, T)]) -> Option<T> {
        let text = string(entry, self.found)?;
        let chosen = choices.iter().find(|(name, _)| *name == text);
        if chosen.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            let message = format!("`{}` cannot be {}", entry.key, quote(text));
            let diagnostic = Diagnostic::error(message, entry.value_span(), "not known")
                .help(format!("the choices are {}", listed(&names)));
            self.found.push(diagnostic);
        }
        chosen.map(|(_, chosen)| chosen.clone())
    }
}

/// A key for the session's tag: any that Azure takes but the owner's.
fn session_tag(key: &str) -> Result<TagKey, String> {
    let tag = TagKey::new(key)?;
    if tag.is(Owner::TAG) {
        return Err(format!("cannot be `{}`: that is the owner's", Owner::TAG));
    }
    Ok(tag)
}

/// A command that can be shown: `connect --print` writes it to a terminal.
fn plain_command(command: &str) -> Result<String, String> {
    match command.chars().find(|c| is_unprintable(*c)) {
        Some(odd) => Err(format!("cannot contain `{}`", written_out(odd))),
        None => Ok(command.to_owned()),
    }
}

/// `http://` and a loopback address with a port: where a file may send a request.
fn loopback(endpoint: &str) -> Result<SocketAddr, String> {
    let refusal = || {
        format!(
            "`endpoint` takes a loopback address like \"http://127.0.0.1:8999\", not {}: \
             a file must not decide where your token goes",
            quote(endpoint)
        )
    };
    let address = endpoint
        .strip_prefix("http://")
        .map(|rest| rest.trim_end_matches('/'));
    let address: Option<SocketAddr> = address.and_then(|address| address.parse().ok());
    address
        .filter(|address| address.ip().is_loopback())
        .ok_or_else(refusal)
}
