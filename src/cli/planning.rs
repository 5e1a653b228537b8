//! `plan`, `apply` and `show`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

/// The options that shape a plan.
#[derive(Debug, Default, PartialEq, Eq, Args)]
pub struct Planning {
    /// Change only this VM; repeatable
    #[arg(long, value_name = "VM")]
    pub target: Vec<String>,
    /// Take over this VM from its owner; repeatable
    #[arg(long, value_name = "VM")]
    pub take_ownership: Vec<String>,
    /// Take over all that OLD owns; repeatable
    #[arg(long, value_name = "OLD")]
    pub take_ownership_from: Vec<String>,
    /// Allow up to N sessions to be cleared
    #[arg(long, value_name = "N")]
    pub max_removals: Option<usize>,
    /// Continue even if VMs may be missing
    #[arg(long)]
    pub allow_incomplete: bool,
}

impl Planning {
    /// True if no option is given.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// The formats of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs; see the JSON Schema in examples/plan.schema.json.
    Json,
    /// For a comment on a pull request.
    Markdown,
}

/// The output of a command that shows a plan.
#[derive(Debug, Args)]
pub struct Output {
    /// Output format: text, json or markdown
    #[arg(
        short = 'o',
        long,
        value_name = "FORMAT",
        default_value = "text",
        hide_possible_values = true,
        hide_default_value = true
    )]
    pub format: Format,
}

/// `azlin plan`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin plan                               what apply would do
  azlin plan --diff                        the same as a diff
  azlin plan --out plan.json               save it for azlin apply
  azlin plan --base origin/main            what the branch causes, and what is drift
  azlin plan --detailed-exitcode           exit with 2 if there are changes
  azlin plan --format markdown             for a comment on a pull request")]
pub struct Plan {
    /// Save the plan for azlin apply
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// The format.
    #[command(flatten)]
    pub output: Output,
    /// Show a diff from Azure to the file
    #[arg(long, conflicts_with = "format")]
    pub diff: bool,
    /// Tell changes since REV from drift
    ///
    /// REV is a git revision. A change that the file at REV needed too is drift: Azure had changed before.
    #[arg(long, value_name = "REV", conflicts_with = "diff")]
    pub base: Option<String>,
    /// Add who wrote sessions set by hand
    ///
    /// From Azure's activity log, which keeps 89 days and not the values that were written.
    #[arg(long, conflicts_with = "diff")]
    pub blame: bool,
    /// The options that shape the plan.
    #[command(flatten)]
    pub planning: Planning,
    /// Exit with 2 if there are changes
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// `azlin apply`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin apply                              show the plan, ask, write
  azlin apply plan.json                    exactly the saved plan, or nothing
  azlin apply -y                           without asking, for CI
  azlin apply --target rg-dev/dev-vm-1     only this VM")]
pub struct Apply {
    /// A saved plan to apply exactly, or not at all
    #[arg(value_name = "PLAN", value_hint = ValueHint::FilePath, conflicts_with = "target")]
    pub plan: Option<PathBuf>,
    /// The format.
    #[command(flatten)]
    pub output: Output,
    /// The options that shape the plan.
    #[command(flatten)]
    pub planning: Planning,
    /// Apply the lines that are not blocked
    #[arg(long)]
    pub partial: bool,
    /// Skip the approval prompt
    #[arg(short = 'y', long)]
    pub auto_approve: bool,
    /// Update N VMs in parallel
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
    /// The format.
    #[command(flatten)]
    pub output: Output,
}
