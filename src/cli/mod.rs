//! The command line. One file for each kind of command.

mod inform;
mod planning;
mod sandbox;
mod ssh;
mod vms;

pub use inform::{Completions, Guide, Man, Shell, Whoami, WhoamiFormat};
pub use planning::{Apply, Format, Plan, Planning, Show};
pub use sandbox::Sandbox;
pub use ssh::{Connect, SshConfig};
pub use vms::{List, ListFormat, Session, Tag, Which};

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::azure::sign_in::Way;

/// The output of `azlin` without arguments.
pub const FIRST_STEPS: &str = "\
azlin: session names for Azure VMs as code

Three things to try:
  azlin plan                     how Azure differs from sessions.toml; writes nothing
  azlin list                     the VMs, and which session each one holds
  azlin connect project-alpha    SSH to the VM that holds a session

azlin --help shows the rest. To try it without Azure, put these two lines into a sessions.toml:
  [azure]
  cloud = \"sandbox\"
";

/// Session names for Azure VMs as code.
#[derive(Debug, Parser)]
#[command(name = "azlin", version)]
#[command(
    after_help = "Exit codes: 0 done, or nothing to do; 1 error; 2 changes (plan --detailed-exitcode); \
    3 out of date; 4 refused; 5 applied in part; 130 interrupted. connect passes on ssh's own."
)]
pub struct Cli {
    /// The flags of every command.
    #[command(flatten)]
    pub common: Common,
    /// The command; none: [`FIRST_STEPS`].
    #[command(subcommand)]
    pub verb: Option<Verb>,
}

/// Terraform's spelling of flags, with one dash, as azlin's, with two; up to `--`, after which nothing is a flag.
pub fn with_double_dashes(arguments: impl Iterator<Item = OsString>) -> Vec<OsString> {
    const FLAGS: [&str; 5] = [
        "-out",
        "-auto-approve",
        "-detailed-exitcode",
        "-target",
        "-parallelism",
    ];
    let mut flags_end = false;
    let respelled = arguments.map(|argument| {
        flags_end |= argument == "--";
        let text = argument.to_str().unwrap_or_default();
        let flag = text.split('=').next().unwrap_or_default();
        if FLAGS.contains(&flag) && !flags_end {
            OsString::from(format!("-{text}"))
        } else {
            argument
        }
    });
    respelled.collect()
}

/// Each `--file` behind the command: clap forgets those before it where there are some behind it too.
pub fn with_files_behind(words: Vec<OsString>) -> Vec<OsString> {
    let (mut others, mut files) = (Vec::new(), Vec::new());
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next_if(|word| word != "--") {
        if word == "--file" {
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
    /// The file that declares the sessions, or a folder of them
    ///
    /// Repeat it for several. [default: AZLIN_FILE, else the first sessions.toml from here upwards, else the one in
    /// ~/.config/azlin]
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub file: Vec<PathBuf>,
    /// The subscription's id
    ///
    /// [default: the file's, else AZURE_SUBSCRIPTION_ID, else ARM_SUBSCRIPTION_ID, else az's default]
    #[arg(long, global = true, value_name = "ID")]
    pub subscription: Option<String>,
    /// How long azlin may wait for Azure in all
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = crate::azure::DEADLINE.as_secs(),
        value_parser = clap::value_parser!(u64).range(1..=86_400), hide_short_help = true)]
    pub deadline: u64,
    /// Add Azure's request ids to errors
    #[arg(long, global = true, hide_short_help = true)]
    pub verbose: bool,
    /// When to use colour; NO_COLOR and CLICOLOR_FORCE count too
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: Color,
    /// Where to sign in, and how.
    #[command(flatten, next_help_heading = "Signing in")]
    pub sign_in: SignIn,
}

/// Where to sign in, and how.
#[derive(Debug, Default, Args)]
pub struct SignIn {
    /// How to sign in [default: what the environment sets up, else az]
    #[arg(long, global = true, value_name = "WAY", hide_short_help = true,
        value_parser = clap::builder::PossibleValuesParser::new(Way::NAMES.map(|(name, _)| name)))]
    pub auth: Option<String>,
    /// Another Azure Resource Manager: Azure Stack, a private cloud, an emulator
    ///
    /// By https; by http on loopback only. [default: AZLIN_ENDPOINT, else the file's cloud]
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub endpoint: Option<String>,
    /// The audience of tokens for an https --endpoint
    ///
    /// [default: AZLIN_AUDIENCE, else the endpoint itself]
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub audience: Option<String>,
    /// The authority that issues tokens
    ///
    /// By https; by http on loopback only. [default: AZURE_AUTHORITY_HOST, else the cloud's]
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
    /// See how Azure differs from the file, before anything is written
    Plan(Plan),
    /// Make Azure match the file, when the plan is right
    Apply(Apply),
    /// Look at a saved plan again, before it is applied
    Show(Show),
    /// Check the file without asking Azure, as in a pre-commit hook
    #[command(after_help = "Examples:
  azlin validate                          the file that every command would use
  azlin validate --file team/sessions.toml")]
    Validate,
    /// Open SSH on the VM that holds a session, or run a command there
    Connect(Connect),
    /// See, set or clear the session of one VM now, when the file can wait
    Session(Session),
    /// See which VMs run, where, and which session each one holds
    List(List),
    /// Look at a VM's other tags, or change them
    #[command(subcommand)]
    #[command(after_help = "Examples:
  azlin tag list dev-vm-1
  azlin tag add dev-vm-1 env=prod
  azlin tag remove dev-vm-1 env")]
    Tag(Tag),
    /// Let ssh, scp, rsync and editors know the sessions by name
    SshConfig(SshConfig),
    /// See who azlin is to Azure, why, and what it may do there
    Whoami(Whoami),
    /// Try azlin out, or test against it, without an Azure account
    #[command(subcommand)]
    #[command(after_help = "Examples:
  azlin sandbox reset                      what `cloud = \"sandbox\"` sees, anew
  azlin sandbox serve --port 8999          the same by HTTP")]
    Sandbox(Sandbox),
    /// Make the shell complete commands, VMs and sessions at TAB
    ///
    /// Add one line to the shell's start-up file; see below.
    ///
    /// VMs, sessions and resource groups complete too: those that sessions.toml declares, and those that azlin read from
    /// Azure in the last ten minutes. If that is too long ago, TAB asks Azure and waits a moment. If Azure takes longer,
    /// the next TAB shows the answer.
    Completions(Completions),
    /// Read about azlin where `--help` is not enough, or install its manual pages
    Man(Man),
    /// Read a chapter of the guide
    Guide(Guide),
    /// Fill the cache of names; what a TAB starts where it has none
    #[command(hide = true)]
    RefreshNames,
}
