//! An authenticated client, from which every door makes its callers.

use std::fmt;
use std::sync::Arc;

use cdp_bridge_protocol::{RequestBody, RequestKind};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::client_quota::ClientQuota;
use crate::tabs::Scope;

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

    /// The same, for a request with its fields: a script of the client may change the page, whatever runs it.
    pub fn needed_by_body(body: &RequestBody) -> Self {
        if body.runs_script() {
            Self::Act
        } else {
            Self::needed_by(body.kind())
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

/// Which of a client's tabs a principal may act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Those in all of its sessions.
    Client,
    /// Those in the session of its scope only.
    Session,
}

/// An authenticated client. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Principal {
    /// The owner of the tabs that it sees and opens.
    pub scope: Scope,
    /// Which tabs it may act on.
    pub reach: Reach,
    /// What it may do.
    pub permissions: Permissions,
    /// What the client may use, and uses through all of its connections and doors.
    pub quota: Arc<ClientQuota>,
    /// Whether it presented no token, because none are configured.
    pub is_anonymous: bool,
    /// Closed when the token is no longer valid.
    pub valid: watch::Receiver<()>,
    /// When the token ends by itself, if it was made for a shorter time than its session has.
    pub valid_until: Option<Instant>,
}

impl Principal {
    /// The same client on a connection that stays open. Without tokens only their connections tell clients apart, so
    /// that each connection has a quota.
    #[must_use]
    pub fn on_connection(mut self) -> Self {
        if self.is_anonymous {
            self.quota = ClientQuota::new(self.quota.limits(), Instant::now());
        }
        self
    }

    /// Waits until the token is no longer valid.
    pub async fn revoked(&self) {
        let mut valid = self.valid.clone();
        let withdrawn = async { while valid.changed().await.is_ok() {} };
        match self.valid_until {
            None => withdrawn.await,
            // Beyond the end, the outcome is the same.
            Some(end) => drop(timeout_at(end, withdrawn).await),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp_bridge_protocol::request::WaitFor;

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

    #[test]
    fn a_script_that_is_waited_for_needs_the_permission_to_act() {
        let wait = |field: &str| {
            let mut fields = serde_json::json!({"tabId": "t1"});
            fields[field] = "x".into();
            let wait: WaitFor = serde_json::from_value(fields).unwrap();
            Permission::needed_by_body(&wait.into())
        };
        assert_eq!(wait("text"), Permission::Observe);
        assert_eq!(wait("expression"), Permission::Act);
    }

    #[test]
    fn requests_that_only_read_are_these_and_every_other_one_needs_act() {
        let reading = RequestKind::ALL
            .iter()
            .copied()
            .filter(|kind| Permission::needed_by(*kind) == Permission::Observe);
        let expected = [
            RequestKind::GetDomSnapshot,
            RequestKind::GetScreenshot,
            RequestKind::ListTabs,
            RequestKind::StartScreencast,
            RequestKind::StopScreencast,
            RequestKind::Ping,
            RequestKind::WaitFor,
            RequestKind::Query,
            RequestKind::ListFrames,
            RequestKind::GetAxSnapshot,
            RequestKind::GetContent,
            RequestKind::Subscribe,
            RequestKind::GetDownload,
            RequestKind::Cancel,
            RequestKind::PrintToPdf,
            RequestKind::GetSession,
            RequestKind::ListSessions,
            RequestKind::GetHistory,
            RequestKind::GetUsage,
        ];
        assert_eq!(reading.collect::<Vec<_>>(), expected);
    }
}
