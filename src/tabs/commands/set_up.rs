//! Makes a target that has just been attached ready, and lets it run.

use std::time::Duration;

use cdp_bridge_protocol::request::Viewport;
use futures::future::join_all;

use crate::cdp::methods::{
    EnableFetch, EnableInspector, EnableNetwork, EnablePage, InterceptFileChooser, RequestPattern,
    RunIfWaitingForDebugger, SetDeviceMetrics,
};
use crate::cdp::{CallError, Session};

/// A URL that nothing asks for: `Fetch.enable` wants a pattern, but only its answer to HTTP
/// authentication is wanted, which would otherwise end a navigation in new headless.
const NO_REQUEST: &str = "https://cdp-bridge.invalid/";

/// Sends every set-up command before the first answer, because a page that stands still answers
/// none of them until it runs; awaiting one before `runIfWaitingForDebugger` would never end.
/// `Page.enable` must come before the page runs: a dialog that opens earlier could never be
/// answered (faults section 1).
pub async fn set_up(
    session: &Session,
    viewport: Viewport,
    limit: Duration,
) -> Result<(), CallError> {
    let pattern = RequestPattern {
        url_pattern: NO_REQUEST,
    };
    let fetch = EnableFetch {
        patterns: vec![pattern],
        handle_auth_requests: true,
    };
    // The order of this list is the order in which they are sent.
    let calls: [futures::future::BoxFuture<'_, Result<_, CallError>>; 7] = [
        Box::pin(session.call(EnablePage {}, limit)),
        Box::pin(session.call(EnableInspector {}, limit)),
        Box::pin(session.call(
            EnableNetwork {
                max_total_buffer_size: 0,
                max_resource_buffer_size: 0,
            },
            limit,
        )),
        Box::pin(session.call(fetch, limit)),
        Box::pin(session.call(InterceptFileChooser { enabled: true }, limit)),
        Box::pin(session.call(metrics_of(viewport), limit)),
        Box::pin(session.call(RunIfWaitingForDebugger {}, limit)),
    ];
    join_all(calls)
        .await
        .into_iter()
        .try_for_each(|outcome| outcome.map(|_| ()))
}

/// The emulated screen of a viewport.
pub fn metrics_of(viewport: Viewport) -> SetDeviceMetrics {
    SetDeviceMetrics {
        width: viewport.width,
        height: viewport.height,
        device_scale_factor: viewport.device_scale_factor.unwrap_or(1.0),
        mobile: false,
    }
}
