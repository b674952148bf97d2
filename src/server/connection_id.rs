//! The name of a connection.

use crate::tabs::CallerId;

/// One connection of a client, or the connections that go on with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

impl From<ConnectionId> for CallerId {
    fn from(id: ConnectionId) -> Self {
        Self(id.0)
    }
}
