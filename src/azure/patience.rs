//! [`Patience`]: the deadline for requests to Azure, and the only retry loop.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::{Failure, Kind};
use crate::trouble::Trouble;

/// Becomes true when someone interrupts azlin.
pub type Stopping = watch::Receiver<bool>;

/// Awaits `waiting`. Returns none if someone interrupts azlin first.
pub(super) async fn unless_stopped<T>(
    stopping: Option<&Stopping>,
    waiting: impl Future<Output = T>,
) -> Option<T> {
    let Some(stopping) = stopping else {
        return Some(waiting.await);
    };
    let mut stopping = stopping.clone();
    tokio::select! {
        biased;
        Ok(_) = stopping.wait_for(|stop| *stop) => None,
        done = waiting => Some(done),
    }
}

/// A callback for a pause: the failure before it, and its length.
type Tell = dyn Fn(&Failure, Duration);

/// The time limit for all requests of one run together, including the pauses between them.
pub struct Patience {
    limit: Duration,
    tell: Rc<Tell>,
    end: Cell<Instant>,
    /// The end of the last reported pause. Many requests may wait for the same thing.
    told: Cell<Instant>,
}

impl Patience {
    /// The longest limit. A longer one would be a mistake.
    pub const MOST: Duration = Duration::from_secs(24 * 60 * 60);

    /// A deadline `limit` from now. Calls `tell` for each pause that a person would notice, once for all requests that pause at
    /// the same time.
    pub fn new(limit: Duration, tell: impl Fn(&Failure, Duration) + 'static) -> Self {
        Self::telling(limit, Rc::new(tell))
    }

    fn telling(limit: Duration, tell: Rc<Tell>) -> Self {
        let (limit, now) = (limit.min(Self::MOST), Instant::now());
        Self {
            limit,
            tell,
            end: (now + limit).into(),
            told: now.into(),
        }
    }

    /// Another deadline, `limit` from now, with the same callback.
    pub(super) fn another(&self, limit: Duration) -> Self {
        Self::telling(limit, self.tell.clone())
    }

    /// Moves the deadline so that at least `time` is left.
    pub(super) fn allow(&self, time: Duration) {
        self.end.update(|end| end.max(Instant::now() + time));
    }

    /// Restarts the deadline, because a person took the time so far.
    pub(super) fn restart(&self) {
        self.end.set(Instant::now() + self.limit);
    }

    /// The deadline.
    pub(super) fn end(&self) -> Instant {
        self.end.get()
    }

    /// The reason for giving up on a request at the deadline.
    pub(super) fn too_late(&self) -> Kind {
        let seconds = self.limit.as_secs();
        Kind::Final(Trouble::new(
            format!("deadline of {seconds} s exceeded"),
            format!(
                "run the same command again to continue where this one stopped, or allow more time: --deadline {}",
                seconds.saturating_mul(2).max(60)
            ),
        ))
    }

    /// Repeats `attempt` after a pause as long as it fails temporarily and the deadline allows.
    ///
    /// When `stopping`, it makes no further attempt and returns the last failure, or [`Kind::Interrupted`] without one.
    pub(super) async fn retry<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        stopping: Option<&Stopping>,
        mut attempt: impl FnMut() -> F,
    ) -> Result<T, Failure> {
        let mut attempts = 0;
        let mut last = None;
        loop {
            let failure = match attempt().await {
                Ok(done) => return Ok(done),
                Err(failure) if failure.kind == Kind::Interrupted => {
                    return Err(last.unwrap_or(failure));
                }
                Err(failure) => failure,
            };
            attempts += 1;
            let paused = unless_stopped(stopping, self.pause(&failure, attempts)).await;
            if paused != Some(true) {
                return Err(failure);
            }
            last = Some(failure);
        }
    }

    /// Waits before the next attempt, after `attempts` that ended in `failure`. Returns false at once if another attempt would not
    /// help or would come after the deadline. An attempt earlier than Azure asks for only causes another wait.
    async fn pause(&self, failure: &Failure, attempts: u32) -> bool {
        const NOTICED: Duration = Duration::from_secs(1);
        let Some(pause) = failure.pause(attempts) else {
            return false;
        };
        let over = Instant::now() + pause;
        if over >= self.end() {
            return false;
        }
        if pause >= NOTICED && over >= self.told.get() + NOTICED {
            self.told.set(over);
            (self.tell)(failure, pause);
        }
        sleep(pause).await;
        true
    }
}
