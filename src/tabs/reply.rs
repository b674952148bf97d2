//! The reply to a call: exactly one in every case.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use cdp_bridge_protocol::event::Emulation;
use cdp_bridge_protocol::payload::{EscapedText, Payload, PayloadFields};
use cdp_bridge_protocol::request::Point;
use cdp_bridge_protocol::{RequestKind, TabId};
use serde_json::Value;
use tokio::time::Instant;

use super::cancellation::{CancelReport, CancelReports};
use super::error::{Failure, TabError};
use super::fact::Fact;
use super::identity::CallId;
use super::input_sent::InputSent;
use super::page_actions::PageActionError;
use super::permission_grants::PermissionGrant;

/// A successful answer about a tab. Cheap to clone, including payloads.
#[derive(Debug, Clone)]
pub struct Answer {
    pub tab: TabId,
    pub kind: AnswerKind,
}

/// The result of a call.
#[derive(Debug, Clone)]
pub enum AnswerKind {
    /// The fact that the call caused; it was published to the other listeners.
    Fact(Fact),
    /// An action was done.
    Done(Acted),
    /// The result of a script, as `JSON.stringify` writes it.
    Evaluated(Value),
    /// The result of a query of an element.
    Queried(Value),
    /// The awaited condition holds.
    Waited(Waited),
    /// The frames of the page, itself first.
    Frames {
        frames: Vec<PageFrame>,
        /// There are more.
        truncated: bool,
    },
    /// A newer call of the same caller, which names this one, is answered in its place right after this.
    Superseded,
    /// Text, a picture or a file.
    Payload {
        fields: PayloadFields,
        payload: Payload,
        /// The older calls of the same caller that this answers too.
        superseded: Vec<CallId>,
    },
    /// What the tab's pages are emulated with.
    Emulated(Box<Emulation>),
    /// What pages may do.
    PermissionsSet(PermissionGrant),
    /// The script runs in each further document.
    InitScriptAdded { id: String },
    /// Frames follow.
    ScreencastStarted,
    /// No frames follow.
    ScreencastStopped,
    /// The subscription was made or ended.
    Subscribed,
}

impl AnswerKind {
    pub(super) fn text(fields: PayloadFields, text: &str) -> Self {
        Self::payload(fields, Payload::Text(EscapedText::from_text(text)))
    }

    pub(super) fn payload(fields: PayloadFields, payload: Payload) -> Self {
        Self::Payload {
            fields,
            payload,
            superseded: Vec::new(),
        }
    }
}

/// The result of an action.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Acted {
    /// Of `select`: the selected values.
    pub values: Option<Vec<String>>,
    /// Of `scroll`: the position that was reached.
    pub position: Option<Point>,
    /// Of `scroll`: whether anything has moved.
    pub moved: Option<bool>,
    /// Of `fill`: whether the field holds the value afterwards.
    pub matches: Option<bool>,
    /// Nothing was done: it would work.
    pub is_trial: bool,
    /// What was waited for afterwards.
    pub waited: Option<Waited>,
}

/// A frame of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageFrame {
    pub url: String,
    pub name: Option<String>,
    /// The place in the list of the frame around it; `None` for the page itself.
    pub parent: Option<u32>,
    /// A locator of its element; `None` for the page itself.
    pub selector: Option<String>,
    /// It does not answer.
    pub unresponsive: bool,
}

/// A condition that was waited for, and holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Waited {
    /// Where the tab is.
    pub url: String,
    /// Which of several conditions it is.
    pub index: Option<u32>,
    /// The value of a script.
    pub value: Option<Value>,
}

pub type Outcome = Result<Answer, Failure>;

type Deliver = Box<dyn FnOnce(Outcome) + Send>;

