//! [`Patience`]: how long azlin waits for Azure, and who is told that it does.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::Failure;

/// Told what azlin waits for, and how long.
type Tell = dyn Fn(&Failure, Duration) + Send + Sync;

/// How long all requests of one run may take together, with the pauses between them.
pub struct Patience {
    limit: Duration,
    end: Instant,
    tell: Box<Tell>,
    /// The end of the last pause that was told: many requests wait for the same thing.
    told: Mutex<Instant>,
}

impl Patience {
    /// Waits until `limit` from now. `tell` hears of each pause that a person would notice, once for all the requests that
    /// make it at the same time.
    pub fn new(limit: Duration, tell: impl Fn(&Failure, Duration) + Send + Sync + 'static) -> Self {
        let now = Instant::now();
        Self {
            limit,
            end: now + limit,
            tell: Box::new(tell),
            told: Mutex::new(now),
        }
    }

    /// The limit, once it has passed.
    pub(super) fn passed(&self) -> Option<Duration> {
        (Instant::now() >= self.end).then_some(self.limit)
    }

    /// Waits before attempt number `attempt` + 1. Answers false, at once, where another attempt would not help or would
    /// come too late: asking earlier than Azure wants only earns a new wait.
    pub(super) async fn pause(&self, failure: &Failure, attempt: u32) -> bool {
        let now = Instant::now();
        let Some(pause) = failure
            .pause(attempt)
            .filter(|pause| now + *pause < self.end)
        else {
            return false;
        };
        self.say(failure, now, pause);
        sleep(pause).await;
        true
    }

    fn say(&self, failure: &Failure, now: Instant, pause: Duration) {
        const NOTICED: Duration = Duration::from_secs(1);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if pause >= NOTICED && now + pause >= *told + NOTICED {
            *told = now + pause;
            (self.tell)(failure, pause);
        }
    }
}

impl fmt::Debug for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Patience({:?})", self.limit)
    }
}
