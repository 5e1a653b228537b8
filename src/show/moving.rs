//! The outcome of `move` in sentences.

use super::{Ids, names};
use crate::model::{SessionName, VmId};
use crate::moving::{Move, NoMove};
use crate::text::{inert, or};
use crate::trouble::Trouble;

/// The sentence that `file` gives `session` to `vm` from now on, or with `--dry-run` would. The second is a note on the session
/// that no line has any more, if the VM had another.
pub fn moved(
    moved: &Move<'_>,
    session: &SessionName,
    vm: &VmId,
    file: &str,
    is_dry: bool,
    ids: Ids,
) -> (String, Option<String>) {
    let (now, vm) = (
        if is_dry { "would give" } else { "now gives" },
        ids.name(vm),
    );
    let mut text = format!("{file} {now} {session} to {vm}");
    if let Some(from) = moved.from {
        let (other, line) = (ids.name(&from.vm), from.line);
        text += &format!(", and no longer to {other} (line {line})");
    }
    if let Some(day) = moved.from.and_then(|from| from.expires) {
        text += &format!("; it still expires after {day}");
    }
    let note = moved.replaced.map(|line| {
        let (old, at) = (&line.session, line.line);
        format!("{vm} had {old} on line {at}; {file} no longer declares {old}")
    });
    (text + "\n", note)
}

/// A note on the `comments` that went with a removed line of `file`.
pub fn removed_with_it(comments: &[String], file: &str) -> String {
    let comments: Vec<_> = comments
        .iter()
        .map(|text| format!("`{}`", inert(text)))
        .collect();
    format!("this removed a comment from {file}: {}", names(&comments))
}

/// The trouble with a move of `session` to `vm` that no edit of one file makes. `files` are the names of the files.
pub fn no_move(
    why: &NoMove<'_>,
    session: &SessionName,
    vm: &VmId,
    files: &[&str],
    ids: Ids,
) -> Trouble {
    let name = |at: &usize| files.get(*at).copied().unwrap_or_default();
    let vm = ids.name(vm);
    match why {
        NoMove::Already { file, line } => {
            let (file, at) = (name(file), line.line);
            Trouble::new(
                format!("{file} gives {session} to {vm} already, on line {at}"),
                "see what is left to do with azlin plan",
            )
        }
        NoMove::Expired { file, line, day } => {
            let (file, at, other) = (name(file), line.line, ids.name(&line.vm));
            Trouble::new(
                format!("line {at} of {file}, which gives {session} to {other}, expired on {day}"),
                "give the line a later `expires`, or delete it; then run this again",
            )
        }
        NoMove::Shadowed { by } => Trouble::new(
            super::shadowed(&format!("session `{session}`"), by, ids),
            "choose another name",
        ),
        NoMove::Across { from, line, to } => {
            let (from, at, to) = (name(from), line.line, name(to));
            Trouble::new(
                format!(
                    "{from} gives {session} to {} on line {at}, but {vm} belongs to {to}",
                    ids.name(&line.vm)
                ),
                format!(
                    "delete line {at} of {from}, then run this again: azlin edits one file at a time"
                ),
            )
        }
        NoMove::Several { files } => {
            let files: Vec<&str> = files.iter().map(name).collect();
            Trouble::new(
                format!(
                    "no file has a line for {session} or {vm}, and several could take it: {}",
                    names(&files)
                ),
                format!("choose one: --file {}", or(&files)),
            )
        }
        NoMove::Nowhere => Trouble::new(
            format!("no file is for the subscription of {vm}"),
            "pass its file with --file",
        ),
    }
}
