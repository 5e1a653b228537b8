//! `session`.

use clap::Args;

/// `azlin session`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin session dev-vm-1                   the session that the VM holds
  azlin session dev-vm-1 my-project        give it one, now
  azlin session dev-vm-1 my-project --save   the same, and into sessions.toml
  azlin session dev-vm-1 --clear           take it away")]
pub struct Session {
    /// The VM, as VM or GROUP/VM
    pub vm: String,
    /// The session that it is to hold; none: show the one that it holds
    #[arg(group = "change")]
    pub name: Option<String>,
    /// Take the VM's session away
    #[arg(long, group = "change")]
    pub clear: bool,
    /// Look for the VM in this resource group only
    #[arg(long, visible_alias = "resource-group", value_name = "GROUP")]
    pub rg: Option<String>,
    /// Also edit sessions.toml
    #[arg(long, requires = "change")]
    pub save: bool,
    /// Set it although another owner's file manages the VM
    #[arg(long, requires = "change")]
    pub force: bool,
}
