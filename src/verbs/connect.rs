//! `azlin connect`.

use std::cell::Cell;
use std::ffi::OsString;
use std::io;
use std::process::Command;

use super::context::{Context, What};
use super::{Exit, Streams, Trouble, names, picker, today};
use crate::azure::{Arm, compute, unrecorded};
use crate::cli::{Common, Connect};
use crate::model::{Ended, Live, Power, Scope, Vm, VmId};
use crate::resolve::{Miss, resolve};
use crate::show;
use crate::ssh::{self, Ready, SshUser};
use crate::text::{plain, quote};

pub(super) async fn run(
    common: &Common,
    args: &Connect,
    streams: Streams,
) -> Result<Exit, Trouble> {
    if args.name.is_none() {
        picker::check_terminal(common, "azlin connect NAME")?;
    }
    let context = Context::open_without_file(common, streams)?;
    let (at, called) = user_and_name(args.name.as_deref());
    let scope = |own: &Scope| match &args.rg {
        Some(group) => Scope::of_group(group),
        None => super::scope_with(own, called.unwrap_or_default(), None),
    };
    let within = args.rg.as_deref();
    let within = within.or_else(|| VmId::group_in(called.unwrap_or_default()));
    let mut live = names::read_azure_for(&context, What::Visible, &scope, within).await?;
    streams.warn_incomplete(&live);
    let found = match called {
        Some(name) => Some(find(&live, name, &context, args).await?),
        None => picker::pick(&live, |vm| context.file_of(vm), "Connect to", streams).await?,
    };
    context.first.arm.restart_time();
    let Some(found) = found else {
        return Ok(Exit::Interrupted);
    };
    let vm = found.id.clone();
    let shown = context.ids.name(&vm);
    let name = called.unwrap_or(vm.name());
    let part = context.part_of(&vm);
    let astray = context
        .parts()
        .find_map(|part| show::astray(name, found, &part.desired, today(), context.ids));
    if let Some(note) = astray {
        streams.note(&note);
    }
    let starts = make_ready(&part.arm, found, args.start, &context).await?;
    if starts {
        // A VM that was deallocated gets a new dynamic address.
        let gaps = live.gaps;
        live = context.read_for(What::Visible, &scope, within).await?;
        if live.gaps != gaps {
            streams.warn_incomplete(&live);
        }
    }
    let found = live.vms.get(&vm).ok_or_else(|| {
        let help = "list the VMs: azlin list --all";
        Trouble::new(format!("{shown} no longer exists in Azure"), help)
    })?;
    let options = options(args, at, starts);
    let defaults = &part.document.file.ssh;
    let arguments = ssh::arguments(found, &options, defaults);
    let arguments = arguments.map_err(|ssh::NoAddress| {
        let gaps = live.gaps.get(vm.subscription());
        let is_unread = gaps.is_some_and(|gaps| !gaps.details_missing.is_empty());
        show::no_address(&vm, is_unread, context.ids)
    })?;
    if let Some(note) = show::private(found, defaults.jump.as_ref(), context.ids) {
        streams.note(&note);
    }
    if args.print {
        return print(&arguments, streams);
    }
    if part.is_sandbox && !found.is_on_this_machine() {
        streams.note(&format!(
            "{shown} is a sandbox VM, so azlin prints the ssh command instead of running it"
        ));
        return print(&arguments, streams);
    }
    // On Unix, azlin ends here.
    if let Some(trouble) = unrecorded() {
        return Err(trouble.clone());
    }
    become_ssh(&arguments).map_err(|error| {
        let message = format!("cannot run ssh: {}", plain(&error));
        let help = "install the OpenSSH client, or add `ssh` to your PATH";
        Trouble::new(message, help)
    })
}

/// Starts `vm` if it is down and `may_start` is set; returns true if it did.
async fn make_ready(
    arm: &Arm,
    vm: &Vm,
    may_start: bool,
    context: &Context,
) -> Result<bool, Trouble> {
    let (power, ended) = state(arm, vm, context).await;
    match ssh::ready(power, ended, may_start) {
        Ready::Now => return Ok(false),
        Ready::AfterStart => {}
        Ready::No => return Err(show::is_down(&vm.id, power, context.ids)),
        Ready::Never(why) => return Err(show::never_starts(&vm.id, why, context.ids)),
    }
    start(arm, &vm.id, &context.ids.name(&vm.id), context.streams).await?;
    Ok(true)
}

