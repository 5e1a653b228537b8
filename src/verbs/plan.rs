//! `azlin plan`.

use super::context::Context;
use super::{Exit, Streams, Trouble};
use crate::cli::{Common, Plan};
use crate::{plan, show};

pub(super) async fn run(common: &Common, args: &Plan, streams: Streams) -> Result<Exit, Trouble> {
    let context = Context::open(common, streams)?;
    let live = context.sessions().await?;
    let plan = plan::plan(&context.file.desired, &live);
    streams.print(&show::plan(
        &plan,
        &context.place,
        &context.name,
        streams.stdout,
    ))?;
    refuse_blocked(&plan, &context.name)?;
    match args.detailed_exitcode && !plan.changes.is_empty() {
        true => Ok(Exit::Changes),
        false => Ok(Exit::Done),
    }
}

/// That a plan with blocked lines is no plan to build on.
pub(super) fn refuse_blocked(plan: &plan::Plan, file: &str) -> Result<(), Trouble> {
    let lines = match plan.blocked.len() {
        0 => return Ok(()),
        1 => "1 line".to_owned(),
        n => format!("{n} lines"),
    };
    let message = format!("{lines} of {file} cannot be carried out");
    Err(Trouble::new(
        message,
        "the plan says for each what stands in its way and what to do",
    ))
}
