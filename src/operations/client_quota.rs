//! The limits of one client and what it uses of them, over all of its connections and doors: more connections
//! do not raise them.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

use super::token_bucket::TokenBucket;
use crate::lock::lock;

/// How much one client may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientLimits {
    /// The most tabs. Only reported here; the supervisor of tabs enforces it.
    pub max_tabs: usize,
    /// The most unanswered requests.
    pub max_inflight: usize,
    /// The most requests in a second; 0 sets no limit.
    pub rate_per_second: u32,
    /// The most WebSocket connections.
    pub max_connections: usize,
}

/// One client's use of its limits; shared by its connections.
#[derive(Debug)]
pub struct ClientQuota {
    used: Mutex<Used>,
}

#[derive(Debug)]
struct Used {
    limits: ClientLimits,
    rate: Option<TokenBucket>,
    connections: usize,
    unanswered: usize,
}

/// The client has reached a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client's limit of {limit} is reached")]
pub struct QuotaExhausted {
    /// The limit.
    pub limit: usize,
}

/// The client's rate limit is exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {per_second} requests in a second; try again in {retry_after:?}")]
pub struct RateExceeded {
    /// The limit.
    pub per_second: u32,
    /// When the next request is allowed.
    pub retry_after: Duration,
}

/// What is left of a client's rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLeft {
    /// The limit.
    pub per_second: u32,
    /// How many requests are allowed at once.
    pub remaining: u32,
    /// When the whole rate is free again.
    pub full_after: Duration,
}

/// A place of one of a client's connections or unanswered requests, until it is dropped.
#[derive(Debug)]
pub struct QuotaPermit {
    quota: Arc<ClientQuota>,
    count: Count,
}

/// Which of the counts a permit belongs to.
type Count = fn(&mut Used) -> &mut usize;

impl ClientQuota {
    /// A quota of which nothing is used.
    pub fn new(limits: ClientLimits, now: Instant) -> Arc<Self> {
        let used = Used {
            rate: bucket(limits, now),
            limits,
            connections: 0,
            unanswered: 0,
        };
        Arc::new(Self {
            used: Mutex::new(used),
        })
    }

    /// The limits in force.
    pub fn limits(&self) -> ClientLimits {
        self.used().limits
    }

    /// Sets other limits. What is used beyond them is kept until it is released.
    pub fn change(&self, limits: ClientLimits, now: Instant) {
        let mut used = self.used();
        if used.limits.rate_per_second != limits.rate_per_second {
            used.rate = bucket(limits, now);
        }
        used.limits = limits;
    }

    /// Takes a place for one more connection.
    pub fn connect(self: &Arc<Self>) -> Result<QuotaPermit, QuotaExhausted> {
        self.take(|used| &mut used.connections, |own| own.max_connections)
    }

    /// Takes a place for one more request. `limit_of` adjusts the client's limit for this request.
    pub fn admit(
        self: &Arc<Self>,
        limit_of: impl FnOnce(usize) -> usize,
    ) -> Result<QuotaPermit, QuotaExhausted> {
        let limit = |own: ClientLimits| limit_of(own.max_inflight);
        self.take(|used| &mut used.unanswered, limit)
    }

    fn take(
        self: &Arc<Self>,
        count: Count,
        limit: impl FnOnce(ClientLimits) -> usize,
    ) -> Result<QuotaPermit, QuotaExhausted> {
        let mut used = self.used();
        let limit = limit(used.limits);
        let taken = count(&mut used);
        if *taken >= limit {
            return Err(QuotaExhausted { limit });
        }
        *taken += 1;
        drop(used);
        let quota = Arc::clone(self);
        Ok(QuotaPermit { quota, count })
    }

    /// Counts one message against the rate.
    pub fn take_token(&self, now: Instant) -> Result<(), RateExceeded> {
        let mut used = self.used();
        let per_second = used.limits.rate_per_second;
        let Some(rate) = &mut used.rate else {
            return Ok(());
        };
        rate.take(now).map_err(|retry_after| RateExceeded {
            per_second,
            retry_after,
        })
    }

    /// What is left of the rate. None: there is no limit.
    pub fn rate_left(&self, now: Instant) -> Option<RateLeft> {
        let used = self.used();
        let (remaining, full_after) = used.rate.as_ref()?.left(now);
        Some(RateLeft {
            per_second: used.limits.rate_per_second,
            remaining,
            full_after,
        })
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        lock(&self.used)
    }
}

fn bucket(limits: ClientLimits, now: Instant) -> Option<TokenBucket> {
    let rate = limits.rate_per_second;
    (rate > 0).then(|| TokenBucket::new(rate, now))
}

impl Drop for QuotaPermit {
    fn drop(&mut self) {
        *(self.count)(&mut self.quota.used()) -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ClientLimits = ClientLimits {
        max_tabs: 9,
        max_inflight: 2,
        rate_per_second: 4,
        max_connections: 1,
    };

    fn quota() -> (Arc<ClientQuota>, Instant) {
        let now = Instant::now();
        (ClientQuota::new(LIMITS, now), now)
    }

    #[test]
    fn a_place_is_free_again_when_it_is_given_back() {
        let (quota, _) = quota();
        let seat = quota.connect().unwrap();
        assert_eq!(quota.connect().unwrap_err(), QuotaExhausted { limit: 1 });
        drop(seat);
        let _seat = quota.connect().unwrap();
        let admit = || quota.admit(|max| max);
        let first = admit().unwrap();
        let _second = admit().unwrap();
        assert_eq!(admit().unwrap_err(), QuotaExhausted { limit: 2 });
        let _more = quota.admit(|max| max + 1).unwrap();
        drop(first);
        assert!(admit().is_err(), "what got in beyond the limit counts");
    }

    #[test]
    fn the_rate_is_one_for_everybody_who_holds_the_allowance() {
        let (quota, now) = quota();
        let other = Arc::clone(&quota);
        for one in [&quota, &other, &quota, &other] {
            assert_eq!(one.take_token(now), Ok(()));
        }
        let refused = other.take_token(now).unwrap_err();
        assert_eq!(refused.per_second, 4);
        assert!(other.take_token(now + refused.retry_after).is_ok());
    }

    #[test]
    fn limits_change_under_what_is_used() {
        let (quota, now) = quota();
        let held = [
            quota.admit(|max| max).unwrap(),
            quota.admit(|max| max).unwrap(),
        ];
        while quota.take_token(now).is_ok() {}
        let fewer = ClientLimits {
            max_inflight: 1,
            ..LIMITS
        };
        quota.change(fewer, now);
        assert!(quota.take_token(now).is_err(), "the rate is what it was");
        let [first, second] = held;
        drop(first);
        assert!(quota.admit(|max| max).is_err());
        drop(second);
        assert!(quota.admit(|max| max).is_ok());
        let unlimited = ClientLimits {
            rate_per_second: 0,
            ..LIMITS
        };
        quota.change(unlimited, now);
        assert!((0..99).all(|_| quota.take_token(now).is_ok()));
        quota.change(LIMITS, now);
        assert_eq!((0..9).filter(|_| quota.take_token(now).is_ok()).count(), 4);
    }
}
