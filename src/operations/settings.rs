//! The settings of operations.

use std::collections::HashMap;
use std::time::Duration;

use cdp_bridge_protocol::RequestKind;

/// The time limit of each request that carries none itself.
#[derive(Debug, Clone)]
pub struct Timeouts {
    each: HashMap<RequestKind, Duration>,
    other: Duration,
}

impl Timeouts {
    /// The same limit for every request.
    pub fn all(limit: Duration) -> Self {
        Self {
            each: HashMap::new(),
            other: limit,
        }
    }

    /// Sets the limit of one kind of request.
    #[must_use]
    pub fn with(mut self, kind: RequestKind, limit: Duration) -> Self {
        self.each.insert(kind, limit);
        self
    }

    /// The limit of this kind of request.
    pub fn of(&self, kind: RequestKind) -> Duration {
        self.each.get(&kind).copied().unwrap_or(self.other)
    }
}

/// How long, and how many, idempotency keys are remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdempotencyConfig {
    /// How long after the answer.
    pub window: Duration,
    /// The most keys of one client.
    pub keys: usize,
}

/// All settings.
#[derive(Debug, Clone)]
pub struct OperationSettings {
    /// The time limits of requests.
    pub timeouts: Timeouts,
    /// How idempotency keys are remembered.
    pub idempotency: IdempotencyConfig,
    /// Whether a new tab is logged out where the request does not say.
    pub logged_out_default: bool,
    /// Whether clients may run scripts in pages.
    pub may_evaluate: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_without_a_limit_of_its_own_gets_the_common_one() {
        let timeouts =
            Timeouts::all(Duration::from_secs(30)).with(RequestKind::Ping, Duration::from_secs(1));
        assert_eq!(timeouts.of(RequestKind::Ping), Duration::from_secs(1));
        assert_eq!(timeouts.of(RequestKind::Navigate), Duration::from_secs(30));
    }
}
