//! `azlin plan`.

use std::path::Path;

use super::context::Context;
use super::part::Part;
use super::planning::{self, Planned};
use super::{Exit, Streams, Trouble};
use crate::cli::{Common, Plan};
use crate::file::CannotEdit;
use crate::model::Owner;
use crate::plan;
use crate::replace::replace;
use crate::show;
use crate::text::{escape, plain};

pub(super) async fn run(common: &Common, args: &Plan, streams: Streams) -> Result<Exit, Trouble> {
    let context = Context::open(common, streams)?;
    let planned = planning::make(&context, &args.planning).await?;
    let plan = &planned.plan;
    if args.diff {
        for (at, part) in context.parts().enumerate() {
            diff(plan, at, part, streams)?;
        }
    } else {
        planning::print(&planned, &context, args.format, streams)?;
    }
    planning::guard(&planned)?;
    if let Some(out) = &args.out {
        save(out, &planned, &context)?;
    }
    planning::refuse_blocked(plan, &context, streams)?;
    if args.detailed_exitcode && !plan.changes.is_empty() {
        return Ok(Exit::Changes);
    }
    Ok(Exit::Done)
}

/// Prints the diff of the file at `at`, or says why there is none although azlin would write.
fn diff(plan: &plan::Plan, at: usize, part: &Part, streams: Streams) -> Result<(), Trouble> {
    let name = &part.name;
    let diff = show::diff(plan, at, &part.text, name, streams.stdout).map_err(|CannotEdit| {
        let message = format!("cannot write {name} as Azure would have it");
        Trouble::new(message, "leave --diff out")
    })?;
    streams.print(&diff)?;
    let adopted = plan.changes_of(at).count();
    if diff.is_empty() && adopted > 0 {
        let (vms, tag) = (show::count(adopted, "VM"), Owner::TAG);
        streams.note(&format!(
            "no diff: {name} matches Azure, and applying it only writes the owner tag {tag} on {vms}"
        ));
    }
    Ok(())
}

fn save(out: &Path, planned: &Planned, context: &Context) -> Result<(), Trouble> {
    let json = planned.json(context);
    replace(out, json.as_bytes(), false).map_err(|error| {
        let name = escape(&out.to_string_lossy()).into_owned();
        let message = format!("cannot write {name}: {}", plain(&error));
        Trouble::new(
            message,
            "check that the folder is there and that you may write to it",
        )
    })
}
