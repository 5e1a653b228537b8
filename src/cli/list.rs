//! `list`.

use clap::{Args, ValueEnum};
use clap_complete::ArgValueCompleter;

use crate::list::TagFilter;
use crate::verbs::names;

/// `azlin list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin list                               the VMs that run
  azlin list --all --rg rg-ml              all of one resource group
  azlin list --tag env=prod --tag gpu      those with both tags
  azlin list --format json                 for a program")]
pub struct List {
    /// VMs that do not run, too
    #[arg(long)]
    pub all: bool,
    /// Only this resource group
    #[arg(long, visible_alias = "resource-group", value_name = "GROUP", add = ArgValueCompleter::new(names::groups))]
    pub rg: Option<String>,
    /// Only VMs with this tag, or with this value of it; may be repeated
    #[arg(long, value_name = "KEY[=VALUE]", value_parser = TagFilter::new)]
    pub tag: Vec<TagFilter>,
    /// What to write
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub format: ListFormat,
}

/// What a list is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
}
