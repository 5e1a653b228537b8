//! `azlin apply`.

use std::cell::Cell;
use std::io::{self, BufRead as _, IsTerminal as _};
use std::path::Path;

use super::context::Context;
use super::planning::{self, Planned};
use super::{Exit, Streams, Trouble, interrupt};
use crate::apply;
use crate::cli::{Apply, Common, Format};
use crate::model::Live;
use crate::plan::{self, Duplicate, Ending, Outcome, Plan, Standing, Step};
use crate::show::{self, After};
use crate::text::escape;

pub(super) async fn run(common: &Common, args: &Apply, streams: Streams) -> Result<Exit, Trouble> {
    let context = Context::open(common, streams)?;
    let planned = match &args.plan {
        None => planning::make(&context, &args.planning).await?,
        Some(path) => again(&context, path, streams).await?,
    };
    let plan = &planned.plan;
    if args.format == Format::Text {
        planning::print(&planned, &context, args.format, streams)?;
    }
    planning::guard(&planned, &context.name)?;
    if !args.partial {
        planning::refuse_blocked(plan, &context.name, streams)?;
    }
    if plan.steps.is_empty() {
        let done = Done {
            outcomes: Vec::new(),
            doubles: Vec::new(),
            ending: plan::ending(&[], Some(plan), &[]),
        };
        report(&context, &planned, &done, args.format, streams)?;
        return Ok(exit(done.ending));
    }
    if !args.auto_approve && args.plan.is_none() {
        ask(plan, &context, args.format, streams)?;
        context.arm.restart_time();
        // While someone thought about it, someone else may have given out one of these names.
        let again = planning::make(&context, &args.planning).await?.plan;
        if (&again.steps, &again.blocked) != (&plan.steps, &plan.blocked) {
            let message = "Azure has changed since the plan was shown: nothing was written";
            let help = "run apply again and look at the new plan";
            return Err(Trouble::new(message, help).exit(Exit::Stale));
        }
    }
    // A first Ctrl-C while writing finishes the writes under way; any other ends azlin at once.
    let writing = Cell::new(true);
    tokio::select! {
        exit = carry_out(&context, &planned, args, &writing, streams) => exit,
        () = interrupt::at_once(&writing) => Ok(Exit::Interrupted),
    }
}

/// What is left to do of the plan that was saved in `path`.
async fn again(context: &Context, path: &Path, streams: Streams) -> Result<Planned, Trouble> {
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
        Standing::Holds => Ok(planned),
        Standing::Applied => {
            streams.say(&format!("{name} is already applied: nothing to do\n"));
            Ok(planned)
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

/// What came of an apply.
struct Done {
    outcomes: Vec<Outcome>,
    doubles: Vec<Duplicate>,
    ending: Ending,
}

fn exit(ending: Ending) -> Exit {
    match ending {
        Ending::Complete => Exit::Done,
        Ending::Partial => Exit::Partial,
        Ending::Nothing => Exit::Error,
        Ending::Interrupted => Exit::Interrupted,
    }
}

/// The plan with what became of its steps, for a program or a pull request.
fn report(
    context: &Context,
    planned: &Planned,
    done: &Done,
    format: Format,
    streams: Streams,
) -> Result<(), Trouble> {
    let plan = &planned.plan;
    let Done {
        outcomes,
        doubles,
        ending,
    } = done;
    match format {
        Format::Text => Ok(()),
        Format::Json => streams.print(&plan::report(&plan.steps, outcomes, doubles, *ending)),
        Format::Markdown => {
            let (place, name) = (&context.place, &context.name);
            streams.print(&show::markdown(
                plan,
                place,
                name,
                Some((outcomes, doubles)),
            ))
        }
    }
}

/// Writes, reports each VM, reads everything once more and says how it went.
async fn carry_out(
    context: &Context,
    planned: &Planned,
    args: &Apply,
    writing: &Cell<bool>,
    streams: Streams,
) -> Result<Exit, Trouble> {
    let steps = &planned.plan.steps;
    // Where the report goes, if it is for people.
    let paint = match args.format {
        Format::Text => streams.stdout,
        Format::Json | Format::Markdown => streams.stderr,
    };
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
        print(&show::outcome(columns, step, outcome, paint));
        seen += 1;
        streams.count(seen.min(steps.len()), steps.len());
    };
    let was_interrupted = Cell::new(false);
    let interrupted = async {
        interrupt::next().await;
        was_interrupted.set(true);
        streams.say("\ninterrupted: the writes under way are finished, no other is begun\n");
    };
    let (arm, tag) = (&context.arm, &context.file.azure.tag);
    let parallelism = usize::from(args.parallelism);
    let mut outcomes =
        apply::apply(arm, tag, steps, parallelism, interrupted, &mut report_step).await;
    let mut doubles = Vec::new();
    let ending = if was_interrupted.get() {
        print(&show::verdict(
            &outcomes,
            &After::Interrupted,
            &context.name,
            paint,
        ));
        Ending::Interrupted
    } else {
        apply::put_back(arm, tag, steps, &mut outcomes, &mut report_step).await;
        writing.set(false);
        let live = context
            .sessions()
            .await
            .and_then(|live| whole(live, planned));
        match live {
            Ok(mut live) => {
                plan::correct(&mut live, steps, &outcomes);
                doubles = plan::doubles(steps, &outcomes, &live);
                let plan = plan::plan(&context.file.desired, &live, &planned.aim);
                let after = After::Planned {
                    plan: &plan,
                    doubles: &doubles,
                };
                print(&show::verdict(&outcomes, &after, &context.name, paint));
                plan::ending(&outcomes, Some(&plan), &doubles)
            }
            Err(trouble) => {
                print(&show::verdict(
                    &outcomes,
                    &After::Unread,
                    &context.name,
                    paint,
                ));
                trouble.say(streams);
                plan::ending(&outcomes, None, &[])
            }
        }
    };
    printed?;
    let done = Done {
        outcomes,
        doubles,
        ending,
    };
    report(context, planned, &done, args.format, streams)?;
    Ok(exit(ending))
}

/// `live`, if nothing may be missing from it, or that was allowed.
fn whole(live: Live, planned: &Planned) -> Result<Live, Trouble> {
    match live.incomplete.first() {
        Some(reason) if !planned.allowed.incomplete => {
            let message = format!("VMs may be missing from Azure's list: {reason}");
            Err(Trouble::new(
                message,
                "run plan to see whether Azure matches",
            ))
        }
        _ => Ok(live),
    }
}

fn ask(plan: &Plan, context: &Context, format: Format, streams: Streams) -> Result<(), Trouble> {
    let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    if in_ci || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        let message = "nobody is here to approve the plan: this is no terminal, or CI is set";
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
