//! `whoami`.

use clap::{Args, ValueEnum};

/// `azlin whoami`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin whoami                             before the first plan, or in CI
  azlin whoami --auth az                   would the Azure CLI's account do?
  azlin whoami --format json               for a program")]
pub struct Whoami {
    /// What to write it as
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: WhoamiFormat,
}

/// The formats of `azlin whoami`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WhoamiFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}
