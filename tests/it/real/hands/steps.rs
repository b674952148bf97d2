//! A tab with a page to act on, and helpers for requests about it.

use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::support::bridge::TestBridge;
use crate::support::browsers::TestBrowser;
use crate::support::client::Client;
use crate::support::received::Received;
use crate::support::site::Site;

/// A bridge, a site, a client and a tab.
pub(super) struct Hands {
    pub(super) site: Site,
    pub(super) bridge: TestBridge,
    pub(super) client: Client,
    pub(super) tab: String,
}

/// The time limit of a request that is meant to fail by it. A page on a busy machine is looked at
/// several times within it.
pub(super) const SHORT_MS: u64 = 3000;

/// The same for many tabs at once, which share the processors.
const APART_MS: u64 = 5000;

/// How many tabs are asked at a time. More of them are too slow in Chrome on two busy processors.
const AT_A_TIME: usize = 6;

impl Hands {
    /// A tab at a page with this body, on the shared bridge.
    pub(super) async fn on(browser: TestBrowser, body: &str) -> Self {
        Self::at(TestBridge::shared(browser).await, body).await
    }

    /// The same on a bridge of the test's own.
    pub(super) async fn alone(browser: TestBrowser, body: &str) -> Self {
        Self::at(TestBridge::start(browser).await, body).await
    }

    async fn at(bridge: TestBridge, body: &str) -> Self {
        let site = Site::start().await;
        let client = bridge.client().await;
        let url = site.page("/page", body);
        let tab = client.open(&url).await;
        Self {
            site,
            bridge,
            client,
            tab,
        }
    }

    /// Makes a request about the tab, or the one that the fields name.
    pub(super) async fn ask(&self, kind: &str, mut fields: Value) -> Received {
        fields["type"] = json!(kind);
        if fields["tabId"].is_null() {
            fields["tabId"] = json!(self.tab);
        }
        self.client.ask(fields).await
    }

    /// Opens further tabs at the page.
    pub(super) async fn tabs(&self, count: usize) -> Vec<String> {
        let url = self.site.url("/page");
        let opening = (0..count).map(|_| self.client.open(&url));
        stream::iter(opening).buffered(4).collect().await
    }

    /// Makes requests side by side, each in a tab of its own: a request that fails by its time limit
    /// takes all of it. The answers come in the order of the requests.
    pub(super) async fn ask_apart(
        &self,
        tabs: &[String],
        requests: &[(&str, Value)],
    ) -> Vec<Received> {
        assert!(requests.len() <= tabs.len(), "a tab for each request");
        let asked = requests.iter().zip(tabs).map(|((kind, fields), tab)| {
            let mut fields = fields.clone();
            fields["tabId"] = json!(tab);
            fields["timeoutMs"] = json!(APART_MS);
            self.ask(kind, fields)
        });
        stream::iter(asked).buffered(AT_A_TIME).collect().await
    }

    /// Does something to an element.
    pub(super) async fn on_element(&self, kind: &str, selector: &str) -> Received {
        self.ask(kind, json!({"selector": selector})).await
    }

    pub(super) async fn click(&self, selector: &str) -> Received {
        self.on_element("click", selector).await.expect("done")
    }

    /// Asks to click what cannot be clicked.
    pub(super) async fn click_in_vain(&self, selector: &str) -> Received {
        let fields = json!({"selector": selector, "timeoutMs": SHORT_MS});
        self.ask("click", fields).await
    }

    pub(super) async fn fill(&self, selector: &str, value: &str) -> Received {
        self.ask("fill", json!({"selector": selector, "value": value}))
            .await
    }

    pub(super) async fn query(&self, selector: &str, what: &str) -> Value {
        let fields = json!({"selector": selector, "what": what});
        self.ask("query", fields).await.expect("queried")["value"].clone()
    }

    pub(super) async fn text(&self, selector: &str) -> String {
        let text = self.query(selector, "text").await;
        text.as_str().unwrap().to_owned()
    }

    pub(super) async fn evaluate(&self, expression: &str) -> Value {
        let fields = json!({"expression": expression});
        self.ask("evaluate", fields).await.expect("evaluated")["value"].clone()
    }

    /// The outline of the page.
    pub(super) async fn outline(&self, fields: Value) -> String {
        let outline = self.ask("getAxSnapshot", fields).await;
        outline.expect("axSnapshot").text().to_owned()
    }
}

/// The ref of the first line of an outline that holds this.
#[track_caller]
pub(super) fn ref_of(outline: &str, part: &str) -> String {
    let line = outline.lines().find(|line| line.contains(part));
    let line = line.unwrap_or_else(|| panic!("{part:?} is in no line of\n{outline}"));
    let (_, rest) = line.split_once("[ref=").unwrap();
    format!("ref={}", rest.split_once(']').unwrap().0)
}
