//! [`Known`]: the names that `ssh` already knows, and where from.

use std::collections::{BTreeMap, BTreeSet};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ring::hmac;

use crate::text::fits;

/// The names that mean something to `ssh`, each with the place that says so, as a phrase such as `~/.ssh/config:3`.
///
/// A name in a tag must not take over one of these. Case does not count, although it does in a `Host` line: DNS and known_hosts
/// ignore it. It is better to leave out one session too many.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// In lower case.
    names: BTreeMap<String, String>,
    /// In lower case, none of which fits every name.
    patterns: BTreeMap<String, String>,
    hashed: Vec<Hashed>,
    /// Ports other than 22, with which known_hosts may store a name.
    ports: BTreeSet<u16>,
    /// The domains that `ssh` appends to a short name.
    domains: BTreeSet<String>,
}

/// A name in known_hosts under a hash.
#[derive(Clone, Debug)]
struct Hashed {
    salt: hmac::Key,
    hash: Vec<u8>,
    place: String,
}

impl Known {
    /// Adds a name, or a pattern unless it fits every name. A `!` before it negates, so someone thought of that host too.
    pub fn add(&mut self, word: &str, place: &str) {
        let word = word.trim_start_matches('!').to_lowercase();
        let known = if !word.contains(['*', '?']) {
            &mut self.names
        } else if word.chars().all(|c| matches!(c, '*' | '?')) {
            return;
        } else {
            &mut self.patterns
        };
        if !word.is_empty() {
            known.entry(word).or_insert_with(|| place.to_owned());
        }
    }

    /// Adds each host in `text`, a file of host keys (known_hosts) at `path`.
    pub fn add_host_keys(&mut self, path: &str, text: &str) {
        for (line, place) in numbered(path, text) {
            let mut words = line.split_ascii_whitespace();
            let marked = words.next().unwrap_or_default();
            let hosts = if marked.starts_with('@') {
                words.next().unwrap_or_default()
            } else {
                marked
            };
            if hosts.starts_with('#') {
                continue;
            }
            if let Some(hashed) = hosts.strip_prefix("|1|") {
                self.hashed.extend(Hashed::read(hashed, &place));
                continue;
            }
            for host in hosts.split(',') {
                self.add(without_port(host), &place);
            }
        }
    }

    /// Adds each name in `text`, the system's file of addresses (`/etc/hosts`) at `path`.
    pub fn add_addresses(&mut self, path: &str, text: &str) {
        for (line, place) in numbered(path, text) {
            let line = line.split('#').next().unwrap_or_default();
            for name in line.split_ascii_whitespace().skip(1) {
                self.add(name, &place);
            }
        }
    }

    pub(super) fn add_port(&mut self, port: &str) {
        self.ports.extend(port.parse::<u16>());
    }

    pub(super) fn add_domain(&mut self, domain: &str) {
        self.domains.insert(domain.to_lowercase());
    }

    /// The place from which `ssh` knows exactly this name.
    pub fn place_of(&self, name: &str) -> Option<&str> {
        let short = name.to_lowercase();
        let long = self
            .domains
            .iter()
            .map(|domain| format!("{short}.{domain}"));
        let mut spellings = vec![short.clone()];
        spellings.extend(long);
        let plain = spellings.iter().find_map(|name| self.names.get(name));
        if let Some(place) = plain {
            return Some(place);
        }
        let ports = self.ports.iter().chain([&2222]);
        for port in ports {
            spellings.push(format!("[{short}]:{port}"));
        }
        let is = |hashed: &&Hashed| spellings.iter().any(|name| hashed.is_of(name));
        Some(&self.hashed.iter().find(is)?.place)
    }

    /// A pattern that fits `name`, and its place.
    pub fn pattern_for(&self, name: &str) -> Option<(&str, &str)> {
        let name = name.to_lowercase();
        let mut patterns = self.patterns.iter();
        let (pattern, place) = patterns.find(|(pattern, _)| fits(pattern, &name))?;
        Some((pattern, place))
    }
}

impl Hashed {
    /// Reads `SALT|HASH`, both in Base64.
    fn read(text: &str, place: &str) -> Option<Self> {
        let (salt, hash) = text.split_once('|')?;
        let salt = BASE64_STANDARD.decode(salt).ok()?;
        Some(Self {
            // The algorithm of ssh's own files.
            salt: hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &salt),
            hash: BASE64_STANDARD.decode(hash).ok()?,
            place: place.to_owned(),
        })
    }

    fn is_of(&self, name: &str) -> bool {
        hmac::sign(&self.salt, name.as_bytes()).as_ref() == self.hash
    }
}

/// The lines of `text`, each with its place in the file at `path`.
pub(super) fn numbered<'t>(path: &str, text: &'t str) -> impl Iterator<Item = (&'t str, String)> {
    let lines = text.lines().enumerate();
    lines.map(move |(at, line)| (line, format!("{path}:{}", at + 1)))
}

/// The host in `host`, `host:port` or `[host]:port`.
pub(super) fn without_port(host: &str) -> &str {
    let host = host.trim_start_matches('!');
    match host.strip_prefix('[') {
        Some(host) => host.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}
