//! Files and Azure → the plan, for `plan` and for `apply`.

use std::collections::BTreeSet;

use super::context::{Context, What};
use super::part::Part;
use super::{Trouble, names, today};
use crate::cli::{Format, Planning};
use crate::model::{Live, LiveName, Scope, VmId};
use crate::plan::{self, Aim, NoTake, Options, Plan, Saved};
use crate::resolve::{self, Meant};
use crate::show::{self, Applying, Ids};
use crate::text;

/// A plan, with the data that it was made from.
pub(super) struct Planned {
    pub plan: Plan,
    pub live: Live,
    pub aim: Aim,
    /// The saved plan that it carries out: its file's name, and what its author let it do.
    pub saved: Option<(String, Options)>,
}

impl Planned {
    /// The plan as JSON, with everything that it was made from.
    pub fn json(&self, context: &Context) -> String {
        let mut plan = self.plan.clone();
        for file in &mut plan.files {
            let mut parts = context.parts();
            let part = parts.find(|part| part.desired.basis == file.basis);
            file.basis.commit = part.and_then(Part::commit);
        }
        let fingerprint = plan::fingerprint(&self.live);
        Saved::new(self.aim.options.clone(), fingerprint, plan).write()
    }
}

/// Reads Azure and plans for today.
pub(super) async fn make(context: &Context, args: &Planning) -> Result<Planned, Trouble> {
    let live = names::read_azure(context, What::Sessions, &Scope::clone).await?;
    let aim = Aim {
        today: today(),
        options: options(context, args, &live)?,
    };
    Ok(Planned {
        plan: plan::plan(&context.desired(), &live, &aim),
        live,
        aim,
        saved: None,
    })
}

/// The options on the command line, with the VMs and owners that they name in `live`.
pub(super) fn options(context: &Context, args: &Planning, live: &Live) -> Result<Options, Trouble> {
    let take_ownership = vms(context, &args.take_ownership, "--take-ownership", live)?;
    for vm in &take_ownership {
        check_take(context, vm)?;
    }
    Ok(Options {
        targets: vms(context, &args.target, "--target", live)?,
        take_ownership,
        take_ownership_from: owners(context, &args.take_ownership_from, live)?,
        max_removals: args.max_removals,
        allow_incomplete: args.allow_incomplete,
    })
}

/// Checks that a file with an owner declares `vm`, which `--take-ownership` names.
fn check_take(context: &Context, vm: &VmId) -> Result<(), Trouble> {
    let part = context.part_of(vm);
    let Err(why) = plan::may_take(&part.desired, vm) else {
        return Ok(());
    };
    let (file, id) = (&part.name, context.ids.name(vm));
    // If none of several files has a line for it, their owners do not matter.
    let (message, help) = if context.has_several() && !part.desired.declares(vm) {
        (
            format!("--take-ownership: no file has a line for {id}"),
            "add a line for the VM to its file first",
        )
    } else if why == NoTake::NoOwner {
        (
            format!("--take-ownership requires an `owner`, but {file} has none"),
            "write `owner = \"…\"` at the top of the file",
        )
    } else {
        (
            format!("--take-ownership: {file} has no line for {id}"),
            "add a line for the VM to the file first",
        )
    };
    Err(Trouble::new(message, help))
}

/// The owners that `--take-ownership-from` names. A note names the owners in Azure if one of them has no session there.
fn owners(context: &Context, names: &[String], live: &Live) -> Result<BTreeSet<LiveName>, Trouble> {
    let of_sessions = live.vms.values().filter(|vm| vm.held.session.is_some());
    let known: BTreeSet<&LiveName> = of_sessions
        .filter_map(|vm| vm.held.owner.as_ref())
        .collect();
    let mut owners = BTreeSet::new();
    for name in names {
        let Some(old) = LiveName::new(name) else {
            let help = "name the owner that the file had before";
            return Err(Trouble::new(
                "--take-ownership-from: the owner is empty",
                help,
            ));
        };
        plan::may_rename(&context.desired(), &old)
            .map_err(|why| show::no_rename(&old, why, &context.names()))?;
        if !known.contains(&old) {
            context.streams.note(&show::owns_nothing(&old, &known));
        }
        owners.insert(old);
    }
    Ok(owners)
}

