//! A VM → the arguments of `ssh`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{Route, SshDefaults, SshUser};
use crate::model::{SessionName, Vm};

/// The options of one `connect`.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The user, instead of the file's.
    pub user: Option<SshUser>,
    /// The private key.
    pub key: Option<PathBuf>,
    /// The port, when it is not 22.
    pub port: Option<u16>,
    /// True if azlin has just started the VM: its sshd starts some time after the VM.
    pub just_started: bool,
    /// Options that go to ssh as the caller gave them; they win over azlin's, as ssh takes the first of each.
    pub passed: Vec<OsString>,
    /// True if the caller wants no terminal or no command there, and so not the file's command either.
    pub is_bare: bool,
    /// The remote command, word by word; none for an interactive session.
    pub command: Vec<OsString>,
}

/// A VM without any address that azlin can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAddress;

/// `ssh`'s arguments to reach `vm`, without the program's name.
///
/// # Errors
/// The VM has no address.
pub fn arguments(
    vm: &Vm,
    ask: &Options,
    defaults: &SshDefaults,
) -> Result<Vec<OsString>, NoAddress> {
    let Route { host, options } = Route::to(vm, defaults).ok_or(NoAddress)?;
    let mut arguments = ask.passed.clone();
    let mut option = |option: &str| arguments.extend(["-o".into(), option.into()]);
    for (key, value) in options {
        option(&format!("{key}={value}"));
    }
    if ask.just_started {
        // Without an answer, an attempt lasts this long. After a refused connection, ssh waits a second.
        option("ConnectTimeout=5");
        option("ConnectionAttempts=24");
    }
    if let Some(user) = ask.user.as_ref().or(defaults.user.as_ref()) {
        arguments.extend(["-l".into(), user.as_str().into()]);
    }
    if let Some(key) = &ask.key {
        arguments.extend(["-i".into(), key.into()]);
    }
    if let Some(port) = ask.port {
        arguments.extend(["-p".into(), port.to_string().into()]);
    }
    let interactive = interactive_command(vm, ask, defaults);
    if interactive.is_some() {
        arguments.push("-t".into());
    }
    arguments.extend(["--".into(), host.to_string().into()]);
    arguments.extend(interactive.map(OsString::from));
    arguments.extend(ask.command.iter().cloned());
    Ok(arguments)
}

/// The file's command for an interactive session. A command with `{session}` runs only if the VM holds a valid session name: a
/// tag is free text, and the remote shell would interpret it.
fn interactive_command(vm: &Vm, ask: &Options, defaults: &SshDefaults) -> Option<String> {
    let command = defaults.command.as_ref();
    let command = command.filter(|_| ask.command.is_empty() && !ask.is_bare)?;
    if !command.contains("{session}") {
        return Some(command.clone());
    }
    let session = vm.held.session.as_ref()?;
    let session = SessionName::new(session.raw()).ok()?;
    Some(command.replace("{session}", session.as_str()))
}
