//! [`Pace`]: writes no faster than Azure takes them.
//!
//! Azure Resource Manager gives each subscription, principal and region a bucket of 200 writes, refilled at 10 a second, and
//! says in each answer how many are left (Microsoft's documentation of its throttling limits). Writing into an empty bucket
//! earns a 429 and a wait that is longer than the one that was spared.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The writes that Azure gives back each second.
const REFILL: f64 = 10.0;
/// The writes that the bucket holds.
const MOST: f64 = 200.0;

/// Azure's bucket, as far as it is known.
pub(super) struct Pace {
    /// The writes that were left, and when; none as long as Azure has not said.
    left: Cell<Option<(f64, Instant)>>,
    /// The turns that are taken and have no answer yet.
    under_way: Cell<u32>,
    /// Before then Azure takes no write at all.
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

    /// Waits until there is a write for this caller.
    ///
    /// # Errors
    /// There is none before `end`, and for how long.
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

    /// Takes a write out, or answers when to come again.
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

    /// Takes note of what the answer to a write says is left.
    pub(super) fn is_left(&self, writes: u32) {
        // The others under way may have been counted or not.
        let others = self.under_way.get().saturating_sub(1);
        let left = f64::from(writes.saturating_sub(others));
        self.left.set(Some((left, Instant::now())));
    }

    /// Takes note that Azure takes no write before `pause` is over.
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
