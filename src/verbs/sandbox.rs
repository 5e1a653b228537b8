//! `azlin sandbox`.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;

use super::interrupt::Interrupts;
use super::target::state;
use super::{Exit, Streams, Trouble, document};
use crate::cli::{Common, Sandbox as Args};
use crate::file::find;
use crate::sandbox::{self, Sandbox};
use crate::text::{escape, plain, shown};

/// The folder of `sessions.toml`, which also holds the sandbox.
fn folder(common: &Common) -> Result<PathBuf, Trouble> {
    let mut folders = BTreeSet::new();
    for path in document::named(common) {
        folders.insert(if path.is_dir() {
            path
        } else {
            find::folder(&path).to_owned()
        });
    }
    if folders.len() > 1 {
        let n = folders.len();
        let message = format!("the files are in {n} folders, and each folder has its own sandbox");
        return Err(Trouble::new(message, "choose one file with --file"));
    }
    if let Some(folder) = folders.pop_first() {
        return Ok(folder);
    }
    let located = document::locate(&Common::default())?;
    let path = located
        .files
        .first()
        .map_or(Path::new(find::NAME), |path| path);
    Ok(find::folder(path).to_owned())
}

pub(super) async fn run(
    common: &Common,
    args: &Args,
    streams: Streams,
    interrupts: &Interrupts,
) -> Result<Exit, Trouble> {
    let state = state(&folder(common)?);
    match args {
        Args::Reset { vms, subscriptions } => {
            let vms = vms.map(|vms| usize::try_from(vms).unwrap_or(usize::MAX));
            let made = sandbox::reset_several(&state, vms, *subscriptions).map_err(|error| {
                if error.kind() == ErrorKind::InvalidInput {
                    return Trouble::new(error.to_string(), "lower --vms or --subscriptions");
                }
                let help = "check that you may write this file and its folder, and that their disk is not full; or delete .azlin";
                Trouble::cannot("write", &state, &error, help)
            })?;
            let mut fleet = format!("created {} with {made} VMs", shown(&state));
            if *subscriptions > 1 {
                fleet += &format!(" in {subscriptions} subscriptions");
            }
            streams.say(&(fleet + "\n"));
        }
        Args::Serve {
            port,
            latency_ms,
            page_size,
            faults,
        } => {
            let size = usize::try_from(*page_size).unwrap_or(sandbox::DEFAULT_PAGE_SIZE);
            let sandbox = Sandbox::open(state.clone(), size).with_faults(faults.clone());
            let latency = Duration::from_millis(u64::from(*latency_ms));
            tokio::select! {
                served = serve(sandbox, &state, *port, latency, streams) => served?,
                // That is the way to stop it.
                _ = interrupts.first() => {}
            }
        }
    }
    Ok(Exit::Done)
}

/// Serves on `port` of this machine until the future is dropped.
async fn serve(
    sandbox: Sandbox,
    state: &Path,
    port: u16,
    latency: Duration,
    streams: Streams,
) -> Result<(), Trouble> {
    let busy = |error: std::io::Error| {
        let message = format!("cannot serve on 127.0.0.1:{port}: {}", plain(&error));
        Trouble::new(
            message,
            "choose another port with --port; 0 picks a free one",
        )
    };
    let listening = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let listener = listening.map_err(busy)?;
    let address = listener.local_addr().map_err(busy)?;
    // A script waits for this line on stdout.
    streams.print(&format!("http://{address}\n"))?;
    streams.say(&format!(
        "serving {}; to use it, add to another sessions.toml:\n\n  [azure]\n  endpoint = \"http://{address}\"\n  \
         subscription = \"{}\"\n\nand set AZURE_ACCESS_TOKEN to any value; press Ctrl-C to stop\n",
        shown(state),
        sandbox::SUBSCRIPTION
    ));
    let told = Mutex::new(String::new());
    // Many requests may fail for one reason.
    let complain = move |error: &str| {
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        if *told != error {
            streams.warn(&escape(error));
            error.clone_into(&mut told);
        }
    };
    sandbox::serve(listener, Arc::new(sandbox), latency, complain)
        .await
        .map_err(busy)
}
