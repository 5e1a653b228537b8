//! Reads a saved plan, and finds the steps that are left to do.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::context::{Context, What};
use super::planning::{self, Planned};
use super::{Exit, Trouble, names, today};
use crate::cli::{Format, Planning};
use crate::model::Scope;
use crate::plan::{self, Aim, Difference, Options, Plan, Saved, Standing};
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

/// Returns the rest of the plan saved in `path`. It plans again for the same files in the same order, but for today. What the saved
/// plan allows counts only as far as `args` allow it too: anyone may have written it.
///
/// If the plan is out of date, prints the differences in `format`.
pub(super) async fn resume(
    context: &Context,
    path: &Path,
    args: &Planning,
    format: Format,
) -> Result<Planned, Trouble> {
    let saved = read(path)?;
    let name = shown(path);
    let desired = context.desired();
    let bases: Vec<_> = desired.iter().map(|desired| &desired.basis).collect();
    let places = match saved.places(&bases) {
        Ok(places) => places,
        Err(why) => {
            if let Some(difference) = why.stale() {
                print_stale(context, &name, &[difference], None, format)?;
            }
            return Err(show::unusable(&why, &name));
        }
    };
    let files = places.iter().filter_map(|at| desired.get(*at).copied());
    let files: Vec<_> = files.collect();
    let live = names::read_azure(context, What::Sessions, &Scope::clone).await?;
    let run = planning::options(context, args, &live)?;
    let more = saved.options.taking_beyond(&run);
    let mut aim = Aim {
        today: today(),
        options: saved.options.clone(),
    };
    let plan = plan::plan(&files, &live, &aim);
    let streams = context.streams;
    match saved.standing(&plan, &live) {
        Standing::Holds if more != Options::default() => {
            return Err(show::taking(&name, &more, context.ids));
        }
        Standing::Holds => {}
        Standing::Applied => {
            streams.say(&format!("{name} is already applied: nothing to do\n"));
        }
        Standing::Stale => {
            let differences = plan::differences(&saved.plan, &plan, &live);
            print_stale(
                context,
                &name,
                &differences,
                Some((&plan, &aim.options)),
                format,
            )?;
            let message =
                format!("{name} is out of date: Azure has changed since; nothing was written");
            let help = "review a new plan, then save it: azlin plan --out FILE";
            return Err(Trouble::new(message, help).exit(Exit::Stale));
        }
    }
    aim.options = saved.options.within(&run);
    Ok(Planned {
        plan,
        live,
        aim,
        saved: Some((name, saved.options)),
    })
}

/// Prints why the plan saved in `name` is out of date, and as text also the plan `now`.
fn print_stale(
    context: &Context,
    name: &str,
    differences: &[Difference],
    now: Option<(&Plan, &Options)>,
    format: Format,
) -> Result<(), Trouble> {
    let streams = context.streams;
    streams.print(&match format {
        Format::Text => {
            let since = format!("Since {name} was saved");
            let mut text = show::stale(differences, &since, context.ids);
            if let Some((plan, options)) = now {
                let now = show::plan(plan, options, streams.stdout);
                text += &format!("\nThe plan now:\n\n{now}");
            }
            text
        }
        Format::Json => plan::stale_report(differences),
        Format::Markdown => show::stale_markdown(differences, context.ids),
    })
}
