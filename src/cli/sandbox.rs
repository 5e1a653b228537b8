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
  [WHERE:]KIND[:KEY=VALUE,…]     the first fault that matches a request applies
  WHERE is vm=NAME (in any subscription) or subscription=ID; default: all
  throttle           429; retry-after=2 as=seconds|date status=429|503
                     body=arm|compute|text|html
  budget             429 when a subscription exceeds its limits; writes=200
                     per-second=10 reads=250 reads-per-second=25
  status             status=500|408|502|503|504 when=before|after
  drop               closes the connection; when=before|after the work is done
  cut, not-json      half a response; cut then closes the connection
  empty              a response without its body
  circle             a list whose next page is the same page
  html               a proxy's page; status=200|403|502|503
  expired-token, claims, wrong-tenant        401
  forbidden          403
  policy-denied      403; policies=1 reasons=none|message|conditions
  odd-error          403; how=flat|capitals|number|null|mark|info|nested|text
  gone, group-gone                           404, for a VM that is still listed
  conflict, disabled-subscription            409
  scope-locked       409; at=vm|group|subscription
  details            409 with details; of=multiple|not-allowed
  unregistered       409, the resource provider is not registered
  old-api            400, the api-version is not supported
  tag-limit          400, as if the VM had 50 tags
  policy-modified    200, tag changed: value=NAME|drop=true, tag=azlin_session
  accepted           202; shows-after=2 reads of the VM
  stale              the next reads=2 show the tags from before the write
  odd-vm             a listed VM has no how=fields|id
  vm-state           VMs are how=failed-extension|deleting|generalized, or
                     their power state is how=unlisted|none
  no-capacity        409 to a start; code=AllocationFailed|SkuNotAvailable|
                     ZonalAllocationFailed|OverconstrainedAllocationRequest
  slow-start         a start asks for a wait; retry-after=10
  nat-rule           VMs are behind a load balancer, without a public IP
  one-group          403 outside of group=rg-dev
Every kind accepts every=N first=N rate=0.1 seed=7; kinds that affect any
request also accept on=all|reads|writes and list=vms|states|nics|ips|log"
);

/// `azlin sandbox`.
#[derive(Debug, Subcommand)]
pub enum Sandbox {
    /// Reset the sandbox to a fresh set of VMs
    #[command(after_help = "Examples:
  azlin sandbox reset                      the default 8 VMs
  azlin sandbox reset --vms 150            150 VMs
  azlin sandbox reset --subscriptions 3    3 subscriptions of 8 VMs each")]
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
        /// Milliseconds before each response
        #[arg(long, value_name = "MS", default_value_t = 0)]
        latency_ms: u32,
        /// Items per page of a list
        #[arg(long, value_name = "N", default_value_t = crate::sandbox::DEFAULT_PAGE_SIZE as u32,
            value_parser = clap::value_parser!(u32).range(1..=1000))]
        page_size: u32,
        /// Inject a fault (kinds: see --help); repeatable
        #[arg(long = "fault", value_name = "SPEC", value_parser = Fault::parse)]
        faults: Vec<Fault>,
    },
}
