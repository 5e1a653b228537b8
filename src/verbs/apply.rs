//! `azlin apply`.

use super::context::{Context, What};
use super::interrupt::Interrupts;
use super::planning::{self, Planned};
use super::{Exit, Streams, Trouble, approval, names, saved};
use crate::apply;
use crate::cli::{Apply, Common, Format};
use crate::model::{Live, Scope};
use crate::plan::{self, Duplicate, Ending, Outcome, Plan, Report, Step, Tried};
use crate::show::{self, After};

pub(super) async fn run(
    common: &Common,
    args: &Apply,
    streams: Streams,
    interrupts: &Interrupts,
) -> Result<Exit, Trouble> {
    let context = Context::open(common, streams)?;
    let planned = match &args.plan {
        None => planning::make(&context, &args.planning).await?,
        Some(path) => saved::resume(&context, path, &args.planning, args.output.format).await?,
    };
    let plan = &planned.plan;
    if args.output.format == Format::Text {
        planning::print(&planned, &context, args.output.format)?;
    }
    let refused = plan::refusals(plan, &planned.aim.options);
    let idle = |ending| Report {
        plan,
        ending,
        refused: &refused,
        tried: &[],
        doubles: &[],
        now: Some(&planned.live),
    };
    let untouched = After::Planned {
        differ: plan.changes.len() + plan.blocked(),
        left_out: plan.files.iter().map(|file| file.left_out).sum(),
        doubles: &[],
    };
    if let Err(trouble) = planning::guard(&planned) {
        report(&context, &idle(Ending::Refused), &untouched, args)?;
        return Err(trouble);
    }
    if !args.partial && plan.blocked() > 0 {
        report(&context, &idle(Ending::Blocked), &untouched, args)?;
        planning::refuse_blocked(plan, &context, "; nothing was written")?;
    }
    if plan.steps.is_empty() {
        if plan.blocked() > 0 {
            let message = "nothing to apply besides the blocked lines; nothing was written";
            streams.note(message);
        }
        let ending = plan::ending(&[], plan.is_empty(), &[]);
        report(&context, &idle(ending), &untouched, args)?;
        return Ok(exit_of(ending));
    }
    if !args.auto_approve && args.plan.is_none() {
        let format = args.output.format;
        approval::ask(&planned, format, common.no_input, streams, interrupts).await?;
        context.first.arm.restart_time();
        // Someone else may have assigned one of these names while you read the plan.
        let again = planning::make(&context, &args.planning).await?;
        planning::guard(&again)?;
        let mut files = again.plan.files.iter().zip(&plan.files);
        if again.plan.steps != plan.steps || files.any(|(now, then)| now.blocked != then.blocked) {
            let differences = plan::differences(plan, &again.plan, &again.live);
            if !differences.is_empty() {
                let since = "Since azlin showed the plan";
                let stale = show::stale(&differences, since, context.ids);
                streams.say(&format!("\n{stale}\n"));
            }
            let message = "Azure changed while you reviewed the plan; nothing was written";
            let help = "run azlin apply again and review the new plan";
            return Err(Trouble::new(message, help).exit(Exit::Stale));
        }
    }
    // The first signal while writing finishes the writes in progress; the second ends azlin at once.
    interrupts.hold();
    carry_out(&context, &planned, args, interrupts).await
}

/// The exit status of an apply that no signal ended.
fn exit_of(ending: Ending) -> Exit {
    match ending {
        Ending::Complete => Exit::Done,
        Ending::Partial => Exit::Partial,
        Ending::Nothing => Exit::Error,
        Ending::Interrupted => Exit::Interrupted,
        Ending::Refused => Exit::Refused,
        Ending::Blocked => Exit::Error,
    }
}

/// Prints `report` for a program or a pull request. A person has read it already.
fn report(
    context: &Context,
    report: &Report<'_>,
    after: &After<'_>,
    args: &Apply,
) -> Result<(), Trouble> {
    context.streams.print(&match args.output.format {
        Format::Text => return Ok(()),
        Format::Json => report.json(),
        Format::Markdown => {
            show::report(report, after, azure(context), &context.name(), context.ids)
        }
    })
}

/// The Azure of the files, in words.
fn azure(context: &Context) -> &'static str {
    if context.parts().all(|part| part.is_sandbox) {
        "the sandbox"
    } else {
        "Azure"
    }
}

