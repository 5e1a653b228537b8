//! `whoami`, `completions` and `man`: about azlin itself.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

/// `azlin whoami`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin whoami                             before the first plan, or in CI
  azlin whoami --auth az                   as the Azure CLI's account
  azlin whoami --format json               for a program")]
pub struct Whoami {
    /// Output format: text or json
    #[arg(
        short = 'o',
        long,
        value_name = "FORMAT",
        default_value = "text",
        hide_possible_values = true,
        hide_default_value = true
    )]
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

/// `azlin completions`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin completions bash                   the script, for bash to read

Start-up files:
  ~/.bashrc                    eval \"$(azlin completions bash)\"
  ~/.zshrc, below compinit     eval \"$(azlin completions zsh)\"
  ~/.config/fish/config.fish   azlin completions fish | source
  $PROFILE                     azlin completions powershell | Out-String | iex")]
pub struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// A shell that azlin completes for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Shell {
    /// Bash, from 3.2.
    Bash,
    /// Z shell.
    Zsh,
    /// Fish.
    Fish,
    /// PowerShell, on any system.
    #[value(name = "powershell")]
    PowerShell,
}

/// `azlin man`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin man ~/.local/share/man/man1   install the pages for yourself
  azlin man | man -l -                read the main one without that")]
pub struct Man {
    /// The folder to write the pages to [default: azlin's own page, on stdout]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub folder: Option<PathBuf>,
}
