//! [`Interrupts`]: the signals that ask azlin to end.

use std::cell::{Cell, OnceCell};
use std::future::pending;

use tokio::sync::watch;

use super::Exit;

/// The signals that ask azlin to end: Ctrl-C (SIGINT), SIGTERM, and SIGHUP, which comes when the terminal goes away.
///
/// azlin listens only once it waits for something. Until then, and so while it reads a file that may be a pipe, the system
/// ends it.
#[derive(Default)]
pub(super) struct Interrupts {
    /// The exit status of each signal so far.
    told: OnceCell<watch::Receiver<Vec<Exit>>>,
    held: Cell<bool>,
}

impl Interrupts {
    /// Completes at the first signal, with its exit status.
    pub async fn first(&self) -> Exit {
        self.nth(0).await
    }

    /// Completes at the second signal: the user wants azlin to end at once.
    pub async fn second(&self) -> Exit {
        self.nth(1).await
    }

    /// Completes at the signal number `at`, counted from 0.
    pub async fn nth(&self, at: usize) -> Exit {
        let mut told = self.told.get_or_init(listen).clone();
        let signals = told.wait_for(|signals| signals.len() > at).await;
        match signals.ok().and_then(|signals| signals.get(at).copied()) {
            Some(exit) => exit,
            None => pending().await,
        }
    }

    /// The exit status of the first signal, if there was one.
    pub fn exit(&self) -> Option<Exit> {
        self.told.get()?.borrow().first().copied()
    }

    /// Lets the command decide from now on how it ends, because it writes.
    pub fn hold(&self) {
        self.held.set(true);
    }

    /// Completes at the first signal, unless the command decides itself how it ends.
    pub async fn ends(&self) -> Exit {
        let exit = self.first().await;
        if self.held.get() {
            return pending().await;
        }
        exit
    }
}

/// Listens for all signals from now on, in place of the system, which would end azlin.
fn listen() -> watch::Receiver<Vec<Exit>> {
    let (tell, told) = watch::channel(Vec::new());
    // Only the lack of memory or of file descriptors lets it fail. Then the system ends azlin.
    let _ = each_signal(&tell);
    told
}

/// Tells the exit status of each signal as it comes.
#[cfg(unix)]
fn each_signal(tell: &watch::Sender<Vec<Exit>>) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut kinds = vec![
        (SignalKind::interrupt(), Exit::Interrupted),
        (SignalKind::terminate(), Exit::Terminated),
    ];
    if !ignores_hangup() {
        kinds.push((SignalKind::hangup(), Exit::HungUp));
    }
    for (kind, exit) in kinds {
        let (mut signals, tell) = (signal(kind)?, tell.clone());
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                tell.send_modify(|told| told.push(exit));
            }
        });
    }
    Ok(())
}

/// True if whoever started azlin made it ignore SIGHUP, as `nohup` does. Only Linux says so without unsafe code.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // SIGHUP is signal 1, the lowest bit.
    ignored.is_some_and(|mask| mask & 1 == 1)
}

/// Tells the exit status of each signal as it comes.
#[cfg(windows)]
fn each_signal(tell: &watch::Sender<Vec<Exit>>) -> std::io::Result<()> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
    macro_rules! each {
        ($signals:expr, $exit:expr) => {
            let (mut signals, tell) = ($signals?, tell.clone());
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    tell.send_modify(|told| told.push($exit));
                }
            });
        };
    }
    each!(ctrl_c(), Exit::Interrupted);
    each!(ctrl_break(), Exit::Interrupted);
    each!(ctrl_close(), Exit::HungUp);
    each!(ctrl_shutdown(), Exit::Terminated);
    Ok(())
}

/// Leaves all signals to the system.
#[cfg(not(any(unix, windows)))]
fn each_signal(_: &watch::Sender<Vec<Exit>>) -> std::io::Result<()> {
    Ok(())
}
