//! Owners and callers: opaque names that the tabs pass on without interpreting them.

use std::fmt;
use std::sync::Arc;

use cdp_bridge_protocol::TabId;

/// The tenant: the identity behind a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(Arc<str>);

impl ClientId {
    /// The client's configured name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for ClientId {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A session of a client. Every client has an implicit one that never ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientSessionId(u128);

impl ClientSessionId {
    /// The implicit session.
    pub const DEFAULT: Self = Self(0);

    /// A session with this id, which is not zero.
    pub fn new(id: u128) -> Self {
        Self(id)
    }

    /// The number behind it; zero for the implicit session.
    pub fn number(self) -> u128 {
        self.0
    }
}

/// The owner of tabs. Browser contexts, proxies, quotas, lists and facts are kept per scope.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope {
    pub client: ClientId,
    pub session: ClientSessionId,
}

impl Scope {
    /// The implicit session of a client.
    pub fn default_of(client: ClientId) -> Self {
        Self {
            client,
            session: ClientSessionId::DEFAULT,
        }
    }
}

impl From<&str> for Scope {
    fn from(client: &str) -> Self {
        Self::default_of(client.into())
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.fmt(f)?;
        if self.session == ClientSessionId::DEFAULT {
            return Ok(());
        }
        write!(f, "/{:032x}", self.session.0)
    }
}

/// A tab among those of all clients. Each client's tabs are numbered by themselves, so that a number
/// tells nothing of what others do.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TabKey {
    pub client: ClientId,
    pub id: TabId,
}

impl Scope {
    /// A tab of this scope.
    pub(super) fn tab(&self, id: TabId) -> TabKey {
        TabKey {
            client: self.client.clone(),
            id,
        }
    }
}

/// An opaque number that an interface assigns to each of its connections. Subscriptions and coalescing
/// are per caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallerId(pub u64);

/// A request that is being carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId {
    pub caller: CallerId,
    /// Its number among all calls of the process.
    pub number: u64,
}
