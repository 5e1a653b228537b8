//! `connect` and `ssh-config`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args, ValueHint};

use crate::ssh::SshUser;

/// `azlin connect`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin connect                                   choose from a list
  azlin connect project-alpha                     open a shell there
  azlin connect dev-vm-1 -- uptime                run one command there
  azlin connect gpu-vm-1 -L 8888:localhost:8888   forward a notebook's port
  azlin connect project-alpha --print             show the ssh command")]
pub struct Connect {
    /// A VM, session or IP address, searched in that order
    ///
    /// USER@NAME logs in as USER. Without NAME, choose from a list.
    pub name: Option<String>,
    /// Log in as this user [default: the file's]
    #[arg(short = 'l', long, value_parser = SshUser::new)]
    pub user: Option<SshUser>,
    /// Use this private key
    #[arg(short = 'i', long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub key: Option<PathBuf>,
    /// Connect to this port
    #[arg(short, long, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// Only search this resource group
    #[arg(long, visible_alias = "resource-group", value_name = "GROUP")]
    pub rg: Option<String>,
    /// Show the ssh command instead of running it
    #[arg(long)]
    pub print: bool,
    /// Start the VM first if it is stopped, also with --print
    #[arg(long)]
    pub start: bool,
    /// Command to run instead of a shell
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
    /// ssh's own options.
    #[command(flatten, next_help_heading = "Passed on to ssh")]
    pub passed: Passed,
}

/// Options that azlin passes to ssh unchanged, under ssh's own letters.
#[derive(Debug, Args)]
pub struct Passed {
    /// Forward a local port to the VM's side
    #[arg(short = 'L', value_name = "PORT:HOST:PORT")]
    local: Vec<String>,
    /// Forward a port of the VM to your side
    #[arg(short = 'R', value_name = "PORT:HOST:PORT")]
    remote: Vec<String>,
    /// Open a SOCKS proxy on a local port
    #[arg(short = 'D', value_name = "PORT")]
    dynamic: Vec<String>,
    /// Go through this jump host
    #[arg(short = 'J', value_name = "HOST")]
    jump: Option<String>,
    /// Set an option of ssh_config
    #[arg(short = 'o', value_name = "KEY=VALUE")]
    option: Vec<String>,
    /// Forward your SSH agent
    #[arg(short = 'A')]
    agent: bool,
    /// Run no command: only forward ports
    #[arg(short = 'N')]
    pub no_command: bool,
    /// Do not allocate a terminal on the VM
    #[arg(short = 'T')]
    pub no_terminal: bool,
    /// Show what ssh does; -vvv shows most
    #[arg(short = 'v', action = ArgAction::Count)]
    talk: u8,
}

impl Passed {
    /// The options as words of ssh's command line; each value is a separate word after its letter.
    pub fn words(&self) -> Vec<OsString> {
        let mut words: Vec<OsString> = Vec::new();
        for (letter, values) in [
            ("-L", &self.local),
            ("-R", &self.remote),
            ("-D", &self.dynamic),
            ("-o", &self.option),
        ] {
            for value in values {
                words.extend([letter.into(), value.into()]);
            }
        }
        if let Some(jump) = &self.jump {
            words.extend(["-J".into(), jump.into()]);
        }
        for (letter, is_set) in [
            ("-A", self.agent),
            ("-N", self.no_command),
            ("-T", self.no_terminal),
        ] {
            if is_set {
                words.push(letter.into());
            }
        }
        if self.talk > 0 {
            words.push(format!("-{}", "v".repeat(usize::from(self.talk))).into());
        }
        words
    }
}

/// `azlin ssh-config`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin ssh-config                         show the Host blocks
  azlin ssh-config --write                 then: scp notes.txt project-alpha:")]
pub struct SshConfig {
    /// Save the Host blocks where ssh finds them
    #[arg(long)]
    pub write: bool,
}
