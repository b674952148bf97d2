//! Observers of every call: metrics, the log, and later audit and recorders.

use std::fmt;
use std::sync::Arc;

use cdp_bridge_protocol::RequestBody;
use cdp_bridge_protocol::request::BadRequest;

use super::{Arrival, Call, OperationOutcome};

/// Sees each call once before it is admitted and once after it has ended, also calls that are refused. It runs
/// in the caller's task and must not wait: a tap that does I/O sends to a bounded queue and counts what it drops.
pub trait Tap: fmt::Debug + Send + Sync + 'static {
    /// The call begins.
    fn before(&self, call: &Call, request: &RequestBody);

    /// The call has ended; its answer is given to the door right after this.
    fn after(&self, call: &Call, outcome: &OperationOutcome);

    /// A message was refused because it is not a request.
    fn malformed(&self, _: &Arrival, _: &BadRequest) {}
}

/// All taps, in the order in which they are called.
#[derive(Debug, Clone)]
pub(super) struct Taps(pub(super) Arc<[Arc<dyn Tap>]>);

impl Taps {
    pub(super) fn before(&self, call: &Call, request: &RequestBody) {
        self.0.iter().for_each(|tap| tap.before(call, request));
    }

    pub(super) fn after(&self, call: &Call, outcome: &OperationOutcome) {
        self.0.iter().for_each(|tap| tap.after(call, outcome));
    }

    pub(super) fn malformed(&self, arrival: &Arrival, error: &BadRequest) {
        self.0.iter().for_each(|tap| tap.malformed(arrival, error));
    }
}
