//! [`Pace`]: writes no faster than Azure takes them.
//!
//! Azure Resource Manager gives each subscription, principal and region a bucket of 200 writes, refilled at 10 a second, and
//! says in each answer how many are left (Microsoft's documentation of its throttling limits). Writing into an empty bucket
//! earns a 429 and a wait that is longer than the one that was spared.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The writes that Azure gives back each second.
const REFILL: f64 = 10.0;
/// The writes that the bucket holds.
const MOST: f64 = 200.0;

/// Azure's bucket, as far as it is known.
#[derive(Debug)]
pub(super) struct Pace(Mutex<Bucket>);

#[derive(Debug)]
struct Bucket {
    /// The writes that were left at `at`; none as long as Azure has not said.
    left: Option<f64>,
    at: Instant,
    /// The turns that are taken and have no answer yet.
    under_way: u32,
    /// Before then Azure takes no write at all.
    closed_until: Instant,
}

/// The right to one write, now.
#[derive(Debug)]
pub struct Turn<'p>(&'p Pace);

impl Pace {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self(Mutex::new(Bucket {
            left: None,
            at: now,
            under_way: 0,
            closed_until: now,
        }))
    }

    /// Waits until there is a write for this caller.
    ///
    /// # Errors
    /// There is none before `end`, and for how long.
    pub(super) async fn turn(&self, end: Instant) -> Result<Turn<'_>, Duration> {
        loop {
            let free = self.bucket().take();
            match free {
                None => return Ok(Turn(self)),
                Some(free) if free >= end => return Err(free.duration_since(Instant::now())),
                Some(free) => sleep_until(free).await,
            }
        }
    }

    /// Takes note of what the answer to a write says is left.
    pub(super) fn is_left(&self, writes: u32) {
        let mut bucket = self.bucket();
        // The others under way may have been counted or not.
        let others = bucket.under_way.saturating_sub(1);
        bucket.left = Some(f64::from(writes.saturating_sub(others)));
        bucket.at = Instant::now();
    }

    /// Takes note that Azure takes no write before `pause` is over.
    pub(super) fn close(&self, pause: Duration) {
        let mut bucket = self.bucket();
        bucket.closed_until = bucket.closed_until.max(Instant::now() + pause);
    }

    fn bucket(&self) -> MutexGuard<'_, Bucket> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bucket {
    /// Takes a write out, or answers when to come again.
    fn take(&mut self) -> Option<Instant> {
        let now = Instant::now();
        if now < self.closed_until {
            return Some(self.closed_until);
        }
        if let Some(left) = self.left {
            let since = now.saturating_duration_since(self.at).as_secs_f64();
            let left = (left + since * REFILL).min(MOST);
            if left < 1.0 {
                return Some(now + Duration::from_secs_f64((1.0 - left) / REFILL));
            }
            self.left = Some(left - 1.0);
            self.at = now;
        }
        self.under_way += 1;
        None
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut bucket = self.0.bucket();
        bucket.under_way = bucket.under_way.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure::Patience;

    /// A server as Azure describes itself: what is left before each of `writes` writes, `at_once` of which are under way at a
    /// time, each `TRIP` long.
    async fn written(writes: usize, at_once: usize) -> (f64, Duration) {
        const TRIP: Duration = Duration::from_millis(80);
        let pace = Pace::new();
        let start = Instant::now();
        let server = Mutex::new((MOST, start));
        let least = Mutex::new(MOST);
        let next = Mutex::new(0);
        let writer = || async {
            loop {
                let turn = pace.turn(start + Patience::MOST).await.unwrap();
                {
                    let mut next = next.lock().unwrap();
                    if *next == writes {
                        return;
                    }
                    *next += 1;
                }
                tokio::time::sleep(TRIP / 2).await;
                let left = {
                    let mut server = server.lock().unwrap();
                    let (left, at) = *server;
                    let left = (left + at.elapsed().as_secs_f64() * REFILL).min(MOST) - 1.0;
                    *server = (left, Instant::now());
                    let mut least = least.lock().unwrap();
                    *least = least.min(left);
                    left
                };
                tokio::time::sleep(TRIP / 2).await;
                pace.is_left(left.max(0.0) as u32);
                drop(turn);
            }
        };
        futures::future::join_all((0..at_once).map(|_| writer())).await;
        let least = *least.lock().unwrap();
        (least, start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_writes_go_at_azures_rate_and_never_into_an_empty_bucket() {
        for at_once in [1, 10, 50, 100] {
            let (least, took) = written(1000, at_once).await;
            assert!(least >= 0.0, "{at_once} at once: {least}");
            let seconds = took.as_secs_f64();
            // 200 are there, 800 come at 10 a second; what may be counted twice is kept back.
            let most = 82.0 + at_once as f64 / REFILL;
            assert!(
                (79.0..most).contains(&seconds),
                "{at_once} at once: {seconds} s"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_azure_does_not_limit_does_not_wait() {
        let pace = Pace::new();
        let start = Instant::now();
        for _ in 0..1000 {
            drop(pace.turn(start + Patience::MOST).await.unwrap());
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_written_before_azure_wants_it() {
        let pace = Pace::new();
        let start = Instant::now();
        pace.close(Duration::from_secs(7));
        pace.is_left(150);
        drop(pace.turn(start + Patience::MOST).await.unwrap());
        assert_eq!(start.elapsed(), Duration::from_secs(7));
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_comes_too_late_is_not_waited_for() {
        let pace = Pace::new();
        let start = Instant::now();
        pace.close(Duration::from_secs(1200));
        let wait = pace.turn(start + Duration::from_secs(600)).await.err();
        assert_eq!(wait, Some(Duration::from_secs(1200)));
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
