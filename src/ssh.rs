//! A VM → the arguments of `ssh`.
//!
//! Only words that were checked go in: a parsed address, a GUID, a user and a jump host of plain characters. `--` stands
//! before the host, and no shell is between azlin and `ssh`.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::model::{LiveName, SessionName, Vm};

/// What the file says about `ssh`; only words that were checked, and nothing that runs on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshDefaults {
    /// The user to log in as.
    pub user: Option<SshUser>,
    /// The host to go through to a VM without a public address.
    pub jump: Option<JumpHost>,
    /// What an interactive `connect` runs on the VM; `{session}` stands for the session's name.
    pub command: Option<String>,
}

/// A user name that is safe to hand to `ssh -l` and to write into an ssh_config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshUser(String);

impl SshUser {
    /// Letters, digits and `. _ - @ \`, at most 64, not starting with `-`.
    ///
    /// # Errors
    /// The rule that it breaks, as a phrase that follows "a user name ".
    pub fn new(user: &str) -> Result<Self, String> {
        check_word(user, 64, "._-@\\").map(|()| Self(user.to_owned()))
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A jump host (`host`, `user@host`, `host:port`) that is safe to hand to `ssh -J`, which builds a command from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JumpHost(String);

impl JumpHost {
    /// Letters, digits and `. _ - @ : [ ]`, at most 255, not starting with `-`.
    ///
    /// # Errors
    /// The rule that it breaks, as a phrase that follows "a jump host ".
    pub fn new(host: &str) -> Result<Self, String> {
        check_word(host, 255, "._-@:[]")?;
        match host
            .split('@')
            .any(|part| part.starts_with('-') || part.is_empty())
        {
            true => Err("needs a host that does not start with `-`".to_owned()),
            false => Ok(Self(host.to_owned())),
        }
    }

    /// The host itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check_word(word: &str, max: usize, punctuation: &str) -> Result<(), String> {
    let odd = |c: &char| !c.is_ascii_alphanumeric() && !punctuation.contains(*c);
    if word.is_empty() {
        Err("cannot be empty".to_owned())
    } else if word.starts_with('-') {
        Err("cannot start with `-`".to_owned())
    } else if let Some(odd) = word.chars().find(odd) {
        Err(format!("cannot contain `{}`", odd.escape_debug()))
    } else if word.len() > max {
        Err(format!(
            "cannot have {} characters: at most {max}",
            word.len()
        ))
    } else {
        Ok(())
    }
}

/// What one `connect` asks for.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// The user, instead of the file's.
    pub user: Option<SshUser>,
    /// The private key.
    pub key: Option<PathBuf>,
    /// The port, when it is not 22.
    pub port: Option<u16>,
    /// The remote command, word by word; none for an interactive session.
    pub command: Vec<OsString>,
}

/// A VM without any address that azlin can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAddress;

/// `ssh`'s arguments to reach `vm`, without the program's name.
///
/// A VM's first public address is used; else its first private one, through the file's jump host if it names one. The host
/// key is remembered under the machine's own id (`vmId`), as gcloud does under its instance id: a re-created VM behind the
/// same name or address then neither warns falsely nor is trusted falsely.
///
/// # Errors
/// The VM has no address.
pub fn arguments(vm: &Vm, ask: &Ask, defaults: &SshDefaults) -> Result<Vec<OsString>, NoAddress> {
    let public = vm.addresses.public.first().copied();
    let host = public
        .or_else(|| vm.addresses.private.first().copied())
        .ok_or(NoAddress)?;
    let mut arguments: Vec<OsString> = Vec::new();
    if let Some(machine) = &vm.machine {
        arguments.push("-o".into());
        arguments.push(format!("HostKeyAlias=azlin-{}", machine.as_str()).into());
        arguments.push("-o".into());
        arguments.push("CheckHostIP=no".into());
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
    if let (None, Some(jump)) = (public, &defaults.jump) {
        arguments.extend(["-J".into(), jump.as_str().into()]);
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

/// The file's command for an interactive session. One that speaks of the session runs only where the VM holds a valid one:
/// a tag is free text, and the remote shell would read it.
fn interactive_command(vm: &Vm, ask: &Ask, defaults: &SshDefaults) -> Option<String> {
    let command = defaults
        .command
        .as_ref()
        .filter(|_| ask.command.is_empty())?;
    if !command.contains("{session}") {
        return Some(command.clone());
    }
    let session = vm
        .held
        .session
        .as_ref()
        .map(LiveName::raw)
        .map(SessionName::new)?
        .ok()?;
    Some(command.replace("{session}", session.as_str()))
}
