//! `azlin apply`.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, BufRead as _, IsTerminal as _};

use super::context::Context;
use super::planning::{self, Planned};
use super::{Exit, Streams, Trouble, interrupt, resume};
use crate::apply;
use crate::cli::{Apply, Common, Format};
use crate::model::{Live, VmId};
use crate::plan::{self, Duplicate, Ending, Outcome, Plan, Plans, Step};
use crate::show::{self, After, Applied};

pub(super) async fn run(common: &Common, args: &Apply, streams: Streams) -> Result<Exit, Trouble> {
    let context = Context::open(common, streams)?;
    let planned = match &args.plan {
        None => planning::make(&context, &args.planning).await?,
        Some(path) => resume::resume(&context, path, streams).await?,
    };
    let plans = &planned.plans;
    if args.format == Format::Text {
        planning::print(&planned, &context, args.format, streams)?;
    }
    planning::guard(&planned, &context)?;
    if !args.partial {
        planning::refuse_blocked(plans, &context, streams)?;
    }
    let sequence = Sequence::of(plans);
    if sequence.steps.is_empty() {
        let done = Done {
            outcomes: Vec::new(),
            doubles: Vec::new(),
            ending: plan::ending(&[], plans.is_empty(), &[]),
        };
        report(&context, &planned, &sequence, &done, args.format, streams)?;
        return Ok(exit(done.ending));
    }
    if !args.auto_approve && args.plan.is_none() {
        ask(plans, &context, args.format, streams)?;
        context.first.arm.restart_time();
        // While someone thought about it, someone else may have given out one of these names.
        let again = planning::make(&context, &args.planning).await?.plans;
        let same = |(a, b): (&Plan, &Plan)| (&a.steps, &a.blocked) == (&b.steps, &b.blocked);
        if !again.each.iter().zip(&plans.each).all(same) {
            let message = "Azure has changed since the plan was shown: nothing was written";
            let help = "run apply again and look at the new plan";
            return Err(Trouble::new(message, help).exit(Exit::Stale));
        }
    }
    // A first Ctrl-C while writing finishes the writes under way; any other ends azlin at once.
    let writing = Cell::new(true);
    tokio::select! {
        exit = carry_out(&context, &planned, &sequence, args, &writing, streams) => exit,
        () = interrupt::at_once(&writing) => Ok(Exit::Interrupted),
    }
}

/// The steps of all plans, and the place of the plan that each is of.
struct Sequence {
    steps: Vec<Step>,
    plans: Vec<usize>,
}

impl Sequence {
    fn of(plans: &Plans) -> Self {
        let (plans, steps) = plans.steps().into_iter().unzip();
        Self { steps, plans }
    }

    /// The place of the plan that changes each VM.
    fn by_vm(&self) -> HashMap<&VmId, usize> {
        let steps = self.steps.iter().zip(&self.plans);
        steps.map(|(step, plan)| (&step.vm, *plan)).collect()
    }

