//! A VM → the arguments of `ssh`, and all sessions → an ssh_config.
//!
//! Only words that were checked go in: a parsed address, a GUID, a user and a jump host of plain characters, a session name.
//! `--` stands before the host, and no shell is between azlin and `ssh`.

mod arguments;
mod config;

pub use arguments::{NoAddress, Options, arguments};
pub use config::{Config, LeftOut, config, has_for_all, hosts_in, includes_in};

use std::net::{IpAddr, Ipv6Addr};

use crate::model::Vm;

/// The file's settings for `ssh`: only words that were checked, and nothing that runs on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshDefaults {
    /// The user to log in as.
    pub user: Option<SshUser>,
    /// The host to go through to a VM without a public address.
    pub jump: Option<JumpHost>,
    /// The command that an interactive `connect` runs on the VM; `{session}` stands for the session's name.
    pub command: Option<String>,
}

/// A user name that is safe to hand to `ssh -l` and to write into an ssh_config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshUser(String);

impl SshUser {
    /// Letters, digits and `. _ - @`, and one `\` between a domain and a name; at most 64, not starting with `-`.
    ///
    /// # Errors
    /// The rule that it breaks, as a phrase that follows "a user name ".
    pub fn new(user: &str) -> Result<Self, String> {
        check_word(user, 64, "._-@\\")?;
        if user.matches('\\').count() > 1 || user.ends_with('\\') {
            return Err("can contain one `\\`, between a domain and a name".to_owned());
        }
        Ok(Self(user.to_owned()))
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
    /// `[user@]host[:port]`, where the host is a name or an address, one of IPv6 in brackets; at most 255 characters.
    ///
    /// A text that `ssh` cannot read would break every `ssh` of whoever has it in an ssh_config, and `none` would mean no jump.
    ///
    /// # Errors
    /// The rule that it breaks, as a phrase that follows "a jump host ".
    pub fn new(text: &str) -> Result<Self, String> {
        check_word(text, 255, "._-@:[]")?;
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

    /// The whole of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host alone, without a user and a port.
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
            "cannot have {} characters: the limit is {max}",
            word.len()
        ))
    } else {
        Ok(())
    }
}

/// How to reach a VM: its first public address; else its first private one, through the file's jump host if it names one.
struct Route {
    host: IpAddr,
    /// `ssh`'s options on the way there, each with its value.
    options: Vec<(&'static str, String)>,
}

impl Route {
    fn to(vm: &Vm, defaults: &SshDefaults) -> Option<Self> {
        let public = vm.addresses.public.first().copied();
        let host = public.or_else(|| vm.addresses.private.first().copied())?;
        let mut options = Vec::new();
        if let Some(machine) = &vm.machine {
            // The host key is remembered under the machine's own id (`vmId`), as gcloud does with its instance id: a re-created
            // VM behind the same name or address then neither warns falsely nor is trusted falsely.
            options.push(("HostKeyAlias", format!("azlin-{machine}")));
            options.push(("CheckHostIP", "no".to_owned()));
        }
        if let (None, Some(jump)) = (public, &defaults.jump) {
            options.push(("ProxyJump", jump.as_str().to_owned()));
        }
        Some(Self { host, options })
    }
}
