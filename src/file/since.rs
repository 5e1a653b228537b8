//! Which of two conflicting lines an older version of the file had already.
//!
//! Two branches that each give a name to another VM merge without a conflict in git, and the merged file has the name twice.

use std::collections::BTreeSet;

use super::edit::{Entry, Kind, Layout};
use super::{Diagnostic, Source};

/// The content of a line: the resource group and the VM in lower case, and the session.
type Saying = (String, String, String);

/// Adds to each error about several lines which of them are new since the revision `rev`.
///
/// `files` are the sources that the diagnostics point into, each with its text at that revision; none if the file was not there.
pub fn tell_since(found: &mut [Diagnostic], files: &[(&Source, Option<&str>)], rev: &str) {
    for diagnostic in found.iter_mut().filter(|found| found.is_error()) {
        if diagnostic.labels.len() < 2 {
            continue;
        }
        let layouts = |label: &super::Label| {
            let (source, then) = files.get(label.file)?;
            let line = saying_at(&Layout::new(&source.text), label.span.start)?;
            let then = then.map(|then| sayings(&Layout::new(then)));
            Some(then.is_some_and(|then| then.contains(&line)))
        };
        let labels = diagnostic.labels.iter().map(layouts);
        let Some(known) = labels.collect::<Option<Vec<bool>>>() else {
            continue;
        };
        let mut new = Vec::new();
        for (label, is_known) in diagnostic.labels.iter_mut().zip(known) {
            let since = if is_known { "there at" } else { "new since" };
            label.text += &format!(", {since} {rev}");
            if let Some((source, _)) = files.get(label.file).filter(|_| !is_known) {
                new.push(source.line_of(label.span.start));
            }
        }
        // An annotation shows the message, and no label.
        if let [line] = new.as_slice() {
            diagnostic.message += &format!("; line {line} is new since {rev}");
        }
    }
}

/// The contents of all lines.
fn sayings(layout: &Layout<'_>) -> BTreeSet<Saying> {
    let entries = layout.entries().iter();
    entries.filter_map(|entry| saying(layout, entry)).collect()
}

/// The content of the line at the byte `at`.
fn saying_at(layout: &Layout<'_>, at: usize) -> Option<Saying> {
    let entries = layout.entries();
    let holds = |entry: &Entry| (entry.span.start..=entry.span.end).contains(&at);
    let place = entries.iter().rposition(holds)?;
    let entry = entries.get(place)?;
    let own = saying(layout, entry);
    own.or_else(|| {
        // `expires` beside the session, or the header or braces around it.
        let vm = entry.path.get(..3)?;
        let mut near = entries.iter().filter(|other| {
            other.parent == place || other.parent == entry.parent && other.path.get(..3) == Some(vm)
        });
        near.find_map(|other| saying(layout, other))
    })
}

/// The content of the line of `entry`, if it assigns a session.
fn saying(layout: &Layout<'_>, entry: &Entry) -> Option<Saying> {
    let [first, group, vm, setting @ ..] = entry.path.as_slice() else {
        return None;
    };
    let is_session = setting.is_empty() || setting.first().is_some_and(|key| key == "session");
    if first != "sessions" || !is_session || entry.kind != Kind::Value {
        return None;
    }
    let session = layout.raw(entry.value.clone()).trim_matches(['"', '\'']);
    Some((group.to_lowercase(), vm.to_lowercase(), session.to_owned()))
}
