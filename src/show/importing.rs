//! The outcome of `import` in sentences.

use super::Ids;
use crate::importing::{LeftOut, Why};
use crate::model::SessionName;
use crate::text::quote;

/// A warning that `left_out` is not in `file` and has not been added, with the reason and the next action.
pub fn not_imported(left_out: &LeftOut, file: &str, ids: Ids) -> String {
    let LeftOut { vm, session, why } = left_out;
    let vm = ids.name(vm);
    let why = match why {
        Why::Declared {
            session: declared,
            line,
        } => format!(
            "{file} assigns `{declared}` to it on line {line}; to keep the live name, change that line"
        ),
        Why::Assigned { to, line } => {
            let to = ids.name(to);
            format!(
                "{file} assigns this name to {to} on line {line}; to keep it here, delete that line first"
            )
        }
        Why::Invalid { rule } => {
            let like = SessionName::like(session.raw());
            let name = like.map_or("NAME".to_owned(), |name| name.to_string());
            format!("invalid session name: it {rule}; set another with azlin session {vm} {name}")
        }
        Why::Several { others } => {
            let others = ids.names(others);
            format!(
                "{others} has this name too; clear all but one with azlin session VM --clear, then run this again"
            )
        }
        Why::Shadowed { by } => {
            let by = ids.name(by);
            format!("it is the name of another VM, {by}; set another with azlin session {vm} NAME")
        }
        Why::Named { line } => format!(
            "the VM's own name is a session on line {line} of {file}; change that session first"
        ),
        Why::Owned { by } => format!("the VM belongs to another owner, {by}"),
        Why::Holds { session } => {
            format!(
                "the VM has azlin's session {session} already; import without --from-tag adds it"
            )
        }
    };
    format!("not imported: {} on {vm}: {why}", quote(session.raw()))
}
