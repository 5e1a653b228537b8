//! `azlin session`.

use super::context::{Context, What};
use super::interrupt::Interrupts;
use super::part::Part;
use super::{Exit, Streams, Trouble, names, picker, saving, today};
use crate::apply;
use crate::cli::{Common, Session};
use crate::model::{Doubt, Live, LiveName, Scope, SessionName, Vm, VmId};
use crate::plan::{self, Hand, Outcome, Step, Tried, Why};
use crate::show;
use crate::text::quote;

pub(super) async fn run(
    common: &Common,
    args: &Session,
    streams: Streams,
    interrupts: &Interrupts,
) -> Result<Exit, Trouble> {
    let name = match args.name.as_slice() {
        [name] => Some(valid(name)?),
        _ => None,
    };
    let wanted = name.as_ref();
    if args.vm.is_none() {
        picker::check_terminal(common, "azlin session VM")?;
    }
    let context = Context::open_without_file(common, streams)?;
    let called = args.vm.as_deref().unwrap_or_default();
    let group = args.within.rg.as_deref();
    let scope = |own: &Scope| super::scope_with(own, called, group);
    // The list to choose from shows which VMs are running.
    let what = match args.vm {
        Some(_) => What::Sessions,
        None => What::States,
    };
    let within = group.or_else(|| VmId::group_in(called));
    let live = names::read_azure_for(&context, what, &scope, within).await?;
    let Some(vm) = find(&live, args, &context).await? else {
        return Ok(Exit::Interrupted);
    };
    // Only now: in `azlin session set VM NAME`, the mistake is the VM.
    if args.name.len() > 1 {
        return Err(with_spaces(&args.name));
    }
    streams.warn_incomplete(&live);
    let part = context.part_managing(vm);
    if wanted.is_none() && !args.clear {
        return view(&context, part, &live, vm);
    }
    if live.incomplete().next().is_some() && wanted.is_some() {
        let message = "VMs may be missing from Azure's list, and one of them may hold this name; nothing was written";
        let help = "fix the causes in the warnings above, then run this again";
        return Err(Trouble::new(message, help).exit(Exit::Refused));
    }
    let refused = |why: Why| show::not_by_hand(&vm.id, wanted, &why, context.ids);
    let hand = Hand {
        ours: part.desired.owner(),
        force: args.force,
        saves: args.save,
    };
    let steps = plan::by_hand(&live, vm, wanted, &hand).map_err(refused)?;
    if args.save {
        // If the file cannot be edited, azlin does not write to Azure either.
        saving::edited(&context, part, &vm.id, wanted)?;
    }
    if let Some(name) = wanted {
        doubts(name, &live, streams);
    }
    let wrote = !steps.is_empty();
    let mut troubles = Vec::new();
    if wrote {
        interrupts.hold();
        troubles.extend(write(&context, &steps, interrupts).await?);
    }
    troubles.extend(streams.print(&show::session(vm.id.name(), wanted)).err());
    if let Some(old) = vm.held.session.as_ref().filter(|_| wrote) {
        streams.note(&format!("previous session: {old}"));
    }
    if args.save {
        let saved = saving::save(&context, part, &vm.id, wanted).map_err(|trouble| {
            let both = "the VM was updated, but the file was not";
            if wrote { trouble.within(both) } else { trouble }
        });
        troubles.extend(saved.err());
    } else if let Some(note) = disagreement(&context, part, &vm.id, wanted) {
        streams.note(&note);
    }
    if wrote {
        for trouble in &mut troubles {
            if trouble.exit == Exit::Error {
                trouble.exit = Exit::Partial;
            }
        }
    }
    streams.fail_with(troubles)?;
    Ok(interrupts.exit().unwrap_or(Exit::Done))
}

/// The VM that the command line names, or that the user chooses from a list; none if they leave the list.
async fn find<'l>(
    live: &'l Live,
    args: &Session,
    context: &Context,
) -> Result<Option<&'l Vm>, Trouble> {
    if let Some(called) = &args.vm {
        let vm = super::vm_called(live, called, args.within.rg.as_deref(), context).await?;
        return Ok(Some(vm));
    }
    let prompt = if args.clear {
        "Clear the session of"
    } else {
        "Show the session of"
    };
    picker::pick(live, |vm| context.file_of(vm), prompt, context.streams).await
}

