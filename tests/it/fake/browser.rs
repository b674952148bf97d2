//! The state of the fake browser, and the frames that it sends.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::rules::Rules;
use super::site::Site;
use super::target::Target;
use super::{page, root};

/// A command that the fake received.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Call {
    pub(crate) id: u64,
    pub(crate) method: String,
    #[serde(default)]
    pub(crate) params: Value,
    #[serde(default, rename = "sessionId")]
    pub(crate) session: Option<String>,
    /// The time of arrival.
    #[serde(skip, default = "Instant::now")]
    pub(crate) at: Instant,
}

impl Call {
    /// A parameter of type string.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.params[name].as_str()
    }
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) site: Site,
    pub(super) rules: Rules,
    pub(super) contexts: BTreeSet<String>,
    pub(super) targets: BTreeMap<String, Target>,
    pub(super) auto_attach: bool,
    pub(super) discover: bool,
    /// The product name, if it is not the headless shell.
    pub(super) name: Option<&'static str>,
    /// All commands, in order.
    pub(super) calls: Vec<Call>,
    /// It does not attach to new targets any more.
    pub(super) hung_up: bool,
    out: VecDeque<Bytes>,
    next: u64,
}

impl State {
    /// A client has connected: for it, the browser is a new one.
    pub(super) fn connected(&mut self) {
        self.contexts.clear();
        self.targets.clear();
        self.rules.forget_all();
        self.out.clear();
        self.auto_attach = false;
        self.discover = false;
        self.hung_up = false;
    }

    /// Returns an unused id with this prefix.
    pub(super) fn fresh(&mut self, prefix: &str) -> String {
        self.next += 1;
        format!("{prefix}{:04}", self.next)
    }

    /// Handles one incoming frame.
    pub(super) fn frame(&mut self, frame: &[u8]) {
        let call: Call = serde_json::from_slice(frame).expect("the bridge sends commands");
        self.calls.push(call.clone());
        if let Some(call) = self.rules.admit(call) {
            self.perform(&call);
        }
    }

    /// Executes a command.
    pub(super) fn perform(&mut self, call: &Call) {
        if let Some(message) = self.rules.take_failure(&call.method) {
            return self.error(call, -32000, &message);
        }
        let Some(session) = &call.session else {
            return root::perform(self, call);
        };
        let id = self
            .targets
            .values()
            .find(|target| target.has_session(session))
            .map(|target| target.id.clone());
        match id {
            Some(id) => page::perform(self, &id, call),
            None => self.error(call, -32001, "Session with given id not found."),
        }
    }

    pub(super) fn answer(&mut self, call: &Call, result: &Value) {
        let mut answer = json!({"id": call.id, "result": result});
        if let Some(session) = &call.session {
            answer["sessionId"] = json!(session);
        }
        if let Some(answer) = self.rules.say(call, answer) {
            self.send(&answer);
        }
    }

    pub(super) fn error(&mut self, call: &Call, code: i64, message: &str) {
        self.send(&json!({"id": call.id, "error": {"code": code, "message": message}}));
    }

    /// Sends an event of the browser.
    pub(super) fn event(&mut self, method: &str, params: &Value) {
        self.send(&json!({"method": method, "params": params}));
    }

    /// Sends an event of a page, if a session is attached to it.
    pub(super) fn page_event(&mut self, target: &str, method: &str, params: &Value) {
        let session = self
            .targets
            .get(target)
            .and_then(|target| target.session.clone());
        if let Some(session) = session {
            self.send(&json!({"method": method, "params": params, "sessionId": session}));
        }
    }

    pub(super) fn send(&mut self, message: &Value) {
        self.out.push_back(message.to_string().into());
    }

    /// Takes the frames that are to be sent now.
    pub(super) fn take_out(&mut self) -> VecDeque<Bytes> {
        std::mem::take(&mut self.out)
    }

    /// Opens a page, and attaches to it before the command is answered.
    pub(super) fn open(&mut self, mut target: Target) -> String {
        target.id = self.fresh("T");
        let id = target.id.clone();
        let created = target.info();
        self.targets.insert(id.clone(), target);
        if self.discover {
            self.event("Target.targetCreated", &json!({"targetInfo": created}));
        }
        if self.auto_attach {
            self.attach(&id);
        }
        id
    }

    /// Attaches to a page, which stays paused.
    pub(super) fn attach(&mut self, id: &str) {
        let session = self.fresh("S");
        let Some(target) = self.targets.get_mut(id) else {
            return;
        };
        target.session = Some(session.clone());
        target.stands_still = true;
        let info = target.info();
        self.info_changed(id);
        let attached =
            json!({"sessionId": session, "targetInfo": info, "waitingForDebugger": true});
        self.event("Target.attachedToTarget", &attached);
    }

    pub(super) fn info_changed(&mut self, id: &str) {
        let info = self.targets.get(id).map(Target::info);
        if let Some(info) = info.filter(|_| self.discover) {
            self.event("Target.targetInfoChanged", &json!({"targetInfo": info}));
        }
    }

    /// Closes a page. Its pending commands are never answered.
    pub(super) fn close(&mut self, id: &str) {
        self.detach(id);
        if self.targets.remove(id).is_some() && self.discover {
            self.event("Target.targetDestroyed", &json!({"targetId": id}));
        }
    }

    pub(super) fn detach(&mut self, id: &str) {
        let Some(target) = self.targets.get_mut(id) else {
            return;
        };
        target.parked.clear();
        target.hanging = None;
        let further: Vec<_> = target.further.keys().cloned().collect();
        let Some(session) = target.session.take() else {
            return;
        };
        for session in further {
            self.detach_further(id, &session);
        }
        self.rules.forget_session(&session);
        self.info_changed(id);
        let detached = json!({"sessionId": session, "targetId": id});
        self.event("Target.detachedFromTarget", &detached);
    }

    /// Attaches an additional session to a page.
    pub(super) fn attach_further(&mut self, id: &str) -> Option<String> {
        let session = self.fresh("S");
        let target = self.targets.get_mut(id)?;
        target.further.insert(session.clone(), false);
        let info = target.info();
        let attached =
            json!({"sessionId": session, "targetInfo": info, "waitingForDebugger": false});
        self.event("Target.attachedToTarget", &attached);
        Some(session)
    }

    /// Detaches an additional session from a page.
    pub(super) fn detach_further(&mut self, id: &str, session: &str) {
        let target = self.targets.get_mut(id);
        if target.is_some_and(|target| target.further.remove(session).is_some()) {
            self.rules.forget_session(session);
            let detached = json!({"sessionId": session, "targetId": id});
            self.event("Target.detachedFromTarget", &detached);
        }
    }

    /// Writes a message to the console of a page.
    pub(super) fn write_to_console(&mut self, id: &str, text: &str) {
        let Some(target) = self.targets.get(id) else {
            return;
        };
        let listening = target.further.iter().filter(|(_, listens)| **listens);
        let sessions: Vec<_> = listening.map(|(session, _)| session.clone()).collect();
        let params =
            json!({"type": "log", "args": [{"type": "string", "value": text}], "timestamp": 1.0});
        for session in sessions {
            let message = json!({
                "method": "Runtime.consoleAPICalled", "params": params, "sessionId": session
            });
            self.send(&message);
        }
    }
}
