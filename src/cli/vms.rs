//! `list`, `session` and `tag`.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand, ValueEnum};

use crate::listing::Order;
use crate::model::Power;

/// `azlin list`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin list                               the running VMs
  azlin list --all --rg rg-ml              all VMs of a resource group
  azlin list --tag team=ml --tag env       those that have both tags
  azlin list --status stopped --sort region
  azlin list --format json                 for a program

Marks after a session:
  !   another VM holds it too
  ~   the file assigns something else
  @   the VM belongs to another owner")]
pub struct List {
    /// Include VMs that are not running
    #[arg(short, long)]
    pub all: bool,
    /// Only VMs in this state, such as stopped; repeatable
    #[arg(long, value_name = "STATUS", conflicts_with = "all", hide_possible_values = true,
        ignore_case = true, value_parser = one_of(Power::ALL, Power::code))]
    pub status: Vec<Power>,
    /// Sort by name, status, ip, region or session
    #[arg(long, value_name = "COLUMN", default_value = Order::Name.code(),
        hide_possible_values = true, hide_default_value = true,
        value_parser = one_of(Order::ALL, Order::code))]
    pub sort: Order,
    /// Only this resource group
    #[arg(
        short = 'g',
        long,
        visible_alias = "resource-group",
        value_name = "GROUP"
    )]
    pub rg: Option<String>,
    /// Only VMs with this tag; repeatable
    #[arg(long, value_name = "KEY[=VALUE]")]
    pub tag: Vec<String>,
    /// Output format: table, json or csv
    #[arg(
        short = 'o',
        long,
        value_name = "FORMAT",
        default_value = "table",
        hide_possible_values = true,
        hide_default_value = true
    )]
    pub format: ListFormat,
}

/// Reads one of `all` by its code.
fn one_of<T, const N: usize>(
    all: [T; N],
    code: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T>
where
    T: Copy + Send + Sync + 'static,
{
    PossibleValuesParser::new(all.map(code)).try_map(move |word| {
        let found = all
            .into_iter()
            .find(|one| code(*one).eq_ignore_ascii_case(&word));
        found.ok_or("not one of them")
    })
}

/// The formats of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// For spreadsheets.
    Csv,
}

/// `azlin session`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  azlin session dev-vm-1                     show its session
  azlin session dev-vm-1 my-project          set it
  azlin session dev-vm-1 my-project --save   set it, and update sessions.toml
  azlin session dev-vm-1 --clear             clear it")]
pub struct Session {
    /// The VM, as VM or GROUP/VM
    ///
    /// Without it, choose from a list.
    #[arg(value_name = "VM")]
    pub vm: Option<String>,
    /// The new session name; without it, show the current one
    // Takes several words, so that the command can explain the mistake better than clap's "unexpected argument".
    #[arg(group = "change", value_name = "NAME")]
    pub name: Vec<String>,
    /// Where to search for it.
    #[command(flatten)]
    pub within: Within,
    /// Remove the VM's session
    #[arg(long, group = "change")]
    pub clear: bool,
    /// Also edit sessions.toml
    #[arg(long, requires = "change")]
    pub save: bool,
    /// Write even if another owner manages the VM
    #[arg(long, requires = "change")]
    pub force: bool,
}

/// `azlin tag`.
#[derive(Debug, Subcommand)]
pub enum Tag {
    /// See all tags of a VM
    #[command(after_help = "Examples:
  azlin tag list dev-vm-1
  azlin tag list rg-dev/dev-vm-1           where groups share names")]
    List(Which),
    /// Add tags to a VM, or change their values
    #[command(after_help = "Examples:
  azlin tag add dev-vm-1 env=prod 'contact=Ada L.' cost-center=4711
  azlin tag add rg-dev/dev-vm-1 -- -odd-key=1")]
    Add {
        /// Which VM.
        #[command(flatten)]
        vm: Which,
        /// The tags; the key ends at the first `=`
        #[arg(required = true, value_name = "KEY=VALUE")]
        tags: Vec<String>,
    },
    /// Remove tags from a VM: all of them, or none if one is missing
    #[command(after_help = "Examples:
  azlin tag remove dev-vm-1 env cost-center")]
    Remove {
        /// Which VM.
        #[command(flatten)]
        vm: Which,
        /// The tags' keys, in any case
        #[arg(required = true, value_name = "KEY")]
        keys: Vec<String>,
    },
}

/// Which VM a command is about.
#[derive(Debug, Args)]
pub struct Which {
    /// The VM, as VM or GROUP/VM
    #[arg(value_name = "VM")]
    pub vm: String,
    /// Where to search for it.
    #[command(flatten)]
    pub within: Within,
}

/// Where a command searches for a VM.
#[derive(Debug, Args)]
pub struct Within {
    /// Only search this resource group
    #[arg(
        short = 'g',
        long,
        visible_alias = "resource-group",
        value_name = "GROUP"
    )]
    pub rg: Option<String>,
}
