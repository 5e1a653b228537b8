//! File and Azure → a plan, for `plan` and for `apply`.

use std::collections::BTreeSet;

use time::OffsetDateTime;

use super::context::Context;
use super::{Exit, Trouble};
use crate::cli::Planning;
use crate::model::{Desired, Live, VmId};
use crate::plan::{self, Aim, Allowed, Plan};
use crate::{show, text};

/// A plan, and what it was made with.
pub(super) struct Planned {
    pub plan: Plan,
    pub live: Live,
    pub aim: Aim,
}

/// Reads Azure and plans, by the day that it is now.
pub(super) async fn make(context: &Context, args: &Planning) -> Result<Planned, Trouble> {
    let live = context.sessions().await?;
    let desired = &context.file.desired;
    let mut aim = Aim::on(OffsetDateTime::now_utc().date());
    aim.targets = vms(&args.target, "--target", desired, &live)?;
    aim.take = vms(&args.take_ownership, "--take-ownership", desired, &live)?;
    if desired.owner.is_none() && !aim.take.is_empty() {
        let message = format!(
            "--take-ownership needs an owner, and {} has none",
            context.name
        );
        return Err(Trouble::new(
            message,
            "write `owner = \"…\"` at the top of the file",
        ));
    }
    let plan = plan::plan(desired, &live, &aim);
    Ok(Planned { plan, live, aim })
}

/// The VMs that a flag names, as `VM` or `GROUP/VM`, in the file or in Azure.
fn vms(
    names: &[String],
    flag: &str,
    desired: &Desired,
    live: &Live,
) -> Result<BTreeSet<VmId>, Trouble> {
    let known: BTreeSet<&VmId> = live
        .vms
        .keys()
        .chain(desired.sessions.iter().map(|line| &line.vm))
        .collect();
    let one = |name: &String| {
        let (group, vm) = match name.split_once('/') {
            Some((group, vm)) => (Some(group), vm),
            None => (None, name.as_str()),
        };
        let is = |id: &&&VmId| id.is_named(vm) && group.is_none_or(|group| id.is_in(group));
        let found: Vec<&&VmId> = known.iter().filter(is).collect();
        let name = text::quote(name);
        match found.as_slice() {
            [id] => Ok((**id).clone()),
            [] => Err(Trouble::new(
                format!("{flag}: no VM {name} in the file or in Azure"),
                "name it as VM or GROUP/VM",
            )),
            several => Err(Trouble::new(
                format!("{flag}: {name} is the name of {} VMs", several.len()),
                "say which as GROUP/VM",
            )),
        }
    };
    names.iter().map(one).collect()
}

/// That a plan with blocked lines is no plan to build on.
pub(super) fn refuse_blocked(plan: &Plan, file: &str) -> Result<(), Trouble> {
    let lines = match plan.blocked.len() {
        0 => return Ok(()),
        1 => "1 line".to_owned(),
        n => format!("{n} lines"),
    };
    let message = format!("{lines} of {file} cannot be carried out");
    let help = "the plan says for each what to do; apply --partial does the rest";
    Err(Trouble::new(message, help))
}

/// That a plan goes further than was allowed.
pub(super) fn guard(plan: &Plan, args: &Planning, file: &str) -> Result<(), Trouble> {
    let allowed = Allowed {
        removals: args.max_removals,
        incomplete: args.allow_incomplete,
    };
    match plan::refusals(plan, &allowed).first() {
        None => Ok(()),
        Some(refusal) => {
            let (message, help) = show::refusal(refusal, file);
            Err(Trouble::new(message, help).exit(Exit::Refused))
        }
    }
}
