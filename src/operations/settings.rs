//! The settings of operations.

use std::collections::HashMap;
use std::time::Duration;

use cdp_bridge_protocol::RequestKind;
use cdp_bridge_protocol::request::TimeoutClass;

use super::staged_files::StagingLimits;
use crate::policy::{EvaluatePolicy, GrantablePermission};
use crate::tabs::OnDisconnect;

/// The time limit of each class of requests, for requests without a `timeoutMs`.
#[derive(Debug, Clone)]
pub struct Timeouts(HashMap<TimeoutClass, Duration>);

impl Timeouts {
    /// Asks for the limit of every class.
    pub fn by_class(limit: impl Fn(TimeoutClass) -> Duration) -> Self {
        Self(TimeoutClass::ALL.map(|class| (class, limit(class))).into())
    }

    /// The limit of this kind of request.
    pub fn of(&self, kind: RequestKind) -> Duration {
        self.0[&kind.timeout_class()]
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
    /// What staged files may use.
    pub staging: StagingLimits,
    /// Whether a new tab is logged out where the request does not say.
    pub logged_out_default: bool,
    /// Whether clients may run scripts in pages.
    pub evaluate: EvaluatePolicy,
    /// The permissions that clients may grant their pages.
    pub permissions: Vec<GrantablePermission>,
    /// What happens to the tabs of a scope that no client is present in any more.
    pub on_disconnect: OnDisconnect,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_without_a_limit_of_its_own_gets_that_of_its_class() {
        let timeouts = Timeouts::by_class(|class| match class {
            TimeoutClass::Navigate => Duration::from_secs(30),
            _ => Duration::from_secs(1),
        });
        assert_eq!(timeouts.of(RequestKind::Ping), Duration::from_secs(1));
        assert_eq!(timeouts.of(RequestKind::Navigate), Duration::from_secs(30));
    }
}
