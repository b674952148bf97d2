//! What tests call on the fake.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use cdp_bridge::cdp::transport::CdpTransport;
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};

use super::browser::{Call, State};
use super::site::Content;
use super::target::{Hang, Target};
use super::{memory, navigation, page, page_script, websocket};

/// A fake Chromium. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Fake {
    shared: Arc<Shared>,
}

/// The state, with notifications of changes.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// There are frames to send.
    stir: Notify,
    /// The number of received commands.
    asked: watch::Sender<usize>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn connected(&self) {
        self.state().connected();
    }

    pub(super) fn frame(&self, frame: &Bytes) {
        self.state().frame(frame);
        self.asked.send_modify(|count| *count += 1);
    }

    pub(super) fn take_out(&self) -> VecDeque<Bytes> {
        self.state().take_out()
    }

    pub(super) fn has_hung_up(&self) -> bool {
        self.state().hung_up
    }

    /// Waits until a test has changed something.
    pub(super) async fn stirred(&self) {
        self.stir.notified().await;
    }
}

impl Fake {
    pub(crate) fn new() -> Self {
        let shared = Shared {
            state: Mutex::default(),
            stir: Notify::new(),
            asked: watch::Sender::new(0),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// A connection in memory, with which the clock may be paused.
    pub(crate) fn transport(&self) -> CdpTransport {
        memory::connect(Arc::clone(&self.shared))
    }

    /// A debugging port; returns the address for `browser.connect`.
    pub(crate) async fn listen(&self) -> url::Url {
        websocket::listen(Arc::clone(&self.shared)).await
    }

    fn stir<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let outcome = change(&mut self.shared.state());
        self.shared.stir.notify_one();
        outcome
    }

    fn put(&self, url: &str, content: Content) {
        self.shared.state().site.put(url, content);
    }

    /// Adds a page.
    pub(crate) fn page(&self, url: &str, html: &str) {
        self.page_with_status(url, 200, html);
    }

    pub(crate) fn page_with_status(&self, url: &str, status: u16, html: &str) {
        let html = html.to_owned();
        self.put(url, Content::Html { status, html });
    }

    /// Makes a URL fail. Unknown URLs fail to resolve.
    pub(crate) fn unreachable(&self, url: &str, net: &str) {
        self.put(url, Content::Unreachable(net.to_owned()));
    }

    pub(crate) fn download(&self, url: &str) {
        self.put(url, Content::Download);
    }

    /// Makes a server that never answers.
    pub(crate) fn silence(&self, url: &str) {
        self.put(url, Content::Silence);
    }

    /// Holds back commands of this method: they have no effect yet.
    pub(crate) fn hold(&self, method: &str) {
        self.shared.state().rules.hold(method);
    }

    /// Holds back the answers to this method: its commands have their effect.
    pub(crate) fn hold_answers(&self, method: &str) {
        self.shared.state().rules.hold_answers(method);
    }

    /// Executes and answers what was held back of this method.
    pub(crate) fn release(&self, method: &str) {
        self.stir(|state| {
            let (calls, answers) = state.rules.release(method);
            for answer in answers {
                state.send(&answer);
            }
            for call in calls {
                state.perform(&call);
            }
        });
    }

    /// Makes the next command of this method fail.
    pub(crate) fn fail(&self, method: &str, message: &str) {
        self.shared.state().rules.fail(method, message);
    }

    /// Makes it a full browser instead of the headless shell.
    pub(crate) fn whole_browser(&self) {
        self.shared.state().name = Some("Chrome");
    }

    /// Stops attaching to new pages.
    pub(crate) fn attach_nothing(&self) {
        self.shared.state().auto_attach = false;
    }

    /// Crashes the renderer of a page.
    pub(crate) fn crash(&self, target: &str) {
        self.stir(|state| page::crash(state, target));
    }

    /// Makes a page hang until its script is terminated.
    pub(crate) fn hang_in_script(&self, target: &str) {
        self.hang(target, Hang::InScript);
    }

    /// Makes a page hang permanently.
    pub(crate) fn hang_for_good(&self, target: &str) {
        self.hang(target, Hang::ForGood);
    }

    fn hang(&self, target: &str, how: Hang) {
        let mut state = self.shared.state();
        let page = state.targets.get_mut(target).expect("there is such a page");
        page.hangs = Some(how);
    }

    /// Closes a page from within: `window.close()`.
    pub(crate) fn close_target(&self, target: &str) {
        self.stir(|state| state.close(target));
    }

    /// Opens a page from another one; it stays paused until it is resumed.
    pub(crate) fn popup(&self, opener: &str, url: &str) -> String {
        self.open(opener, url, true)
    }

    /// Opens a page from another one with `noopener`.
    pub(crate) fn popup_without_opener(&self, opener: &str, url: &str) -> String {
        self.open(opener, url, false)
    }

    fn open(&self, opener: &str, url: &str, named: bool) -> String {
        self.stir(|state| {
            let context = state.targets[opener].context.clone();
            state.open(Target {
                context,
                opener: named.then(|| opener.to_owned()),
                destination: Some(url.to_owned()),
                ..Target::default()
            })
        })
    }

    /// Opens a dialog.
    pub(crate) fn dialog(&self, target: &str, kind: &str, message: &str) {
        self.stir(|state| page::open_dialog(state, target, kind, message));
    }

    /// Starts a navigation from within the page.
    pub(crate) fn visit(&self, target: &str, url: &str) {
        self.stir(|state| navigation::visit(state, target, url));
    }

    /// Navigates a subframe.
    pub(crate) fn visit_in_frame(&self, target: &str, url: &str) {
        self.stir(|state| navigation::visit_in_frame(state, target, url));
    }

    /// Sends this number of events of a page, none of which the bridge uses.
    pub(crate) fn flood(&self, target: &str, count: usize) {
        self.stir(|state| {
            for number in 0..count {
                let params = json!({"requestId": "1", "dataLength": number});
                state.page_event(target, "Network.dataReceived", &params);
            }
        });
    }

    /// Sends an event of a page.
    pub(crate) fn send(&self, target: &str, method: &str, params: &Value) {
        self.stir(|state| state.page_event(target, method, params));
    }

    /// Writes a message to the console of a page.
    pub(crate) fn write_to_console(&self, target: &str, text: &str) {
        self.stir(|state| state.write_to_console(target, text));
    }

    /// The number of sessions that are attached to a page.
    pub(crate) fn sessions_of(&self, target: &str) -> usize {
        let target = &self.shared.state().targets[target];
        usize::from(target.session.is_some()) + target.further.len()
    }

    /// Sends an event of the browser itself.
    pub(crate) fn send_as_browser(&self, method: &str, params: &Value) {
        self.stir(|state| state.event(method, params));
    }

    /// Ends the browser.
    pub(crate) fn hang_up(&self) {
        self.stir(|state| state.hung_up = true);
    }

    /// All commands, in order.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.shared.state().calls.clone()
    }

