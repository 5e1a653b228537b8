//! `man`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// `azlin man`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin man ~/.local/share/man/man1   install the pages for yourself
  azlin man | man -l -                read the main one without that")]
pub struct Man {
    /// The folder to write the pages into [default: only azlin's own page, to stdout]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub folder: Option<PathBuf>,
}