/// Prints the plan in `format` on stdout.
pub(super) fn print(planned: &Planned, context: &Context, format: Format) -> Result<(), Trouble> {
    let streams = context.streams;
    streams.print(&match format {
        Format::Text => show::plan(&planned.plan, &planned.aim.options, streams.stdout),
        Format::Json => planned.json(context),
        Format::Markdown => show::markdown(&planned.plan, &planned.aim.options),
    })
}

/// The VMs, in the file or in Azure, that a flag names as `VM`, `GROUP/VM` or `SUBSCRIPTION/GROUP/VM`.
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
        match found.as_slice() {
            [id] => Ok((**id).clone()),
            [] => Err(Trouble::new(
                format!(
                    "{flag}: VM {} not found in the file or in Azure",
                    text::quote(name)
                ),
                not_found(name, &known, live, context.ids),
            )),
            several => Err(Trouble::new(
                format!(
                    "{flag}: {} matches {} VMs",
                    text::quote(name),
                    several.len()
                ),
                format!("choose one, as {}", context.ids.spelling()),
            )),
        }
    };
    names.iter().map(one).collect()
}

/// The help for a flag whose `name` is not a VM of `known`.
fn not_found(name: &str, known: &BTreeSet<&VmId>, live: &Live, ids: Ids) -> String {
    if let Some(meant @ Meant::Elsewhere(_)) = resolve::meant(live, name, None) {
        return show::meant(name, &meant, false, false, ids);
    }
    if let Some(vm) = live.vms.values().find(|vm| vm.held.is(name)) {
        return format!("use {}, which holds that session", ids.name(&vm.id));
    }
    let names: BTreeSet<&str> = known.iter().map(|id| id.path().folded_name()).collect();
    let similar = text::nearest(name, names.into_iter(), 3);
    if similar.is_empty() {
        return "check the name, or write it as GROUP/VM".to_owned();
    }
    let is_similar = |id: &&&VmId| similar.contains(&id.path().folded_name());
    let similar = known.iter().filter(is_similar).take(3);
    format!(
        "did you mean {}?",
        text::or(&similar.map(|id| ids.name(id)).collect::<Vec<_>>())
    )
}

/// Fails if lines of the plan are blocked. `so` is the consequence, appended to the message.
pub(super) fn refuse_blocked(plan: &Plan, context: &Context, so: &str) -> Result<(), Trouble> {
    let mut files = Vec::new();
    for file in plan.files.iter().filter(|file| !file.blocked.is_empty()) {
        let mut parts = context.parts();
        let part = parts.find(|part| part.desired.basis == file.basis);
        let path = part.map_or("", |part| part.document.source.name.as_str());
        for entry in &file.blocked {
            context.streams.annotate(path, |runner, file| {
                show::annotation::of_blocked(runner, file, entry, context.ids)
            });
        }
        files.push(&file.basis.file);
    }
    if files.is_empty() {
        return Ok(());
    }
    let (lines, files) = (show::count(plan.blocked(), "line"), show::names(&files));
    let message = format!("{lines} in {files} cannot be applied{so}");
    let help = "fix the lines above; to apply only the others, run azlin apply --partial";
    Err(Trouble::new(message, help))
}

/// Fails if a guard refuses the plan.
pub(super) fn guard(planned: &Planned) -> Result<(), Trouble> {
    let refusals = plan::refusals(&planned.plan, &planned.aim.options);
    let Some(refused) = refusals.first() else {
        return Ok(());
    };
    let file = planned.plan.files.get(refused.file);
    let file = file.map_or("", |file| file.basis.file.as_str());
    let saved = planned.saved.as_ref();
    let saved = saved.map(|(name, options)| Applying { name, options });
    Err(show::refusal(refused, file, saved))
}
