//! `list`, `session` and `tag`.

use clap::{Args, Subcommand, ValueEnum};

/// `azlin list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin list                               the VMs that run
  azlin list --all --rg rg-ml              all VMs of a resource group
  azlin list --tag team=ml --tag env       those that have both tags
  azlin list --format json                 for a program

Behind a session:
  !   another VM holds it too
  ~   the file says otherwise
  @   the VM belongs to another owner")]
pub struct List {
    /// Include VMs that do not run
    #[arg(long)]
    pub all: bool,
    /// Only this resource group
    #[arg(long, visible_alias = "resource-group", value_name = "GROUP")]
    pub rg: Option<String>,
    /// Only VMs with this tag; repeat it to require several
    #[arg(long, value_name = "KEY[=VALUE]")]
    pub tag: Vec<String>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: ListFormat,
}

/// The formats of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
}

/// `azlin session`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin session dev-vm-1                   the session that the VM holds
  azlin session dev-vm-1 my-project        give it one, now
  azlin session dev-vm-1 my-project --save   the same, and into sessions.toml
  azlin session dev-vm-1 --clear           take it away")]
pub struct Session {
    /// The VM.
    #[command(flatten)]
    pub which: Which,
    /// The new session name; without it, show the current one
    #[arg(group = "change")]
    pub name: Option<String>,
    /// Remove the VM's session
    #[arg(long, group = "change")]
    pub clear: bool,
    /// Also edit sessions.toml
    #[arg(long, requires = "change")]
    pub save: bool,
    /// Set it even if another owner's file manages the VM
    #[arg(long, requires = "change")]
    pub force: bool,
}

/// `azlin tag`.
#[derive(Debug, Subcommand)]
pub enum Tag {
    /// See all tags of a VM
    #[command(after_help = "Examples:
  azlin tag list dev-vm-1
  azlin tag list rg-dev/dev-vm-1           where groups share names")]
    List(Which),
    /// Add tags to a VM or change their values; others stay
    #[command(after_help = "Examples:
  azlin tag add dev-vm-1 env=prod 'contact=Ada L.' cost-center=4711
  azlin tag add rg-dev/dev-vm-1 -- -odd-key=1")]
    Add {
        /// Which VM.
        #[command(flatten)]
        vm: Which,
        /// The tags; the first `=` ends the key
        #[arg(required = true, value_name = "KEY=VALUE")]
        tags: Vec<String>,
    },
    /// Remove the named tags from a VM; none if one is missing
    #[command(after_help = "Examples:
  azlin tag remove dev-vm-1 env cost-center")]
    Remove {
        /// Which VM.
        #[command(flatten)]
        vm: Which,
        /// The tags' keys, in any case
        #[arg(required = true, value_name = "KEY")]
        keys: Vec<String>,
    },
}

/// Which VM a command is about.
#[derive(Debug, Args)]
pub struct Which {
    /// The VM, as VM or GROUP/VM
    #[arg(value_name = "VM")]
    pub vm: String,
    /// Look in this resource group only
    #[arg(long, visible_alias = "resource-group", value_name = "GROUP")]
    pub rg: Option<String>,
}
