//! Where tabs say what happened.

use cdp_bridge_protocol::{Event, TabId};

use super::error::Failure;
use super::identity::{ClientId, ConnectionId};

/// Takes the events of tabs. It must not wait: a tab never stands still for its listeners.
pub trait Audience: Send + Sync + 'static {
    /// Something happened to a tab of this client. Every connection of the client hears it, except
    /// the one that asked for it, which gets it as its answer.
    fn tell(&self, client: &ClientId, event: Event, except: Option<ConnectionId>);

    /// Something happened that only these connections of the client want to hear of.
    fn tell_only(&self, client: &ClientId, event: Event, listeners: &[ConnectionId]);

    /// Something that nobody asked for went wrong in a tab of this client.
    fn tell_failure(&self, client: &ClientId, tab: TabId, failure: Failure);

    /// Something happened to the browser, which concerns everybody.
    fn tell_all(&self, event: Event);
}
