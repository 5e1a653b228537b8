//! The command line. One file for each kind of command.

mod command;
mod file;
mod inform;
mod mistake;
mod planning;
mod sandbox;
mod ssh;
mod terraform;
mod vms;

pub use command::{command, parse};
pub use file::{Blame, Fmt, Import, Init, Move, Validate, ValidateFormat};
pub use inform::{Completions, Guide, Man, ReportFormat, ReportOutput, Shell, Whoami};
pub use mistake::Usage;
pub use planning::{Apply, Format, Plan, Planning, Show};
pub use sandbox::Sandbox;
pub use ssh::{Connect, SshConfig};
pub use terraform::for_completion;
pub use vms::{List, ListFormat, Session, Tag, Which, Within};

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::azure::sign_in::Way;
use crate::text::escape;

/// The output of `azlin` without arguments.
pub const FIRST_STEPS: &str = "\
azlin: session names for Azure VMs as code

To begin:
  azlin init                     create a sessions.toml with the sessions that your VMs have
  azlin init --sandbox           try azlin without Azure, in an empty folder

Then:
  azlin plan                     see how Azure differs from sessions.toml; writes nothing
  azlin list                     see which VMs are running, and the session of each
  azlin connect dev-vm-1         open SSH on a VM, by its name or its session

azlin --help lists all commands; azlin guide explains them.
";

/// The help heading of the flags that every command has.
const GLOBAL: &str = "Global options";

/// Session names for Azure VMs as code
#[derive(Debug, Parser)]
#[command(
    name = "azlin",
    version,
    disable_help_flag = true,
    disable_version_flag = true
)]
#[command(
    after_help = "azlin COMMAND --help shows a command's options; azlin guide explains it all.

Exit codes:
  0     done, or nothing to do
  1     error
  2     there are changes (plan --detailed-exitcode)
  3     the plan is out of date
  4     refused by a guard, or not approved
  5     applied in part, or in doubt
  130   interrupted (143: by SIGTERM, 129: by SIGHUP)
connect exits with ssh's own status."
)]
pub struct Cli {
    /// Print the version
    #[arg(short = 'V', long, action = ArgAction::Version, help_heading = GLOBAL)]
    version: Option<bool>,
    /// The flags of every command.
    #[command(flatten, next_help_heading = GLOBAL)]
    pub common: Common,
    /// The command; without one, azlin prints [`FIRST_STEPS`].
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// Moves each `--file` behind the command. clap ignores those before the command if others follow it.
fn with_files_behind(words: Vec<OsString>) -> Vec<OsString> {
    let (mut others, mut files) = (Vec::new(), Vec::new());
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next_if(|word| word != "--") {
        if word == "--file" || word == "-f" {
            files.push(word);
            files.extend(words.next_if(|value| value != "--"));
        } else if word.as_encoded_bytes().starts_with(b"--file=") {
            files.push(word);
        } else {
            others.push(word);
        }
    }
    others.into_iter().chain(files).chain(words).collect()
}

/// The flags of every command.
#[derive(Debug, Default, Args)]
pub struct Common {
    /// The sessions file, or a folder of them; repeatable
    ///
    /// [default: AZLIN_FILE, else the nearest sessions.toml in this folder or above, else
    /// the one in ~/.config/azlin]
    #[arg(short, long, global = true, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub file: Vec<PathBuf>,
    /// The subscription's id
    ///
    /// [default: the file's, else AZURE_SUBSCRIPTION_ID, else ARM_SUBSCRIPTION_ID, else az's default]
    #[arg(long, global = true, value_name = "ID")]
    pub subscription: Option<String>,
    /// How many seconds azlin may wait for Azure in total
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = crate::azure::DEADLINE.as_secs(),
        value_parser = clap::value_parser!(u64).range(1..=86_400), hide_short_help = true)]
    pub deadline: u64,
    /// Add Azure's request ids to errors
    #[arg(short, long, global = true, hide_short_help = true)]
    pub verbose: bool,
    /// Never ask a question; fail instead
    #[arg(long, global = true, hide_short_help = true)]
    pub no_input: bool,
    /// Use colour: auto, always or never
    ///
    /// auto uses it on a terminal, unless NO_COLOR or CLICOLOR_FORCE says otherwise.
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true,
        hide_default_value = true
    )]
    pub color: Color,
    /// Print help; --help lists all options
    #[arg(short, long, global = true, action = ArgAction::Help)]
    help: Option<bool>,
    /// Where to sign in, and how.
    #[command(flatten, next_help_heading = "Azure sign-in")]
    pub sign_in: SignIn,
}

