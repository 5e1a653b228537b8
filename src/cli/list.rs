//! `list`.

use clap::{Args, ValueEnum};

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
    /// Show the VMs that do not run, too
    #[arg(long)]
    pub all: bool,
    /// Show this resource group only
    #[arg(long, visible_alias = "resource-group", value_name = "GROUP")]
    pub rg: Option<String>,
    /// Show the VMs with this tag only; may be repeated, and all must hold
    #[arg(long, value_name = "KEY[=VALUE]")]
    pub tag: Vec<String>,
    /// What to write it as
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: ListFormat,
}

/// The formats of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
}
