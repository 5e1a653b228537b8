//! One VM's session, set by hand.

use std::fmt::Display;

use super::Ids;
use super::outcome::words;
use crate::model::{SessionName, VmId};
use crate::plan::{Duplicate, Outcome, Why};
use crate::trouble::{Exit, Trouble};

/// The session of the VM called `vm`, or that it has none.
pub fn session(vm: &str, session: Option<&impl Display>) -> String {
    match session {
        Some(session) => format!("Session name for {vm}: {session}\n"),
        None => format!("No session name is set for {vm}\n"),
    }
}

/// Why `vm` is not given `wanted`, or is not cleared, and what to do.
pub fn not_by_hand(vm: &VmId, wanted: Option<&SessionName>, why: &Why, ids: Ids) -> Trouble {
    let name = wanted.map_or("", SessionName::as_str);
    match why {
        Why::Owned { by } => Trouble::new(
            format!("another owner's file manages {}: {by}", ids.name(vm)),
            "change it in that file, or do it all the same with --force",
        ),
        Why::Held { by } => {
            let ways = by.iter().take(5);
            let ways = ways.map(|vm| format!("\n  azlin session {} --clear", ids.name(vm)));
            let ways: String = ways.collect();
            Trouble::new(
                format!("{name} is taken: {} holds it", ids.names(by)),
                format!("choose another name, or clear it there first:{ways}"),
            )
        }
        Why::Shadowed { by } => Trouble::new(
            format!(
                "{name} is the name of another VM, {}, to which `azlin connect` would go",
                ids.name(by)
            ),
            "choose another name",
        ),
        Why::NoSuchVm { .. } | Why::Stuck { .. } => Trouble::new(
            format!("{} cannot be given {name} now", ids.name(vm)),
            "look at azlin plan, and run it again",
        ),
    }
}

/// Why the write to `vm` came to nothing, and what to do.
pub fn failed(vm: &VmId, outcome: &Outcome, ids: Ids) -> Trouble {
    let (word, why, help) = words(outcome);
    let vm = ids.name(vm);
    let message = match (outcome, why) {
        (Outcome::Failed { .. }, Some(why)) => why,
        (_, Some(why)) => format!("{vm}: {word}: {why}"),
        (_, None) => format!("{vm}: {word}"),
    };
    let help = help.unwrap_or_else(|| "see to what Azure says, then run it again".to_owned());
    Trouble::new(message, help)
}

/// The trouble with a name that was just given out and is on several VMs.
pub fn doubled(double: &Duplicate, ids: Ids) -> Trouble {
    let (name, on) = (&double.name, ids.names(&double.holders));
    let message = format!("{name} is on {on}: somebody gave it out at the same time");
    let help = "take it from one of them: azlin session VM --clear";
    Trouble::new(message, help).exit(Exit::Partial)
}
