//! `azlin apply`.

use std::cell::Cell;
use std::io::{self, BufRead as _, IsTerminal as _};

use super::context::Context;
use super::planning::{self, Planned};
use super::{Exit, Streams, Trouble};
use crate::apply::{self, Outcome};
use crate::cli::{Apply, Common};
use crate::plan::{self, Step};
use crate::show;

pub(super) async fn run(common: &Common, args: &Apply, streams: Streams) -> Result<Exit, Trouble> {
    let context = Context::open(common, streams)?;
    let planned = planning::make(&context, &args.planning).await?;
    let plan = &planned.plan;
    streams.print(&show::plan(
        plan,
        &context.place,
        &context.name,
        streams.stdout,
    ))?;
    if !args.partial {
        planning::refuse_blocked(plan, &context.name)?;
    }
    planning::guard(plan, &args.planning, &context.name)?;
    if plan.steps.is_empty() {
        return Ok(if plan.is_empty() {
            Exit::Done
        } else {
            Exit::Partial
        });
    }
    if !args.auto_approve {
        ask(streams)?;
    }
    carry_out(&context, &planned, usize::from(args.parallelism), streams).await
}

/// Writes, reports each VM, reads everything once more and says how it went.
async fn carry_out(
    context: &Context,
    planned: &Planned,
    parallelism: usize,
    streams: Streams,
) -> Result<Exit, Trouble> {
    let steps = &planned.plan.steps;
    streams.print("\n")?;
    let columns = show::Columns::of(steps);
    let mut printed = Ok(());
    let mut report = |step: &Step, outcome: &Outcome| {
        let line = show::outcome(columns, step, outcome, streams.stdout);
        // Once begun, the writes go on, whether or not anyone can read about them.
        let now = streams.print(&line);
        if printed.is_ok() {
            printed = now;
        }
    };
    let was_interrupted = Cell::new(false);
    let interrupted = async {
        match tokio::signal::ctrl_c().await {
            Ok(()) => was_interrupted.set(true),
            Err(_) => std::future::pending().await,
        }
        streams.say("\ninterrupted: the writes under way are finished, no other is begun\n");
    };
    let (arm, tag) = (&context.arm, &context.file.azure.tag);
    let outcomes = apply::apply(arm, tag, steps, parallelism, interrupted, &mut report).await;
    printed?;
    if was_interrupted.get() {
        streams.print(&show::verdict(
            &outcomes,
            None,
            &context.name,
            streams.stdout,
        ))?;
        return Ok(Exit::Interrupted);
    }

    let live = context.sessions().await?;
    let after = plan::plan(&context.file.desired, &live, &planned.aim);
    streams.print(&show::verdict(
        &outcomes,
        Some(&after),
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
        false => {
            let message = "not approved: nothing was written";
            Err(Trouble::new(message, "run apply again when you are ready"))
        }
    }
}