impl Common {
    /// The `--file` flags as a shell reads them, each after a blank, for a command to run next.
    pub fn files(&self) -> String {
        let mut flags = String::new();
        for file in &self.file {
            let file = file.to_string_lossy();
            let quoted = shlex::try_quote(&file).unwrap_or_default();
            flags += &format!(" --file {}", escape(&quoted));
        }
        flags
    }
}

/// Where to sign in, and how.
#[derive(Debug, Default, Args)]
pub struct SignIn {
    /// The credential to sign in with
    ///
    /// [default: the credential that the environment sets up, else az]
    #[arg(long, global = true, value_name = "WAY", hide_short_help = true,
        value_parser = clap::builder::PossibleValuesParser::new(Way::NAMES.map(|(name, _)| name)))]
    pub auth: Option<String>,
    /// The URL of another Azure Resource Manager
    ///
    /// Such as Azure Stack, a private cloud or an emulator.
    ///
    /// Must use https, except on loopback. [default: AZLIN_ENDPOINT, else the file's cloud]
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub endpoint: Option<String>,
    /// The audience of tokens for an https --endpoint
    ///
    /// [default: AZLIN_AUDIENCE, else the endpoint itself]
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub audience: Option<String>,
    /// The authority that issues tokens
    ///
    /// Must use https, except on loopback. [default: AZURE_AUTHORITY_HOST, else the cloud's]
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub authority: Option<String>,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum Color {
    #[default]
    /// On a terminal, unless the environment says otherwise.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show how Azure differs from the file; write nothing
    Plan(Plan),
    /// Make Azure match the file
    Apply(Apply),
    /// Show a saved plan
    Show(Show),
    /// Create a first sessions.toml
    Init(Init),
    /// Add the sessions in Azure to the file
    Import(Import),
    /// Give a session to another VM in the file
    Move(Move),
    /// Show who gave a session to its VM
    Blame(Blame),
    /// Format the file; comments stay with their lines
    Fmt(Fmt),
    /// Check the file without reading Azure
    Validate(Validate),
    /// Print the JSON Schema of the file, for editors
    #[command(after_help = "Examples:
  azlin schema                             print it, to save it beside your file

azlin guide file shows how to tell your editor about it.")]
    Schema,
    /// Open SSH on the VM that holds a session
    #[command(visible_alias = "ssh")]
    Connect(Connect),
    /// Show, set or clear the session of one VM now
    Session(Session),
    /// List the running VMs and their sessions
    #[command(visible_alias = "ls")]
    List(List),
    /// Show or change the other tags of a VM
    #[command(subcommand)]
    #[command(after_help = "Examples:
  azlin tag list dev-vm-1
  azlin tag add dev-vm-1 env=prod
  azlin tag remove dev-vm-1 env")]
    Tag(Tag),
    /// Let ssh, scp and editors reach sessions by name
    SshConfig(SshConfig),
    /// Show the identity that azlin uses, and its permissions
    Whoami(Whoami),
    /// Try azlin or test against it without Azure
    #[command(subcommand)]
    #[command(after_help = "Examples:
  azlin sandbox reset                      start over with fresh VMs
  azlin sandbox serve --port 8999          serve them over HTTP")]
    Sandbox(Sandbox),
    /// Set up TAB completion in your shell
    ///
    /// Add one line to the shell's start-up file; see below.
    ///
    /// VMs, sessions and resource groups complete too: those in sessions.toml, and those that azlin read from Azure in the
    /// last ten minutes. After that, TAB reads Azure again and waits a moment. If Azure takes longer, the next TAB shows
    /// the answer.
    Completions(Completions),
    /// Install the manual pages, or print one
    Man(Man),
    /// Read a chapter of the guide
    Guide(Guide),
}
