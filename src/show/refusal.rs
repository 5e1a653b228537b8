//! Why a plan is refused, and the flag that allows it.

use crate::plan::Refusal;

/// The message and the help for `refusal` of a plan for `file`.
pub fn refusal(refusal: &Refusal, file: &str) -> (String, String) {
    let allow = |all: &usize| format!("look at what would go; --max-removals {all} allows it");
    match refusal {
        Refusal::TooMany {
            clears,
            owned,
            allow: all,
        } => (
            format!(
                "this would clear {clears} of the {owned} sessions that the owner of {file} holds"
            ),
            allow(all),
        ),
        Refusal::All { clears, allow: all } => (
            format!("this would clear all {clears} sessions that the owner of {file} holds"),
            allow(all),
        ),
        Refusal::EmptyFile { clears, allow: all } => (
            format!("{file} declares no session any more: this would clear {clears}"),
            allow(all),
        ),
        Refusal::Incomplete { reasons } => (
            format!(
                "VMs may be missing from Azure's list, and with them holders of names: {}",
                reasons.join("; ")
            ),
            "try again, or mend the access; --allow-incomplete goes on with what there is"
                .to_owned(),
        ),
    }
}
