//! `init`, `import`, `move` and `fmt`, which write the file, `validate`, which checks it, and `blame`, which tells who wrote it.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

use super::inform::ReportOutput;
use super::vms::Within;

/// `azlin init`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin init                               a file for your subscription
  azlin init --rg rg-dev --rg rg-ml        for two resource groups only
  azlin init --sandbox                     a file and a simulated Azure, to try azlin out")]
pub struct Init {
    /// The file's owner
    ///
    /// [default: the name of the git repository, else of the folder]
    #[arg(long, value_name = "NAME")]
    pub owner: Option<String>,
    /// Only this resource group; repeatable
    #[arg(
        short = 'g',
        long,
        visible_alias = "resource-group",
        value_name = "GROUP"
    )]
    pub rg: Vec<String>,
    /// Create a simulated Azure beside the file
    #[arg(long, conflicts_with_all = ["owner", "rg"])]
    pub sandbox: bool,
}

/// `azlin import`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin import --dry-run                   show what would change in the file
  azlin import                             add the sessions that the file lacks
  azlin import --rg rg-ml --tag team=ml    only those of some VMs
  azlin import --from-tag azlin-session    take the names over from another tool")]
pub struct Import {
    /// Only VMs in this resource group; repeatable
    #[arg(
        short = 'g',
        long,
        visible_alias = "resource-group",
        value_name = "GROUP"
    )]
    pub rg: Vec<String>,
    /// Only VMs with this tag; repeatable
    #[arg(long, value_name = "KEY[=VALUE]")]
    pub tag: Vec<String>,
    /// Import the names in another tool's tag
    #[arg(long, value_name = "KEY")]
    pub from_tag: Option<String>,
    /// Show the change as a diff; write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `azlin move`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin move my-project dev-vm-2            edit the file, and show the plan
  azlin move my-project dev-vm-2 --dry-run  show what would change in the file
  azlin move my-project rg-ml/gpu-vm-1      where groups share names")]
pub struct Move {
    /// The session's name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The VM that it goes to, as VM or GROUP/VM
    #[arg(value_name = "VM")]
    pub vm: String,
    /// Where to search for it.
    #[command(flatten)]
    pub within: Within,
    /// Show the change as a diff; write nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// `azlin blame`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin blame my-project                   the VM that holds it, the line and the commit
  azlin blame rg-dev/dev-vm-1              who last wrote its tags
  azlin blame my-project --format json     for a program")]
pub struct Blame {
    /// The session, or the VM as VM or GROUP/VM
    #[arg(value_name = "NAME")]
    pub name: String,
    /// Where to search for it.
    #[command(flatten)]
    pub within: Within,
    /// The format.
    #[command(flatten)]
    pub output: ReportOutput,
}

/// `azlin fmt`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin fmt                                format the file that every command would use
  azlin fmt --check                        show what would change, for CI and hooks
  azlin fmt team-a.toml team-b.toml        format several files
  azlin fmt - < sessions.toml              read stdin, write stdout, for editors")]
pub struct Fmt {
    /// The files or folders to format; - is stdin
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub files: Vec<PathBuf>,
    /// Write nothing; exit with 1 and a diff
    #[arg(long)]
    pub check: bool,
}

/// `azlin validate`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin validate                           the file that every command would use
  azlin validate team-a.toml team-b.toml   several files, and the conflicts between them
  azlin validate --format sarif            for code scanning")]
pub struct Validate {
    /// The files or folders to check; - is stdin
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub files: Vec<PathBuf>,
    /// Output format: text, json, github or sarif
    #[arg(
        short = 'o',
        long,
        value_name = "FORMAT",
        default_value = "text",
        hide_possible_values = true,
        hide_default_value = true
    )]
    pub format: ValidateFormat,
}

/// The formats of `azlin validate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ValidateFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// Annotations of GitHub Actions.
    Github,
    /// For code scanning: SARIF 2.1.0.
    Sarif,
}
