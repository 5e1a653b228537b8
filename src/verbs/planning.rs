//! File and Azure → a plan, for `plan` and for `apply`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::context::Context;
use super::{Exit, Streams, Trouble, today};
use crate::cli::{Format, Planning};
use crate::model::{Desired, Live, VmId};
use crate::plan::{self, Aim, Allowed, Plan, Saved};
use crate::show;
use crate::text::{self, plain};

/// A plan, and what it was made with.
pub(super) struct Planned {
    pub plan: Plan,
    pub live: Live,
    pub aim: Aim,
    pub allowed: Allowed,
    /// The plan that the guards judge, where that is another: a saved one, of which a crash may have left only the end.
    judged: Option<Plan>,
}

impl Planned {
    /// The plan with all that it was made from.
    pub fn saved(&self, context: &Context) -> Saved {
        let plan = self.plan.clone();
        Saved::new(context.basis(), &self.aim, self.allowed, &self.live, plan)
    }
}

/// Reads Azure and plans, by the day that it is now.
pub(super) async fn make(context: &Context, args: &Planning) -> Result<Planned, Trouble> {
    let live = context.sessions().await?;
    let desired = &context.file.desired;
    let mut aim = Aim::on(today());
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
    if let Some(vm) = aim
        .take
        .iter()
        .find(|vm| !desired.sessions.iter().any(|line| line.vm == **vm))
    {
        let message = format!("--take-ownership: {} has no line for {vm}", context.name);
        return Err(Trouble::new(
            message,
            "only a VM that the file names is taken from its owner",
        ));
    }
    let plan = plan::plan(desired, &live, &aim);
    let allowed = Allowed {
        removals: args.max_removals,
        incomplete: args.allow_incomplete,
    };
    Ok(Planned {
        plan,
        live,
        aim,
        allowed,
        judged: None,
    })
}

/// Reads Azure and plans as `saved` was planned, but for the day that it is now.
pub(super) async fn make_again(context: &Context, saved: &Saved) -> Result<Planned, Trouble> {
    let live = context.sessions().await?;
    let mut aim = Aim::on(today());
    aim.targets.clone_from(&saved.targets);
    if context.file.desired.owner.is_some() {
        aim.take.clone_from(&saved.take_ownership);
    }
    let plan = plan::plan(&context.file.desired, &live, &aim);
    let incomplete = plan.incomplete.clone();
    let judged = Plan {
        incomplete,
        ..saved.plan.clone()
    };
    let allowed = saved.allowed;
    Ok(Planned {
        plan,
        live,
        aim,
        allowed,
        judged: Some(judged),
    })
}

/// Reads a saved plan.
pub(super) fn read(path: &Path) -> Result<Saved, Trouble> {
    const MAX_BYTES: u64 = 256 << 20;
    let name = text::escape(&path.to_string_lossy()).into_owned();
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes));
    read.map_err(|error| {
        let message = format!("cannot read {name}: {}", plain(&error));
        Trouble::new(message, "check the name; azlin plan --out FILE makes one")
    })?;
    Saved::read(&bytes).map_err(|why| {
        let (message, help) = show::unusable(&why, &name);
        Trouble::new(message, help)
    })
}

/// A plan in the format that was asked for, on stdout.
pub(super) fn print(
    planned: &Planned,
    context: &Context,
    format: Format,
    streams: Streams,
) -> Result<(), Trouble> {
    let (plan, place, name) = (&planned.plan, &context.place, &context.name);
    streams.print(&match format {
        Format::Text => show::plan(plan, place, name, streams.stdout),
        Format::Json => planned.saved(context).write(),
        Format::Markdown => show::markdown(plan, place, name, None),
    })
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
        let found: Vec<&&VmId> = known.iter().filter(|id| id.answers_to(name)).collect();
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
pub(super) fn refuse_blocked(plan: &Plan, file: &str, streams: Streams) -> Result<(), Trouble> {
    for entry in &plan.blocked {
        streams.annotate(|| {
            let (reason, help) = show::why(entry);
            show::annotation::of_blocked(file, entry, &reason, &help)
        });
    }
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
pub(super) fn guard(planned: &Planned, file: &str) -> Result<(), Trouble> {
    let judged = planned.judged.as_ref().unwrap_or(&planned.plan);
    match plan::refusals(judged, &planned.allowed).first() {
        None => Ok(()),
        Some(refusal) => {
            let (message, help) = show::refusal(refusal, file);
            Err(Trouble::new(message, help).exit(Exit::Refused))
        }
    }
}
