//! `azlin session`.

use std::cell::Cell;

use super::context::Context;
use super::part::Part;
use super::{Exit, Streams, Trouble, interrupt, saving, today};
use crate::apply;
use crate::cli::{Common, Session};
use crate::model::{Live, Scope, SessionName, Vm, VmId};
use crate::plan::{self, Outcome, Step, Why};
use crate::show;
use crate::text::quote;

pub(super) async fn run(
    common: &Common,
    args: &Session,
    streams: Streams,
) -> Result<Exit, Trouble> {
    let wanted = args.name.as_deref().map(session_name).transpose()?;
    let context = Context::open_without_file(common, streams)?;
    let called = context.name_here(&args.vm);
    let with_group = |scope: &Scope| super::scope_with(scope, called, args.rg.as_deref());
    let live = context.sessions_in(&with_group).await?;
    let vm = super::vm_called(&live, called, args.rg.as_deref())?;
    streams.warn_incomplete(&live);
    let part = context.part_managing(vm);
    if wanted.is_none() && !args.clear {
        return view(part, &live, vm, streams);
    }
    if live.incomplete().next().is_some() && wanted.is_some() {
        let message =
            "Azure's list may lack VMs, one of which may hold the name: nothing was written";
        let help = "see to what is said above, then run it again";
        return Err(Trouble::new(message, help).exit(Exit::Refused));
    }
    let ours = part.file.desired.owner.as_ref();
    let refused = |why| {
        let (message, help) = show::not_by_hand(&vm.id, wanted.as_ref(), &why);
        Trouble::new(message, help)
    };
    let steps = plan::by_hand(&live, vm, wanted.as_ref(), ours, args.force).map_err(refused)?;
    if let Some(by) = &vm.held.owner
        && args.save
        && !args.force
        && vm.held.is_anothers(ours)
    {
        return Err(refused(Why::Owned { by: by.clone() }));
    }
    if args.save {
        // What cannot be saved is not written either.
        saving::edited(&context, part, &vm.id, wanted.as_ref())?;
    }
    if let Some(name) = &wanted {
        doubts(name, &live, streams);
    }
    let amiss = write(&context, &steps, streams).await?;
    streams.print(&show::session(vm.id.name(), wanted.as_ref()))?;
    if let Some(old) = vm.held.session.as_ref().filter(|_| !steps.is_empty()) {
        streams.note(&format!("it was {old}"));
    }
    match args.save {
        true => saving::save(&context, part, &vm.id, wanted.as_ref(), streams)?,
        false => disagreement(&context, part, &vm.id, wanted.as_ref(), streams),
    }
    amiss.map_or(Ok(Exit::Done), Err)
}

/// What a file would be warned of where it had this name.
fn doubts(name: &SessionName, live: &Live, streams: Streams) {
    let (text, lower) = (name.as_str(), name.as_str().to_lowercase());
    let sessions = live.vms.values().filter_map(|vm| vm.held.session.as_ref());
    let mut alike = sessions.filter(|held| held.raw().to_lowercase() == lower && *held != name);
    if let Some(other) = alike.next() {
        streams.warn(&format!(
            "{text} differs from another session, {other}, only in case"
        ));
    } else if lower != text {
        streams.warn(&format!(
            "{text} has upper-case letters: case counts in session names"
        ));
    }
    if text.len() > SessionName::COMFORTABLE {
        let (length, most) = (text.len(), SessionName::COMFORTABLE);
        streams.warn(&format!(
            "{text} has {length} characters: up to {most} are easier to type"
        ));
    }
}

fn session_name(name: &str) -> Result<SessionName, Trouble> {
    SessionName::new(name).map_err(|rule| {
        let message = format!("{} is no session name: it {rule}", quote(name));
        Trouble::new(message, "choose another, such as project-alpha")
    })
}

fn view(part: &Part, live: &Live, vm: &Vm, streams: Streams) -> Result<Exit, Trouble> {
    let held = vm.held.session.as_ref();
    streams.print(&show::session(vm.id.name(), held))?;
    if let Some(name) = held {
        let others = live.vms.values();
        for other in
            others.filter(|other| other.id != vm.id && other.held.session == vm.held.session)
        {
            streams.warn(&format!("{name} is also on {}", other.id));
        }
    }
    if let Some(owner) = &vm.held.owner {
        let whose = match vm.held.is_owned_by(part.file.desired.owner.as_ref()) {
            true => format!("{} manages it", part.name),
            false => format!("another owner's file manages it: {owner}"),
        };
        streams.note(&whose);
    }
    if let Some(line) = part.file.desired.line_of(&vm.id, today())
        && held.is_none_or(|name| *name != line.session)
    {
        let (file, session) = (&part.name, &line.session);
        streams.note(&format!(
            "{file} has {session} for it, and the next apply sets that"
        ));
    }
    Ok(Exit::Done)
}

