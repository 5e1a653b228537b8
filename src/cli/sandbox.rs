//! `sandbox`.

use clap::Subcommand;

use crate::sandbox::Fault;

macro_rules! serve {
    () => {
        "Examples:
  azlin sandbox serve --port 8999                 its address goes to stdout
  azlin sandbox serve --port 0 --latency-ms 50    a free port, as slow as Azure
  azlin sandbox serve --port 0 --fault throttle:every=3 --fault vm=dev-vm-2:gone"
    };
}

const SERVE: &str = serve!();

const SERVE_WITH_FAULTS: &str = concat!(
    serve!(),
    "

Faults:
  [WHERE:]KIND[:KEY=VALUE,…]     the first to strike a request answers it
  WHERE is vm=NAME, in any subscription, or subscription=ID; else everywhere
  throttle           429; retry-after=2 body=arm|compute
  budget             429 when a subscription's is spent; writes=200
                     per-second=10 reads=250 reads-per-second=25
  status             status=500|408|502|503|504 when=before|after
  drop               the connection closes; when=before|after the work is done
  cut, not-json      half an answer; the connection closes, or that is all
  html               a proxy's page; status=200|403|502|503
  expired-token, claims, wrong-tenant        401
  forbidden, policy-denied                   403
  gone, group-gone                           404, of a VM that lists still have
  conflict, disabled-subscription            409
  scope-locked       409; at=vm|group|subscription
  tag-limit          400, as if the VM had 50 tags
  policy-modified    200, another tag: value=NAME|drop=true, tag=azlin_session
  accepted           202; shows-after=2 reads of the VM
  stale              the next reads=2 show the tags from before the write
  odd-vm             a VM of the list lacks how=fields|id
Each takes every=N first=N rate=0.1 seed=7; those that can strike any request
take on=all|reads|writes and list=vms|nics|ips too"
);

/// `azlin sandbox`.
#[derive(Debug, Subcommand)]
pub enum Sandbox {
    /// Replace the sandbox's VMs with a fresh fleet
    #[command(after_help = "Examples:
  azlin sandbox reset                      the standard fleet of 8 VMs
  azlin sandbox reset --vms 150            a fleet of 150 VMs
  azlin sandbox reset --subscriptions 3    the standard fleet, thrice")]
    Reset {
        /// VMs in each subscription [default: 8]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
        vms: Option<u32>,
        /// Number of subscriptions
        #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=50))]
        subscriptions: u32,
    },
    /// Serve the sandbox over HTTP on 127.0.0.1
    #[command(after_help = SERVE, after_long_help = SERVE_WITH_FAULTS)]
    Serve {
        /// The port; 0 picks a free one
        #[arg(long, value_name = "P")]
        port: u16,
        /// Delay of each answer in milliseconds
        #[arg(long, value_name = "MS", default_value_t = 0)]
        latency_ms: u32,
        /// Items on a page of a list
        #[arg(long, value_name = "N", default_value_t = crate::sandbox::DEFAULT_PAGE_SIZE as u32,
            value_parser = clap::value_parser!(u32).range(1..=1000))]
        page_size: u32,
        /// Misbehave as --help lists; repeatable
        #[arg(long = "fault", value_name = "SPEC", value_parser = Fault::parse)]
        faults: Vec<Fault>,
    },
}
