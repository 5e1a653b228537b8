//! `azlin session`.

use std::cell::Cell;
use std::time::SystemTime;

use super::context::Context;
use super::part::Part;
use super::{Exit, Streams, Trouble, interrupt, names, planning, saving, today};
use crate::apply;
use crate::cli::{Common, Session};
use crate::model::{Doubt, Live, LiveName, Scope, SessionName, Vm, VmId};
use crate::plan::{self, Outcome, Step, Tried, Why};
use crate::show;
use crate::text::quote;

pub(super) async fn run(
    common: &Common,
    args: &Session,
    streams: Streams,
) -> Result<Exit, Trouble> {
    let wanted = args.name.as_deref().map(session_name).transpose()?;
    let context = Context::open_without_file(common, streams)?;
    let called = args.which.vm.as_str();
    let with_group = |scope: &Scope| super::scope_with(scope, called, args.which.rg.as_deref());
    let now = SystemTime::now();
    let live = context.sessions_in(&with_group).await?;
    names::remember(&context, &live, &with_group, now);
    let vm = super::vm_called(&live, called, args.which.rg.as_deref(), context.ids)?;
    streams.warn_incomplete(&live);
    let part = context.part_managing(vm);
    if wanted.is_none() && !args.clear {
        return view(&context, part, &live, vm, streams);
    }
    if live.incomplete().next().is_some() && wanted.is_some() {
        let message =
            "Azure's list may lack VMs, one of which may hold the name: nothing was written";
        let help = "see to what is said above, then run it again";
        return Err(Trouble::new(message, help).exit(Exit::Refused));
    }
    let ours = part.desired.owner();
    let refused = |why: Why| show::not_by_hand(&vm.id, wanted.as_ref(), &why, context.ids);
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
    if args.save {
        saving::save(&context, part, &vm.id, wanted.as_ref(), streams)?;
    } else {
        disagreement(&context, part, &vm.id, wanted.as_ref(), streams);
    }
    amiss.map_or(Ok(Exit::Done), Err)
}

/// Warns of what a file would be warned of where it had this name.
fn doubts(name: &SessionName, live: &Live, streams: Streams) {
    let lower = name.as_str().to_lowercase();
    let mut sessions = live.vms.values().filter_map(|vm| vm.held.session.as_ref());
    let alike = sessions.find(|held| held.raw().to_lowercase() == lower && *held != name);
    for doubt in Doubt::of(name, alike.map(LiveName::raw)) {
        let (message, help) = (doubt.message(), doubt.help());
        streams.warn(&format!("session {name} {message}: {help}"));
    }
}

fn session_name(name: &str) -> Result<SessionName, Trouble> {
    SessionName::new(name).map_err(|rule| {
        let message = format!("{} is no session name: it {rule}", quote(name));
        Trouble::new(message, "choose another, such as project-alpha")
    })
}

fn view(
    context: &Context,
    part: &Part,
    live: &Live,
    vm: &Vm,
    streams: Streams,
) -> Result<Exit, Trouble> {
    let held = vm.held.session.as_ref();
    streams.print(&show::session(vm.id.name(), held))?;
    if let Some(name) = held {
        let others = live.vms.values();
        for other in
            others.filter(|other| other.id != vm.id && other.held.session == vm.held.session)
        {
            let other = context.ids.name(&other.id);
            streams.warn(&format!("{name} is also on {other}"));
        }
    }
    if let Some(owner) = &vm.held.owner {
        let whose = if vm.held.is_owned_by(part.desired.owner()) {
            format!("{} manages it", part.name)
        } else {
            format!("another owner's file manages it: {owner}")
        };
        streams.note(&whose);
    }
    if let Some(line) = part.desired.line_of(&vm.id, today())
        && held.is_none_or(|name| *name != line.session)
    {
        let (file, session) = (&part.name, &line.session);
        streams.note(&format!(
            "{file} assigns {session} to it; the next apply will set that"
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
    let (file, desired, today) = (&part.name, &part.desired, today());
    if let Some(line) = desired.line_of(vm, today) {
        let (session, flag) = match wanted {
            Some(name) if *name == line.session => return,
            Some(_) => (&line.session, "use --save to update the file"),
            None => (&line.session, "use --clear --save to remove the line"),
        };
        streams.note(&format!(
            "{file} assigns {session} to this VM, so the next apply will restore it; {flag}"
        ));
    } else if let Some((file, line)) = wanted.and_then(|name| context.line_giving(name.as_str())) {
        streams.note(&format!(
            "{file} assigns this name to {} in line {}, which no apply can do while it is here",
            context.ids.name(&line.vm),
            line.line
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
        streams.say_above("interrupted: finishing the write in progress; starting no more\n");
    };
    let all = async {
        let mut tried = apply::apply(&places, steps, 1, interrupted, &mut |_, _| {}).await;
        apply::put_back(&places, &mut tried, &mut |_, _| {}).await;
        tried
    };
    let tried = streams.patiently(|| "writing".to_owned(), all).await;
    writing.set(false);
    // The last step says what went wrong, the one before it what became of the session that was there.
    if let Some(last) = tried.last().filter(|last| !last.outcome.is_success()) {
        let mut trouble = show::failed(&last.step.vm, &last.outcome, context.ids);
        let lost = tried
            .iter()
            .find(|one| matches!(one.outcome, Outcome::NotPutBack { .. }));
        if tried.iter().any(|one| one.outcome == Outcome::PutBack) {
            streams.note("the session that it held is back");
        } else if let Some(Tried { step, .. }) = lost
            && let Some(old) = &step.before.session
        {
            let vm = context.ids.name(&step.vm);
            trouble.help = format!(
                "it holds no session now; azlin session {vm} {old} gives back what it held. {}",
                trouble.help
            );
        }
        return Err(if was_interrupted.get() {
            trouble.exit(Exit::Interrupted)
        } else if lost.is_some() {
            trouble.exit(Exit::Partial)
        } else {
            trouble
        });
    }
    let mut live = match planning::sessions(context).await {
        Ok(live) => live,
        Err(trouble) => {
            let trouble = trouble.within("could not check whether another VM also holds this name");
            return Ok(Some(trouble.exit(Exit::Partial)));
        }
    };
    plan::correct(&mut live, &tried);
    let doubles = plan::doubles(&tried, &live);
    Ok(doubles
        .first()
        .map(|double| show::doubled(double, context.ids)))
}
