//! Live names at a TAB: from the cache, else from Azure, which is asked out of sight.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::super::context::Context;
use super::super::{Exit, Streams, Trouble};
use super::{Cache, Name, of_live};
use crate::cli::Common;
use crate::text::plain;

/// How long a TAB waits for Azure.
const PATIENCE: Duration = Duration::from_millis(150);

/// How often it looks whether the answer is there.
const LOOK: Duration = Duration::from_millis(5);

/// How long Azure may take when nobody waits.
const MOST: Duration = Duration::from_secs(60);

/// The live names that are known within [`PATIENCE`]; where Azure takes longer, the next TAB has them.
pub(super) fn live(cache: &Cache, common: &Common) -> Vec<Name> {
    let start = Instant::now();
    if let Some(names) = cache.read(SystemTime::now()) {
        return names;
    }
    if !cache.claim(SystemTime::now()) {
        return Vec::new();
    }
    let is_filled = ask(common).is_ok_and(|child| ends_by(child, start + PATIENCE));
    let names = is_filled.then(|| cache.read(SystemTime::now()));
    names.flatten().unwrap_or_default()
}

/// Starts the azlin that fills the cache. It holds no stream of the shell's, which would wait for it, and is in no group
/// of its processes, whose Ctrl-C would end it.
fn ask(common: &Common) -> std::io::Result<Child> {
    let mut azlin = Command::new(std::env::current_exe()?);
    azlin.arg("refresh-names");
    if let Some(file) = &common.file {
        azlin.arg("--file").arg(file);
    }
    if let Some(subscription) = &common.subscription {
        azlin.arg("--subscription").arg(subscription);
    }
    if let Some(endpoint) = &common.endpoint {
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

/// `azlin refresh-names`, which nobody types: reads Azure and fills the cache.
pub(in crate::verbs) async fn run(common: &Common, streams: Streams) -> Result<Exit, Trouble> {
    let context = Context::open(common, streams)?;
    let Some(cache) = context.names() else {
        let help = "set HOME or XDG_CACHE_HOME to an absolute path";
        return Err(Trouble::new("there is no folder for caches", help));
    };
    let cannot = |error: std::io::Error| {
        let message = format!("cannot keep the names: {}", plain(&error));
        Trouble::new(message, "check that you may write to ~/.cache/azlin")
    };
    let _turn = cache.take_turn().map_err(cannot)?;
    let now = SystemTime::now();
    let live = tokio::time::timeout(MOST, context.sessions()).await;
    let live = live.map_err(|_| {
        let help = "try a command that waits for it, such as azlin plan";
        Trouble::new("Azure did not answer within a minute", help)
    })??;
    cache.write(of_live(&live), now).map_err(cannot)?;
    Ok(Exit::Done)
}
