//! `azlin apply`.

use std::io::{self, BufRead as _, IsTerminal as _};

use super::context::Context;
use super::{Exit, Streams, Trouble};
use crate::apply::Outcome;
use crate::cli::{Apply, Common};
use crate::{apply, plan, show};

pub(super) async fn run(common: &Common, args: &Apply, streams: Streams) -> Result<Exit, Trouble> {
    let context = Context::open(common, streams)?;
    let live = context.sessions().await?;
    let plan = plan::plan(&context.file.desired, &live);
    streams.print(&show::plan(
        &plan,
        &context.place,
        &context.name,
        streams.stdout,
    ))?;
    super::plan::refuse_blocked(&plan, &context.name)?;
    if plan.steps.is_empty() {
        return Ok(Exit::Done);
    }
    if !args.auto_approve {
        ask(streams)?;
    }

    streams.print("\n")?;
    let columns = show::Columns::of(&plan.steps);
    let mut printed = Ok(());
    let mut report = |step: &plan::Step, outcome: &Outcome| {
        let line = show::outcome(columns, step, outcome, streams.stdout);
        // Once begun, the writes go on, whether or not anyone can read about them.
        let now = streams.print(&line);
        if printed.is_ok() {
            printed = now;
        }
    };
    let parallelism = usize::from(args.parallelism);
    let tag = &context.file.azure.tag;
    let outcomes = apply::apply(&context.arm, tag, &plan.steps, parallelism, &mut report).await;
    printed?;

    let after = plan::plan(&context.file.desired, &context.sessions().await?);
    streams.print(&show::verdict(
        &outcomes,
        &after,
        &context.name,
        streams.stdout,
    ))?;
    let done = outcomes
        .iter()
        .filter(|outcome| outcome.is_success())
        .count();
    match (done == outcomes.len() && after.is_empty(), done) {
        (true, _) => Ok(Exit::Done),
        (false, 0) => Err(Trouble::said()),
        (false, _) => Err(Trouble::said().exit(Exit::Partial)),
    }
}

fn ask(streams: Streams) -> Result<(), Trouble> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        let message = "nobody is here to approve the plan: this is no terminal";
        let help = "look at the plan above, then run apply with --auto-approve";
        return Err(Trouble::new(message, help).exit(Exit::Refused));
    }
    streams.say("\nDo this? Only `yes` is taken for yes: ");
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    match read.is_ok() && answer.trim() == "yes" {
        true => Ok(()),
        false => Err(Trouble::new(
            "not approved: nothing was written",
            "run apply again when you are ready",
        )),
    }
}
