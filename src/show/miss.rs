//! Why a name leads to no VM, and what there is instead.

use super::words::{count, names};
use crate::resolve::Miss;
use crate::text::{escape, quote};

/// The message and the help for `miss`, after `name` was looked for, in resource group `group` only if there is one.
pub fn miss(name: &str, group: Option<&str>, miss: &Miss) -> (String, String) {
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
                (Some(vm), _) => format!("{vm} holds the session of that name: say {vm}"),
                (None, []) => "azlin list --all shows the VMs".to_owned(),
                (None, nearest) => format!("did you mean {}?", names(nearest)),
            };
            (
                format!("no VM is called {name} ({} {place})", count(*among, "VM")),
                help,
            )
        }
        Miss::Ambiguous { by, vms } => {
            let listed: String = vms.iter().map(|vm| format!("\n  {vm}")).collect();
            let in_several = vms.iter().any(|vm| vm.subscription().is_some());
            let help = match *by {
                "name" if in_several => "say which as SUBSCRIPTION/GROUP/VM",
                "name" => "say which with --rg",
                "session" => "connect by VM name, and give one of them another session",
                _ => "connect by VM name",
            };
            (
                format!("{name} is the {by} of {} VMs:{listed}", vms.len()),
                help.to_owned(),
            )
        }
        Miss::NotFound {
            nearest,
            sessions,
            among,
        } => {
            let message = format!(
                "no VM is called {name}, holds that session or has that address ({} {place})",
                count(*among, "VM")
            );
            (message, there_is(nearest, sessions))
        }
    }
}

fn there_is(nearest: &[String], sessions: &[(String, crate::model::VmId)]) -> String {
    const MOST: usize = 15;
    let mut help = match nearest {
        [] => String::new(),
        nearest => format!("did you mean {}? ", nearest.join(", ")),
    };
    if sessions.is_empty() {
        help.push_str("no VM in scope holds a session");
        return help;
    }
    help.push_str("these sessions there are:");
    let width = sessions
        .iter()
        .take(MOST)
        .map(|(session, _)| session.chars().count())
        .max()
        .unwrap_or(0);
    for (session, vm) in sessions.iter().take(MOST) {
        help.push_str(&format!("\n  {session:width$}   {vm}"));
    }
    if sessions.len() > MOST {
        help.push_str(&format!("\n  … and {} more", sessions.len() - MOST));
    }
    help
}
