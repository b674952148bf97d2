//! Cancelling a call: finds where it is carried out, and passes the cancellation on.

use cdp_bridge_protocol::request::Cancel;
use cdp_bridge_protocol::{RequestId, TabId};

use super::responder::Responder;
use super::running_calls::CallPlace;
use super::{CallId, Caller, Operations, Success};
use crate::tabs::{CancelReport, TabMessage};

impl Operations {
    /// Cancels a call of this caller, without waiting. `report` is called once: with `true` after the call was answered
    /// that it was cancelled, and with `false` if it is answered otherwise, was answered before, or is not known.
    pub fn cancel(
        &self,
        caller: &Caller,
        call: CallId,
        report: impl FnOnce(bool) + Send + 'static,
    ) {
        let report = CancelReport::new(report);
        if call.caller == caller.id {
            self.pass_on(call, report);
        }
    }

    /// Carries out `cancel`, which names its target by the caller's own id.
    pub(super) fn cancel_request(&self, caller: &Caller, cancel: &Cancel, responder: Responder) {
        let Some(call) = self.call_of(caller, &cancel.target_request_id) else {
            let (cancelled, tab) = (false, None);
            return responder.answer(Ok(Success::Cancel { cancelled, tab }));
        };
        let tab = self.tab_of(call);
        self.cancel(caller, call, move |cancelled| {
            responder.answer(Ok(Success::Cancel { cancelled, tab }));
        });
    }

    fn call_of(&self, caller: &Caller, id: &RequestId) -> Option<CallId> {
        let call = caller.in_flight.call_of(id)?;
        self.running.place_of(call).map(|_| call)
    }

    fn tab_of(&self, call: CallId) -> Option<TabId> {
        match self.carried_out(call)? {
            (_, CallPlace::Tab(tab)) => Some(tab.id),
            _ => None,
        }
    }

    /// The call that carries this one out, itself or for the same idempotency key, and its place.
    fn carried_out(&self, call: CallId) -> Option<(CallId, CallPlace)> {
        let place = self.running.place_of(call)?;
        let CallPlace::Shared(scope, key) = &place else {
            return Some((call, place));
        };
        let leader = self.idempotency.leader_of(scope, key)?;
        Some((leader, self.running.place_of(leader)?))
    }

    /// Dropped, the report says that there was nothing to cancel.
    fn pass_on(&self, call: CallId, report: CancelReport) {
        match self.carried_out(call) {
            Some((call, CallPlace::Tab(tab))) => tab.send(TabMessage::Cancel(call, report)),
            Some((call, CallPlace::Supervisor)) => self.services.tabs.cancel_create(call, report),
            Some((_, CallPlace::Shared(..))) | None => {}
        }
    }
}
