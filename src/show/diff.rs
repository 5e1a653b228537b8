//! A plan as a diff: from Azure's state, written as a sessions.toml, to the file.

use std::fmt::Write as _;

use similar::{Algorithm, TextDiff};

use super::Paint;
use crate::file::{CannotEdit, Edit, Ends, edit};
use crate::model::LiveName;
use crate::plan::{Action, Plan};
use crate::text::inert;

/// A unified diff from Azure's state to `text`, the text of the file named `file`, which is at `at` in the plan. With it,
/// `patch -R` turns the file into Azure's state.
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
    Ok(coloured(
        &unified(&azure, text, "azure", file),
        text.starts_with('\u{feff}'),
        paint,
    ))
}

/// A unified diff from `before` to `after`, two texts of the file named `file`.
pub fn changed(before: &str, after: &str, file: &str, paint: Paint) -> String {
    let unified = unified(before, after, file, file);
    coloured(&unified, before.starts_with('\u{feff}'), paint)
}

/// The lines of `unified`, safe to show and in colour. `has_mark` is true if the texts may begin with a byte order mark.
fn coloured(unified: &str, has_mark: bool, paint: Paint) -> String {
    let mut shown = String::with_capacity(unified.len());
    for line in unified.split_terminator('\n') {
        // A byte order mark and a Windows line end are not text, but `patch` requires them.
        let (line, end) = match line.strip_suffix('\r') {
            Some(line) => (line, "\r\n"),
            None => (line, "\n"),
        };
        let (sign, line) = line.split_at_checked(1).unwrap_or(("", line));
        let line = match line.strip_prefix('\u{feff}') {
            Some(line) if has_mark => format!("{sign}\u{feff}{}", inert(line)),
            _ => format!("{sign}{}", inert(line)),
        };
        let _ = match line.as_bytes().first() {
            Some(b'+') => write!(shown, "{}{end}", paint.green(line)),
            Some(b'-') => write!(shown, "{}{end}", paint.red(line)),
            Some(b'@') => write!(shown, "{}{end}", paint.blue(line)),
            _ => write!(shown, "{line}{end}"),
        };
    }
    shown
}

/// The difference from `old` to `new` as plain hunks. `similar` can write them too, but if a hunk ends in an insertion, it may
/// get the hunk's length wrong, and `patch` refuses that.
fn unified(old: &str, new: &str, from: &str, to: &str) -> String {
    // Patience looks for unique lines, and most lines here are unique, so large files are fast.
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Patience)
        .diff_lines(old, new);
    let mut unified = String::new();
    for hunk in diff.unified_diff().iter_hunks() {
        if unified.is_empty() {
            let _ = writeln!(unified, "--- {from}\n+++ {to}");
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

/// The first of `lines`, counted from 1, and their number, in the form of a hunk's header.
fn place(mut lines: impl Iterator<Item = usize>) -> String {
    let Some(first) = lines.next() else {
        return "0,0".to_owned();
    };
    match lines.count() {
        0 => format!("{}", first + 1),
        more => format!("{},{}", first + 1, more + 1),
    }
}

/// `text` with Azure's sessions in place of its own: with it, the plan would be empty. Blocked lines stay, and so do adopted
/// ones, because there Azure lacks only the owner.
///
/// # Errors
/// See [`edit`].
pub fn azure(plan: &Plan, at: usize, text: &str) -> Result<String, CannotEdit> {
    let mut edits = Vec::new();
    for change in plan.changes_of(at) {
        let has_line = change.before.session.is_some() || change.after.session.is_some();
        if change.action != Action::Adopt && has_line {
            edits.push(Edit {
                vm: change.vm.path(),
                session: change.before.session.as_ref().map(LiveName::raw),
                // Had the session been cleared already, its line could not have expired.
                ends: match change.action {
                    Action::Clear { .. } => Ends::Never,
                    _ => Ends::Keep,
                },
                from: None,
            });
        }
    }
    edit(text, &edits)
}
