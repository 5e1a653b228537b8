//! `azlin apply`.

use std::cell::Cell;
use std::io::{self, BufRead as _, IsTerminal as _};

use super::context::Context;
use super::planning::{self, Planned};
use super::{Exit, Streams, Trouble};
use crate::apply;
use crate::cli::{Apply, Common};
use crate::plan::{self, Ending, Outcome, Plan, Step};
use crate::show::{self, After};

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
        ask(plan, &context, streams)?;
        // While someone thought about it, someone else may have given out one of these names.
        let again = planning::make(&context, &args.planning).await?.plan;
        if (&again.steps, &again.blocked) != (&plan.steps, &plan.blocked) {
            let message = "Azure has changed since the plan was shown: nothing was written";
            let help = "run apply again and look at the new plan";
            return Err(Trouble::new(message, help).exit(Exit::Stale));
        }
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
    apply::put_back(arm, tag, steps, &outcomes, &mut report).await;

    let verdict = |after| show::verdict(&outcomes, &after, &context.name, streams.stdout);
    if was_interrupted.get() {
        streams.print(&verdict(After::Interrupted))?;
        return Ok(Exit::Interrupted);
    }
    let after = match context.sessions().await {
        Ok(live) => {
            let after = plan::plan(&context.file.desired, &live, &planned.aim);
            streams.print(&verdict(After::Planned(&after)))?;
            Some(after)
        }
        Err(trouble) => {
            streams.print(&verdict(After::Unread))?;
            trouble.say(streams);
            None
        }
    };
    printed?;
    match plan::ending(&outcomes, after.as_ref()) {
        Ending::Complete => Ok(Exit::Done),
        Ending::Partial => Ok(Exit::Partial),
        Ending::Nothing => Ok(Exit::Error),
    }
}

fn ask(plan: &Plan, context: &Context, streams: Streams) -> Result<(), Trouble> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        let message = "nobody is here to approve the plan: this is no terminal";
        let help = "look at the plan above, then run apply with --auto-approve";
        return Err(Trouble::new(message, help).exit(Exit::Refused));
    }
    if !io::stdout().is_terminal() {
        // Nobody approves what went into a file or a pipe.
        streams.say(&show::plan(
            plan,
            &context.place,
            &context.name,
            streams.stderr,
        ));
    }
    streams.say("\nDo this? Only `yes` is taken for yes: ");
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    match read.is_ok() && answer.trim() == "yes" {
        true => Ok(()),
        false => {
            let message = "not approved: nothing was written";
            Err(Trouble::new(message, "run apply again when you are ready").exit(Exit::Refused))
        }
    }
}
