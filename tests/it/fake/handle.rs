//! What tests do with the fake.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use cdp_bridge::cdp::transport::CdpTransport;
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};

use super::browser::{Call, State};
use super::site::Content;
use super::target::{Hang, Target};
use super::{memory, navigation, page, websocket};

/// A fake Chromium. Clones are the same one.
#[derive(Debug, Clone)]
pub(crate) struct Fake {
    shared: Arc<Shared>,
}

/// The state, and the bells that ring when it changes.
#[derive(Debug)]
pub(super) struct Shared {
    state: Mutex<State>,
    /// There is something to send.
    stir: Notify,
    /// How many commands have come.
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

    /// Waits until a test has done something.
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

    /// A debugging port; gives the address for `browser.connect`.
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

    /// There is a page at this URL.
    pub(crate) fn page(&self, url: &str, html: &str) {
        self.page_with_status(url, 200, html);
    }

    pub(crate) fn page_with_status(&self, url: &str, status: u16, html: &str) {
        let html = html.to_owned();
        self.put(url, Content::Html { status, html });
    }

    /// This URL cannot be reached. One that nothing was said of does not resolve.
    pub(crate) fn unreachable(&self, url: &str, net: &str) {
        self.put(url, Content::Unreachable(net.to_owned()));
    }

    pub(crate) fn download(&self, url: &str) {
        self.put(url, Content::Download);
    }

    /// The server behind this URL never answers.
    pub(crate) fn silence(&self, url: &str) {
        self.put(url, Content::Silence);
    }

    /// Commands of this method are put aside from now on, and nothing comes of them.
    pub(crate) fn hold(&self, method: &str) {
        self.shared.state().rules.hold(method);
    }

    /// Commands of this method are carried out from now on, but not answered.
    pub(crate) fn hold_answers(&self, method: &str) {
        self.shared.state().rules.hold_answers(method);
    }

    /// What was put aside of this method is carried out and answered.
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

    /// The next command of this method fails.
    pub(crate) fn fail(&self, method: &str, message: &str) {
        self.shared.state().rules.fail(method, message);
    }

    /// It is not the headless shell but a whole browser.
    pub(crate) fn whole_browser(&self) {
        self.shared.state().name = Some("Chrome");
    }

    /// New pages are not attached to any more.
    pub(crate) fn attach_nothing(&self) {
        self.shared.state().auto_attach = false;
    }

    /// A page's renderer dies.
    pub(crate) fn crash(&self, target: &str) {
        self.stir(|state| page::crash(state, target));
    }

    /// A page answers nothing until its script is terminated.
    pub(crate) fn hang_in_script(&self, target: &str) {
        self.hang(target, Hang::InScript);
    }

    /// A page answers nothing any more.
    pub(crate) fn hang_for_good(&self, target: &str) {
        self.hang(target, Hang::ForGood);
    }

    fn hang(&self, target: &str, how: Hang) {
        let mut state = self.shared.state();
        let page = state.targets.get_mut(target).expect("there is such a page");
        page.hangs = Some(how);
    }

    /// A page goes away: `window.close()`.
    pub(crate) fn close_target(&self, target: &str) {
        self.stir(|state| state.close(target));
    }

    /// A page opens another one, which stands still until it is let run.
    pub(crate) fn popup(&self, opener: &str, url: &str) -> String {
        self.open(opener, url, true)
    }

    /// A page opens another one that knows nothing of it: `noopener`.
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

    /// A page opens a dialog.
    pub(crate) fn dialog(&self, target: &str, kind: &str, message: &str) {
        self.stir(|state| page::open_dialog(state, target, kind, message));
    }

    /// A page goes somewhere by itself.
    pub(crate) fn visit(&self, target: &str, url: &str) {
        self.stir(|state| navigation::visit(state, target, url));
    }

    /// A frame inside a page goes somewhere.
    pub(crate) fn visit_in_frame(&self, target: &str, url: &str) {
        self.stir(|state| navigation::visit_in_frame(state, target, url));
    }

    /// A page sends so many events that nobody reads.
    pub(crate) fn flood(&self, target: &str, count: usize) {
        self.stir(|state| {
            for number in 0..count {
                let params = json!({"requestId": "1", "dataLength": number});
                state.page_event(target, "Network.dataReceived", &params);
            }
        });
    }

    /// Sends an event of a page, whatever it is.
    pub(crate) fn send(&self, target: &str, method: &str, params: &Value) {
        self.stir(|state| state.page_event(target, method, params));
    }

    /// Something is written to a page's console.
    pub(crate) fn write_to_console(&self, target: &str, text: &str) {
        self.stir(|state| state.write_to_console(target, text));
    }

    /// How many sessions are attached to a page.
    pub(crate) fn sessions_of(&self, target: &str) -> usize {
        let target = &self.shared.state().targets[target];
        usize::from(target.session.is_some()) + target.further.len()
    }

    /// Sends an event of the browser itself, whatever it is.
    pub(crate) fn send_as_browser(&self, method: &str, params: &Value) {
        self.stir(|state| state.event(method, params));
    }

    /// The browser ends.
    pub(crate) fn hang_up(&self) {
        self.stir(|state| state.hung_up = true);
    }

    /// Everything it was asked, in order.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.shared.state().calls.clone()
    }

    /// Everything of one method it was asked, in order.
    pub(crate) fn calls_of(&self, method: &str) -> Vec<Call> {
        let calls = self.calls();
        calls
            .into_iter()
            .filter(|call| call.method == method)
            .collect()
    }

    /// Waits until it was asked this the `count`th time.
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

    /// The contexts there are besides the default one.
    pub(crate) fn contexts(&self) -> Vec<String> {
        self.shared.state().contexts.iter().cloned().collect()
    }

    /// The pages there are, oldest first.
    pub(crate) fn targets(&self) -> Vec<String> {
        self.shared.state().targets.keys().cloned().collect()
    }

    /// Where a page is.
    pub(crate) fn url_of(&self, target: &str) -> String {
        self.shared.state().targets[target].url.clone()
    }

    /// Which context a page is in.
    pub(crate) fn context_of(&self, target: &str) -> Option<String> {
        self.shared.state().targets[target].context.clone()
    }

    /// The session that is attached to a page.
    pub(crate) fn session_of(&self, target: &str) -> Option<String> {
        self.shared.state().targets[target].session.clone()
    }
}
