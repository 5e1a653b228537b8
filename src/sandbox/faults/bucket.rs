//! Token buckets, with which Azure Resource Manager counts requests.
//!
//! "Each time a request is made a token is taken out … the bucket is refilled at a rate" (Microsoft's documentation of its
//! throttling: 250 reads and 25 a second, 200 writes and 10 a second, for a subscription, a principal and a region).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::sandbox::guid::Guid;

/// One token. With this unit, tokens per second times nanoseconds needs no rounding.
const TOKEN: u128 = 1_000_000_000;

/// A bucket for each subscription, all of the same size.
#[derive(Debug)]
pub(super) struct Buckets {
    size: u128,
    per_second: u128,
    /// The level of each bucket, and when it was measured. A bucket without an entry is full.
    levels: Mutex<HashMap<Guid, (u128, Instant)>>,
}

impl Buckets {
    /// Full buckets. A rate of 0 counts as one token a second.
    pub(super) fn new(size: u64, per_second: u64) -> Buckets {
        Buckets {
            size: u128::from(size) * TOKEN,
            per_second: u128::from(per_second.max(1)),
            levels: Mutex::default(),
        }
    }

    /// Takes one of the subscription's tokens. The error is the number of seconds until there is one.
    pub(super) fn take(&self, subscription: Guid) -> Result<(), u64> {
        let mut levels = self.levels();
        let now = self.now(levels.get(&subscription));
        if now >= TOKEN {
            levels.insert(subscription, (now - TOKEN, Instant::now()));
            return Ok(());
        }
        levels.insert(subscription, (now, Instant::now()));
        let wait = (TOKEN - now).div_ceil(self.per_second);
        Err(u64::try_from(wait.div_ceil(TOKEN)).unwrap_or(u64::MAX))
    }

    /// The number of whole tokens that the subscription has left.
    pub(super) fn left(&self, subscription: Guid) -> u64 {
        let levels = self.levels();
        u64::try_from(self.now(levels.get(&subscription)) / TOKEN).unwrap_or(u64::MAX)
    }

    fn now(&self, level: Option<&(u128, Instant)>) -> u128 {
        level.map_or(self.size, |(then, when)| {
            let grown = when.elapsed().as_nanos() * self.per_second;
            self.size.min(then + grown)
        })
    }

    fn levels(&self) -> MutexGuard<'_, HashMap<Guid, (u128, Instant)>> {
        self.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;

    use super::*;

    const ONE: Guid = Guid::from_u128(1);
    const OTHER: Guid = Guid::from_u128(2);

    #[tokio::test(start_paused = true)]
    async fn a_bucket_empties_and_refills_up_to_its_size() {
        let bucket = Buckets::new(2, 10);
        assert_eq!(bucket.left(ONE), 2);
        assert_eq!((bucket.take(ONE), bucket.take(ONE)), (Ok(()), Ok(())));
        assert_eq!(bucket.take(ONE), Err(1));
        advance(Duration::from_millis(100)).await;
        assert_eq!(bucket.left(ONE), 1);
        assert_eq!((bucket.take(ONE), bucket.take(ONE)), (Ok(()), Err(1)));
        advance(Duration::from_secs(3600)).await;
        assert_eq!(bucket.left(ONE), 2);
    }

    #[test]
    fn each_subscription_has_its_own_bucket() {
        let buckets = Buckets::new(1, 1);
        assert_eq!((buckets.take(ONE), buckets.take(ONE)), (Ok(()), Err(1)));
        assert_eq!((buckets.left(ONE), buckets.left(OTHER)), (0, 1));
        assert_eq!(buckets.take(OTHER), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_is_as_long_as_a_token_takes() {
        let bucket = Buckets::new(1, 1);
        assert_eq!((bucket.take(ONE), bucket.take(ONE)), (Ok(()), Err(1)));
        advance(Duration::from_millis(999)).await;
        assert_eq!((bucket.left(ONE), bucket.take(ONE)), (0, Err(1)));
        advance(Duration::from_millis(1)).await;
        assert_eq!((bucket.left(ONE), bucket.take(ONE)), (1, Ok(())));
    }
}
