//! What tests have told the fake about its answers.

use std::collections::{HashMap, HashSet, VecDeque};

use super::browser::Call;

#[derive(Debug, Default)]
pub(super) struct Rules {
    held: HashSet<String>,
    /// Commands that were put aside, oldest first.
    waiting: Vec<Call>,
    mute: HashSet<String>,
    /// Answers that were put aside, oldest first, with the command each belongs to.
    unsaid: Vec<(Call, serde_json::Value)>,
    failing: HashMap<String, VecDeque<String>>,
}

impl Rules {
    pub(super) fn hold(&mut self, method: &str) {
        self.held.insert(method.to_owned());
    }

    pub(super) fn hold_answers(&mut self, method: &str) {
        self.mute.insert(method.to_owned());
    }

    /// Ends both kinds of holding; what was put aside comes back.
    pub(super) fn release(&mut self, method: &str) -> (Vec<Call>, Vec<serde_json::Value>) {
        self.held.remove(method);
        self.mute.remove(method);
        let waiting = self
            .waiting
            .extract_if(.., |call| call.method == method)
            .collect();
        let unsaid = self
            .unsaid
            .extract_if(.., |(call, _)| call.method == method);
        (waiting, unsaid.map(|(_, answer)| answer).collect())
    }

    /// Puts a command aside if its method is held; otherwise it comes back.
    pub(super) fn admit(&mut self, call: Call) -> Option<Call> {
        if self.held.contains(&call.method) {
            self.waiting.push(call);
            return None;
        }
        Some(call)
    }

    /// Puts an answer aside if those of its method are held; otherwise it comes back.
    pub(super) fn say(
        &mut self,
        call: &Call,
        answer: serde_json::Value,
    ) -> Option<serde_json::Value> {
        if self.mute.contains(&call.method) {
            self.unsaid.push((call.clone(), answer));
            return None;
        }
        Some(answer)
    }

    /// A session is over: what it was asked is never answered.
    pub(super) fn forget_session(&mut self, session: &str) {
        let of_it = |call: &Call| call.session.as_deref() == Some(session);
        self.waiting.retain(|call| !of_it(call));
        self.unsaid.retain(|(call, _)| !of_it(call));
    }

    pub(super) fn forget_all(&mut self) {
        self.waiting.clear();
        self.unsaid.clear();
    }

    pub(super) fn fail(&mut self, method: &str, message: &str) {
        let messages = self.failing.entry(method.to_owned()).or_default();
        messages.push_back(message.to_owned());
    }

    pub(super) fn take_failure(&mut self, method: &str) -> Option<String> {
        self.failing.get_mut(method)?.pop_front()
    }
}
