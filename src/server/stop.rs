//! Stops a server step by step.

use std::sync::Arc;

use cdp_bridge_protocol::handshake::CloseCode;

use super::state::ServerState;
use super::ws::closing::CLOSE_WAIT;
use super::ws::send_queue::ConnectionClose;
use crate::operations::drain::DrainPhase;

/// Closes a connection because the bridge stops.
pub(super) const GOING_AWAY: ConnectionClose =
    ConnectionClose::new(CloseCode::GoingAway, "the bridge is stopping");

/// Stops a server step by step, so that its owner can stop other parts in between. Cheap to clone.
#[derive(Debug, Clone)]
pub struct DrainHandle {
    pub(super) state: Arc<ServerState>,
}

impl DrainHandle {
    /// First: `/readyz` answers 503; new connections and new requests are refused.
    pub fn begin(&self) {
        self.state.drain().advance(DrainPhase::Draining);
    }

    /// Second: waits until every request is answered; false if `server.drain_timeout` passed first.
    pub async fn answered(&self) -> bool {
        let limit = self.state.settings.config.drain_timeout;
        self.state.drain().requests_answered(limit).await
    }

    /// Third: closes every connection with 1001, behind what is queued for it, and waits a little for them to
    /// end; false if some did not.
    pub async fn close_sockets(&self) -> bool {
        self.state.drain().advance(DrainPhase::Closing);
        self.state
            .services
            .hub
            .each(|outbox| outbox.close(GOING_AWAY));
        // Once for what is still queued, once for the closing handshake.
        self.state.drain().connections_ended(CLOSE_WAIT * 2).await
    }

    /// Last: accepts nothing more, so that the server ends.
    pub fn stop(&self) {
        self.state.drain().advance(DrainPhase::Stopped);
    }
}
