//! A token bucket, as Azure Resource Manager counts requests.
//!
//! "Each time a request is made a token is taken out … the bucket is refilled at a rate" (Microsoft's documentation of its
//! throttling: 250 reads and 25 a second, 200 writes and 10 a second, for a subscription, a principal and a region).

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// What a token counts: tokens that grow per second and a time in nanoseconds then multiply without a rounding.
const TOKEN: u128 = 1_000_000_000;

#[derive(Debug)]
pub(super) struct Bucket {
    size: u128,
    per_second: u128,
    /// How full it was, and when; never looked at, it is full.
    level: Mutex<Option<(u128, Instant)>>,
}

impl Bucket {
    /// A full bucket. One that nothing flows into counts as one token a second.
    pub(super) fn new(size: u64, per_second: u64) -> Bucket {
        Bucket {
            size: u128::from(size) * TOKEN,
            per_second: u128::from(per_second.max(1)),
            level: Mutex::new(None),
        }
    }

    /// Takes one token; without one, says in how many seconds there will be.
    pub(super) fn take(&self) -> Result<(), u64> {
        let mut level = self.level();
        let now = self.now(&level);
        if now >= TOKEN {
            *level = Some((now - TOKEN, Instant::now()));
            return Ok(());
        }
        *level = Some((now, Instant::now()));
        let wait = (TOKEN - now).div_ceil(self.per_second);
        Err(u64::try_from(wait.div_ceil(TOKEN)).unwrap_or(u64::MAX))
    }

    /// How many whole tokens are left.
    pub(super) fn left(&self) -> u64 {
        let level = self.level();
        u64::try_from(self.now(&level) / TOKEN).unwrap_or(u64::MAX)
    }

    fn now(&self, level: &Option<(u128, Instant)>) -> u128 {
        match level {
            None => self.size,
            Some((then, when)) => {
                let grown = when.elapsed().as_nanos() * self.per_second;
                self.size.min(then + grown)
            }
        }
    }

    fn level(&self) -> MutexGuard<'_, Option<(u128, Instant)>> {
        self.level.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_bucket_empties_and_fills_again_but_never_over_its_size() {
        let bucket = Bucket::new(2, 10);
        assert_eq!(bucket.left(), 2);
        assert_eq!((bucket.take(), bucket.take()), (Ok(()), Ok(())));
        assert_eq!(bucket.take(), Err(1));
        advance(Duration::from_millis(100)).await;
        assert_eq!(bucket.left(), 1);
        assert_eq!((bucket.take(), bucket.take()), (Ok(()), Err(1)));
        advance(Duration::from_secs(3600)).await;
        assert_eq!(bucket.left(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_is_as_long_as_a_token_takes() {
        let bucket = Bucket::new(1, 1);
        assert_eq!((bucket.take(), bucket.take()), (Ok(()), Err(1)));
        advance(Duration::from_millis(999)).await;
        assert_eq!((bucket.left(), bucket.take()), (0, Err(1)));
        advance(Duration::from_millis(1)).await;
        assert_eq!((bucket.left(), bucket.take()), (1, Ok(())));
    }
}
