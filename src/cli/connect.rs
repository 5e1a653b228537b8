//! `connect`.

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
    /// A VM's name, a session's name or an IP address, looked for in that order; none: choose from a list
    pub name: Option<String>,
    /// The user to log in as [default: the file's]
    #[arg(long, value_parser = SshUser::new)]
    pub user: Option<SshUser>,
    /// The private key
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub key: Option<PathBuf>,
    /// The port
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// Look in this resource group only
    #[arg(long, visible_alias = "resource-group", value_name = "GROUP")]
    pub rg: Option<String>,
    /// Show the ssh command instead of running it
    #[arg(long)]
    pub print: bool,
    /// Start the VM first if it is stopped
    #[arg(long)]
    pub start: bool,
    /// A command to run there instead of a shell
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}
