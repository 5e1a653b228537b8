//! Notes on the state and the address of a VM to connect to.

use super::Ids;
use super::words::names;
use crate::model::{Ended, Power, Unseen, Vm, VmId};
use crate::ssh::JumpHost;
use crate::text::{escape, quote};
use crate::trouble::Trouble;

/// A note if `connect` uses a private address of `vm`, with the reason that Azure shows. None if it uses a public one, or if the
/// VM has none and the file's jump host is there for it.
pub fn private(vm: &Vm, jump: Option<&JumpHost>, ids: Ids) -> Option<String> {
    let addresses = &vm.addresses;
    let address = addresses.private.first()?;
    if !addresses.public.is_empty() || (addresses.unseen.is_empty() && jump.is_some()) {
        return None;
    }
    let why: Vec<String> = addresses.unseen.iter().map(unseen).collect();
    let why = if why.is_empty() {
        "has no public IP address".to_owned()
    } else {
        format!(
            "has no public IP address that azlin knows ({})",
            names(&why)
        )
    };
    let through = jump.map_or(String::new(), |jump| format!(" through {}", jump.as_str()));
    let vm = ids.name(&vm.id);
    Some(format!(
        "{vm} {why}; connecting to its private address {address}{through}"
    ))
}

fn unseen(unseen: &Unseen) -> String {
    match unseen {
        Unseen::Unassigned(name) => format!("the public IP {} has no address", quote(name)),
        Unseen::Unlisted(name) => format!("the public IP {} could not be read", quote(name)),
        Unseen::NatRule { balancer, rule } => {
            let (rule, balancer) = (quote(rule), quote(balancer));
            format!("the inbound NAT rule {rule} of the load balancer {balancer} leads to it")
        }
    }
}

/// A note that Azure reports no state of `vm`, with the reason if there is one.
pub fn stateless(vm: &VmId, why: Option<&str>, ids: Ids) -> String {
    let vm = ids.name(vm);
    let why = why.map_or(String::new(), |why| format!(": {}", escape(why)));
    format!("Azure reports no power state for {vm}, so it may not be running{why}")
}

/// The trouble with a VM that is down and that azlin may not start.
pub fn is_down(vm: &VmId, power: Power, ids: Ids) -> Trouble {
    let vm = ids.name(vm);
    let help = format!("start it: azlin connect {vm} --start");
    Trouble::new(format!("{vm} is {power}"), help)
}

/// The trouble with a VM that is down and can never start again.
pub fn never_starts(vm: &VmId, why: Ended, ids: Ids) -> Trouble {
    let help = match why {
        Ended::Deleting => "choose another VM: azlin list --all",
        Ended::Generalized => "create a VM from an image of it, and connect to that",
    };
    Trouble::new(format!("{} cannot start: {why}", ids.name(vm)), help)
}

/// The trouble with a VM without an address. `is_unread` is true if azlin could not read all addresses.
pub fn no_address(vm: &VmId, is_unread: bool, ids: Ids) -> Trouble {
    let vm = ids.name(vm);
    if is_unread {
        let message =
            format!("no IP address found for {vm}, because azlin could not read all addresses");
        return Trouble::new(message, "fix the cause in the warning above");
    }
    let help = "run azlin whoami to check that you can read network interfaces; if you can, add one with an IP address to the VM";
    Trouble::new(format!("no IP address found for {vm}"), help)
}
