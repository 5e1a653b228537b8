//! `connect` and `ssh-config`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::ssh::SshUser;

/// `azlin connect`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin connect                            choose from a list
  azlin connect project-alpha              a shell on the VM that holds it
  azlin connect dev-vm-1 -- uptime         one command, and its exit status
  azlin connect project-alpha --print      the ssh command, for an editor")]
pub struct Connect {
    /// A VM, session or IP address, searched in that order
    ///
    /// Without it, choose from a list.
    pub name: Option<String>,
    /// The user to log in as [default: the file's]
    #[arg(long, value_parser = SshUser::new)]
    pub user: Option<SshUser>,
    /// Private key
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub key: Option<PathBuf>,
    /// Port
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// Only search this resource group
    #[arg(long, visible_alias = "resource-group", value_name = "GROUP")]
    pub rg: Option<String>,
    /// Show the ssh command instead of running it
    #[arg(long)]
    pub print: bool,
    /// Start the VM first if it is stopped
    #[arg(long)]
    pub start: bool,
    /// Command to run instead of a shell
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// `azlin ssh-config`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin ssh-config                         show the Host blocks
  azlin ssh-config --write                 then: scp notes.txt project-alpha:")]
pub struct SshConfig {
    /// Write them to ~/.ssh/azlin.d, and include that in ~/.ssh/config
    #[arg(long)]
    pub write: bool,
}
