//! `azlin sandbox`.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::target::state;
use super::{Exit, Streams, Trouble};
use crate::cli::{Common, Sandbox as Args};
use crate::file::find;
use crate::sandbox::{self, Sandbox};
use crate::text::{self, plain};

pub(super) async fn run(common: &Common, args: &Args, streams: Streams) -> Result<Exit, Trouble> {
    let path = match super::context::named(common) {
        Some(path) => path,
        None => find::locate(None, None).unwrap_or_else(|| find::NAME.into()),
    };
    let state = state(find::folder(&path));
    let shown = text::escape(&state.to_string_lossy()).into_owned();
    match args {
        Args::Reset { vms } => {
            let vms = vms.map(|vms| usize::try_from(vms).unwrap_or(usize::MAX));
            let made = sandbox::reset(&state, vms).map_err(|error| {
                let message = format!("cannot write {shown}: {}", plain(&error));
                Trouble::new(message, "check that you may write to this folder")
            })?;
            streams.say(&format!("{shown} is a new fleet of {made} VMs\n"));
            Ok(Exit::Done)
        }
        Args::Serve {
            port,
            latency_ms,
            page_size,
            faults,
        } => {
            let busy = |error: std::io::Error| {
                let message = format!("cannot serve on 127.0.0.1:{port}: {}", plain(&error));
                Trouble::new(message, "choose another port, or 0 for a free one")
            };
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, *port))
                .await
                .map_err(busy)?;
            let address = listener.local_addr().map_err(busy)?;
            // The line that a script waits for: where it serves, on stdout.
            streams.print(&format!("http://{address}\n"))?;
            streams.say(&format!(
                "serving {shown}; in another sessions.toml:\n\n  [azure]\n  endpoint = \"http://{address}\"\n  \
                 subscription = \"{}\"\n\nand AZURE_ACCESS_TOKEN=anything in the environment; Ctrl-C ends it\n",
                sandbox::SUBSCRIPTION
            ));
            let size = usize::try_from(*page_size).unwrap_or(sandbox::DEFAULT_PAGE_SIZE);
            let served = Arc::new(Sandbox::open(state, size).with_faults(faults.clone()));
            let latency = Duration::from_millis(u64::from(*latency_ms));
            sandbox::serve(listener, served, latency)
                .await
                .map_err(busy)?;
            Ok(Exit::Done)
        }
    }
}
