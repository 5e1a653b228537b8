//! The command line: what there is to say to azlin. One file for each kind of command.

mod connect;
mod planning;
mod sandbox;
mod session;
mod ssh_config;

pub use connect::Connect;
pub use planning::{Apply, Format, Plan, Planning, Show};
pub use sandbox::Sandbox;
pub use session::Session;
pub use ssh_config::SshConfig;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Session names for Azure VMs as code.
#[derive(Debug, Parser)]
#[command(name = "azlin", version, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done, or nothing to do; 1 error; 2 changes (plan --detailed-exitcode); \
    3 out of date; 4 refused; 5 applied in part; 130 interrupted. connect passes on ssh's own."
)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub common: Common,
    /// The command.
    #[command(subcommand)]
    pub verb: Verb,
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
    /// The subscription's id [default: the file's, else AZURE_SUBSCRIPTION_ID]
    #[arg(long, global = true, value_name = "ID")]
    pub subscription: Option<String>,
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
    /// Show how Azure differs from the file; writes nothing
    Plan(Plan),
    /// Make Azure match the file
    Apply(Apply),
    /// Show a saved plan again
    Show(Show),
    /// Check the file alone, without Azure
    Validate,
    /// Open SSH on the VM that holds a session name
    Connect(Connect),
    /// Show, set or clear the session of one VM, now
    Session(Session),
    /// Write an ssh_config, so that ssh, scp and editors know the sessions
    SshConfig(SshConfig),
    /// The embedded Azure that `cloud = "sandbox"` uses: no account, no network
    #[command(subcommand)]
    Sandbox(Sandbox),
}
