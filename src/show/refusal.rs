//! Why a plan is refused, and the flag that allows it.

use crate::plan::Refusal;
use crate::trouble::{Exit, Trouble};

/// What the guards have against a plan for `file`.
pub fn refusal(refusal: &Refusal, file: &str) -> Trouble {
    let (message, allow) = match refusal {
        Refusal::TooMany {
            clears,
            owned,
            allow,
        } => (
            format!(
                "this would clear {clears} of the {owned} sessions that the owner of {file} holds"
            ),
            allow,
        ),
        Refusal::All { clears, allow } => (
            format!("this would clear all {clears} sessions that the owner of {file} holds"),
            allow,
        ),
        Refusal::EmptyFile { clears, allow } => (
            format!("{file} declares no session any more: this would clear {clears}"),
            allow,
        ),
        Refusal::Incomplete { reasons } => {
            let message = format!(
                "VMs may be missing from Azure's list, and with them holders of names: {}",
                reasons.join("; ")
            );
            let help =
                "try again, or fix the access; --allow-incomplete goes on with what there is";
            return Trouble::new(message, help).exit(Exit::Refused);
        }
    };
    let help = format!("look at what would go; --max-removals {allow} allows it");
    Trouble::new(message, help).exit(Exit::Refused)
}
