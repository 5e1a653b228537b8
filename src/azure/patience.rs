//! [`Patience`]: the time that azlin gives Azure, and the one retry loop.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::{Failure, Kind};

/// Turns true when somebody wants azlin to end.
pub type Stopping = watch::Receiver<bool>;

/// Awaits `waiting`, and returns none if somebody wants azlin to end before it is done.
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

/// Hears of a pause: the failure before it, and its length.
type Tell = dyn Fn(&Failure, Duration) + Send + Sync;

/// The time limit for all requests of one run together, with the pauses between them.
pub struct Patience {
    limit: Duration,
    tell: Arc<Tell>,
    clock: Mutex<Clock>,
}

struct Clock {
    end: Instant,
    /// The end of the last pause that was told: many requests wait for the same thing.
    told: Instant,
}

impl Clock {
    fn new(limit: Duration) -> Self {
        let now = Instant::now();
        Self {
            end: now + limit,
            told: now,
        }
    }
}

impl Patience {
    /// The longest limit: asking for more is a mistake.
    pub const MOST: Duration = Duration::from_secs(24 * 60 * 60);

    /// Waits until `limit` from now. `tell` hears of each pause that a person would notice, once for all the requests that
    /// make it at the same time.
    pub fn new(limit: Duration, tell: impl Fn(&Failure, Duration) + Send + Sync + 'static) -> Self {
        Self::telling(limit, Arc::new(tell))
    }

    fn telling(limit: Duration, tell: Arc<Tell>) -> Self {
        let limit = limit.min(Self::MOST);
        Self {
            limit,
            tell,
            clock: Mutex::new(Clock::new(limit)),
        }
    }

    /// Another patience, with a `limit` from now, which tells the same one.
    pub(super) fn another(&self, limit: Duration) -> Self {
        Self::telling(limit, self.tell.clone())
    }

    /// Begins anew: what has passed so far was a person's time.
    pub(super) fn restart(&self) {
        *self.clock() = Clock::new(self.limit);
    }

    /// When it ends.
    pub(super) fn end(&self) -> Instant {
        self.clock().end
    }

    /// The limit, for a message.
    pub(super) fn limit(&self) -> Duration {
        self.limit
    }

    /// Repeats `attempt`, after a pause, while it fails in a way that passes and there is time.
    ///
    /// When `stopping`, no other attempt is made: the result is the last failure, or [`Kind::Interrupted`] where there is none.
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

    /// Waits after `attempts` of which the last ended in `failure`. Returns false, at once, where another would not help or
    /// would come too late: asking earlier than Azure wants only earns a new wait.
    async fn pause(&self, failure: &Failure, attempts: u32) -> bool {
        let now = Instant::now();
        let Some(pause) = failure.pause(attempts) else {
            return false;
        };
        if now + pause >= self.end() {
            return false;
        }
        self.say(failure, now, pause);
        sleep(pause).await;
        true
    }

    fn say(&self, failure: &Failure, now: Instant, pause: Duration) {
        const NOTICED: Duration = Duration::from_secs(1);
        let mut clock = self.clock();
        if pause >= NOTICED && now + pause >= clock.told + NOTICED {
            clock.told = now + pause;
            (self.tell)(failure, pause);
        }
    }

    fn clock(&self) -> MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Patience({:?})", self.limit)
    }
}
