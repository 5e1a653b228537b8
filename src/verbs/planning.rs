//! Files and Azure → plans, for `plan` and for `apply`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::context::Context;
use super::{Exit, Streams, Trouble, today};
use crate::cli::{Format, Planning};
use crate::model::{Live, VmId};
use crate::plan::{self, Aim, Allowed, Plan, Plans, Saved, bundle};
use crate::show::{self, Section};
use crate::text::{self, plain};

/// The files' plans, and what they were made with.
pub(super) struct Planned {
    pub plans: Plans,
    pub live: Live,
    pub aim: Aim,
    pub allowed: Allowed,
    /// The plans that the guards judge, where those are others: saved ones, of which a crash may have left only the end.
    judged: Option<Vec<Plan>>,
}

impl Planned {
    /// The plans with all that they were made from.
    pub fn saved(&self, context: &Context) -> Vec<Saved> {
        let fingerprint = plan::fingerprint(&self.live);
        let plans = context.parts().zip(&self.plans.each);
        let saved = plans.map(|(part, plan)| {
            Saved::new(
                part.basis(),
                &self.aim,
                self.allowed,
                &fingerprint,
                plan.clone(),
            )
        });
        saved.collect()
    }
}

/// Reads Azure and plans, by the day that it is now.
pub(super) async fn make(context: &Context, args: &Planning) -> Result<Planned, Trouble> {
    let live = context.sessions().await?;
    let desired = context.desired();
    let mut aim = Aim::on(today());
    aim.targets = vms(context, &args.target, "--target", &live)?;
    aim.take = vms(context, &args.take_ownership, "--take-ownership", &live)?;
    for vm in &aim.take {
        let part = context.part_of(vm);
        let (name, desired) = (&part.name, &part.file.desired);
        let is_declared = desired.sessions.iter().any(|line| line.vm == *vm);
        // Of several files none has a line for it: whether one has an owner is beside the point.
        if context.has_several() && !is_declared {
            let message = format!("--take-ownership: no file has a line for {vm}");
            return Err(Trouble::new(
                message,
                "only a VM that a file names is taken from its owner",
            ));
        }
        if desired.owner.is_none() {
            let message = format!("--take-ownership needs an owner, and {name} has none");
            return Err(Trouble::new(
                message,
                "write `owner = \"…\"` at the top of the file",
            ));
        }
        if !is_declared {
            let message = format!("--take-ownership: {name} has no line for {vm}");
            return Err(Trouble::new(
                message,
                "only a VM that the file names is taken from its owner",
            ));
        }
    }
    let plans = plan::plans(&desired, &live, &aim);
    let allowed = Allowed {
        removals: args.max_removals,
        incomplete: args.allow_incomplete,
    };
    Ok(Planned {
        plans,
        live,
        aim,
        allowed,
        judged: None,
    })
}

/// Reads Azure and plans as `saved`, one for each file, were planned, but for the day that it is now.
pub(super) async fn make_again(context: &Context, saved: &[Saved]) -> Result<Planned, Trouble> {
    let live = context.sessions().await?;
    let mut aim = Aim::on(today());
    let mut allowed = Allowed::default();
    // All plans of a bundle were made in the same way.
    if let Some(first) = saved.first() {
        aim.targets.clone_from(&first.targets);
        allowed = first.allowed;
        let has_owner = |vm: &&VmId| context.part_of(vm).file.desired.owner.is_some();
        aim.take = first
            .take_ownership
            .iter()
            .filter(has_owner)
            .cloned()
            .collect();
    }
    let plans = plan::plans(&context.desired(), &live, &aim);
    let judged = saved.iter().zip(&plans.each).map(|(saved, now)| Plan {
        incomplete: now.incomplete.clone(),
        ..saved.plan.clone()
    });
    let judged = Some(judged.collect());
    Ok(Planned {
        plans,
        live,
        aim,
        allowed,
        judged,
    })
}

/// Reads saved plans.
pub(super) fn read(path: &Path) -> Result<Vec<Saved>, Trouble> {
    const MAX_BYTES: u64 = 256 << 20;
    let name = text::escape(&path.to_string_lossy()).into_owned();
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes));
    read.map_err(|error| {
        let message = format!("cannot read {name}: {}", plain(&error));
        Trouble::new(message, "check the name; azlin plan --out FILE makes one")
    })?;
    bundle::read(&bytes).map_err(|why| {
        let (message, help) = show::unusable(&why, &name);
        Trouble::new(message, help)
    })
}

/// The plans in the format that was asked for, on stdout.
pub(super) fn print(
    planned: &Planned,
    context: &Context,
    format: Format,
    streams: Streams,
) -> Result<(), Trouble> {
    let sections = sections(context, &planned.plans.each);
    streams.print(&match format {
        Format::Text => show::plans(&sections, streams.stdout),
        Format::Json => bundle::write(planned.saved(context)),
        Format::Markdown => show::markdown(&sections, None),
    })
}

/// Each file's plan with what it is for.
pub(super) fn sections<'a>(context: &'a Context, plans: &'a [Plan]) -> Vec<Section<'a>> {
    let parts = context.parts().zip(plans);
    let sections = parts.map(|(part, plan)| Section {
        plan,
        place: &part.place,
        file: &part.name,
    });
    sections.collect()
}

/// The VMs that a flag names, as `VM` or `GROUP/VM`, in the file or in Azure.
fn vms(
    context: &Context,
    names: &[String],
    flag: &str,
    live: &Live,
) -> Result<BTreeSet<VmId>, Trouble> {
    let parts = context.parts();
    let lines = parts.flat_map(|part| &part.file.desired.sessions);
    let known: BTreeSet<&VmId> = live.vms.keys().chain(lines.map(|line| &line.vm)).collect();
    let one = |name: &String| {
        let name = context.name_here(name);
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
                match several.iter().any(|id| id.subscription().is_some()) {
                    true => "say which as SUBSCRIPTION/GROUP/VM",
                    false => "say which as GROUP/VM",
                },
            )),
        }
    };
    names.iter().map(one).collect()
}

/// That plans with blocked lines are none to build on.
pub(super) fn refuse_blocked(
    plans: &Plans,
    context: &Context,
    streams: Streams,
) -> Result<(), Trouble> {
    let mut files = Vec::new();
    for (part, plan) in context.parts().zip(&plans.each) {
        for entry in &plan.blocked {
            streams.annotate(|| {
                let (reason, help) = show::why(entry);
                show::annotation::of_blocked(&part.name, entry, &reason, &help)
            });
        }
        files.extend((!plan.blocked.is_empty()).then_some(&part.name));
    }
    if files.is_empty() {
        return Ok(());
    }
    let (lines, files) = (show::count(plans.blocked(), "line"), show::names(&files));
    let message = format!("{lines} of {files} cannot be carried out");
    let help = "the plan says for each what to do; apply --partial does the rest";
    Err(Trouble::new(message, help))
}

/// That plans go further than was allowed.
pub(super) fn guard(planned: &Planned, context: &Context) -> Result<(), Trouble> {
    let judged = planned.judged.as_ref().unwrap_or(&planned.plans.each);
    let refusals = plan::refusals(judged, &planned.allowed);
    let Some((at, refusal)) = refusals.first() else {
        return Ok(());
    };
    let part = context.parts().nth(*at).unwrap_or(&context.first);
    let (message, help) = show::refusal(refusal, &part.name);
    Err(Trouble::new(message, help).exit(Exit::Refused))
}
