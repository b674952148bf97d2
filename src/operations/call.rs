//! One operation in progress.

use cdp_bridge_protocol::{IdempotencyKey, RequestId, RequestKind, TabId};

use super::Arrival;
use crate::tabs::{CallId, Scope};

/// One operation, as taps and doors see it.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its identity.
    pub id: CallId,
    /// Where its request came from, and when.
    pub arrival: Arrival,
    /// Where it is carried out: of its tab or its session, where it names one that the caller may act on.
    pub scope: Scope,
    /// Which request it is.
    pub kind: RequestKind,
    /// The tab that the request names, if it names one.
    pub tab: Option<TabId>,
    /// The client's own id of the request, where the door has such ids.
    pub request_id: Option<RequestId>,
    /// The client's key, where the change is to be made once.
    pub idempotency_key: Option<IdempotencyKey>,
}
