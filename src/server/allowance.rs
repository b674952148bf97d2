//! What one client uses, and how much of it it may. Everything counts over all of its connections,
//! so that more connections bring it no more.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::time::Instant;

use super::rate::TokenBucket;
use crate::lock::lock;

/// How much one client may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientLimits {
    /// The most tabs. The server only tells it: whoever opens tabs counts them.
    pub max_tabs: usize,
    /// The most unanswered requests.
    pub max_inflight: usize,
    /// The most requests in a second; 0 sets no limit.
    pub rate_per_second: u32,
    /// The most WebSocket connections.
    pub max_connections: usize,
}

/// What one client uses. Clones of its `Arc` are about the same client.
#[derive(Debug)]
pub struct Allowance {
    used: Mutex<Used>,
}

#[derive(Debug)]
struct Used {
    limits: ClientLimits,
    rate: Option<TokenBucket>,
    connections: usize,
    unanswered: usize,
}

/// The client has as much of something as it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client has all {limit} that it may have")]
pub struct Exhausted {
    /// How much that is.
    pub limit: usize,
}

/// The client asks too often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {per_second} requests in a second; the next one in {after:?}")]
pub struct TooOften {
    /// How many a second it may send.
    pub per_second: u32,
    /// When there will be room for one.
    pub after: Duration,
}

/// A connection's place among those of its client; it is free again when this is dropped.
#[derive(Debug)]
pub struct Seat(Arc<Allowance>);

/// A request's place among the unanswered ones of its client; it is free again when this is dropped.
#[derive(Debug)]
pub struct Unanswered(Arc<Allowance>);

impl Allowance {
    /// Nothing is used yet.
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

    /// How much there is.
    pub fn limits(&self) -> ClientLimits {
        self.used().limits
    }

    /// Sets other limits. What is used beyond them stays until it is given back.
    pub fn change(&self, limits: ClientLimits, now: Instant) {
        let mut used = self.used();
        if used.limits.rate_per_second != limits.rate_per_second {
            used.rate = bucket(limits, now);
        }
        used.limits = limits;
    }

    /// A place for one more connection.
    pub fn connect(self: &Arc<Self>) -> Result<Seat, Exhausted> {
        let mut used = self.used();
        let limit = used.limits.max_connections;
        if used.connections >= limit {
            return Err(Exhausted { limit });
        }
        used.connections += 1;
        drop(used);
        Ok(Seat(Arc::clone(self)))
    }

    /// A place for one more request. `most` says how many may be unanswered then, given the limit.
    pub fn admit(
        self: &Arc<Self>,
        most: impl FnOnce(usize) -> usize,
    ) -> Result<Unanswered, Exhausted> {
        let mut used = self.used();
        let limit = most(used.limits.max_inflight);
        if used.unanswered >= limit {
            return Err(Exhausted { limit });
        }
        used.unanswered += 1;
        drop(used);
        Ok(Unanswered(Arc::clone(self)))
    }

    /// Counts one message against the rate.
    pub fn spend(&self, now: Instant) -> Result<(), TooOften> {
        let mut used = self.used();
        let per_second = used.limits.rate_per_second;
        let Some(rate) = &mut used.rate else {
            return Ok(());
        };
        rate.take(now)
            .map_err(|after| TooOften { per_second, after })
    }

    fn used(&self) -> MutexGuard<'_, Used> {
        lock(&self.used)
    }
}

fn bucket(limits: ClientLimits, now: Instant) -> Option<TokenBucket> {
    let rate = limits.rate_per_second;
    (rate > 0).then(|| TokenBucket::new(rate, now))
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.used().connections -= 1;
    }
}

impl Drop for Unanswered {
    fn drop(&mut self) {
        self.0.used().unanswered -= 1;
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

    fn allowance() -> (Arc<Allowance>, Instant) {
        let now = Instant::now();
        (Allowance::new(LIMITS, now), now)
    }

    #[test]
    fn a_place_is_free_again_when_it_is_given_back() {
        let (allowance, _) = allowance();
        let seat = allowance.connect().unwrap();
        assert_eq!(allowance.connect().unwrap_err(), Exhausted { limit: 1 });
        drop(seat);
        let _seat = allowance.connect().unwrap();
        let admit = || allowance.admit(|max| max);
        let first = admit().unwrap();
        let _second = admit().unwrap();
        assert_eq!(admit().unwrap_err(), Exhausted { limit: 2 });
        let _more = allowance.admit(|max| max + 1).unwrap();
        drop(first);
        assert!(admit().is_err(), "what got in beyond the limit counts");
    }

    #[test]
    fn the_rate_is_one_for_everybody_who_holds_the_allowance() {
        let (allowance, now) = allowance();
        let other = Arc::clone(&allowance);
        for one in [&allowance, &other, &allowance, &other] {
            assert_eq!(one.spend(now), Ok(()));
        }
        let refused = other.spend(now).unwrap_err();
        assert_eq!(refused.per_second, 4);
        assert!(other.spend(now + refused.after).is_ok());
    }

    #[test]
    fn limits_change_under_what_is_used() {
        let (allowance, now) = allowance();
        let held = [
            allowance.admit(|max| max).unwrap(),
            allowance.admit(|max| max).unwrap(),
        ];
        while allowance.spend(now).is_ok() {}
        let fewer = ClientLimits {
            max_inflight: 1,
            ..LIMITS
        };
        allowance.change(fewer, now);
        assert!(allowance.spend(now).is_err(), "the rate is what it was");
        let [first, second] = held;
        drop(first);
        assert!(allowance.admit(|max| max).is_err());
        drop(second);
        assert!(allowance.admit(|max| max).is_ok());
        let unlimited = ClientLimits {
            rate_per_second: 0,
            ..LIMITS
        };
        allowance.change(unlimited, now);
        assert!((0..99).all(|_| allowance.spend(now).is_ok()));
        allowance.change(LIMITS, now);
        assert_eq!((0..9).filter(|_| allowance.spend(now).is_ok()).count(), 4);
    }
}
