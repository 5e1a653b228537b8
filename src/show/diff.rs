//! A plan as a diff: from the file that Azure would be to the file that is.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use similar::{Algorithm, TextDiff};

use super::Paint;
use crate::file::edit::key;
use crate::model::{Desired, LiveName, VmId};
use crate::plan::{Action, Change, Plan};
use crate::text::{inert, is_unprintable, written_out};

/// What `git diff` would show if Azure were a file: a unified diff of `text`, the file called `file`, without colour unless
/// `paint` has it. Blocked lines are no part of it.
pub fn diff(plan: &Plan, at: usize, desired: &Desired, text: &str, paint: Paint) -> String {
    let file = &desired.basis.file;
    let azure = azure(plan, at, desired, text);
    // Patience: it looks for lines that stand once, and most lines here do, so that large files take no time.
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .diff_lines(azure.as_str(), text);
    let unified = diff.unified_diff().header("azure", file).to_string();
    let mut shown = String::with_capacity(unified.len());
    for line in unified.lines() {
        let line = inert(line.trim_end_matches('\r'));
        let _ = match line.as_bytes().first() {
            Some(b'+') => writeln!(shown, "{}", paint.green(line)),
            Some(b'-') => writeln!(shown, "{}", paint.red(line)),
            Some(b'@') => writeln!(shown, "{}", paint.blue(line)),
            _ => writeln!(shown, "{line}"),
        };
    }
    shown
}

/// `text` as it would have to be for the plan to be empty.
fn azure(plan: &Plan, at: usize, desired: &Desired, text: &str) -> String {
    let lines: BTreeMap<&VmId, usize> = desired
        .sessions
        .iter()
        .map(|line| (&line.vm, line.line))
        .collect();
    let mut replaced: BTreeMap<usize, Vec<(&Change, Option<String>)>> = BTreeMap::new();
    let mut gone: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for change in plan.changes_of(at) {
        let live = change.before.session.as_ref();
        let line = live.map(|name| format!("{} = {}", key(change.vm.name()), string(name)));
        match lines.get(&change.vm) {
            // An adopted session is in the file already.
            Some(_) if change.action == Action::Adopt => {}
            Some(at) => replaced.entry(*at).or_default().push((change, line)),
            None => gone
                .entry(change.vm.group().to_lowercase())
                .or_default()
                .extend(line),
        }
    }
    let mut azure = String::with_capacity(text.len());
    let mut group = None;
    for (at, line) in text.split_inclusive('\n').enumerate() {
        let header = line
            .trim()
            .strip_prefix("[sessions.")
            .and_then(|rest| rest.split(']').next());
        if line.trim_start().starts_with('[') {
            put(
                &mut azure,
                group.take().and_then(|group: String| gone.remove(&group)),
            );
            group = header.map(|name| name.trim_matches(['"', '\'', ' ']).to_lowercase());
        }
        azure.push_str(&undone(
            line,
            &replaced.remove(&(at + 1)).unwrap_or_default(),
        ));
    }
    put(&mut azure, group.and_then(|group| gone.remove(&group)));
    for (group, lines) in gone {
        put(
            &mut azure,
            Some(vec![String::new(), format!("[sessions.{}]", key(&group))]),
        );
        put(&mut azure, Some(lines));
    }
    azure
}

/// `line` as it would have to be for `changes` to be none. Several VMs may stand on one line.
fn undone(line: &str, changes: &[(&Change, Option<String>)]) -> String {
    let mut undone = line.to_owned();
    for (change, whole) in changes {
        let in_place = change.before.session.as_ref().and_then(|live| {
            let wanted = change.after.session.as_ref()?;
            let quoted = ["\"", "'"].map(|quote| format!("{quote}{wanted}{quote}"));
            let quoted = quoted
                .iter()
                .find(|quoted| undone.matches(quoted.as_str()).count() == 1)?;
            Some(undone.replacen(quoted.as_str(), &string(live), 1))
        });
        undone = match (in_place, whole, changes.len()) {
            (Some(line), ..) => line,
            (None, Some(whole), 1) => format!("{whole}\n"),
            (None, None, 1) => String::new(),
            // A line of several VMs, of which this one has no session: the others keep their places.
            (None, ..) => undone,
        };
    }
    undone
}

fn put(text: &mut String, lines: Option<Vec<String>>) {
    for line in lines.into_iter().flatten() {
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text.push_str(&line);
        text.push('\n');
    }
}

/// A live name as a TOML string; what could act on a terminal is written out.
fn string(name: &LiveName) -> String {
    let mut string = String::from("\"");
    for c in name.raw().chars() {
        match c {
            '"' => string.push_str("\\\""),
            c if c == '\\' || is_unprintable(c) => string.push_str(&written_out(c)),
            c => string.push(c),
        }
    }
    string + "\""
}
