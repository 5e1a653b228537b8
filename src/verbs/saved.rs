//! Reads a saved plan, and finds the steps that are left to do.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::context::{Context, What};
use super::planning::Planned;
use super::{Exit, Trouble, names, today};
use crate::model::Scope;
use crate::plan::{self, Aim, NoTake, Saved, Standing};
use crate::show;
use crate::text::shown;

/// Reads a saved plan.
pub(super) fn read(path: &Path) -> Result<Saved, Trouble> {
    const MAX_BYTES: u64 = 256 << 20;
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes));
    read.map_err(|error| {
        let help = "check the path; azlin plan --out FILE creates a plan";
        Trouble::cannot("read", path, &error, help)
    })?;
    Saved::read(&bytes).map_err(|why| show::unusable(&why, &shown(path)))
}

/// Returns the rest of the plan saved in `path`. It plans again for the same files in the same order, but for today.
pub(super) async fn resume(context: &Context, path: &Path) -> Result<Planned, Trouble> {
    let saved = read(path)?;
    let name = shown(path);
    let desired = context.desired();
    let bases: Vec<_> = desired.iter().map(|desired| &desired.basis).collect();
    let places = saved.places(&bases);
    let places = places.map_err(|why| show::unusable(&why, &name))?;
    let files = places.iter().filter_map(|at| desired.get(*at).copied());
    let files: Vec<_> = files.collect();
    let live = names::read_azure(context, What::Sessions, &Scope::clone).await?;
    let mut aim = Aim::on(today());
    aim.targets.clone_from(&saved.targets);
    aim.take_from.clone_from(&saved.take_ownership_from);
    aim.take.clone_from(&saved.take_ownership);
    aim.take
        .retain(|vm| plan::may_take(&context.part_of(vm).desired, vm) != Err(NoTake::NoOwner));
    let plan = plan::plan(&files, &live, &aim);
    let streams = context.streams;
    let judged = match saved.standing(&plan, &live) {
        Standing::Holds => {
            let mut judged = saved.plan;
            for (then, now) in judged.files.iter_mut().zip(&plan.files) {
                then.incomplete.clone_from(&now.incomplete);
            }
            Some(judged)
        }
        Standing::Applied => {
            streams.say(&format!("{name} is already applied: nothing to do\n"));
            None
        }
        Standing::Stale => {
            let then = show::plan(&saved.plan, streams.stderr);
            let now = show::plan(&plan, streams.stderr);
            streams.say(&format!(
                "The saved plan:\n\n{then}\nThe plan now:\n\n{now}\n"
            ));
            let message =
                format!("{name} is out of date: Azure has changed since; nothing was written");
            let help = "review the new plan above, then save it: azlin plan --out FILE";
            return Err(Trouble::new(message, help).exit(Exit::Stale));
        }
    };
    Ok(Planned {
        plan,
        live,
        aim,
        allowed: saved.allowed,
        judged,
    })
}
