//! Live names at a TAB: from the cache, else from Azure, which a background process reads.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::super::context::{Context, What};
use super::super::part::Part;
use super::super::{Streams, Trouble};
use super::cache::Cache;
use super::candidates::Name;
use super::{cache_of, of_live};
use crate::cli::Common;
use crate::model::Scope;
use crate::text::plain;

/// The variable that makes an azlin without a command fill the cache. A command for it would be one more to suggest.
const REFRESH: &str = "AZLIN_REFRESH_NAMES";

/// The time that a TAB waits for Azure.
const PATIENCE: Duration = Duration::from_millis(150);

/// The pause between checks for the answer.
const LOOK: Duration = Duration::from_millis(5);

/// The time limit of the background process.
const MOST: Duration = Duration::from_secs(60);

/// The live names that are known within [`PATIENCE`]. If Azure takes longer, the next TAB has them.
pub(super) fn live(caches: &BTreeSet<Cache>, common: &Common) -> Vec<Name> {
    let start = Instant::now();
    let (mut names, mut old) = (Vec::new(), Vec::new());
    for cache in caches {
        match cache.read(SystemTime::now()) {
            Some(fresh) => names.extend(fresh),
            None => old.push(cache),
        }
    }
    // Claim every cache, so that the next TAB does not start another process for the rest.
    let claimed = old.iter().filter(|cache| cache.claim(SystemTime::now()));
    if claimed.count() > 0 && ask(common).is_ok_and(|child| ends_by(child, start + PATIENCE)) {
        let filled = old.iter().filter_map(|cache| cache.read(SystemTime::now()));
        names.extend(filled.flatten());
    }
    names
}

/// Starts the process that fills the cache. It inherits no stream from the shell, which would wait for it, and has its own
/// process group, so that Ctrl-C does not end it.
fn ask(common: &Common) -> std::io::Result<Child> {
    let mut azlin = Command::new(std::env::current_exe()?);
    azlin.env(REFRESH, "1");
    for file in &common.file {
        azlin.arg("--file").arg(file);
    }
    if let Some(subscription) = &common.subscription {
        azlin.arg("--subscription").arg(subscription);
    }
    if let Some(endpoint) = &common.sign_in.endpoint {
        azlin.arg("--endpoint").arg(endpoint);
    }
    azlin
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut azlin, 0);
    #[cfg(windows)]
    {
        const CREATE_NO_WINDOW: u32 = 0x0800_0000;
        std::os::windows::process::CommandExt::creation_flags(&mut azlin, CREATE_NO_WINDOW);
    }
    azlin.spawn()
}

fn ends_by(mut child: Child, deadline: Instant) -> bool {
    loop {
        match child.try_wait() {
            Ok(None) if Instant::now() + LOOK < deadline => thread::sleep(LOOK),
            Ok(ended) => return ended.is_some(),
            Err(_) => return false,
        }
    }
}

/// True if this azlin was started by a TAB to fill the cache.
pub(in crate::verbs) fn is_refresh() -> bool {
    std::env::var_os(REFRESH).is_some()
}

/// Reads Azure and fills the cache.
pub(in crate::verbs) async fn refresh(common: &Common, streams: Streams) -> Result<(), Trouble> {
    let context = Context::open(common, streams)?;
    // Every process takes its turns in the same order, so that two cannot wait for each other, and takes each turn once.
    let own = context.parts().map(|part| Some((cache_of(part)?, part)));
    let caches = own
        .collect::<Option<BTreeMap<Cache, &Part>>>()
        .ok_or_else(|| {
            let help = "set HOME to your home folder";
            Trouble::new("cannot find your cache folder", help)
        })?;
    let cannot = |error: std::io::Error| {
        let message = format!("cannot cache the names: {}", plain(&error));
        Trouble::new(message, "check that you may write to ~/.cache/azlin")
    };
    let turns = caches.keys().map(|cache| cache.take_turn().map_err(cannot));
    let _turns: Vec<File> = turns.collect::<Result<_, _>>()?;
    let now = SystemTime::now();
    let reading = context.read(What::Sessions, &Scope::clone);
    let live = tokio::time::timeout(MOST, reading).await.map_err(|_| {
        let help = "run a command that waits longer, such as azlin plan";
        Trouble::new("Azure did not answer within a minute", help)
    })??;
    for (cache, part) in caches {
        cache.write(of_live(&live, part), now).map_err(cannot)?;
    }
    Ok(())
}
