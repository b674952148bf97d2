//! Prepares a target that has just been attached, and lets it run.

use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::request::Viewport;
use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};

use crate::tabs::page_setup::change::SetupChange;
use crate::tabs::page_setup::{PageSetup, TargetSetup};

use crate::cdp::methods::{
    EmptyResult, EnableFetch, EnableInspector, EnableNetwork, EnablePage, InterceptFileChooser,
    RequestPattern, RunIfWaitingForDebugger, SetDeviceMetrics,
};
use crate::cdp::{CallError, TargetSession};

/// Sends every command before awaiting the first response: a paused page answers none of them
/// before `runIfWaitingForDebugger`, so awaiting one earlier would never end.
/// `Page.enable` must come before the page runs: a dialog that opens earlier could never be
/// answered (faults section 1).
pub async fn set_up(
    session: &TargetSession,
    target: &Arc<TargetSetup>,
    setup: &PageSetup,
    cancel_auth: bool,
    limit: Duration,
) -> Result<(), CallError> {
    // The order of this list is the order in which they are sent.
    let usual = target.current().viewport();
    let mut calls: Vec<BoxFuture<'_, Result<EmptyResult, CallError>>> = vec![
        session.start_call(&EnablePage {}, limit).boxed(),
        session.start_call(&EnableInspector {}, limit).boxed(),
        session.start_call(&network(), limit).boxed(),
        session
            .start_call(&InterceptFileChooser { enabled: true }, limit)
            .boxed(),
        session.start_call(&metrics_of(usual), limit).boxed(),
    ];
    // Of a popup that starts with what its opener is emulated with.
    let change = SetupChange::begin(target, setup, limit);
    calls.push(
        session
            .start_call(&RunIfWaitingForDebugger {}, limit)
            .boxed(),
    );
    for outcome in join_all(calls).await {
        outcome?;
    }
    change.finish_leniently().await?;
    if cancel_auth {
        // Paused documents are continued only once the page belongs to a tab. A popup without an
        // opener has no renderer before its first document, and would answer nothing while that is
        // paused.
        session.call(documents_and_auth(), limit).await?;
    }
    Ok(())
}

/// New headless fails a document whose server asks for HTTP authentication, instead of showing the
/// body of the 401. Its prompts are reported only for paused requests, so documents are paused and
/// continued. The headless shell does not need this.
fn documents_and_auth() -> EnableFetch {
    let documents = RequestPattern {
        url_pattern: "*",
        resource_type: "Document",
    };
    EnableFetch {
        patterns: vec![documents],
        handle_auth_requests: true,
    }
}

/// Network events, without a copy of the bodies in Chromium.
pub fn network() -> EnableNetwork {
    EnableNetwork {
        max_total_buffer_size: 0,
        max_resource_buffer_size: 0,
    }
}

fn metrics_of(viewport: Viewport) -> SetDeviceMetrics {
    SetDeviceMetrics {
        width: viewport.width,
        height: viewport.height,
        device_scale_factor: viewport.device_scale_factor.unwrap_or(1.0),
        mobile: false,
        screen_width: None,
        screen_height: None,
        screen_orientation: None,
    }
}
