//! `tag`.

use clap::{Args, Subcommand};
use clap_complete::ArgValueCompleter;

use crate::verbs::names;

/// `azlin tag`.
#[derive(Debug, Subcommand)]
pub enum Tag {
    /// See all tags of a VM
    #[command(after_help = "Examples:
  azlin tag list dev-vm-1
  azlin tag list rg-dev/dev-vm-1           where groups share names")]
    List(TagList),
    /// Give a VM tags, or give those that it has other values
    #[command(after_help = "Examples:
  azlin tag add dev-vm-1 env=prod
  azlin tag add dev-vm-1 env=prod 'note=two words' formula=a=b")]
    Add(TagAdd),
    /// Take tags off a VM
    #[command(after_help = "Examples:
  azlin tag remove dev-vm-1 env
  azlin tag remove dev-vm-1 env note")]
    Remove(TagRemove),
}

/// Which VM.
#[derive(Debug, Args)]
pub struct OfVm {
    /// The VM, as VM or GROUP/VM
    #[arg(add = ArgValueCompleter::new(names::vms))]
    pub vm: String,
    /// Look for the VM in this resource group only
    #[arg(long, visible_alias = "resource-group", value_name = "GROUP", add = ArgValueCompleter::new(names::groups))]
    pub rg: Option<String>,
}

/// `azlin tag list`.
#[derive(Debug, Args)]
pub struct TagList {
    /// Which VM.
    #[command(flatten)]
    pub of: OfVm,
}

/// `azlin tag add`.
#[derive(Debug, Args)]
pub struct TagAdd {
    /// Which VM.
    #[command(flatten)]
    pub of: OfVm,
    /// The tags; a value goes from the first = to the end
    #[arg(required = true, value_name = "KEY=VALUE")]
    pub tags: Vec<String>,
}

/// `azlin tag remove`.
#[derive(Debug, Args)]
pub struct TagRemove {
    /// Which VM.
    #[command(flatten)]
    pub of: OfVm,
    /// The tags' keys
    #[arg(required = true, value_name = "KEY")]
    pub keys: Vec<String>,
}