/// `USER@NAME`, as ssh takes it. Neither a VM's name nor a session's can have an `@`.
fn user_and_name(called: Option<&str>) -> (Option<SshUser>, Option<&str>) {
    if let Some((user, name)) = called.and_then(|called| called.rsplit_once('@'))
        && let Ok(user) = SshUser::new(user)
    {
        return (Some(user), Some(name));
    }
    (None, called)
}

fn options(args: &Connect, at: Option<SshUser>, just_started: bool) -> ssh::Options {
    ssh::Options {
        user: args.user.clone().or(at),
        key: args.key.clone(),
        port: args.port,
        just_started,
        passed: args.passed.words(),
        is_bare: args.passed.no_command || args.passed.no_terminal,
        command: args.command.clone(),
    }
}

async fn find<'l>(
    live: &'l Live,
    name: &str,
    context: &Context,
    args: &Connect,
) -> Result<&'l Vm, Trouble> {
    let miss = match resolve(live, name) {
        Ok(vm) => return Ok(vm),
        Err(miss) => miss,
    };
    let group = args.rg.as_deref();
    let mut trouble = super::missed(live, name, group, &miss, true, context).await;
    // A VM outside the group that was searched may hold the name already.
    let was_searched = |vm: &VmId| group.is_none_or(|group| vm.path().is_in(group));
    if let (Miss::NotFound { .. }, Some((file, line))) = (&miss, context.line_giving(name))
        && was_searched(&line.vm)
    {
        let vm = context.ids.name(&line.vm);
        trouble.help = format!(
            "run azlin apply first: {file} assigns it to {vm}, but that has not been applied yet; {}",
            trouble.help
        );
    }
    Err(trouble)
}

/// The power state of `found`, and the reason why it can never start again. If the list has no state, azlin asks for that of the
/// VM alone. A note says if there is none either.
async fn state(arm: &Arm, found: &Vm, context: &Context) -> (Power, Option<Ended>) {
    if found.power != Power::Unknown {
        return (found.power, found.ended);
    }
    let (power, ended, why) = match compute::state(arm, &found.id).await {
        Ok((power, ended)) => (power, ended.or(found.ended), None),
        Err(failure) => (Power::Unknown, found.ended, Some(failure.to_string())),
    };
    if power == Power::Unknown {
        let note = show::stateless(&found.id, why.as_deref(), context.ids);
        context.streams.note(&note);
    }
    (power, ended)
}

async fn start(arm: &Arm, vm: &VmId, name: &str, streams: Streams) -> Result<(), Trouble> {
    streams.say(&format!("starting {name}…\n"));
    let last = Cell::new(Power::Starting);
    let mut watch = |power| last.set(power);
    let starting = compute::start(arm, vm, &mut watch);
    let what = || format!("{name} is {}", last.get());
    streams.patiently(what, starting).await?;
    streams.say(&format!("{name} is running\n"));
    Ok(())
}

/// Prints one line that a POSIX shell reads as exactly these words.
fn print(arguments: &[OsString], streams: Streams) -> Result<Exit, Trouble> {
    let mut line = "ssh".to_owned();
    for word in arguments {
        let word = word.to_string_lossy();
        let quoted = shlex::try_quote(&word).map_err(|_| {
            let message = format!("{} contains a NUL character", quote(&word));
            Trouble::new(message, "remove the NUL character")
        })?;
        line = line + " " + &quoted;
    }
    streams.print(&(line + "\n"))?;
    Ok(Exit::Done)
}

/// Replaces this process by `ssh`, so that there is one process, its terminal and its exit status.
#[cfg(unix)]
fn become_ssh(arguments: &[OsString]) -> io::Result<Exit> {
    use std::os::unix::process::CommandExt as _;
    Err(Command::new("ssh").args(arguments).exec())
}

/// Runs `ssh` and passes on its exit status.
#[cfg(not(unix))]
fn become_ssh(arguments: &[OsString]) -> io::Result<Exit> {
    let status = Command::new("ssh").args(arguments).status()?;
    std::process::exit(status.code().unwrap_or(255))
}
