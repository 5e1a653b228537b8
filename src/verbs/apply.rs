//! `azlin apply`.

use std::cell::Cell;
use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::Path;

use super::context::Context;
use super::planning::{self, Planned};
use super::{Exit, Streams, Trouble};
use crate::apply;
use crate::cli::{Apply, Common, Format};
use crate::plan::{self, Ending, Outcome, Plan, Standing, Step};
use crate::show::{self, After};
use crate::text::escape;

pub(super) async fn run(common: &Common, args: &Apply, streams: Streams) -> Result<Exit, Trouble> {
    let context = Context::open(common, streams)?;
    let planned = match &args.plan {
        None => planning::make(&context, &args.planning).await?,
        Some(path) => match again(&context, path, streams).await? {
            Some(planned) => planned,
            None => return Ok(Exit::Done),
        },
    };
    let plan = &planned.plan;
    if args.format == Format::Text {
        planning::print(&planned, &context, args.format, streams)?;
    }
    if !args.partial {
        planning::refuse_blocked(plan, &context.name, streams)?;
    }
    planning::guard(&planned, &context.name)?;
    if plan.steps.is_empty() {
        let ending = plan::ending(&[], Some(plan));
        report(&context, &planned, &[], ending, args.format, streams)?;
        return Ok(if plan.is_empty() {
            Exit::Done
        } else {
            Exit::Partial
        });
    }
    if !args.auto_approve && args.plan.is_none() {
        ask(plan, &context, args.format, streams)?;
        // While someone thought about it, someone else may have given out one of these names.
        let again = planning::make(&context, &args.planning).await?.plan;
        if (&again.steps, &again.blocked) != (&plan.steps, &plan.blocked) {
            let message = "Azure has changed since the plan was shown: nothing was written";
            let help = "run apply again and look at the new plan";
            return Err(Trouble::new(message, help).exit(Exit::Stale));
        }
    }
    carry_out(&context, &planned, args, streams).await
}

/// What is left to do of the plan that was saved in `path`; none when all of it is done.
async fn again(
    context: &Context,
    path: &Path,
    streams: Streams,
) -> Result<Option<Planned>, Trouble> {
    let saved = planning::read(path)?;
    let name = escape(&path.to_string_lossy()).into_owned();
    saved.check(&context.basis()).map_err(|why| {
        let (message, help) = show::unusable(&why, &name);
        let exit = if why.is_stale() {
            Exit::Stale
        } else {
            Exit::Error
        };
        Trouble::new(message, help).exit(exit)
    })?;
    let planned = planning::make_again(context, &saved).await?;
    match saved.standing(&planned.plan, &planned.live) {
        Standing::Holds => Ok(Some(planned)),
        Standing::Applied => {
            streams.say(&format!("{name} is already applied: nothing to do\n"));
            Ok(None)
        }
        Standing::Stale => {
            let shown = |plan| show::plan(plan, &context.place, &context.name, streams.stderr);
            let (then, now) = (shown(&saved.plan), shown(&planned.plan));
            streams.say(&format!(
                "The saved plan:\n\n{then}\nThe plan now:\n\n{now}\n"
            ));
            let message =
                format!("{name} is out of date: Azure has changed since; nothing was written");
            let help = "look at the new plan, and save it: azlin plan --out FILE";
            Err(Trouble::new(message, help).exit(Exit::Stale))
        }
    }
}

/// The plan with what became of its steps, for a program or a pull request.
fn report(
    context: &Context,
    planned: &Planned,
    outcomes: &[Outcome],
    ending: Ending,
    format: Format,
    streams: Streams,
) -> Result<(), Trouble> {
    let plan = &planned.plan;
    match format {
        Format::Text => Ok(()),
        Format::Json => streams.print(&plan::report(&plan.steps, outcomes, ending)),
        Format::Markdown => {
            let (place, name) = (&context.place, &context.name);
            streams.print(&show::markdown(plan, place, name, Some(outcomes)))
        }
    }
}

/// Writes, reports each VM, reads everything once more and says how it went.
async fn carry_out(
    context: &Context,
    planned: &Planned,
    args: &Apply,
    streams: Streams,
) -> Result<Exit, Trouble> {
    let steps = &planned.plan.steps;
    let columns = show::Columns::of(steps);
    let mut printed = Ok(());
    let mut print = |text: &str| {
        // Once begun, the writes go on, whether or not anyone can read about them.
        let now = match args.format {
            Format::Text => streams.print(text),
            Format::Json | Format::Markdown => {
                streams.say(text);
                Ok(())
            }
        };
        if printed.is_ok() {
            printed = now;
        }
    };
    print("\n");
    let mut seen = 0;
    let mut report_step = |step: &Step, outcome: &Outcome| {
        print(&show::outcome(columns, step, outcome, streams.stdout));
        seen += 1;
        streams.count(seen.min(steps.len()), steps.len());
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
    let parallelism = usize::from(args.parallelism);
    let outcomes = apply::apply(arm, tag, steps, parallelism, interrupted, &mut report_step).await;
    apply::put_back(arm, tag, steps, &outcomes, &mut report_step).await;

    let verdict = |after| show::verdict(&outcomes, &after, &context.name, streams.stdout);
    let ending = if was_interrupted.get() {
        print(&verdict(After::Interrupted));
        Ending::Interrupted
    } else {
        match context.sessions().await {
            Ok(live) => {
                let after = plan::plan(&context.file.desired, &live, &planned.aim);
                print(&verdict(After::Planned(&after)));
                plan::ending(&outcomes, Some(&after))
            }
            Err(trouble) => {
                print(&verdict(After::Unread));
                trouble.say(streams);
                plan::ending(&outcomes, None)
            }
        }
    };
    printed?;
    report(context, planned, &outcomes, ending, args.format, streams)?;
    Ok(match ending {
        Ending::Complete => Exit::Done,
        Ending::Partial => Exit::Partial,
        Ending::Nothing => Exit::Error,
        Ending::Interrupted => Exit::Interrupted,
    })
}

fn ask(plan: &Plan, context: &Context, format: Format, streams: Streams) -> Result<(), Trouble> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        let message = "nobody is here to approve the plan: this is no terminal";
        let help = "look at the plan above, then run apply with --auto-approve";
        return Err(Trouble::new(message, help).exit(Exit::Refused));
    }
    if !io::stdout().is_terminal() || format != Format::Text {
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
