//! A name with dots that lacks its quotes, which TOML reads as tables in tables.

use std::ops::Range;

use toml::de::DeValue;

use super::Diagnostic;
use super::keys::is_setting;
use super::table::{Entry, Reader, entries};
use crate::text::{escape, quote};

/// The number of names in a key after which azlin looks no deeper.
const DEEPEST: usize = 50;

/// The key of a VM, where the file has a table instead of a session.
struct Dotted {
    names: Vec<String>,
    span: Range<usize>,
    /// True if it is a header for several VMs, and so names a resource group.
    is_group: bool,
}

impl Reader<'_> {
    /// Reports each name with dots that `vm` is the beginning of. Returns false if it is none.
    pub fn dotted(&mut self, group: &Entry<'_, '_>, vm: &Entry<'_, '_>) -> bool {
        let mut found = Vec::new();
        if self.is_in_header(vm) {
            let names = vec![group.key.to_owned(), vm.key.to_owned()];
            let start = if self.is_dotted(group, vm) { group } else { vm };
            self.headers(vm, &names, start.span.start, &mut found);
        } else {
            self.keys(vm, &[vm.key.to_owned()], vm.span.start, &mut found);
        }
        let is_any = !found.is_empty();
        for dotted in found {
            self.found.push(in_quotes(&dotted, group));
        }
        is_any
    }

    /// Adds the headers that `entry` is a part of: its own, and those of the tables in it.
    fn headers(
        &self,
        entry: &Entry<'_, '_>,
        names: &[String],
        start: usize,
        found: &mut Vec<Dotted>,
    ) {
        let DeValue::Table(table) = entry.value.get_ref() else {
            return;
        };
        if names.len() > DEEPEST {
            return;
        }
        let children = entries(table);
        let (inner, lines): (Vec<_>, Vec<_>) =
            children.iter().partition(|child| self.is_in_header(child));
        for child in inner {
            let names = [names, &[child.key.to_owned()]].concat();
            let is_here = self.is_dotted(entry, child);
            let start = if is_here {
                start
            } else {
                self.first_on_line(child.span.start)
            };
            self.headers(child, &names, start, found);
        }
        let is_vm = lines.iter().any(|line| is_setting(line.key));
        let is_plain_vm = is_vm && names.len() < 3;
        if !lines.is_empty() && !is_plain_vm {
            // The group's own name has no dot if the header is for a VM.
            let names = names.get(usize::from(is_vm)..).unwrap_or_default();
            found.push(Dotted {
                names: names.to_vec(),
                span: start..entry.span.end,
                is_group: !is_vm,
            });
        }
    }

    /// Adds the keys `a.b.c = value` that `entry` is a part of.
    fn keys(&self, entry: &Entry<'_, '_>, names: &[String], start: usize, found: &mut Vec<Dotted>) {
        let DeValue::Table(table) = entry.value.get_ref() else {
            return;
        };
        if names.len() > DEEPEST {
            return;
        }
        for child in entries(table) {
            let is_key = names.len() > 1 || self.is_dotted(entry, &child);
            if !is_key || is_setting(child.key) {
                continue;
            }
            let names = [names, &[child.key.to_owned()]].concat();
            let is_same_line = self.source.line_of(start) == self.source.line_of(child.span.start);
            let start = if is_same_line {
                start
            } else {
                self.first_on_line(child.span.start)
            };
            let before = found.len();
            self.keys(&child, &names, start, found);
            if found.len() == before {
                found.push(Dotted {
                    names,
                    span: start..child.span.end,
                    is_group: false,
                });
            }
        }
    }

    /// The first byte on the line of `at` that is not blank.
    fn first_on_line(&self, at: usize) -> usize {
        let line = self.source.line_of(at);
        let text = self.source.line(line);
        self.source.start_of(line) + text.len() - text.trim_start().len()
    }

    /// True if the key of `entry` is in a header.
    fn is_in_header(&self, entry: &Entry<'_, '_>) -> bool {
        let line = self.source.line(self.source.line_of(entry.span.start));
        line.trim_start().starts_with('[')
    }

    /// True if only a dot is between the keys of `outer` and `inner`.
    fn is_dotted(&self, outer: &Entry<'_, '_>, inner: &Entry<'_, '_>) -> bool {
        let between = self.source.text.get(outer.span.end..inner.span.start);
        between.is_some_and(|between| between.trim() == ".")
    }
}

/// The error that `dotted` needs quotes. The help has the whole name in quotes.
fn in_quotes(dotted: &Dotted, group: &Entry<'_, '_>) -> Diagnostic {
    let name = dotted.names.join(".");
    let (kind, help) = if dotted.is_group {
        let header = format!("[sessions.\"{}\"]", escape(&name));
        ("resource group", header)
    } else {
        ("VM", format!("\"{}\" = …", escape(&name)))
    };
    let message = format!(
        "{kind} {} has dots in its name, but no quotes",
        quote(&name)
    );
    let help = if dotted.is_group {
        format!("put the whole name in quotes: {help}")
    } else {
        format!(
            "put the whole name in quotes, under [sessions.{}]: {help}",
            bare_or_quoted(group.key)
        )
    };
    Diagnostic::error(message, dotted.span.clone(), "").help(help)
}

/// `key` as TOML spells it: in quotes if it needs them.
fn bare_or_quoted(key: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !key.is_empty() && key.chars().all(is_bare) {
        key.to_owned()
    } else {
        format!("\"{}\"", escape(key))
    }
}
