//! Which answers of the fake tests hold back or let fail.

use std::collections::{HashMap, HashSet, VecDeque};

use super::browser::Call;

#[derive(Debug, Default)]
pub(super) struct Rules {
    held: HashSet<String>,
    /// Commands that are held back, oldest first.
    waiting: Vec<Call>,
    mute: HashSet<String>,
    /// Answers that are held back, oldest first, with their commands.
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

    /// Stops holding back this method, and returns what was held back.
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

    /// Holds back a command if its method is on hold; otherwise returns it.
    pub(super) fn admit(&mut self, call: Call) -> Option<Call> {
        if self.held.contains(&call.method) {
            self.waiting.push(call);
            return None;
        }
        Some(call)
    }

    /// Holds back an answer if its method is on hold; otherwise returns it.
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

    /// A session has ended: its commands are never answered.
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
