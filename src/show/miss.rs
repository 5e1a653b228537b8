//! Why a name leads to no VM, and what there is instead.

use super::Ids;
use super::words::count;
use crate::model::VmId;
use crate::resolve::{By, Miss};
use crate::text::{escape, quote};
use crate::trouble::Trouble;

/// The trouble with `name`, which was looked for, in resource group `group` only if there is one.
pub fn miss(name: &str, group: Option<&str>, miss: &Miss, ids: Ids) -> Trouble {
    let name = quote(name);
    let place = match group {
        Some(group) => format!("in resource group {}", escape(group)),
        None => "in scope".to_owned(),
    };
    match miss {
        Miss::NoVm {
            nearest,
            holder,
            among,
        } => {
            let help = match (holder, nearest.as_slice()) {
                (Some(vm), _) => {
                    let vm = ids.name(vm);
                    format!("{vm} holds the session of that name: say {vm}")
                }
                (None, []) => "azlin list --all shows the VMs".to_owned(),
                (None, nearest) => format!("did you mean {}?", ids.names(nearest)),
            };
            let vms = count(*among, "VM");
            Trouble::new(format!("no VM is called {name} ({vms} {place})"), help)
        }
        Miss::Ambiguous { by, vms } => {
            let listed: String = vms
                .iter()
                .map(|vm| format!("\n  {}", ids.name(vm)))
                .collect();
            let (by, help) = match by {
                By::Name if ids == Ids::InFull => ("name", "say which as SUBSCRIPTION/GROUP/VM"),
                By::Name => ("name", "say which with --rg"),
                By::Session => (
                    "session",
                    "connect by VM name, and give one of them another session",
                ),
                By::Address => ("address", "connect by VM name"),
            };
            let message = format!("{name} is the {by} of {} VMs:{listed}", vms.len());
            Trouble::new(message, help)
        }
        Miss::NotFound {
            nearest,
            sessions,
            among,
        } => {
            let message = format!(
                "no VM, session or IP address matches {name} (searched {} {place})",
                count(*among, "VM")
            );
            Trouble::new(message, there_is(nearest, sessions, ids))
        }
    }
}

fn there_is(nearest: &[String], sessions: &[(String, VmId)], ids: Ids) -> String {
    const MOST: usize = 15;
    let mut help = match nearest {
        [] => String::new(),
        nearest => format!("did you mean {}? ", nearest.join(", ")),
    };
    if sessions.is_empty() {
        help.push_str("no VM in scope holds a session");
        return help;
    }
    help.push_str("sessions that exist:");
    let shown = || sessions.iter().take(MOST);
    let widths = shown().map(|(session, _)| session.chars().count());
    let width = widths.max().unwrap_or(0);
    for (session, vm) in shown() {
        help.push_str(&format!("\n  {session:width$}   {}", ids.name(vm)));
    }
    if sessions.len() > MOST {
        help.push_str(&format!("\n  … and {} more", sessions.len() - MOST));
    }
    help
}
