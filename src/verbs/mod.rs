//! The commands: read, call the core, show. No decision lives here.

mod apply;
mod approval;
mod base;
mod blame;
mod completions;
mod connect;
mod context;
mod document;
mod fmt;
mod git;
mod guide;
mod import;
mod init;
mod interrupt;
mod list;
mod man;
mod moving;
mod names;
mod part;
mod picker;
mod plan;
mod planning;
mod runner;
mod sandbox;
mod saved;
mod saving;
mod schema;
mod session;
mod show;
mod ssh_config;
mod sshs_home;
mod sshs_hosts;
mod streams;
mod subscription;
mod tag;
mod target;
mod validate;
mod whoami;

pub use crate::trouble::Exit;
pub use completions::answer;

use crate::azure::unrecorded;
use crate::cli::{self, Cli, Common, Verb};
use crate::model::{Live, Scope, Vm, VmId};
use crate::resolve::Miss;
use crate::trouble::Trouble;
use crate::{resolve, show as words};
use context::Context;
use interrupt::Interrupts;
use std::time::Duration;
use streams::Streams;
use time::{Date, OffsetDateTime};

/// The time to look for a suggestion.
const GLANCE: Duration = Duration::from_secs(3);

/// Today in UTC, the day by which sessions expire.
fn today() -> Date {
    OffsetDateTime::now_utc().date()
}

/// `scope` and the resource group to search for `name`: that of `--rg`, or of `GROUP/VM`.
fn scope_with(scope: &Scope, name: &str, group: Option<&str>) -> Scope {
    let mut scope = scope.clone();
    let group = group.or_else(|| VmId::group_in(name));
    if let (Scope::Groups(groups), Some(group)) = (&mut scope, group) {
        groups.insert(group.to_lowercase());
    }
    scope
}

/// The VM that `name` means, in the resource group `group` if it is given.
async fn vm_called<'l>(
    live: &'l Live,
    name: &str,
    group: Option<&str>,
    context: &Context,
) -> Result<&'l Vm, Trouble> {
    match resolve::vm_called(live, name, group) {
        Ok(vm) => Ok(vm),
        Err(miss) => Err(missed(live, name, group, &miss, false, context).await),
    }
}

/// The trouble with a `name` that matches nothing in `live`. If only a resource group was searched, azlin looks at the others for the
/// help. `takes_port` is true if the command has `--port`.
async fn missed(
    live: &Live,
    name: &str,
    group: Option<&str>,
    miss: &Miss,
    takes_port: bool,
    context: &Context,
) -> Trouble {
    let mut trouble = words::miss(name, group, miss, context.ids);
    if matches!(
        miss,
        Miss::Ambiguous { .. }
            | Miss::NoVm {
                holder: Some(_),
                ..
            }
    ) {
        return trouble;
    }
    let mut meant = resolve::meant(live, name, group);
    if meant.is_none() && group.or_else(|| VmId::group_in(name)).is_some() {
        // The answer is known; only a suggestion is missing.
        let glance = tokio::time::timeout(GLANCE, context.glance()).await;
        meant = resolve::meant(&glance.unwrap_or_default(), name, group);
    }
    if let Some(meant) = meant {
        trouble.help = words::meant(name, &meant, group.is_some(), takes_port, context.ids);
    }
    trouble
}

/// Runs the command that `cli` names, and reports its failure on stderr.
pub async fn run(cli: Cli) -> Exit {
    let streams = Streams::new(cli.common.color);
    let Some(verb) = &cli.verb else {
        if names::is_refresh() {
            let filled = names::refresh(&cli.common, streams).await;
            return filled.map_or_else(|trouble| trouble.exit, |()| Exit::Done);
        }
        let _ = streams.print(cli::FIRST_STEPS);
        return Exit::Done;
    };
    let interrupts = Interrupts::default();
    let ran = tokio::select! {
        // The command comes first: it may have a better answer to the same signal. So a signal also ends the command while it waits
        // for a file that is a pipe.
        biased;
        ran = carry_out(&cli.common, verb, streams, &interrupts) => ran,
        // Dropping the future also ends an `az` in progress.
        exit = interrupts.ends() => Ok(exit),
    };
    let mut told = String::new();
    let exit = ran.unwrap_or_else(|trouble| {
        streams.fail(&trouble);
        told = trouble.message;
        trouble.exit
    });
    match unrecorded() {
        Some(trouble) if !told.contains(&trouble.message) => {
            streams.fail(trouble);
            match exit {
                Exit::Done | Exit::Changes => trouble.exit,
                exit => exit,
            }
        }
        _ => exit,
    }
}

async fn carry_out(
    common: &Common,
    verb: &Verb,
    streams: Streams,
    interrupts: &Interrupts,
) -> Result<Exit, Trouble> {
    match verb {
        Verb::Plan(args) => plan::run(common, args, streams).await,
        Verb::Apply(args) => apply::run(common, args, streams, interrupts).await,
        Verb::Show(args) => show::run(args, streams),
        Verb::Init(args) => init::run(common, args, streams).await,
        Verb::Import(args) => import::run(common, args, streams).await,
        Verb::Move(args) => moving::run(common, args, streams).await,
        Verb::Blame(args) => blame::run(common, args, streams).await,
        Verb::Fmt(args) => fmt::run(common, args, streams),
        Verb::Validate(args) => validate::run(common, args, streams),
        Verb::Schema => schema::run(streams),
        Verb::Connect(args) => connect::run(common, args, streams).await,
        Verb::Session(args) => session::run(common, args, streams, interrupts).await,
        Verb::List(args) => list::run(common, args, streams).await,
        Verb::Tag(args) => tag::run(common, args, streams, interrupts).await,
        Verb::SshConfig(args) => ssh_config::run(common, args, streams).await,
        Verb::Whoami(args) => whoami::run(common, args, streams).await,
        Verb::Sandbox(args) => sandbox::run(common, args, streams, interrupts).await,
        Verb::Completions(args) => completions::run(args, streams),
        Verb::Man(args) => man::run(args, streams),
        Verb::Guide(args) => guide::run(args, streams, interrupts).await,
    }
}
