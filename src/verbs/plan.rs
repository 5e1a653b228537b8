//! `azlin plan`.

use super::context::Context;
use super::{Exit, Streams, Trouble, planning};
use crate::cli::{Common, Plan};
use crate::show;

pub(super) async fn run(common: &Common, args: &Plan, streams: Streams) -> Result<Exit, Trouble> {
    let context = Context::open(common, streams)?;
    let plan = planning::make(&context, &args.planning).await?.plan;
    streams.print(&show::plan(
        &plan,
        &context.place,
        &context.name,
        streams.stdout,
    ))?;
    planning::refuse_blocked(&plan, &context.name)?;
    planning::guard(&plan, &args.planning, &context.name)?;
    match args.detailed_exitcode && !plan.changes.is_empty() {
        true => Ok(Exit::Changes),
        false => Ok(Exit::Done),
    }
}
