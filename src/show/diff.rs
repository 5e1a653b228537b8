//! A plan as a diff: from Azure's state, written as a sessions.toml, to the file.

use std::fmt::Write as _;

use similar::{Algorithm, TextDiff};

use super::Paint;
use crate::file::{CannotEdit, Edit, edit};
use crate::model::LiveName;
use crate::plan::{Action, Plan};
use crate::text::inert;

/// What `git diff` would show if Azure were a file: a unified diff to `text`, the file called `file`, which is the one at `at` in
/// the plan. `patch -R` turns the file into Azure's state with it.
///
/// # Errors
/// See [`edit`].
pub fn diff(
    plan: &Plan,
    at: usize,
    text: &str,
    file: &str,
    paint: Paint,
) -> Result<String, CannotEdit> {
    let azure = azure(plan, at, text)?;
    let unified = unified(&azure, text, file);
    let mut shown = String::with_capacity(unified.len());
    for line in unified.split_terminator('\n') {
        // A byte order mark and the end of a line in a Windows file are no text, but without them nothing could be patched.
        let (line, end) = match line.strip_suffix('\r') {
            Some(line) => (line, "\r\n"),
            None => (line, "\n"),
        };
        let (sign, line) = line.split_at_checked(1).unwrap_or(("", line));
        let line = match line.strip_prefix('\u{feff}') {
            Some(line) if text.starts_with('\u{feff}') => format!("{sign}\u{feff}{}", inert(line)),
            _ => format!("{sign}{}", inert(line)),
        };
        let _ = match line.as_bytes().first() {
            Some(b'+') => write!(shown, "{}{end}", paint.green(line)),
            Some(b'-') => write!(shown, "{}{end}", paint.red(line)),
            Some(b'@') => write!(shown, "{}{end}", paint.blue(line)),
            _ => write!(shown, "{line}{end}"),
        };
    }
    Ok(shown)
}

/// The difference from `old` to `new` as plain hunks. `similar` writes them too, but where one ends in an insertion it may take
/// its length from another line, and `patch` refuses that.
fn unified(old: &str, new: &str, file: &str) -> String {
    // Patience: it looks for lines that stand once, and most lines here do, so that large files take no time.
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .diff_lines(old, new);
    let mut unified = String::new();
    for hunk in diff.unified_diff().iter_hunks() {
        if unified.is_empty() {
            let _ = writeln!(unified, "--- azure\n+++ {file}");
        }
        let changes: Vec<_> = hunk.iter_changes().collect();
        let old = place(changes.iter().filter_map(|change| change.old_index()));
        let new = place(changes.iter().filter_map(|change| change.new_index()));
        let _ = writeln!(unified, "@@ -{old} +{new} @@");
        for change in changes {
            let _ = write!(unified, "{}{}", change.tag(), change.value());
            if change.missing_newline() {
                unified.push_str("\n\\ No newline at end of file\n");
            }
        }
    }
    unified
}

/// The first of `lines`, counted from 1, and how many they are, as a hunk's header has them.
fn place(mut lines: impl Iterator<Item = usize>) -> String {
    let Some(first) = lines.next() else {
        return "0,0".to_owned();
    };
    match lines.count() {
        0 => format!("{}", first + 1),
        more => format!("{},{}", first + 1, more + 1),
    }
}

/// `text` as it would have to be for the plan to be empty. Lines that are blocked stay, and so do those that are adopted: what
/// Azure lacks there is the owner.
///
/// # Errors
/// See [`edit`].
pub fn azure(plan: &Plan, at: usize, text: &str) -> Result<String, CannotEdit> {
    let mut edits = Vec::new();
    for change in plan.changes_of(at) {
        if change.action != Action::Adopt {
            edits.push(Edit {
                vm: change.vm.path(),
                session: change.before.session.as_ref().map(LiveName::raw),
                // Had the session been cleared already, its line could not have expired.
                endless: matches!(change.action, Action::Clear { .. }),
            });
        }
    }
    edit(text, &edits)
}