/// Writes each VM and reports it, then reads Azure again and prints the verdict.
async fn carry_out(
    context: &Context,
    planned: &Planned,
    args: &Apply,
    interrupts: &Interrupts,
) -> Result<Exit, Trouble> {
    let (plan, format, streams) = (&planned.plan, args.output.format, context.streams);
    let steps = &plan.steps;
    // The stream of the report, if it is for people.
    let is_text = format == Format::Text;
    let paint = if is_text {
        streams.stdout
    } else {
        streams.stderr
    };
    let width = show::vm_column(steps.iter());
    let mut printed = Ok(());
    let mut print = |text: &str| {
        if !is_text {
            streams.say(text);
        } else if printed.is_ok() {
            // The writes go on even if stdout is closed.
            printed = streams.print(text);
        }
    };
    print("\n");
    let mut seen = 0;
    let mut report_step = |step: &Step, outcome: &Outcome| {
        seen += 1;
        // The verdict counts the steps that were not tried; a line for each would push the others off the screen.
        if *outcome != Outcome::Interrupted {
            let file = plan.files.get(step.file).filter(|_| context.has_several());
            let name = file.map(|file| file.basis.file.as_str());
            print(&show::outcome(width, step, outcome, name, paint));
        }
        streams.count(seen.min(steps.len()), steps.len());
    };
    let stop = async {
        interrupts.first().await;
        streams.say("\ninterrupted: finishing writes in progress; starting no more\n");
    };
    let at_once = async || {
        interrupts.second().await;
    };
    let places = context.places();
    let parallelism = usize::from(args.parallelism);
    let mut tried = apply::apply(
        &places,
        steps,
        parallelism,
        stop,
        at_once(),
        &mut report_step,
    )
    .await;
    apply::put_back(&places, &mut tried, at_once(), &mut report_step).await;
    let left = match interrupts.exit() {
        Some(_) => None,
        None => tokio::select! {
            biased;
            _ = interrupts.first() => None,
            left = left(context, planned, &mut tried, &mut report_step) => Some(left),
        },
    };
    let (doubles, matches, after) = match &left {
        None => (&[][..], false, After::Interrupted),
        Some(Err(_)) => (&[][..], false, After::Unread),
        Some(Ok(Left { plan, doubles, .. })) => {
            let after = After::Planned {
                differ: plan.changes.len() + plan.blocked(),
                left_out: plan.files.iter().map(|file| file.left_out).sum(),
                doubles,
            };
            (doubles.as_slice(), plan.is_empty(), after)
        }
    };
    let (azure, name, ids) = (azure(context), context.name(), context.ids);
    print(&show::verdict(&tried, &after, azure, &name, ids, paint));
    if let Some(Err(trouble)) = &left {
        streams.fail(trouble);
    }
    let ending = match left {
        None => Ending::Interrupted,
        Some(_) => plan::ending(&tried, matches, doubles),
    };
    let exit = interrupts.exit().unwrap_or_else(|| exit_of(ending));
    let now = left
        .as_ref()
        .and_then(|left| Some(&left.as_ref().ok()?.live));
    let whole = Report {
        plan,
        ending,
        refused: &[],
        tried: &tried,
        doubles,
        now,
    };
    let reported = report(context, &whole, &after, args);
    if let Err(trouble) = printed.and(reported) {
        streams.fail(&trouble);
        let may_have_changed = |tried: &Tried| tried.outcome.may_have_changed();
        if exit == Exit::Done {
            let wrote = tried.iter().any(may_have_changed);
            return Ok(if wrote { Exit::Partial } else { trouble.exit });
        }
    }
    Ok(exit)
}

/// The state of Azure after an apply.
struct Left {
    /// The changes that are left to do.
    plan: Plan,
    /// The names of the steps that several VMs now hold.
    doubles: Vec<Duplicate>,
    live: Live,
}

/// Reads Azure again after `tried`, and plans what is left. It calls `report` with each step that was in doubt and turns out to be
/// written.
async fn left(
    context: &Context,
    planned: &Planned,
    tried: &mut [Tried],
    report: &mut dyn FnMut(&Step, &Outcome),
) -> Result<Left, Trouble> {
    context.first.arm.allow_last_look();
    let live = names::read_azure(context, What::Sessions, &Scope::clone).await?;
    for at in plan::settle(tried, &live) {
        if let Some(Tried { step, outcome }) = tried.get(at) {
            report(step, outcome);
        }
    }
    let mut live = whole(live, planned)?;
    apply::look_again(&context.places(), tried, &mut live).await?;
    Ok(Left {
        doubles: plan::doubles(tried, &live),
        plan: plan::plan(&context.desired(), &live, &planned.aim),
        live,
    })
}

/// `live`, if it is complete or `--allow-incomplete` is set.
fn whole(live: Live, planned: &Planned) -> Result<Live, Trouble> {
    if let Some(reason) = live.incomplete().next()
        && !planned.aim.options.allow_incomplete
    {
        let message = format!("VMs may be missing from Azure's list: {reason}");
        let help = "run azlin plan to check whether Azure matches";
        return Err(Trouble::new(message, help));
    }
    Ok(live)
}