pub(super) fn valid(name: &str) -> Result<SessionName, Trouble> {
    SessionName::new(name).map_err(|rule| {
        let message = format!("invalid session name {}: it {rule}", quote(name));
        Trouble::new(message, instead_of(name))
    })
}

/// The trouble with a session name that was typed as several words.
fn with_spaces(words: &[String]) -> Trouble {
    let message = format!(
        "invalid session name {}: it cannot contain spaces",
        quote(&words.join(" "))
    );
    Trouble::new(message, instead_of(&words.join(" ")))
}

/// The help for an invalid name.
fn instead_of(name: &str) -> String {
    match SessionName::like(name) {
        Some(name) => format!("use a name like {name}"),
        None => "use a name like project-alpha".to_owned(),
    }
}

/// Gives the warnings that a file with this name would get.
pub(super) fn doubts(name: &SessionName, live: &Live, streams: Streams) {
    let lower = name.as_str().to_lowercase();
    let mut sessions = live.vms.values().filter_map(|vm| vm.held.session.as_ref());
    let alike = sessions.find(|held| held.raw().to_lowercase() == lower && *held != name);
    for doubt in Doubt::of(name, alike.map(LiveName::raw)) {
        let (message, help) = (doubt.message(), doubt.help());
        streams.warn(&format!("session {name} {message}: {help}"));
    }
}

/// Prints the session of `vm`, and notes who manages it.
fn view(context: &Context, part: &Part, live: &Live, vm: &Vm) -> Result<Exit, Trouble> {
    let streams = context.streams;
    let held = vm.held.session.as_ref();
    streams.print(&show::session(vm.id.name(), held))?;
    if let Some(name) = held {
        for other in live.vms.values() {
            if other.id != vm.id && other.held.session.as_ref() == held {
                let other = context.ids.name(&other.id);
                streams.warn(&format!("{name} is also on {other}"));
            }
        }
    }
    let file = &part.name;
    if let Some(owner) = &vm.held.owner {
        streams.note(&if vm.held.is_owned_by(part.desired.owner()) {
            format!("{file} manages this VM")
        } else {
            format!("another owner manages this VM: {owner}")
        });
    }
    if let Some(line) = part.desired.line_of(&vm.id, today())
        && held.is_none_or(|name| *name != line.session)
    {
        let session = &line.session;
        streams.note(&format!(
            "{file} assigns {session} to this VM, and the next apply will set it"
        ));
    }
    Ok(Exit::Done)
}

/// A note on the line that contradicts this session, if a file has one.
fn disagreement(
    context: &Context,
    part: &Part,
    vm: &VmId,
    wanted: Option<&SessionName>,
) -> Option<String> {
    if let Some(line) = part.desired.line_of(vm, today()) {
        let (file, session) = (&part.name, &line.session);
        let flag = match wanted {
            Some(name) if name == session => return None,
            Some(_) => "use --save to update the file",
            None => "use --clear --save to remove the line",
        };
        return Some(format!(
            "{file} assigns {session} to this VM, so the next apply will restore it; {flag}"
        ));
    }
    let (file, line) = context.line_giving(wanted?.as_str())?;
    let (other, at) = (context.ids.name(&line.vm), line.line);
    Some(format!(
        "{file} assigns this name to {other} on line {at}; apply cannot set it there while this VM holds it"
    ))
}

