//! The caller of an operation: what operations need to know of a connection.

use std::fmt;
use std::sync::Arc;

use cdp_bridge_protocol::{RequestKind, TabId};
use tokio::sync::watch;
use tokio::time::Instant;

use super::CallerId;
use super::client_quota::{ClientQuota, RateExceeded};
use super::in_flight::InFlight;
use crate::tabs::{FrameSlot, Scope};

/// What a request does, as far as permissions tell requests apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Reads tabs and pages.
    Observe,
    /// Changes tabs and pages.
    Act,
}

impl Permission {
    /// The permission that a request needs.
    pub fn needed_by(kind: RequestKind) -> Self {
        if kind.changes_something() {
            Self::Act
        } else {
            Self::Observe
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Observe => "observe",
            Self::Act => "act",
        })
    }
}

/// The permissions of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions {
    /// [`Permission::Observe`].
    pub observe: bool,
    /// [`Permission::Act`].
    pub act: bool,
}

impl Permissions {
    /// Every permission: what a client's own token grants.
    pub const ALL: Self = Self {
        observe: true,
        act: true,
    };

    /// Whether this permission is among them.
    pub fn allow(self, permission: Permission) -> bool {
        match permission {
            Permission::Observe => self.observe,
            Permission::Act => self.act,
        }
    }
}

/// Receives the streams that go on after an answer. The callers of a door without sinks cannot start a stream.
pub trait StreamSinks: Send + Sync + 'static {
    /// A slot through which this caller receives the frames of a tab; it replaces an earlier one.
    fn frames(&self, tab: TabId) -> FrameSlot;

    /// Subscribes this caller to the console of a tab, until the sender of the returned channel is gone.
    fn console(&self, tab: TabId) -> watch::Receiver<()>;
}

/// The caller of operations.
pub struct Caller {
    pub(super) id: CallerId,
    pub(super) scope: Scope,
    pub(super) permissions: Permissions,
    pub(super) quota: Arc<ClientQuota>,
    pub(super) in_flight: InFlight,
    pub(super) streams: Option<Arc<dyn StreamSinks>>,
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("id", &self.id)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

/// A message that arrived: counted against the client's rate before it is parsed, so that malformed messages
/// are limited too.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// When it arrived.
    pub at: Instant,
    pub(super) rate: Result<(), RateExceeded>,
}

impl Caller {
    /// A caller without streams, whose requests count against this quota.
    pub fn new(
        id: CallerId,
        scope: Scope,
        permissions: Permissions,
        quota: Arc<ClientQuota>,
    ) -> Self {
        Self {
            id,
            scope,
            permissions,
            in_flight: InFlight::new(Arc::clone(&quota)),
            quota,
            streams: None,
        }
    }

    /// The same caller, with somewhere to send streams to.
    #[must_use]
    pub fn with_streams(self, streams: impl StreamSinks) -> Self {
        Self {
            streams: Some(Arc::new(streams)),
            ..self
        }
    }

    /// The owner of the tabs that it sees and opens.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Its unanswered requests.
    pub fn in_flight(&self) -> &InFlight {
        &self.in_flight
    }

    /// Counts a message that has just arrived against the client's rate.
    pub fn message_arrived(&self) -> Arrival {
        let at = Instant::now();
        Arrival {
            at,
            rate: self.quota.take_token(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_allows_only_its_own_requests() {
        let observer = Permissions {
            observe: true,
            act: false,
        };
        assert!(observer.allow(Permission::needed_by(RequestKind::GetScreenshot)));
        assert!(!observer.allow(Permission::needed_by(RequestKind::Evaluate)));
        let needed = RequestKind::ALL
            .iter()
            .map(|kind| Permission::needed_by(*kind));
        assert!(needed.into_iter().all(|one| Permissions::ALL.allow(one)));
        let none = Permissions::default();
        assert!(!none.allow(Permission::Observe) && !none.allow(Permission::Act));
    }
}
