//! Dispatches frames from Chromium: answers to their calls, events to their routes.

use std::borrow::Cow;

use bytes::Bytes;

use super::client::TargetSession;
use super::connection::ConnectionTask;
use super::error::{CallError, SessionEnd};
use super::events::{
    AttachedToTarget, DetachedFromTarget, EventKind, TargetCrashed, TargetInfoChanged,
};
use super::ids::SessionId;
use super::message::{self, CdpMessage, ErrorReply};
use super::methods::{DetachFromTarget, Method, RunIfWaitingForDebugger};
use super::raw_route::RawRouteEnd;
use super::routes::{Attachment, RawEvent, SessionEvent, Undelivered};
use crate::metrics;

impl ConnectionTask {
    pub(super) fn frame(&mut self, frame: &Bytes) {
        match CdpMessage::parse(frame) {
            Ok(CdpMessage::Response { id, outcome }) => self.response(id, outcome),
            Ok(CdpMessage::Event(event)) => {
                if self.routes.deliver_raw(&event) == Err(RawRouteEnd::Overflow) {
                    metrics::dropped("cdpEvent", "rawRouteFull");
                }
                let session = event.session.as_ref();
                if let Some(kind) = EventKind::from_method(&event.method)
                    && let Some(params) = self.routes.filter(session, kind, event.params)
                {
                    self.event(session, RawEvent { kind, params });
                }
            }
            Err(error) => tracing::warn!(%error, "a frame from Chromium could not be read"),
        }
    }

    fn response(&mut self, id: u64, outcome: Result<Bytes, ErrorReply>) {
        // Late answers, of calls that timed out or whose session ended, are ignored.
        let Some(call) = self.calls.take(id) else {
            return;
        };
        // The names of raw calls are not a closed set, as a metric's label must be.
        let label = match call.method {
            Cow::Borrowed(method) => method,
            Cow::Owned(_) => "raw",
        };
        metrics::cdp_round_trip(label, call.sent.elapsed());
        let method = call.method;
        let outcome = outcome.map_err(|error| {
            if error.message.contains("Session with given id not found") {
                let end = SessionEnd::Detached;
                return CallError::SessionEnded { method, end };
            }
            CallError::Protocol {
                method,
                code: error.code,
                message: error.message,
                data: error.data,
            }
        });
        let _ = call.reply.send(outcome);
    }

    fn event(&mut self, session: Option<&SessionId>, event: RawEvent) {
        match event.kind {
            EventKind::AttachedToTarget => return self.attached(session, &event),
            EventKind::DetachedFromTarget => {
                if let Some(DetachedFromTarget { session_id }) = event.decode() {
                    self.routes.remove(&session_id);
                    self.end_calls(&session_id, SessionEnd::Detached);
                }
                return;
            }
            EventKind::InspectorTargetCrashed => {
                if let Some(session) = session {
                    self.end_calls(session, SessionEnd::Crashed);
                }
            }
            EventKind::TargetCrashed => {
                if let Some(TargetCrashed { target_id, .. }) = event.decode() {
                    for session in self.routes.sessions_of(&target_id) {
                        self.end_calls(&session, SessionEnd::Crashed);
                        self.deliver(Some(&session), event.clone());
                    }
                }
                return;
            }
            // The event belongs to the root session; it is delivered to the sessions of its target.
            EventKind::TargetInfoChanged => {
                if let Some(TargetInfoChanged { target_info }) = event.decode() {
                    for session in self.routes.sessions_of(&target_info.target_id) {
                        self.deliver(Some(&session), event.clone());
                    }
                }
                return;
            }
            _ => {}
        }
        self.deliver(session, event);
    }

    fn deliver(&self, session: Option<&SessionId>, event: RawEvent) {
        if let Err(Undelivered) = self.routes.deliver(session, SessionEvent::Raw(event)) {
            metrics::dropped("cdpEvent", "inboxFull");
        }
    }

    /// Adds the new session's route before the next frame is read, then delivers the attachment.
    fn attached(&mut self, parent: Option<&SessionId>, event: &RawEvent) {
        let Some(AttachedToTarget {
            session_id,
            target_info,
            waiting_for_debugger,
        }) = event.decode()
        else {
            return;
        };
        let Some(queue) = self.queue.upgrade() else {
            return;
        };
        let inbox = self
            .routes
            .insert(session_id.clone(), target_info.target_id.clone(), parent);
        let attachment = Attachment {
            session: TargetSession {
                id: session_id.clone(),
                queue,
            },
            inbox,
            info: target_info,
            waiting_for_debugger,
        };
        let event = SessionEvent::Attached(Box::new(attachment));
        if let Err(Undelivered) = self.routes.deliver(parent, event) {
            // The target has no owner: it is resumed and detached, so that it does not stay paused.
            metrics::dropped("cdpAttach", "inboxFull");
            self.routes.remove(&session_id);
            self.send_own(&RunIfWaitingForDebugger {}, Some(&session_id));
            self.send_own(&DetachFromTarget { session_id }, None);
        }
    }

    fn end_calls(&mut self, session: &SessionId, end: SessionEnd) {
        for call in self.calls.end_session(session) {
            let method = call.method;
            let _ = call
                .reply
                .send(Err(CallError::SessionEnded { method, end }));
        }
    }

    /// Sends a command of the task itself, whose answer is ignored.
    fn send_own<M: Method>(&mut self, method: &M, session: Option<&SessionId>) {
        let Some(queue) = self.queue.upgrade() else {
            return;
        };
        let id = queue.next_id();
        if let Ok(frame) = message::command(id, M::NAME, method, session) {
            self.writer.push(frame);
        }
    }
}
