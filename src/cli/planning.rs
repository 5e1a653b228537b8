//! `plan`, `apply` and `show`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

/// The options of making a plan.
#[derive(Debug, Args)]
pub struct Planning {
    /// Only change this VM, `VM` or `GROUP/VM`; may be repeated
    #[arg(long, value_name = "VM")]
    pub target: Vec<String>,
    /// Take this VM from the owner whose file gave it its session; may be repeated
    #[arg(long, value_name = "VM")]
    pub take_ownership: Vec<String>,
    /// Allow up to N sessions to be cleared
    #[arg(long, value_name = "N")]
    pub max_removals: Option<usize>,
    /// Go on where Azure's list may lack VMs
    #[arg(long)]
    pub allow_incomplete: bool,
}

/// The formats of a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs; see the JSON Schema in examples/plan.schema.json.
    Json,
    /// For a comment on a pull request.
    Markdown,
}

/// `azlin plan`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin plan                               what apply would do
  azlin plan --diff                        the same, as git diff would show it
  azlin plan --out plan.json               save it, for azlin apply
  azlin plan --detailed-exitcode           exit with 2 when there are changes
  azlin plan --format markdown             for a comment on a pull request")]
pub struct Plan {
    /// Save the plan, for `azlin show` and `azlin apply`
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// What to write it as
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// Show the plan as a diff: from the file that Azure would be to the file that is
    #[arg(long, conflicts_with = "format")]
    pub diff: bool,
    /// What the plan is made for.
    #[command(flatten)]
    pub planning: Planning,
    /// Exit with 2 when there are changes, 0 when there are none
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// `azlin apply`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin apply                              show the plan, ask, write
  azlin apply plan.json                    exactly the saved plan, or nothing
  azlin apply --auto-approve               do not ask: for CI
  azlin apply --target rg-dev/dev-vm-1     only this VM")]
pub struct Apply {
    /// A saved plan: do exactly that, or nothing
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath, conflicts_with_all = ["target", "take_ownership", "max_removals", "allow_incomplete"])]
    pub plan: Option<PathBuf>,
    /// What to write the plan and its outcome as
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// What the plan is made for.
    #[command(flatten)]
    pub planning: Planning,
    /// Do what can be done although lines are blocked, and exit with 5
    #[arg(long)]
    pub partial: bool,
    /// Do not ask
    #[arg(long)]
    pub auto_approve: bool,
    /// How many VMs to write at once
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub parallelism: u16,
}

/// `azlin show`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin show plan.json                     as azlin plan showed it
  azlin show plan.json --format json       for a program")]
pub struct Show {
    /// The saved plan
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath)]
    pub plan: PathBuf,
    /// What to write it as
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}
