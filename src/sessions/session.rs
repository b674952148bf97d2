//! One session of the table.

use super::clocks::{Clocks, Moment, whole_millis};
use super::lifecycle::Lifecycle;
use super::list::Listed;
use super::view::{HoldKind, SessionConnections, SessionDurations, SessionUsage, SessionView};
use super::{SessionId, SessionOptions};
use crate::tabs::ClientId;
use tokio::time::Instant;

/// A session that a client has created.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: SessionId,
    pub(super) client: ClientId,
    pub(super) options: SessionOptions,
    pub(super) created: Moment,
    pub(super) life: Lifecycle,
    pub(super) clocks: Clocks,
    pub(super) use_of: Use,
    pub(super) gone_at: Option<Instant>,
}

/// What is open in a session, and what it has used.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Use {
    pub(super) connections: SessionConnections,
    pub(super) calls: usize,
    pub(super) usage: SessionUsage,
}

impl SessionConnections {
    pub(super) fn of(&mut self, kind: HoldKind) -> &mut usize {
        match kind {
            HoldKind::Json => &mut self.json,
            HoldKind::Cdp => &mut self.cdp,
            HoldKind::Watch => &mut self.watch,
        }
    }
}

impl Session {
    pub(super) fn new(
        id: SessionId,
        client: ClientId,
        options: SessionOptions,
        now: Moment,
    ) -> Self {
        let clocks = Clocks::new(
            options.max_duration,
            options.idle_timeout,
            options.heartbeat_timeout,
            now.at,
        );
        Self {
            id,
            client,
            options,
            created: now,
            life: Lifecycle::new(),
            clocks,
            use_of: Use::default(),
            gone_at: None,
        }
    }

    pub(super) fn listed(&self) -> Listed<'_> {
        Listed {
            id: self.id,
            status: self.life.status(),
            is_gone: self.life.is_gone(),
            external_id: self.options.external_id.as_deref(),
            metadata: &self.options.metadata,
        }
    }

    pub(super) fn view(&self, now: Instant) -> SessionView {
        let ms = |at| self.created.ms_at(at);
        let (max_duration, idle_timeout, heartbeat) = self.clocks.durations();
        // What held it until the end does not move its clocks after it.
        let is_used = self.life.is_used() && self.life.takes_work();
        let last_used = if is_used {
            now
        } else {
            self.clocks.last_used()
        };
        SessionView {
            id: self.id,
            client: self.client.clone(),
            implicit: false,
            status: self.life.status(),
            end_reason: self.life.end_reason(),
            created_at_ms: self.created.ms,
            expires_at_ms: Some(ms(self.clocks.expires())),
            idle_expires_at_ms: Some(ms(self.clocks.idle_expires(is_used, now))),
            last_activity_at_ms: ms(last_used),
            destroyed_at_ms: self.gone_at.map(ms),
            metadata: self.options.metadata.clone(),
            external_id: self.options.external_id.clone(),
            viewport: self.options.viewport,
            logged_out: self.options.logged_out,
            connections: self.use_of.connections,
            usage: self.use_of.usage,
            limits: Some(SessionDurations {
                max_duration_ms: whole_millis(max_duration),
                idle_timeout_ms: whole_millis(idle_timeout),
                heartbeat_timeout_ms: heartbeat.map(whole_millis),
            }),
        }
    }
}