/// Says what the file has that this session is not.
fn disagreement(
    context: &Context,
    part: &Part,
    vm: &VmId,
    wanted: Option<&SessionName>,
    streams: Streams,
) {
    let (file, desired, today) = (&part.name, &part.file.desired, today());
    if let Some(line) = desired.line_of(vm, today) {
        let (session, flag) = match wanted {
            Some(name) if *name == line.session => return,
            Some(_) => (&line.session, "--save writes yours into the file"),
            None => (&line.session, "--clear --save takes the line out"),
        };
        streams.note(&format!(
            "{file} has {session} for it, and the next apply puts that back; {flag}"
        ));
    } else if let Some((file, line)) = wanted.and_then(|name| context.line_giving(name.as_str())) {
        streams.note(&format!(
            "{file} gives this name to {} in line {}, which no apply can do while it is here",
            line.vm, line.line
        ));
    }
}

/// Carries out the steps for one VM, and reads everything once more to see that nobody gave the name out meanwhile. Answers
/// what is wrong although the VM is written.
async fn write(
    context: &Context,
    steps: &[Step],
    streams: Streams,
) -> Result<Option<Trouble>, Trouble> {
    if steps.is_empty() {
        return Ok(None);
    }
    let writing = Cell::new(true);
    tokio::select! {
        written = write_and_read(context, steps, &writing, streams) => written,
        () = interrupt::at_once(&writing) => {
            let message = "interrupted: what was written is not read again";
            let help = "azlin session VM shows what the VM holds";
            Err(Trouble::new(message, help).exit(Exit::Interrupted))
        }
    }
}

async fn write_and_read(
    context: &Context,
    steps: &[Step],
    writing: &Cell<bool>,
    streams: Streams,
) -> Result<Option<Trouble>, Trouble> {
    let places = context.places();
    let was_interrupted = Cell::new(false);
    let interrupted = async {
        interrupt::next().await;
        was_interrupted.set(true);
        streams.say_above("interrupted: the write under way is finished, no other is begun\n");
    };
    let all = async {
        let mut outcomes = apply::apply(&places, steps, 1, interrupted, &mut |_, _| {}).await;
        apply::put_back(&places, steps, &mut outcomes, &mut |_, _| {}).await;
        outcomes
    };
    let outcomes = streams.patiently(|| "writing".to_owned(), all).await;
    writing.set(false);
    // The last step says what went wrong, the one before it what became of the session that was there.
    if let (Some(step), Some(outcome)) = (steps.first(), outcomes.last())
        && !outcome.is_success()
    {
        let (message, mut help) = show::failed(&step.vm, outcome);
        let lost = |outcome: &Outcome| matches!(outcome, Outcome::NotPutBack { .. });
        if outcomes.contains(&Outcome::PutBack) {
            streams.note("the session that it held is back");
        } else if let (Some(old), true) = (&step.from.session, outcomes.iter().any(lost)) {
            let vm = &step.vm;
            help = format!(
                "it holds no session now; azlin session {vm} {old} gives back what it held. {help}"
            );
        }
        let exit = match was_interrupted.get() {
            true => Exit::Interrupted,
            false if outcomes.iter().any(lost) => Exit::Partial,
            false => Exit::Error,
        };
        return Err(Trouble::new(message, help).exit(exit));
    }
    let mut live = match context.sessions().await {
        Ok(live) => live,
        Err(trouble) => {
            let message = format!(
                "whether another VM holds it too could not be read: {}",
                trouble.message
            );
            return Ok(Some(Trouble { message, ..trouble }.exit(Exit::Partial)));
        }
    };
    plan::correct(&mut live, steps, &outcomes);
    Ok(plan::doubles(steps, &outcomes, &live)
        .first()
        .map(|double| {
            let (message, help) = show::doubled(double);
            Trouble::new(message, help).exit(Exit::Partial)
        }))
}
