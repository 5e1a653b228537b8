//! The command line: what there is to say to azlin. One file for each kind of command.

mod connect;
mod planning;
mod sandbox;
mod session;
mod ssh_config;
mod whoami;

pub use connect::Connect;
pub use planning::{Apply, Format, Plan, Planning, Show};
pub use sandbox::Sandbox;
pub use session::Session;
pub use ssh_config::SshConfig;
pub use whoami::{Whoami, WhoamiFormat};

use std::ffi::OsString;
use std::path::PathBuf;

use crate::azure::sign_in::Way;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// What azlin alone says.
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
    /// What every command takes.
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
        match FLAGS.contains(&flag) && !flags_end {
            true => OsString::from(format!("-{text}")),
            false => argument,
        }
    });
    respelled.collect()
}

/// What every command takes.
#[derive(Debug, Args)]
pub struct Common {
    /// The file that declares the sessions [default: AZLIN_FILE, else the first sessions.toml from here upwards, else
    /// the one in ~/.config/azlin]
    #[arg(long, global = true, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The subscription's id [default: the file's, else AZURE_SUBSCRIPTION_ID, else ARM_SUBSCRIPTION_ID, else az's
    /// default]
    #[arg(long, global = true, value_name = "ID")]
    pub subscription: Option<String>,
    /// How to sign in [default: what the environment sets up, else az]
    #[arg(long, global = true, value_name = "WAY", hide_short_help = true, help_heading = "Signing in",
        value_parser = clap::builder::PossibleValuesParser::new(Way::NAMES.map(|(name, _)| name)))]
    pub auth: Option<String>,
    /// Another Azure Resource Manager (Azure Stack, a private cloud, an emulator), by https; by http on loopback only
    /// [default: AZLIN_ENDPOINT, else the file's cloud]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        hide_short_help = true,
        help_heading = "Signing in"
    )]
    pub endpoint: Option<String>,
    /// What tokens for an --endpoint by https are asked for [default: AZLIN_AUDIENCE, else the endpoint itself]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        hide_short_help = true,
        help_heading = "Signing in"
    )]
    pub audience: Option<String>,
    /// Who gives out tokens, by https; by http on loopback only [default: AZURE_AUTHORITY_HOST, else the cloud's]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        hide_short_help = true,
        help_heading = "Signing in"
    )]
    pub authority: Option<String>,
    /// When to use colour; NO_COLOR and CLICOLOR_FORCE count too
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = false
    )]
    pub color: Color,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Color {
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
    /// Check the file alone, as in a pre-commit hook; asks nothing of Azure
    #[command(after_help = "Examples:
  azlin validate                          the file that every command would use
  azlin validate --file team/sessions.toml")]
    Validate,
    /// Open SSH on the VM that holds a session, or run a command there
    Connect(Connect),
    /// See, set or clear the session of one VM now, when the file can wait
    Session(Session),
    /// Let ssh, scp, rsync and editors know the sessions by name
    SshConfig(SshConfig),
    /// See who azlin is to Azure, why, and what it may do there
    Whoami(Whoami),
    /// Try azlin out, or test against it, without an Azure account
    #[command(subcommand)]
    Sandbox(Sandbox),
}
