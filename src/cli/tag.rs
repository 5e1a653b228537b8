//! `tag`.

use clap::{Args, Subcommand};

/// `azlin tag`.
#[derive(Debug, Subcommand)]
pub enum Tag {
    /// See all tags of a VM
    #[command(after_help = "Examples:
  azlin tag list dev-vm-1
  azlin tag list rg-dev/dev-vm-1           where groups share names")]
    List {
        /// Which VM.
        #[command(flatten)]
        vm: Which,
    },
    /// Give a VM tags, or tags other values; the others stay as they are
    #[command(after_help = "Examples:
  azlin tag add dev-vm-1 env=prod 'contact=Ada L.' cost-center=4711
  azlin tag add rg-dev/dev-vm-1 -- -odd-key=1")]
    Add {
        /// Which VM.
        #[command(flatten)]
        vm: Which,
        /// The tags; all after the first `=` is the value
        #[arg(required = true, value_name = "KEY=VALUE")]
        tags: Vec<String>,
    },
    /// Take tags off a VM; all of them, or none if one is not there
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
