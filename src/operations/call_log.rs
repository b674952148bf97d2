//! Counts every call and writes its line in the log.

use cdp_bridge_protocol::request::BadRequest;
use cdp_bridge_protocol::{ErrorCode, RequestBody, RequestId, RequestKind, TabId};

use super::{Arrival, Call, OperationError, OperationOutcome, Tap};
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
        let code = error.map(|error| error.code(call.kind));
        answered(
            &call.arrival,
            kind,
            call.request_id.as_ref(),
            call.tab,
            code,
        );
    }

    fn malformed(&self, arrival: &Arrival, error: &BadRequest) {
        let kind = error.kind.map_or("unknown", RequestKind::as_str);
        let code = Some(error.code());
        answered(arrival, kind, error.request_id.as_ref(), None, code);
    }
}

fn answered(
    arrival: &Arrival,
    kind: &'static str,
    request_id: Option<&RequestId>,
    tab: Option<TabId>,
    error: Option<ErrorCode>,
) {
    let code = error.map(ErrorCode::as_str);
    let took = arrival.at.elapsed();
    metrics::request(kind, code, took);
    tracing::debug!(
        request = kind,
        request_id = request_id.map(tracing::field::display),
        tab = tab.map(tracing::field::display),
        client = %arrival.scope.client,
        connection = arrival.caller.0,
        outcome = code.unwrap_or("ok"),
        ms = took.as_secs_f64() * 1000.0,
        "answered"
    );
}
