//! One operation in progress.

use cdp_bridge_protocol::{RequestId, RequestKind, TabId};
use tokio::time::Instant;

use crate::tabs::{CallId, Scope};

/// One operation, as taps see it.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its identity.
    pub id: CallId,
    /// The owner of the tabs that it sees.
    pub scope: Scope,
    /// Which request it is.
    pub kind: RequestKind,
    /// The tab that the request names, if it names one.
    pub tab: Option<TabId>,
    /// The client's own id of the request, where the door has such ids.
    pub request_id: Option<RequestId>,
    /// When the request arrived.
    pub arrived: Instant,
}
