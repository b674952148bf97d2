//! The settings of operations.

use std::collections::HashMap;
use std::time::Duration;

use cdp_bridge_protocol::request::{PagePermission, TimeoutClass};
use cdp_bridge_protocol::{RequestBody, RequestKind};

use super::staged_files::StagingLimits;
use crate::policy::EvaluatePolicy;
use crate::sessions::SessionLimits;
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

    /// The limit of a request with its fields: what it waits for afterwards has its own time.
    pub fn of_body(&self, body: &RequestBody) -> Duration {
        let own = self.of(body.kind());
        let waits = match body {
            RequestBody::CreateTab(create) => create.wait_until.map(|_| TimeoutClass::Navigate),
            body => body.action_wait().map(|_| TimeoutClass::Wait),
        };
        own + waits.map_or(Duration::ZERO, |class| self.0[&class])
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
    pub permissions: Vec<PagePermission>,
    /// How many sessions there may be, and how long they live.
    pub sessions: SessionLimits,
    /// What happens to the tabs of a scope that no client is present in any more.
    pub on_disconnect: OnDisconnect,
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp_bridge_protocol::Request;

    #[test]
    fn a_request_without_a_limit_of_its_own_gets_that_of_its_class() {
        let timeouts = Timeouts::by_class(|class| match class {
            TimeoutClass::Navigate => Duration::from_secs(30),
            _ => Duration::from_secs(1),
        });
        assert_eq!(timeouts.of(RequestKind::Ping), Duration::from_secs(1));
        assert_eq!(timeouts.of(RequestKind::Navigate), Duration::from_secs(30));
        let of = |json: &str| {
            timeouts
                .of_body(&Request::parse(json).unwrap().body)
                .as_secs()
        };
        assert_eq!(of(r#"{"type":"createTab"}"#), 1);
        assert_eq!(of(r#"{"type":"createTab","waitUntil":"load"}"#), 31);
        let click = r#"{"type":"click","tabId":"t1","selector":"a""#;
        assert_eq!(of(&format!("{click}}}")), 1);
        assert_eq!(of(&format!(r#"{click},"waitFor":{{"text":"b"}}}}"#)), 2);
    }
}
