//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::ssh::SshUser;

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
    /// The embedded Azure that `cloud = "sandbox"` uses: no account, no network
    #[command(subcommand)]
    Sandbox(Sandbox),
}

/// What a plan is made for, and what it may do.
#[derive(Debug, Args)]
pub struct Planning {
    /// Only change this VM, `VM` or `GROUP/VM`; may be repeated
    #[arg(long, value_name = "VM")]
    pub target: Vec<String>,
    /// Take this VM from the owner whose file gave it its session; may be repeated
    #[arg(long, value_name = "VM")]
    pub take_ownership: Vec<String>,
    /// Allow up to N sessions to be cleared
    #[arg(long, value_name = "N")]
    pub max_removals: Option<usize>,
    /// Go on where Azure's list may lack VMs
    #[arg(long)]
    pub allow_incomplete: bool,
}

/// What a plan is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs; see the JSON Schema in examples/plan.schema.json.
    Json,
    /// For a comment on a pull request.
    Markdown,
}

/// `azlin plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// Save the plan, for `azlin show` and `azlin apply`
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// What to write it as
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// Show the plan as a diff: from the file that Azure would be to the file that is
    #[arg(long, conflicts_with = "format")]
    pub diff: bool,
    /// What the plan is made for.
    #[command(flatten)]
    pub planning: Planning,
    /// Exit with 2 when there are changes, 0 when there are none
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// `azlin apply`.
#[derive(Debug, Args)]
pub struct Apply {
    /// A saved plan: do exactly that, or nothing
    #[arg(value_name = "PLAN", conflicts_with_all = ["target", "take_ownership", "max_removals", "allow_incomplete"])]
    pub plan: Option<PathBuf>,
    /// What to write the plan and its outcome as
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// What the plan is made for.
    #[command(flatten)]
    pub planning: Planning,
    /// Do what can be done although lines are blocked, and exit with 5
    #[arg(long)]
    pub partial: bool,
    /// Do not ask
    #[arg(long)]
    pub auto_approve: bool,
    /// How many VMs to write at once
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub parallelism: u16,
}

/// `azlin show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The saved plan
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
    /// What to write it as
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// `azlin connect`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin connect project-alpha              a shell on the VM that holds the session
  azlin connect dev-vm-1 -- uptime         one command; its exit status is azlin's
  azlin connect project-alpha --print      the ssh command, for scp, rsync or an editor")]
pub struct Connect {
    /// A VM's name, a session's name or an IP address, looked for in that order
    pub name: String,
    /// The user to log in as [default: the file's]
    #[arg(long, value_parser = SshUser::new)]
    pub user: Option<SshUser>,
    /// The private key
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// The port
    #[arg(long)]
    pub port: Option<u16>,
    /// Look in this resource group only
    #[arg(long, visible_alias = "resource-group", value_name = "GROUP")]
    pub rg: Option<String>,
    /// Show the ssh command instead of running it
    #[arg(long)]
    pub print: bool,
    /// Start the VM first if it is stopped
    #[arg(long)]
    pub start: bool,
    /// A command to run there instead of a shell
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<OsString>,
}

/// `azlin sandbox`.
#[derive(Debug, Subcommand)]
pub enum Sandbox {
    /// Make a new fleet; what the sandbox held is gone
    Reset {
        /// How many VMs [default: the standard fleet]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
        vms: Option<u32>,
    },
    /// Serve the sandbox over HTTP on 127.0.0.1, for azlin with `endpoint` and for other clients
    Serve {
        /// The port; 0 takes a free one
        #[arg(long, value_name = "P")]
        port: u16,
        /// How long each answer takes
        #[arg(long, value_name = "MS", default_value_t = 0)]
        latency_ms: u32,
        /// How many items a page of a list holds
        #[arg(long, value_name = "N", default_value_t = crate::sandbox::DEFAULT_PAGE_SIZE as u32,
            value_parser = clap::value_parser!(u32).range(1..=1000))]
        page_size: u32,
    },
}
