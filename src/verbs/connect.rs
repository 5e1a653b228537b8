//! `azlin connect`.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::process::Command;

use super::context::Context;
use super::{Exit, Streams, Trouble};
use crate::azure::compute;
use crate::cli::{Common, Connect};
use crate::model::{Live, Power, Scope, Vm};
use crate::resolve::resolve;
use crate::show;
use crate::ssh;
use crate::text::plain;
use crate::text::{self, quote};

pub(super) async fn run(
    common: &Common,
    args: &Connect,
    streams: Streams,
) -> Result<Exit, Trouble> {
    let context = Context::open(common, streams)?;
    let scope = match &args.rg {
        Some(group) => Scope::Groups(BTreeSet::from([group.to_lowercase()])),
        None => context.file.azure.scope.clone(),
    };
    let mut live = context.everything(&scope).await?;
    let found = find(&live, args)?;
    let waits = found.power == Power::Starting && args.start;
    if found.power.is_down() && !args.start {
        return Err(stopped(found, args));
    }
    if found.power.is_down() || waits {
        start(&context, found, streams).await?;
        // A machine that was deallocated has lost its dynamic address and gets another.
        live = context.everything(&scope).await?;
    }
    for reason in &live.incomplete {
        let warning = streams.stderr.yellow("warning");
        streams.say(&format!(
            "{warning}: VMs may be missing from Azure's list: {reason}\n"
        ));
    }
    let vm = find(&live, args)?;
    let ask = ssh::Ask {
        user: args.user.clone(),
        key: args.key.clone(),
        port: args.port,
        command: args.command.clone(),
    };
    let arguments = ssh::arguments(vm, &ask, &context.file.ssh).map_err(|ssh::NoAddress| {
        let help =
            "give it a network interface with an address, or check your right to read interfaces";
        Trouble::new(
            format!("{} has no IP address that azlin can see", vm.id),
            help,
        )
    })?;
    match args.print {
        true => print(&arguments, streams),
        false => become_ssh(&arguments),
    }
}

fn find<'l>(live: &'l Live, args: &Connect) -> Result<&'l Vm, Trouble> {
    resolve(live, &args.name).map_err(|miss| {
        let (message, help) = show::miss(&args.name, args.rg.as_deref(), &miss);
        Trouble::new(message, help)
    })
}

fn stopped(vm: &Vm, args: &Connect) -> Trouble {
    let help = format!(
        "start it first: azlin connect {} --start",
        text::escape(&args.name)
    );
    Trouble::new(format!("{} is {}", vm.id, vm.power), help)
}

async fn start(context: &Context, vm: &Vm, streams: Streams) -> Result<(), Trouble> {
    streams.say(&format!("starting {} …\n", vm.id));
    let mut last = None;
    let mut watch = |power: Power| {
        if last.replace(power) != Some(power) {
            streams.say(&format!("{} is {power}\n", vm.id));
        }
    };
    Ok(compute::start(&context.arm, &vm.id, &mut watch).await?)
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
