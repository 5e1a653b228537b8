//! `azlin plan`.

use std::path::Path;

use super::context::Context;
use super::planning::{self, Planned};
use super::{Exit, Streams, Trouble};
use crate::cli::{Common, Plan};
use crate::replace::replace;
use crate::show;
use crate::text::{escape, plain};

pub(super) async fn run(common: &Common, args: &Plan, streams: Streams) -> Result<Exit, Trouble> {
    let context = Context::open(common, streams)?;
    let planned = planning::make(&context, &args.planning).await?;
    let plan = &planned.plan;
    if args.diff {
        for (at, part) in context.parts().enumerate() {
            let diff = show::diff(plan, at, &part.desired, &part.text, streams.stdout);
            streams.print(&diff)?;
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
