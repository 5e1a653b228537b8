//! `sandbox`.

use clap::Subcommand;

/// `azlin sandbox`.
#[derive(Debug, Subcommand)]
pub enum Sandbox {
    /// Begin anew with a fresh fleet; what the sandbox held is gone
    #[command(after_help = "Examples:
  azlin sandbox reset                      the standard fleet of 8 VMs
  azlin sandbox reset --vms 150            the same and more")]
    Reset {
        /// How many VMs [default: the standard fleet]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
        vms: Option<u32>,
    },
    /// Serve the sandbox over HTTP on 127.0.0.1, for azlin and for other clients
    #[command(after_help = "Examples:
  azlin sandbox serve --port 8999                    its address goes to stdout
  azlin sandbox serve --port 0 --latency-ms 50   on a free port, as slow")]
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
