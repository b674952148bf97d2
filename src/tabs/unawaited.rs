//! Calls whose result is not awaited.

use std::time::Duration;

use crate::cdp::methods::Method;
use crate::cdp::{CallError, TargetSession};

/// The time limit of such calls.
pub(super) const UNAWAITED_LIMIT: Duration = Duration::from_secs(5);

/// Makes a call without awaiting its result, which would block the caller. The call is queued before
/// this returns, so that it is sent ahead of later calls.
pub(super) fn send_unawaited<M: Method + 'static>(session: &TargetSession, method: &M) {
    let call = session.start_call(method, UNAWAITED_LIMIT);
    tokio::spawn(async move {
        match call.await {
            Err(error @ CallError::QueueFull { .. }) => {
                tracing::warn!(%error, "a CDP call was dropped: Chromium does not read its pipe");
            }
            Err(error) => {
                tracing::debug!(%error, "a CDP call whose result is not needed failed");
            }
            Ok(_) => {}
        }
    });
}
