//! `whoami`, `completions`, `man` and `guide`: about azlin itself.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Args, Command, Error, ValueEnum, ValueHint};

use crate::guide::{CHAPTERS, Chapter};

/// `azlin whoami`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin whoami                             before the first plan, or in CI
  azlin whoami --auth az                   as the Azure CLI's account
  azlin whoami --format json               for a program")]
pub struct Whoami {
    /// The format.
    #[command(flatten)]
    pub output: ReportOutput,
}

/// The format of a report.
#[derive(Debug, Args)]
pub struct ReportOutput {
    /// Output format: text or json
    #[arg(
        short = 'o',
        long,
        value_name = "FORMAT",
        default_value = "text",
        hide_possible_values = true,
        hide_default_value = true
    )]
    pub format: ReportFormat,
}

/// The formats of `azlin whoami` and `azlin blame`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
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
  azlin man | man -l -                read the main page without installing it")]
pub struct Man {
    /// The folder to write the pages to [default: azlin's own page, on stdout]
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub folder: Option<PathBuf>,
}

/// `azlin guide`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin guide                              list the topics
  azlin guide ci                           read one
  azlin guide apply                        read the one that explains a command")]
pub struct Guide {
    /// The topic; without it, list the topics
    #[arg(value_name = "TOPIC", value_parser = Topic)]
    pub topic: Option<String>,
}

/// Reads any word as a topic, so that the command can suggest one for a wrong word; help and TAB offer the real ones.
#[derive(Clone)]
struct Topic;

impl TypedValueParser for Topic {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let topic = |chapter: &Chapter| PossibleValue::new(chapter.name).help(chapter.summary());
        Some(Box::new(CHAPTERS.iter().map(topic)))
    }
}
