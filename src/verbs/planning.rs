//! Files and Azure → the plan, for `plan` and for `apply`.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::SystemTime;

use super::context::Context;
use super::part::Part;
use super::{Streams, Trouble, names, today};
use crate::cli::{Format, Planning};
use crate::model::{Desired, Live, Scope, VmId};
use crate::plan::{self, Aim, Allowed, NoTake, Plan, Saved};
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
    /// The plan with all that it was made from, as JSON.
    pub fn json(&self, context: &Context) -> String {
        let mut plan = self.plan.clone();
        for file in &mut plan.files {
            let mut parts = context.parts();
            let part = parts.find(|part| part.desired.basis == file.basis);
            file.basis.commit = part.and_then(Part::commit);
        }
        let fingerprint = plan::fingerprint(&self.live);
        Saved::new(&self.aim, self.allowed, fingerprint, plan).write()
    }
}

/// Which VMs hold which sessions now; their names are kept for the next TAB.
pub(super) async fn sessions(context: &Context) -> Result<Live, Trouble> {
    let now = SystemTime::now();
    let live = context.sessions().await?;
    names::remember(context, &live, &Scope::clone, now);
    Ok(live)
}

/// Reads Azure and plans, by the day that it is now.
pub(super) async fn make(context: &Context, args: &Planning) -> Result<Planned, Trouble> {
    let live = sessions(context).await?;
    let mut aim = Aim::on(today());
    aim.targets = vms(context, &args.target, "--target", &live)?;
    aim.take = vms(context, &args.take_ownership, "--take-ownership", &live)?;
    for vm in &aim.take {
        check_take(context, vm)?;
    }
    Ok(Planned {
        plan: plan::plan(&context.desired(), &live, &aim),
        live,
        aim,
        allowed: Allowed {
            removals: args.max_removals,
            incomplete: args.allow_incomplete,
        },
        judged: None,
    })
}

/// Checks that a file with an owner has a line for `vm`, which is to be taken from another owner.
fn check_take(context: &Context, vm: &VmId) -> Result<(), Trouble> {
    let part = context.part_of(vm);
    let name = &part.name;
    match plan::may_take(&part.desired, vm) {
        Ok(()) => Ok(()),
        // Of several files none has a line for it: whether one has an owner is beside the point.
        Err(_) if context.has_several() && !part.desired.declares(vm) => Err(Trouble::new(
            format!(
                "--take-ownership: no file has a line for {}",
                context.ids.name(vm)
            ),
            "only a VM that a file names is taken from its owner",
        )),
        Err(NoTake::NoOwner) => Err(Trouble::new(
            format!("--take-ownership needs an owner, and {name} has none"),
            "write `owner = \"…\"` at the top of the file",
        )),
        Err(NoTake::NoLine) => Err(Trouble::new(
            format!(
                "--take-ownership: {name} has no line for {}",
                context.ids.name(vm)
            ),
            "only a VM that the file names is taken from its owner",
        )),
    }
}

/// Reads Azure and plans for `files`, in the order of the plan that was `saved` for them, as that was planned, but for the day
/// that it is now.
pub(super) async fn make_again(
    context: &Context,
    files: &[&Desired],
    saved: &Saved,
) -> Result<Planned, Trouble> {
    let live = sessions(context).await?;
    let mut aim = Aim::on(today());
    aim.targets.clone_from(&saved.targets);
    let may_take =
        |vm: &&VmId| plan::may_take(&context.part_of(vm).desired, vm) != Err(NoTake::NoOwner);
    aim.take = saved
        .take_ownership
        .iter()
        .filter(may_take)
        .cloned()
        .collect();
    let plan = plan::plan(files, &live, &aim);
    let mut judged = saved.plan.clone();
    for (then, now) in judged.files.iter_mut().zip(&plan.files) {
        then.incomplete.clone_from(&now.incomplete);
    }
    Ok(Planned {
        plan,
        live,
        aim,
        allowed: saved.allowed,
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
    Saved::read(&bytes).map_err(|why| show::unusable(&why, &name))
}

/// Prints the plan in the format that was asked for, on stdout.
pub(super) fn print(
    planned: &Planned,
    context: &Context,
    format: Format,
    streams: Streams,
) -> Result<(), Trouble> {
    streams.print(&match format {
        Format::Text => show::plan(&planned.plan, streams.stdout),
        Format::Json => planned.json(context),
        Format::Markdown => show::markdown(&planned.plan, None),
    })
}

/// The VMs that a flag names, as `VM`, `GROUP/VM` or `SUBSCRIPTION/GROUP/VM`, in the file or in Azure.
fn vms(
    context: &Context,
    names: &[String],
    flag: &str,
    live: &Live,
) -> Result<BTreeSet<VmId>, Trouble> {
    let lines = context.parts().flat_map(|part| &part.desired.sessions);
    let known: BTreeSet<&VmId> = live.vms.keys().chain(lines.map(|line| &line.vm)).collect();
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
                format!("say which as {}", context.ids.spelling()),
            )),
        }
    };
    names.iter().map(one).collect()
}

/// Fails where lines of the plan are blocked: such a plan is none to build on.
pub(super) fn refuse_blocked(
    plan: &Plan,
    context: &Context,
    streams: Streams,
) -> Result<(), Trouble> {
    let mut files = Vec::new();
    for file in plan.files.iter().filter(|file| !file.blocked.is_empty()) {
        for entry in &file.blocked {
            streams.annotate(|| show::annotation::of_blocked(&file.basis.file, entry, context.ids));
        }
        files.push(text::escape(&file.basis.file));
    }
    if files.is_empty() {
        return Ok(());
    }
    let (lines, files) = (show::count(plan.blocked(), "line"), show::names(&files));
    let message = format!("{lines} in {files} cannot be applied");
    let help = "the plan says for each what to do; apply --partial does the rest";
    Err(Trouble::new(message, help))
}

/// Fails where the plan goes further than was allowed.
pub(super) fn guard(planned: &Planned) -> Result<(), Trouble> {
    let judged = planned.judged.as_ref().unwrap_or(&planned.plan);
    let refusals = plan::refusals(judged, &planned.allowed);
    let Some((at, refusal)) = refusals.first() else {
        return Ok(());
    };
    let file = judged
        .files
        .get(*at)
        .map_or("", |file| file.basis.file.as_str());
    Err(show::refusal(refusal, &text::escape(file)))
}
