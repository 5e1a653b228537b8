//! Messages about a name that matches no VM, leads to another VM than the file says, or cannot go into an ssh_config.

use time::Date;

use super::Ids;
use super::words::{count, did_you_mean};
use crate::model::{Desired, LiveName, Vm, VmId};
use crate::resolve::{By, Meant, Miss};
use crate::ssh::LeftOut;
use crate::text::{escape, quote};
use crate::trouble::Trouble;

/// The trouble if a search for `name` finds no VM, or several. The search was in the resource group `group`, if any.
pub fn miss(name: &str, group: Option<&str>, miss: &Miss, ids: Ids) -> Trouble {
    let name = quote(name);
    let searched = |among: usize| {
        let vms = count(among, "VM");
        match group {
            Some(group) => format!("searched {vms} in resource group {}", escape(group)),
            None => format!("searched {vms}"),
        }
    };
    match miss {
        Miss::NoVm {
            nearest,
            holder,
            among,
        } => {
            let help = if let Some(vm) = holder {
                let vm = ids.name(vm);
                format!("use {vm}, which holds the session of that name")
            } else if nearest.is_empty() {
                "list the VMs with azlin list --all".to_owned()
            } else {
                did_you_mean(nearest.iter().map(|vm| ids.name(vm)))
            };
            let searched = searched(*among);
            Trouble::new(format!("no VM is named {name} ({searched})"), help)
        }
        Miss::Ambiguous { by, vms } => {
            let (by, help) = match by {
                By::Name if ids == Ids::InFull => ("name", "use SUBSCRIPTION/GROUP/VM"),
                By::Name => ("name", "use GROUP/VM, as listed above"),
                By::Session => (
                    "session",
                    "connect by VM name; to fix the duplicate, give one of them another session",
                ),
                By::Address => ("address", "connect by VM name"),
            };
            let mut message = format!("{name} is the {by} of {} VMs:", vms.len());
            for vm in vms {
                message += &format!("\n  {}", ids.name(vm));
            }
            Trouble::new(message, help)
        }
        Miss::NotFound {
            nearest,
            sessions,
            among,
        } => {
            let searched = searched(*among);
            let message = format!("no VM, session or IP address matches {name} ({searched})");
            Trouble::new(message, there_is(nearest, sessions, ids))
        }
    }
}

/// The help for a `name` that matches nothing, with what was probably `meant`. `has_flag` is true if `--rg` named the group, and
/// `takes_port` if the command has `--port`.
pub fn meant(name: &str, meant: &Meant, has_flag: bool, takes_port: bool, ids: Ids) -> String {
    match meant {
        Meant::NoUser(name) => format!("leave out the user: use {}", escape(name)),
        Meant::Address { address, port } => match port.filter(|_| takes_port) {
            Some(port) => format!("write the port as a flag: use {address} --port {port}"),
            None => format!("write only the address: use {address}"),
        },
        Meant::Elsewhere(vms) => {
            let name = quote(name.rsplit('/').next().unwrap_or(name));
            match vms.as_slice() {
                [vm] if has_flag => {
                    let group = escape(vm.group());
                    format!("{name} is in another resource group: use --rg {group}")
                }
                vms => did_you_mean(vms.iter().take(5).map(|vm| ids.name(vm))),
            }
        }
        Meant::Groups(groups) => {
            let flag = if has_flag { "--rg" } else { "resource group" };
            did_you_mean(
                groups
                    .iter()
                    .map(|group| format!("{flag} {}", escape(group))),
            )
        }
        Meant::Case(session, vm) => {
            let vm = ids.name(vm);
            format!("did you mean {session}, the session of {vm}? Case counts in session names")
        }
    }
}

fn there_is(nearest: &[String], sessions: &[(String, VmId)], ids: Ids) -> String {
    const MOST: usize = 15;
    let mut help = String::new();
    if !nearest.is_empty() {
        help = did_you_mean(nearest.iter()) + " ";
    }
    if sessions.is_empty() {
        return help + "no VM here has a session; set one with azlin session VM NAME";
    }
    help += "sessions that exist:";
    let shown = sessions.iter().take(MOST);
    let widths = shown.clone().map(|(session, _)| session.chars().count());
    let width = widths.max().unwrap_or(0);
    for (session, vm) in shown {
        help += &format!("\n  {session:width$}   {}", ids.name(vm));
    }
    if sessions.len() > MOST {
        help += &format!("\n  … and {} more", sessions.len() - MOST);
    }
    help
}

/// A note for a `name` that led to `vm`, if the file assigns that name to another VM, or another session to `vm`.
pub fn astray(name: &str, vm: &Vm, desired: &Desired, today: Date, ids: Ids) -> Option<String> {
    let (id, file) = (ids.name(&vm.id), &desired.basis.file);
    let held = vm.held.session.as_ref();
    if let Some(line) = desired.line_giving(name, today)
        && line.vm != vm.id
        && held.is_some_and(|held| *held == line.session)
    {
        let (name, other) = (escape(name), ids.name(&line.vm));
        return Some(format!(
            "session `{name}` is on {id} now, but {file} assigns it to {other} (see azlin plan)"
        ));
    }
    let line = desired.line_of(&vm.id, today)?;
    let holds = match held {
        Some(held) if *held == line.session => return None,
        Some(held) => format!("holds {held}"),
        None => "holds no session".to_owned(),
    };
    let session = &line.session;
    Some(format!(
        "{id} {holds}, but {file} assigns {session} to it (see azlin plan)"
    ))
}

/// A warning that azlin skipped `name` in an ssh_config, with the reason and the next action. `file` is the file that may declare
/// the name.
pub fn left_out(name: &LiveName, why: &LeftOut, file: &str, ids: Ids) -> String {
    let why = match why {
        LeftOut::NoName => {
            "not a valid session name; set another with azlin session VM NAME".to_owned()
        }
        LeftOut::Several(vms) => {
            let vms = ids.names(vms);
            format!("it is on {vms}; clear all but one with azlin session VM --clear")
        }
        LeftOut::Shadowed(vm) => {
            let vm = ids.name(vm);
            format!("another VM, {vm}, has this name; choose another session name")
        }
        LeftOut::LikeHost => format!(
            "it looks like the name of an existing SSH host; to include it anyway, declare it in {file}"
        ),
        LeftOut::Fits { pattern, place } => format!(
            "ssh has settings for {} ({place}); to include it anyway, declare it in {file}",
            quote(pattern)
        ),
        LeftOut::Known(place) => {
            format!("ssh already knows this name ({place}); choose another session name")
        }
        LeftOut::NoAddress(vm) => {
            let vm = ids.name(vm);
            format!("{vm} has no IP address; add a network interface with one")
        }
    };
    format!("skipped {}: {why}", quote(name.raw()))
}