/// The reply to one request. It can be used once. If it is dropped unused, it answers with an error, so
/// that no path through the bridge leaves a request unanswered.
pub struct Reply {
    deliver: Option<Deliver>,
    pub kind: RequestKind,
    pub call: CallId,
    /// Whether a newer call of the same caller may be answered in its place.
    pub may_coalesce: bool,
    pub arrived: Instant,
    pub deadline: Instant,
    pub input_sent: InputSent,
    /// The requests to cancel this one. They are answered after it.
    cancelled_by: Option<Box<CancelReports>>,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl Reply {
    /// `deliver` must not block.
    pub fn new(
        kind: RequestKind,
        call: CallId,
        may_coalesce: bool,
        arrived: Instant,
        deadline: Instant,
        deliver: impl FnOnce(Outcome) + Send + 'static,
    ) -> Self {
        let deliver: Option<Deliver> = Some(Box::new(deliver));
        Self {
            deliver,
            kind,
            call,
            may_coalesce,
            arrived,
            deadline,
            input_sent: InputSent::default(),
            cancelled_by: None,
        }
    }

    /// Answers that the request was cancelled, and then the request to cancel it.
    pub fn cancel(mut self, report: CancelReport) {
        self.cancelled_by(report);
        self.fail_cancelled();
    }

    /// Answers that the request was cancelled, as [`Self::cancelled_by`] has prepared.
    pub fn fail_cancelled(self) {
        let input_sent = self.input_sent.may_be_sent();
        self.fail(TabError::Cancelled { input_sent });
    }

    /// From now on, whatever makes the request fail is answered as its cancellation.
    pub fn cancelled_by(&mut self, report: CancelReport) {
        self.cancelled_by.get_or_insert_default().push(report);
    }

    pub fn answer(self, tab: TabId, kind: AnswerKind) {
        self.send(Ok(Answer { tab, kind }));
    }

    pub fn fail(self, failure: impl Into<Failure>) {
        let mut failure = failure.into();
        let input_sent = self.input_sent.may_be_sent();
        if self.cancelled_by.is_some() {
            failure.error = TabError::Cancelled { input_sent };
        } else if let Some(tab) = self.input_sent.opened_tab() {
            let error = Box::new(failure.error);
            failure.error = TabError::AfterOpening { error, tab };
        } else if input_sent {
            failure.error = failure.error.after_effect_of(self.kind);
        }
        self.send(Err(failure));
    }

    pub fn send(mut self, outcome: Outcome) {
        let is_cancelled = matches!(
            &outcome,
            Err(Failure {
                error: TabError::Cancelled { .. },
                ..
            })
        );
        if let Some(deliver) = self.deliver.take() {
            deliver(outcome);
        }
        if let Some(reports) = self.cancelled_by.take() {
            reports.send(is_cancelled);
        }
    }

    /// Answers with the outcome of a page action or query, which ran in this session. `awaited_answer`: what the page
    /// waits for, if that is an answer of a client.
    pub fn finish(
        self,
        tab: TabId,
        outcome: Result<AnswerKind, PageActionError>,
        awaited_answer: Option<&str>,
        session: Option<String>,
    ) {
        match outcome {
            Ok(answer) => self.answer(tab, answer),
            Err(error) => {
                let error = TabError::from_page_action(error, &self).behind(awaited_answer);
                self.fail(Failure { error, session });
            }
        }
    }

    /// Fails a request whose time limit has passed.
    pub fn time_out(self, waiting_for: impl Into<Cow<'static, str>>) {
        let error = self.timed_out(waiting_for);
        self.fail(error);
    }

    /// The error of a request whose time limit has passed.
    pub fn timed_out(&self, waiting_for: impl Into<Cow<'static, str>>) -> TabError {
        TabError::TimedOut {
            request: self.kind,
            limit: self.limit(),
            waiting_for: waiting_for.into(),
        }
    }

    /// The time limit.
    pub fn limit(&self) -> Duration {
        self.deadline - self.arrived
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if let Some(deliver) = self.deliver.take() {
            deliver(Err(TabError::Lost.into()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tabs::identity::CallerId;
    use std::sync::mpsc;

    fn reply() -> (Reply, mpsc::Receiver<Outcome>) {
        let (sender, outcomes) = mpsc::channel();
        let now = Instant::now();
        let reply = Reply::new(
            RequestKind::Ping,
            CallId {
                caller: CallerId(1),
                number: 1,
            },
            true,
            now,
            now,
            move |outcome| {
                sender.send(outcome).unwrap();
            },
        );
        (reply, outcomes)
    }

    #[test]
    fn a_reply_is_delivered_once() {
        let (reply, outcomes) = reply();
        reply.answer(TabId::new(1), AnswerKind::Subscribed);
        let outcome = outcomes.recv().unwrap();
        assert!(matches!(outcome.unwrap().kind, AnswerKind::Subscribed));
        assert!(outcomes.recv().is_err());
    }

    #[test]
    fn what_fails_after_a_cancellation_is_answered_as_cancelled_and_before_the_cancellation() {
        let (mut reply, outcomes) = reply();
        let (sender, reports) = mpsc::channel();
        let (first, second) = (sender.clone(), sender);
        reply.cancelled_by(CancelReport::new(move |cancelled| {
            assert!(
                outcomes.try_recv().unwrap().is_err(),
                "it is answered first"
            );
            first.send(cancelled).unwrap();
        }));
        reply.cancelled_by(CancelReport::new(move |cancelled| {
            second.send(cancelled).unwrap();
        }));
        reply.fail(TabError::Crashed);
        assert_eq!(reports.iter().collect::<Vec<_>>(), [true, true]);
    }

    #[test]
    fn a_request_that_ends_otherwise_was_not_cancelled() {
        let (mut reply, _outcomes) = reply();
        let (sender, reports) = mpsc::channel();
        reply.cancelled_by(CancelReport::new(move |cancelled| {
            sender.send(cancelled).unwrap();
        }));
        reply.answer(TabId::new(1), AnswerKind::Subscribed);
        assert_eq!(reports.iter().collect::<Vec<_>>(), [false]);
    }

    #[test]
    fn a_reply_that_is_dropped_answers_with_an_error() {
        let (reply, outcomes) = reply();
        drop(reply);
        let Ok(Err(Failure {
            error: TabError::Lost,
            ..
        })) = outcomes.recv()
        else {
            panic!("a lost request is answered");
        };
    }
}
