//! Counts every call and writes its line in the log.

use cdp_bridge_protocol::RequestBody;

use super::{Call, OperationError, OperationOutcome, Tap};
use crate::metrics;

/// The tap behind the request metrics and the debug log.
#[derive(Debug, Clone, Copy, Default)]
pub struct CallLog;

impl Tap for CallLog {
    fn before(&self, _: &Call, _: &RequestBody) {}

    fn after(&self, call: &Call, outcome: &OperationOutcome) {
        let kind = call.kind.as_str();
        let error = outcome.as_ref().err();
        if let Some(OperationError::Failed(failure)) = error.filter(|error| error.is_fault()) {
            tracing::warn!(
                tab = call.tab.map(tracing::field::display),
                session = failure.session.as_deref(),
                error = %failure.error,
                "{kind} failed"
            );
        }
        let code = error.map(|error| error.code(call.kind).as_str());
        let took = call.arrived.elapsed();
        metrics::request(kind, code, took);
        tracing::debug!(
            request = kind,
            request_id = call.request_id.as_ref().map(tracing::field::display),
            tab = call.tab.map(tracing::field::display),
            client = %call.scope.client,
            connection = call.id.caller.0,
            outcome = code.unwrap_or("ok"),
            ms = took.as_secs_f64() * 1000.0,
            "answered"
        );
    }
}
