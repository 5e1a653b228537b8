//! One VM's session, set by hand.

use std::fmt::Display;

use super::outcome::words;
use super::words::names;
use crate::model::{SessionName, VmId};
use crate::plan::{Duplicate, Outcome, Why};

/// The session of the VM called `vm`, or that it has none.
pub fn session(vm: &str, session: Option<&impl Display>) -> String {
    match session {
        Some(session) => format!("Session name for {vm}: {session}\n"),
        None => format!("No session name is set for {vm}\n"),
    }
}

/// Why `vm` is not given `wanted`, or is not cleared, and what to do.
pub fn not_by_hand(vm: &VmId, wanted: Option<&SessionName>, why: &Why) -> (String, String) {
    let name = wanted.map_or("", SessionName::as_str);
    match why {
        Why::Owned { by } => (
            format!("another owner's file manages {vm}: {by}"),
            "change it in that file, or do it all the same with --force".to_owned(),
        ),
        Why::Held { by } => {
            let ways = by
                .iter()
                .map(|vm| format!("\n  azlin session {vm} --clear"));
            let ways: String = ways.take(5).collect();
            (
                format!("{name} is taken: {} holds it", names(by)),
                format!("choose another name, or clear it there first:{ways}"),
            )
        }
        Why::Shadowed { by } => (
            format!("{name} is the name of another VM, {by}, to which `azlin connect` would go"),
            "choose another name".to_owned(),
        ),
        Why::NoSuchVm { .. } | Why::Stuck { .. } => (
            format!("{vm} cannot be given {name} now"),
            "look at azlin plan, and run it again".to_owned(),
        ),
    }
}

/// That the write to `vm` came to nothing, why, and what to do.
pub fn failed(vm: &VmId, outcome: &Outcome) -> (String, String) {
    let (word, why, help) = words(outcome);
    let message = match (outcome, why) {
        (Outcome::Failed { .. }, Some(why)) => why,
        (_, Some(why)) => format!("{vm}: {word}: {why}"),
        (_, None) => format!("{vm}: {word}"),
    };
    let help = help.unwrap_or_else(|| "see to what Azure says, then run it again".to_owned());
    (message, help)
}

/// That a name which was just given out is on several VMs.
pub fn doubled(double: &Duplicate) -> (String, String) {
    let (name, on) = (&double.name, names(&double.holders));
    (
        format!("{name} is on {on}: somebody gave it out at the same time"),
        "take it from one of them: azlin session VM --clear".to_owned(),
    )
}
