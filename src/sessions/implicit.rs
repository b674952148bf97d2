//! The implicit session of a client: it is there as long as the bridge runs.

use std::collections::BTreeMap;

use tokio::time::Instant;

use super::clocks::Moment;
use super::session::Use;
use super::view::SessionView;
use super::{SessionId, SessionStatus};
use crate::tabs::ClientId;

#[derive(Debug)]
pub(super) struct ImplicitSession {
    started: Moment,
    last_used: Instant,
    pub(super) use_of: Use,
}

impl ImplicitSession {
    pub(super) fn new(started: Moment) -> Self {
        Self {
            started,
            last_used: started.at,
            use_of: Use::default(),
        }
    }

    pub(super) fn used(&mut self, now: Instant) {
        self.last_used = self.last_used.max(now);
    }

    pub(super) fn view(&self, client: &ClientId, now: Instant) -> SessionView {
        let Use {
            connections,
            calls,
            usage,
        } = self.use_of;
        let is_used = calls > 0 || connections.json > 0 || connections.cdp > 0;
        let (status, last_used) = if is_used {
            (SessionStatus::Running, now)
        } else {
            (SessionStatus::Ready, self.last_used)
        };
        SessionView {
            id: SessionId::DEFAULT,
            client: client.clone(),
            implicit: true,
            status,
            end_reason: None,
            created_at_ms: self.started.ms,
            expires_at_ms: None,
            idle_expires_at_ms: None,
            last_activity_at_ms: self.started.ms_at(last_used),
            destroyed_at_ms: None,
            metadata: BTreeMap::new(),
            external_id: None,
            viewport: None,
            logged_out: false,
            connections,
            usage,
            limits: None,
        }
    }
}
