//! [`Pace`]: limits writes to the rate that Azure accepts.
//!
//! Azure Resource Manager gives each subscription, principal and region a bucket of 200 writes and refills it at 10 a second. Each
//! answer says how many are left (Microsoft's documentation of its throttling limits). A write to an empty bucket gets a 429 and
//! a longer wait than pacing would have cost.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The writes that Azure gives back each second.
const REFILL: f64 = 10.0;
/// The size of the bucket, in writes.
const MOST: f64 = 200.0;

/// The state of Azure's bucket, as far as azlin knows it.
pub(super) struct Pace {
    /// The writes that were left, and when. None until Azure says.
    left: Cell<Option<(f64, Instant)>>,
    /// The number of turns without an answer yet.
    under_way: Cell<u32>,
    /// Azure accepts no writes before this time.
    closed_until: Cell<Instant>,
}

/// The right to one write, now.
#[derive(Debug)]
pub(super) struct Turn<'p>(&'p Cell<u32>);

impl Pace {
    pub(super) fn new() -> Self {
        Self {
            left: Cell::default(),
            under_way: Cell::default(),
            closed_until: Instant::now().into(),
        }
    }

    /// Waits until the caller may write.
    ///
    /// # Errors
    /// Azure accepts no write before `end`. The error is how long that lasts.
    pub(super) async fn turn(&self, end: Instant) -> Result<Turn<'_>, Duration> {
        while let Err(free) = self.take() {
            if free >= end {
                return Err(free.duration_since(Instant::now()));
            }
            sleep_until(free).await;
        }
        self.under_way.update(|turns| turns + 1);
        Ok(Turn(&self.under_way))
    }

    /// Takes one write out of the bucket, or returns the time of the next one.
    fn take(&self) -> Result<(), Instant> {
        let now = Instant::now();
        if now < self.closed_until.get() {
            return Err(self.closed_until.get());
        }
        if let Some((left, at)) = self.left.get() {
            let refilled = now.saturating_duration_since(at).as_secs_f64() * REFILL;
            let left = (left + refilled).min(MOST);
            if left < 1.0 {
                return Err(now + Duration::from_secs_f64((1.0 - left) / REFILL));
            }
            self.left.set(Some((left - 1.0, now)));
        }
        Ok(())
    }

    /// Records the number of writes that an answer says are left.
    pub(super) fn is_left(&self, writes: u32) {
        // Azure may or may not have counted the other writes in progress.
        let others = self.under_way.get().saturating_sub(1);
        let left = f64::from(writes.saturating_sub(others));
        self.left.set(Some((left, Instant::now())));
    }

    /// Records that Azure accepts no writes during `pause`.
    pub(super) fn close(&self, pause: Duration) {
        let over = Instant::now() + pause;
        self.closed_until.update(|until| until.max(over));
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.update(|turns| turns.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::azure::Patience;

    /// The lowest level of the bucket, and the total duration, of `writes` writes to a server that counts as Azure does.
    /// `at_once` of them are in progress at a time, and each takes `TRIP`.
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
    async fn a_thousand_writes_keep_to_azures_rate_and_never_empty_the_bucket() {
        for at_once in [1, 10, 50, 100] {
            let (least, took) = written(1000, at_once).await;
            assert!(least >= 0.0, "{at_once} at once: {least}");
            let seconds = took.as_secs_f64();
            // 200 are in the bucket, and 800 come at 10 a second. The pace holds back those that may count twice.
            let most = 82.0 + at_once as f64 / REFILL;
            assert!(
                (79.0..most).contains(&seconds),
                "{at_once} at once: {seconds} s"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn writes_without_a_known_limit_do_not_wait() {
        let pace = Pace::new();
        let start = Instant::now();
        for _ in 0..1000 {
            drop(pace.turn(start + Patience::MOST).await.unwrap());
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn no_write_starts_before_azure_accepts_it() {
        let pace = Pace::new();
        let start = Instant::now();
        pace.close(Duration::from_secs(7));
        pace.is_left(150);
        drop(pace.turn(start + Patience::MOST).await.unwrap());
        assert_eq!(start.elapsed(), Duration::from_secs(7));
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_after_the_deadline_fails_at_once() {
        let pace = Pace::new();
        let start = Instant::now();
        pace.close(Duration::from_secs(1200));
        let wait = pace.turn(start + Duration::from_secs(600)).await.err();
        assert_eq!(wait, Some(Duration::from_secs(1200)));
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
