//! The message of a session's end (pure).

use serde_json::json;

use super::{EndReason, SessionView};
use crate::webhooks::WebhookEvent;

/// The event of a session that has ended.
const ENDED: &str = "session.ended";

/// A session has ended, whose client has given a URL for that.
pub(super) fn ended(
    url: String,
    view: &SessionView,
    reason: EndReason,
    ended_at_ms: u64,
) -> WebhookEvent {
    let usage = view.usage;
    WebhookEvent {
        client: view.client.to_string(),
        url,
        kind: ENDED,
        object: view.id.to_string(),
        data: json!({
            "sessionId": view.id.to_string(),
            "externalId": view.external_id,
            "metadata": view.metadata,
            "endReason": reason.as_str(),
            "createdAt": view.created_at_ms,
            "endedAt": ended_at_ms,
            "usage": {
                "pages": usage.pages,
                "requests": usage.requests,
                "cdpMessages": usage.cdp_messages,
                "egressBytes": usage.egress_bytes,
                "blockedRequests": usage.blocked_requests,
            },
        }),
    }
}
