//! The user's own ssh_config, and the system's → the hosts that they name, and the files that they lead to.
//!
//! This reads more than `ssh` does: a `Host` counts whatever the block around it. Asking `ssh -G` about each name would be slower
//! (5 ms for each), would run the commands of `Match exec` and ask DNS, and would miss a `Host` without settings.

use super::known::{Known, numbered, without_port};

/// A file that an ssh_config leads to, as it is written there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leads {
    /// Another ssh_config.
    Config(String),
    /// A file of host keys.
    HostKeys(String),
}

impl Known {
    /// Adds each host in `text`, an ssh_config at `path`. Returns the other files to read.
    pub fn add_config(&mut self, path: &str, text: &str) -> Vec<Leads> {
        let mut leads = Vec::new();
        for (line, place) in numbered(path, text) {
            let Some((keyword, rest)) = keyword_of(line) else {
                continue;
            };
            let words = words_of(rest);
            match keyword.as_str() {
                "host" => words.iter().for_each(|host| self.add(host, &place)),
                "match" => self.add_match(&words, rest, &place),
                "include" => leads.extend(words.into_iter().map(Leads::Config)),
                "userknownhostsfile" | "globalknownhostsfile" => {
                    leads.extend(words.into_iter().map(Leads::HostKeys));
                }
                "hostname" => {
                    for host in &words {
                        match host.strip_prefix("%h.") {
                            Some(domain) => self.add_domain(domain),
                            None => self.add(host, &place),
                        }
                    }
                }
                "proxyjump" => {
                    for hop in words.iter().flat_map(|hops| hops.split(',')) {
                        let hop = hop.strip_prefix("ssh://").unwrap_or(hop);
                        let host = hop.rsplit('@').next().unwrap_or_default();
                        self.add(without_port(host), &place);
                    }
                }
                "proxycommand" => self.add_command(rest, &place),
                "port" => words.iter().for_each(|port| self.add_port(port)),
                "canonicaldomains" => words.iter().for_each(|domain| self.add_domain(domain)),
                _ => {}
            }
        }
        leads
    }

    /// Adds the hosts of a `Match`, whatever its other criteria.
    fn add_match(&mut self, words: &[String], rest: &str, place: &str) {
        // A criterion and its argument may be joined by a `=`.
        let parts: Vec<&str> = words.iter().flat_map(|word| word.split('=')).collect();
        for (criterion, argument) in parts.iter().zip(parts.iter().skip(1)) {
            let criterion = criterion.trim_start_matches('!').to_lowercase();
            if matches!(criterion.as_str(), "host" | "originalhost") {
                argument.split(',').for_each(|host| self.add(host, place));
            }
        }
        // A command can single out a host only if ssh gives it the name.
        if ["%h", "%n", "%k"].iter().any(|token| rest.contains(token)) {
            self.add_command(rest, place);
        }
    }

    /// Adds each word of a command, because any may be a host, or a pattern of a shell's `case`.
    fn add_command(&mut self, command: &str, place: &str) {
        let is_mark = |c: char| !c.is_ascii_alphanumeric() && !"._-*?".contains(c);
        command
            .split(is_mark)
            .for_each(|word| self.add(word, place));
    }
}

/// True if `text`, an ssh_config, includes `path` for every host, which is above the first `Host` or `Match`.
pub fn includes_for_all(text: &str, path: &str) -> bool {
    let lines = text.lines().filter_map(keyword_of);
    let mut above = lines.take_while(|(keyword, _)| !matches!(keyword.as_str(), "host" | "match"));
    above.any(|(keyword, rest)| keyword == "include" && words_of(rest).iter().any(|w| w == path))
}

/// A line's keyword in lower case, and the rest of the line.
fn keyword_of(line: &str) -> Option<(String, &str)> {
    let line = line.trim();
    let (keyword, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => line.split_once([' ', '\t', '='])?,
    };
    let rest = rest.trim_start();
    let rest = rest.strip_prefix('=').unwrap_or(rest);
    let is_comment = keyword.starts_with('#');
    (!is_comment).then(|| (keyword.to_lowercase(), rest))
}

/// The words in `rest`, as `ssh` splits them: quotes join, a backslash escapes a quote, a space or itself, and a `#` at the start
/// of a word begins a comment.
fn words_of(rest: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let (mut quote, mut is_open) = (None, false);
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = chars.next_if(|next| c == '\\' && matches!(next, '"' | '\'' | '\\' | ' '));
        match (escaped, quote) {
            (Some(escaped), _) => word.push(escaped),
            (None, Some(end)) if c == end => quote = None,
            (None, None) if matches!(c, '"' | '\'') => quote = Some(c),
            (None, None) if c == ' ' || c == '\t' => {
                if is_open {
                    words.push(std::mem::take(&mut word));
                }
                is_open = false;
                continue;
            }
            (None, None) if c == '#' && !is_open => break,
            (None, _) => word.push(c),
        }
        is_open = true;
    }
    if is_open {
        words.push(word);
    }
    words
}
