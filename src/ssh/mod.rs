//! A VM → the arguments of `ssh`, and all sessions → an ssh_config.
//!
//! All words in them are checked: a parsed address, a GUID, a user and a jump host of plain characters, a session name. `--`
//! comes before the host, and azlin runs `ssh` without a shell.

mod arguments;
mod config;
mod known;
mod own_config;
mod ready;

pub use arguments::{NoAddress, Options, arguments};
pub use config::{Config, LeftOut, config};
pub use known::Known;
pub use own_config::{Leads, includes_for_all};
pub use ready::{Ready, ready};

use std::net::{IpAddr, Ipv6Addr};

use crate::model::Vm;

/// The file's settings for `ssh`. All words are checked, and nothing in them runs on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshDefaults {
    /// The user to log in as.
    pub user: Option<SshUser>,
    /// The jump host for a VM without a public address.
    pub jump: Option<JumpHost>,
    /// The command that an interactive `connect` runs on the VM; `{session}` stands for the session's name.
    pub command: Option<String>,
}

/// A user name that is safe to pass to `ssh -l` and to write into an ssh_config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshUser(String);

impl SshUser {
    /// The maximum length, in characters.
    pub const MAX: usize = 64;
    /// The rules of [`Self::new`] except for the length, as a regular expression.
    pub const PATTERN: &'static str = r"^([A-Za-z0-9._@][A-Za-z0-9._@-]*)?(\\[A-Za-z0-9._@-]+)?$";

    /// Checks `user`: at most 64 letters, digits and `. _ - @`, not starting with `-`, and at most one `\`, between a domain and
    /// a name.
    ///
    /// # Errors
    /// The rule that it breaks, as a phrase that follows "a user name ".
    pub fn new(user: &str) -> Result<Self, String> {
        check_word(user, Self::MAX, "._-@\\")?;
        if user.matches('\\').count() > 1 || user.ends_with('\\') {
            return Err("can contain one `\\`, between a domain and a name".to_owned());
        }
        Ok(Self(user.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A jump host (`host`, `user@host`, `host:port`) that is safe to pass to `ssh -J`, which builds a command from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JumpHost(String);

impl JumpHost {
    /// The maximum length, in characters.
    pub const MAX: usize = 255;
    /// The characters of a jump host, as a regular expression.
    pub const PATTERN: &'static str = r"^[A-Za-z0-9._@:\[\]][A-Za-z0-9._@:\[\]-]*$";

    /// Checks `text`: `[user@]host[:port]`, at most 255 characters. The host is a name or an address, with an IPv6 address in
    /// brackets.
    ///
    /// If `ssh` could not read the text, it would reject the whole ssh_config of a user. `none` would mean no jump host.
    ///
    /// # Errors
    /// The rule that it breaks, as a phrase that follows "a jump host ".
    pub fn new(text: &str) -> Result<Self, String> {
        check_word(text, Self::MAX, "._-@:[]")?;
        let (user, rest) = match text.rsplit_once('@') {
            Some((user, rest)) => (Some(user), rest),
            None => (None, text),
        };
        let (host, port) = match rest.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or("requires a closing `]`")?;
                host.parse::<Ipv6Addr>()
                    .map_err(|_| "requires an IPv6 address between the brackets")?;
                (host, port)
            }
            None => rest.split_at(rest.find(':').unwrap_or(rest.len())),
        };
        if rest.parse::<Ipv6Addr>().is_ok() {
            return Err("requires brackets around an IPv6 address".to_owned());
        }
        let is_host = |c: char| c.is_ascii_alphanumeric() || "._-:".contains(c);
        if host.is_empty() || host.starts_with('-') || !host.chars().all(is_host) {
            return Err("requires a host that does not start with `-`".to_owned());
        }
        if host.eq_ignore_ascii_case("none") {
            return Err("cannot be `none`: to ssh that means no jump host".to_owned());
        }
        if user.is_some_and(|user| user.is_empty() || user.contains(['@', ':', '[', ']'])) {
            return Err("must be [user@]host[:port], with at most one `@`".to_owned());
        }
        let port = port
            .strip_prefix(':')
            .or(Some("22").filter(|_| port.is_empty()));
        if !port.is_some_and(|port| matches!(port.parse::<u16>(), Ok(1..))) {
            return Err(
                "requires a port from 1 to 65535 after the `:`; write an IPv6 address in brackets"
                    .to_owned(),
            );
        }
        Ok(Self(text.to_owned()))
    }

    /// The whole text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host, without the user and the port.
    pub fn host(&self) -> &str {
        let host = self.0.rsplit('@').next().unwrap_or_default();
        match host.strip_prefix('[') {
            Some(address) => address.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        }
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
            "cannot have more than {max} characters (this one has {})",
            word.len()
        ))
    } else {
        Ok(())
    }
}

/// The route to a VM: its first public address, or else its first private one, through the file's jump host if there is one.
struct Route {
    host: IpAddr,
    /// The options for `ssh`, each with its value.
    options: Vec<(&'static str, String)>,
}

impl Route {
    fn to(vm: &Vm, defaults: &SshDefaults) -> Option<Self> {
        let public = vm.addresses.public.first().copied();
        let host = public.or_else(|| vm.addresses.private.first().copied())?;
        let mut options = Vec::new();
        if let Some(machine) = &vm.machine {
            // ssh keeps the host key under the machine's own id (`vmId`), as with gcloud and its instance id. So a re-created
            // VM with the same name or address causes no false warning, and ssh does not trust it by mistake.
            options.push(("HostKeyAlias", format!("azlin-{machine}")));
            options.push(("CheckHostIP", "no".to_owned()));
        }
        if let (None, Some(jump)) = (public, &defaults.jump) {
            options.push(("ProxyJump", jump.as_str().to_owned()));
        }
        Some(Self { host, options })
    }
}
