//! `completions`.

use clap::{Args, ValueEnum};

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