/// Runs the steps for one VM, then reads all VMs again to check that no other VM got the name meanwhile. Returns the trouble to
/// report although the VM was written, if any.
async fn write(
    context: &Context,
    steps: &[Step],
    interrupts: &Interrupts,
) -> Result<Option<Trouble>, Trouble> {
    let (places, streams) = (context.places(), context.streams);
    let stop = async {
        interrupts.first().await;
        streams.say_above("interrupted: finishing the write in progress; starting no more\n");
    };
    let at_once = async || {
        interrupts.second().await;
    };
    let all = async {
        let mut tried = apply::apply(&places, steps, 1, stop, at_once(), &mut |_, _| {}).await;
        apply::put_back(&places, &mut tried, at_once(), &mut |_, _| {}).await;
        tried
    };
    let mut tried = streams.patiently(|| "writing".to_owned(), all).await;
    let interrupted = || {
        let message = "interrupted before azlin checked whether another VM also holds this name";
        Trouble::new(message, "check it with azlin plan or azlin list")
    };
    let checked = tokio::select! {
        biased;
        _ = interrupts.first() => gave_name(&tried).then(interrupted),
        doubled = doubled(context, &mut tried) => doubled,
    };
    let ends = |mut trouble: Trouble| {
        trouble.exit = interrupts.exit().unwrap_or(trouble.exit);
        trouble
    };
    let Some(trouble) = failure(&tried, context) else {
        return Ok(checked.map(ends));
    };
    if let Some(checked) = checked {
        streams.fail(&checked);
    }
    Err(ends(trouble))
}

/// True if a VM got a name in `tried`, or may have got one.
fn gave_name(tried: &[Tried]) -> bool {
    tried.iter().any(|Tried { step, outcome }| match outcome {
        Outcome::Altered { found } => found.session.is_some(),
        outcome => step.after.session.is_some() && !outcome.gave_nothing(),
    })
}

/// Reads all VMs again after `tried`, even if the deadline is over, and settles what is in doubt. Returns the trouble if another VM
/// holds a name that a VM got. It reads nothing if no VM got a name.
async fn doubled(context: &Context, tried: &mut [Tried]) -> Option<Trouble> {
    if !gave_name(tried) {
        return None;
    }
    context.first.arm.allow_last_look();
    let mut live = match names::read_azure(context, What::Sessions, &Scope::clone).await {
        Ok(live) => live,
        Err(trouble) => {
            let trouble = trouble.within("could not check whether another VM also holds this name");
            return Some(trouble.exit(Exit::Partial));
        }
    };
    plan::settle(tried, &live);
    if let Err(failure) = apply::look_again(&context.places(), tried, &mut live).await {
        let trouble = Trouble::from(failure);
        return Some(trouble.exit(Exit::Partial));
    }
    let doubles = plan::doubles(tried, &live);
    if let Some(double) = doubles.first() {
        return Some(show::doubled(double, tried, context.ids));
    }
    let step = *plan::disputed(tried, &live).first()?;
    let vm = live.vms.get(&step.vm)?;
    Some(show::changed_since(&vm.id, &vm.held, context.ids))
}

/// Returns the trouble if the VM does not hold the wanted session, with a way to restore the previous one if it is lost. It is
/// the trouble of the step that failed, not of a step that azlin did not try.
fn failure(tried: &[Tried], context: &Context) -> Option<Trouble> {
    let last = tried.last().filter(|last| !last.outcome.is_success())?;
    let mut failed = tried.iter().filter(|one| {
        use Outcome::{Accepted, Altered, Changed, Failed, Halfway, InDoubt};
        matches!(
            one.outcome,
            Failed { .. }
                | Changed { .. }
                | Altered { .. }
                | Accepted
                | Halfway { .. }
                | InDoubt { .. }
        )
    });
    let culprit = failed.next().unwrap_or(last);
    let mut trouble = show::failed(&culprit.step.vm, &culprit.outcome, context.ids);
    if tried.iter().any(|tried| tried.outcome.may_have_changed()) {
        trouble.exit = Exit::Partial;
    }
    for Tried { step, outcome } in tried {
        let holds = match outcome {
            Outcome::PutBack => {
                context.streams.note("restored the session that it held");
                continue;
            }
            Outcome::NotPutBack { .. } | Outcome::Halfway { .. } => "it holds",
            // The clear may have reached Azure, and no later step ran.
            Outcome::InDoubt { .. } if step.after.session.is_none() => "it may hold",
            _ => continue,
        };
        trouble.exit = Exit::Partial;
        // Of a single step, the session was to go.
        if let Some(old) = step.before.session.as_ref().filter(|_| tried.len() > 1) {
            let vm = context.ids.name(&step.vm);
            let help = trouble.help;
            trouble.help = format!(
                "restore the session with azlin session {vm} {old} ({holds} none now); {help}"
            );
        }
    }
    Some(trouble)
}
