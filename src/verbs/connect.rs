//! `azlin connect`.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::process::Command;
use std::time::SystemTime;

use super::context::Context;
use super::{Exit, Streams, Trouble, names, picker, today};
use crate::azure::{Arm, compute};
use crate::cli::{Common, Connect};
use crate::model::{Live, Power, Scope, Vm, VmId};
use crate::resolve::{Miss, resolve};
use crate::show::{self, Ids};
use crate::ssh;
use crate::text::plain;
use crate::text::quote;

pub(super) async fn run(
    common: &Common,
    args: &Connect,
    streams: Streams,
) -> Result<Exit, Trouble> {
    if args.name.is_none() {
        picker::check_terminal()?;
    }
    let context = Context::open_without_file(common, streams)?;
    let called = args.name.as_deref();
    let scope = |own: &Scope| match &args.rg {
        Some(group) => Scope::Groups(BTreeSet::from([group.to_lowercase()])),
        None => super::scope_with(own, called.unwrap_or_default(), None),
    };
    let now = SystemTime::now();
    let mut live = context.visible(&scope).await?;
    names::remember(&context, &live, &scope, now);
    streams.warn_incomplete(&live);
    let found = match called {
        Some(name) => Some(find(&live, name, &context, args)?),
        None => picker::pick(&live, |vm| context.file_of(vm), streams)?,
    };
    context.first.arm.restart_time();
    let Some(found) = found else {
        return Ok(Exit::Interrupted);
    };
    let vm = found.id.clone();
    let shown = context.ids.name(&vm);
    let name = args.name.as_deref().unwrap_or(vm.name());
    let part = context.part_of(&vm);
    let astray = context
        .parts()
        .find_map(|part| show::astray(name, found, &part.desired, today(), context.ids));
    if let Some(note) = astray {
        streams.note(&note);
    }
    if found.power.is_down() && !args.start {
        return Err(stopped(found, context.ids));
    }
    let starts = found.power.is_down() || (found.power == Power::Starting && args.start);
    if starts {
        start(&part.arm, &vm, &shown, streams).await?;
        // A machine that was deallocated has lost its dynamic address and gets another.
        live = context.visible(&scope).await?;
    }
    let found = live.vms.get(&vm).ok_or_else(|| {
        Trouble::new(
            format!("{shown} is gone"),
            "someone has deleted it: azlin list shows what there is",
        )
    })?;
    let ask = ssh::Ask {
        user: args.user.clone(),
        key: args.key.clone(),
        port: args.port,
        just_started: starts,
        command: args.command.clone(),
    };
    let arguments = ssh::arguments(found, &ask, &part.file.ssh).map_err(|ssh::NoAddress| {
        let help =
            "give it a network interface with an address, or check your right to read interfaces";
        Trouble::new(
            format!("{shown} has no IP address that azlin can see"),
            help,
        )
    })?;
    if args.print {
        print(&arguments, streams)
    } else {
        become_ssh(&arguments)
    }
}

fn find<'l>(
    live: &'l Live,
    name: &str,
    context: &Context,
    args: &Connect,
) -> Result<&'l Vm, Trouble> {
    resolve(live, name).map_err(|miss| {
        let mut trouble = show::miss(name, args.rg.as_deref(), &miss, context.ids);
        if let (Miss::NotFound { .. }, Some((file, line))) = (&miss, context.line_giving(name)) {
            let vm = context.ids.name(&line.vm);
            let not_yet = "but that has not been applied yet";
            trouble.help = format!("{file} assigns it to {vm}, {not_yet}; {}", trouble.help);
        }
        trouble
    })
}

fn stopped(vm: &Vm, ids: Ids) -> Trouble {
    let name = ids.name(&vm.id);
    let help = format!("start it first: azlin connect {name} --start");
    Trouble::new(format!("{name} is {}", vm.power), help)
}

async fn start(arm: &Arm, vm: &VmId, name: &str, streams: Streams) -> Result<(), Trouble> {
    streams.say(&format!("starting {name} …\n"));
    let last = Cell::new(Power::Starting);
    let mut watch = |power| last.set(power);
    let starting = compute::start(arm, vm, &mut watch);
    let what = || format!("{name} is {}", last.get());
    streams.patiently(what, starting).await?;
    streams.say(&format!("{name} is running\n"));
    Ok(())
}

/// One line that a POSIX shell reads as exactly these words.
fn print(arguments: &[OsString], streams: Streams) -> Result<Exit, Trouble> {
    let words = arguments.iter().map(|word| word.to_string_lossy());
    let line = std::iter::once("ssh".into()).chain(words).map(|word| {
        let quoted = shlex::try_quote(&word).map(|quoted| quoted.into_owned());
        quoted.map_err(|_| {
            Trouble::new(
                format!("{} holds a NUL", quote(&word)),
                "no command line can carry it: leave it out",
            )
        })
    });
    let line: Vec<String> = line.collect::<Result<_, _>>()?;
    streams.print(&format!("{}\n", line.join(" ")))?;
    Ok(Exit::Done)
}

/// Replaces this process by `ssh`, so that there is one process, its terminal and its exit status.
#[cfg(unix)]
fn become_ssh(arguments: &[OsString]) -> Result<Exit, Trouble> {
    use std::os::unix::process::CommandExt as _;
    Err(no_ssh(&Command::new("ssh").args(arguments).exec()))
}

/// Runs `ssh` and passes on its exit status.
#[cfg(not(unix))]
fn become_ssh(arguments: &[OsString]) -> Result<Exit, Trouble> {
    let status = Command::new("ssh")
        .args(arguments)
        .status()
        .map_err(|error| no_ssh(&error))?;
    std::process::exit(status.code().unwrap_or(255))
}

fn no_ssh(error: &io::Error) -> Trouble {
    let message = format!("cannot run ssh: {}", plain(error));
    Trouble::new(
        message,
        "install the OpenSSH client, or see that `ssh` is on your PATH",
    )
}