    /// All commands of one method, in order.
    pub(crate) fn calls_of(&self, method: &str) -> Vec<Call> {
        let calls = self.calls();
        calls
            .into_iter()
            .filter(|call| call.method == method && !page_script::is_title_watch(call))
            .collect()
    }

    /// Waits for the `count`th command of this method.
    pub(crate) async fn wait_for(&self, method: &str, count: usize) -> Call {
        let mut asked = self.shared.asked.subscribe();
        loop {
            asked.borrow_and_update();
            if let Some(call) = self.calls_of(method).into_iter().nth(count - 1) {
                return call;
            }
            asked.changed().await.unwrap();
        }
    }

    /// All contexts except the default one.
    pub(crate) fn contexts(&self) -> Vec<String> {
        self.shared.state().contexts.iter().cloned().collect()
    }

    /// All pages, oldest first.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.shared.state().targets.keys().cloned().collect()
    }

    /// The URL of a page.
    pub(crate) fn url_of(&self, target: &str) -> String {
        self.shared.state().targets[target].url.clone()
    }

    /// The context of a page.
    pub(crate) fn context_of(&self, target: &str) -> Option<String> {
        self.shared.state().targets[target].context.clone()
    }

    /// The session that is attached to a page.
    pub(crate) fn session_of(&self, target: &str) -> Option<String> {
        self.shared.state().targets[target].session.clone()
    }
}