    /// What became of the steps of one plan.
    fn outcomes_of(&self, plan: usize, outcomes: &[Outcome]) -> Vec<Outcome> {
        let of = self.plans.iter().zip(outcomes);
        let of = of.filter(|(of, _)| **of == plan);
        of.map(|(_, outcome)| outcome.clone()).collect()
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

/// The plans with what became of their steps, for a program or a pull request.
fn report(
    context: &Context,
    planned: &Planned,
    sequence: &Sequence,
    done: &Done,
    format: Format,
    streams: Streams,
) -> Result<(), Trouble> {
    let Done {
        outcomes,
        doubles,
        ending,
    } = done;
    match format {
        Format::Text => Ok(()),
        Format::Json => streams.print(&plan::report(&sequence.steps, outcomes, doubles, *ending)),
        Format::Markdown => {
            let plans = &planned.plans.each;
            let outcomes = (0..plans.len()).map(|plan| sequence.outcomes_of(plan, outcomes));
            let outcomes: Vec<Vec<Outcome>> = outcomes.collect();
            let applied = Applied {
                outcomes: &outcomes,
                doubles,
            };
            let sections = planning::sections(context, plans);
            streams.print(&show::markdown(&sections, Some(applied)))
        }
    }
}

/// Writes, reports each VM, reads everything once more and says how it went.
async fn carry_out(
    context: &Context,
    planned: &Planned,
    sequence: &Sequence,
    args: &Apply,
    writing: &Cell<bool>,
    streams: Streams,
) -> Result<Exit, Trouble> {
    let steps = &sequence.steps;
    // Where the report goes, if it is for people.
    let paint = match args.format {
        Format::Text => streams.stdout,
        Format::Json | Format::Markdown => streams.stderr,
    };
    let columns = show::Columns::of(steps);
    let plan_of = sequence.by_vm();
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
        let plan = plan_of.get(&step.vm).filter(|_| context.has_several());
        let part = plan.and_then(|plan| context.parts().nth(*plan));
        let file = part.map(|part| part.name.as_str());
        print(&show::outcome(columns, step, outcome, file, paint));
        seen += 1;
        streams.count(seen.min(steps.len()), steps.len());
    };
    let was_interrupted = Cell::new(false);
    let interrupted = async {
        interrupt::next().await;
        was_interrupted.set(true);
        streams.say("\ninterrupted: the writes under way are finished, no other is begun\n");
    };
    let places = context.places();
    let parallelism = usize::from(args.parallelism);
    let mut outcomes =
        apply::apply(&places, steps, parallelism, interrupted, &mut report_step).await;
    let name = context.name();
    let mut doubles = Vec::new();
    let ending = if was_interrupted.get() {
        print(&show::verdict(&outcomes, &After::Interrupted, &name, paint));
        Ending::Interrupted
    } else {
        apply::put_back(&places, steps, &mut outcomes, &mut report_step).await;
        writing.set(false);
        let live = context
            .sessions()
            .await
            .and_then(|live| whole(live, planned));
        match live {
            Ok(mut live) => {
                plan::correct(&mut live, steps, &outcomes);
                doubles = plan::doubles(steps, &outcomes, &live);
                let left = plan::plans(&context.desired(), &live, &planned.aim);
                let after = After::Planned {
                    differ: left.count(|_| true) + left.blocked(),
                    left_out: left.each.iter().map(|plan| plan.left_out).sum(),
                    doubles: &doubles,
                };
                print(&show::verdict(&outcomes, &after, &name, paint));
                plan::ending(&outcomes, left.is_empty(), &doubles)
            }
            Err(trouble) => {
                print(&show::verdict(&outcomes, &After::Unread, &name, paint));
                streams.fail(&trouble);
                plan::ending(&outcomes, false, &[])
            }
        }
    };
    printed?;
    let done = Done {
        outcomes,
        doubles,
        ending,
    };
    report(context, planned, sequence, &done, args.format, streams)?;
    Ok(exit(ending))
}

/// `live`, if nothing may be missing from it, or that was allowed.
fn whole(live: Live, planned: &Planned) -> Result<Live, Trouble> {
    let reason = live.incomplete().next();
    if let Some(reason) = reason.filter(|_| !planned.allowed.incomplete) {
        let message = format!("VMs may be missing from Azure's list: {reason}");
        let help = "run plan to see whether Azure matches";
        return Err(Trouble::new(message, help));
    }
    Ok(live)
}

fn ask(plans: &Plans, context: &Context, format: Format, streams: Streams) -> Result<(), Trouble> {
    let in_ci = std::env::var_os("CI").is_some_and(|value| !value.is_empty());
    if in_ci || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        let message = "nobody is here to approve the plan: this is no terminal, or CI is set";
        let help = "look at the plan above, then run apply with --auto-approve";
        return Err(Trouble::new(message, help).exit(Exit::Refused));
    }
    if !io::stdout().is_terminal() || format != Format::Text {
        // Nobody approves what went into a file or a pipe.
        let sections = planning::sections(context, &plans.each);
        streams.say(&show::plans(&sections, streams.stderr));
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
