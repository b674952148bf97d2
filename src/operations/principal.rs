//! An authenticated client, from which every door makes its callers.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cdp_bridge_protocol::{RequestBody, RequestKind};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::client_quota::ClientQuota;
use crate::audit::Actor;
use crate::tabs::Scope;
use crate::tokens::{TokenScope, TokenScopes};

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

/// The API key behind a principal.
#[derive(Debug)]
pub struct KeyGrant {
    /// Names the key; no secret.
    pub id: String,
    /// What its holder may do.
    pub scopes: TokenScopes,
    /// The day of its latest use, in days since the epoch.
    last_used_day: AtomicU64,
}

impl KeyGrant {
    /// The grant of a key that was used last on this day.
    pub fn new(id: String, scopes: TokenScopes, last_used_day: Option<u64>) -> Self {
        Self {
            id,
            scopes,
            last_used_day: AtomicU64::new(last_used_day.unwrap_or(0)),
        }
    }

    /// Whether this is the first use on this day.
    pub fn is_first_use_on(&self, day: u64) -> bool {
        self.last_used_day.fetch_max(day, Ordering::Relaxed) < day
    }
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
    /// The API key that it came with, or that made its session's token.
    pub key: Option<Arc<KeyGrant>>,
    /// Whether it came with a session's token.
    pub has_session_token: bool,
    /// Where it connects from.
    pub peer: Option<IpAddr>,
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

    /// Whether its API key grants this; without one, everything is granted.
    pub fn may(&self, scope: TokenScope) -> bool {
        self.key.as_ref().is_none_or(|key| key.scopes.allow(scope))
    }

    /// The scopes that a token made for it may have.
    pub fn scopes(&self) -> TokenScopes {
        let key = self.key.as_ref();
        key.map_or_else(TokenScopes::all, |key| key.scopes.clone())
    }

    /// Who it is in the audit.
    pub fn actor(&self) -> Actor {
        match &self.key {
            _ if self.is_anonymous => Actor::Anonymous,
            _ if self.has_session_token => Actor::SessionToken,
            Some(key) => Actor::Key(key.id.clone()),
            None => Actor::Token,
        }
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
    fn a_key_is_used_for_the_first_time_once_a_day() {
        let key = KeyGrant::new("01234567".to_owned(), TokenScopes::all(), Some(20_000));
        assert!(!key.is_first_use_on(20_000));
        assert!(key.is_first_use_on(20_001));
        assert!(!key.is_first_use_on(20_001));
        assert!(!key.is_first_use_on(19_999), "the clock was set back");
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
