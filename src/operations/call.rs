//! One operation in progress.

use cdp_bridge_protocol::{RequestId, RequestKind, TabId};
use tokio::time::Instant;

use super::CallerId;
use crate::tabs::ClientId;

/// The identity of one operation: unique in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId {
    /// Who asked.
    pub caller: CallerId,
    /// Counts the operations of all callers.
    pub number: u64,
}

/// One operation, as taps see it.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its identity.
    pub id: CallId,
    /// The client it is carried out for.
    pub client: ClientId,
    /// Which request it is.
    pub kind: RequestKind,
    /// The tab that the request names, if it names one.
    pub tab: Option<TabId>,
    /// The client's own id of the request, where the door has such ids.
    pub request_id: Option<RequestId>,
    /// When the request arrived.
    pub arrived: Instant,
}
