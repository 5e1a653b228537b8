//! Why a plan, one of its lines or a change by hand is refused, and the way out.

use super::Ids;
use super::words::did_you_mean;
use crate::model::{SessionName, VmId};
use crate::plan::{Blocked, Refusal, Unusable, What, Why};
use crate::text::{escape, quote};
use crate::trouble::{Exit, Trouble};

/// The guards' objection to a plan for `file`, with the flag that allows it.
pub fn refusal(refusal: &Refusal, file: &str) -> Trouble {
    let owner = format!("the owner of {file} holds");
    let (message, allow) = match refusal {
        Refusal::TooMany {
            clears,
            owned,
            allow,
        } => {
            let message = format!("this would clear {clears} of the {owned} sessions that {owner}");
            (message, allow)
        }
        Refusal::All { clears, allow } => {
            let message = format!("this would clear all {clears} sessions that {owner}");
            (message, allow)
        }
        Refusal::EmptyFile { clears, allow } => {
            let message =
                format!("{file} no longer declares any session: this would clear {clears}");
            (message, allow)
        }
        Refusal::Incomplete { reasons } => {
            let reasons = reasons.join("; ");
            return Trouble::new(
                format!("VMs that hold names may be missing from Azure's list: {reasons}"),
                "try again, or fix the access; --allow-incomplete continues without them",
            )
            .exit(Exit::Refused);
        }
    };
    let help = format!("review what would be cleared; --max-removals {allow} allows it");
    Trouble::new(message, help).exit(Exit::Refused)
}

/// The trouble with the saved plan called `name`.
pub fn unusable(unusable: &Unusable, name: &str) -> Trouble {
    let mut help = "create a new plan: azlin plan --out FILE";
    let message = match unusable {
        Unusable::NotAPlan { why } => {
            format!("{name} is not a plan, or was cut short: {}", escape(why))
        }
        Unusable::Newer { format } => {
            help = "use that version of azlin";
            let format = quote(format);
            format!("{name} was made by a newer azlin: its format is {format}")
        }
        Unusable::Edited => format!("{name} was edited since azlin wrote it"),
        Unusable::Other {
            what,
            saved,
            now,
            file,
        } => {
            let plan = match file {
                Some(file) => format!("{name}, in its plan for {},", escape(file)),
                None => name.to_owned(),
            };
            let what = match what {
                What::Subscription => "for another subscription",
                What::Tag => "for another tag",
                What::Owner => "for another owner",
                What::File => "from a different version of the file",
                What::Files => "for a different set of files",
            };
            let (saved, now) = (quote(saved), quote(now));
            format!("{plan} was made {what}: {saved}, and this is {now}")
        }
    };
    let trouble = Trouble::new(message, help);
    if unusable.is_stale() {
        return trouble.exit(Exit::Stale);
    }
    trouble
}

/// The reason why `entry` is blocked, and what to do.
pub fn why(entry: &Blocked, ids: Ids) -> Trouble {
    let (message, help) = match &entry.why {
        Why::NoSuchVm { nearest } => {
            let mut help = "check the name, the resource group and the subscription".to_owned();
            if !nearest.is_empty() {
                help = did_you_mean(nearest.iter().map(|vm| ids.name(vm)));
            }
            let message = "Azure lists no such VM, or the identity may not see it";
            (message.to_owned(), help)
        }
        Why::Owned { by } => {
            let vm = ids.name(&entry.vm);
            let help = format!("agree with {by}, then take it with --take-ownership {vm}");
            (format!("the VM belongs to another owner, {by}"), help)
        }
        Why::Held { by } => {
            let holders = ids.names(by);
            let message = format!("the name is on {holders}, which this plan leaves alone");
            let help = "choose another name, or free it there first";
            (message, help.to_owned())
        }
        Why::Stuck { by } => {
            let by = ids.name(by);
            let message = format!("the name is on {by}, whose own line is blocked");
            (message, format!("unblock the line of {by} first"))
        }
        Why::Shadowed { by } => {
            let help = "choose another session name".to_owned();
            (shadowed("it", by, ids), help)
        }
    };
    Trouble::new(message, help)
}

/// The reason why `vm` is not given `wanted`, or is not cleared, and what to do.
pub fn not_by_hand(vm: &VmId, wanted: Option<&SessionName>, why: &Why, ids: Ids) -> Trouble {
    let name = wanted.map_or("", SessionName::as_str);
    let shown = ids.name(vm);
    match why {
        Why::Owned { by } => Trouble::new(
            format!("another owner's file manages {shown}: {by}"),
            "change it in that file, or use --force to set it anyway",
        ),
        Why::Held { by } => {
            let mut help = "choose another name, or clear it there first:".to_owned();
            for vm in by.iter().take(5) {
                help += &format!("\n  azlin session {} --clear", ids.name(vm));
            }
            let holders = ids.names(by);
            Trouble::new(format!("{name} is taken: {holders} holds it"), help)
        }
        Why::Shadowed { by } => Trouble::new(shadowed(name, by, ids), "choose another name"),
        Why::NoSuchVm { .. } | Why::Stuck { .. } => Trouble::new(
            format!("{shown} cannot be given {name} now"),
            "review azlin plan, then run this again",
        ),
    }
}

fn shadowed(name: &str, by: &VmId, ids: Ids) -> String {
    let by = ids.name(by);
    format!("{name} is the name of another VM, {by}, to which `azlin connect` would go")
}
