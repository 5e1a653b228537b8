//! `azlin plan`.

use std::path::Path;

use super::context::Context;
use super::planning::{self, Planned};
use super::replace::replace;
use super::{Exit, Streams, Trouble};
use crate::cli::{Common, Plan};
use crate::plan::bundle;
use crate::show;
use crate::text::{escape, plain};

pub(super) async fn run(common: &Common, args: &Plan, streams: Streams) -> Result<Exit, Trouble> {
    let context = Context::open(common, streams)?;
    let planned = planning::make(&context, &args.planning).await?;
    let plans = &planned.plans;
    if args.diff {
        for (part, plan) in context.parts().zip(&plans.each) {
            let (desired, text) = (&part.file.desired, &part.text);
            streams.print(&show::diff(plan, desired, text, &part.name, streams.stdout))?;
        }
    } else {
        planning::print(&planned, &context, args.format, streams)?;
    }
    let refused = planning::guard(&planned, &context);
    if let (Some(out), Ok(())) = (&args.out, &refused) {
        save(out, &planned, &context)?;
    }
    refused?;
    planning::refuse_blocked(plans, &context, streams)?;
    match args.detailed_exitcode && plans.count(|_| true) > 0 {
        true => Ok(Exit::Changes),
        false => Ok(Exit::Done),
    }
}

fn save(out: &Path, planned: &Planned, context: &Context) -> Result<(), Trouble> {
    let json = bundle::write(planned.saved(context));
    replace(out, json.as_bytes(), false).map_err(|error| {
        let name = escape(&out.to_string_lossy()).into_owned();
        let message = format!("cannot write {name}: {}", plain(&error));
        Trouble::new(
            message,
            "check that the folder is there and that you may write to it",
        )
    })
}
