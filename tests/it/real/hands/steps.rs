//! A tab with a page to act on, and short ways to ask it.

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

/// How long a request may take that is meant to fail by its time limit.
pub(super) const SHORT_MS: u64 = 5000;

impl Hands {
    /// A tab at a page with this body.
    pub(super) async fn on(browser: TestBrowser, body: &str) -> Self {
        let site = Site::start().await;
        let bridge = TestBridge::start(browser).await;
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

    /// Makes a request about the tab.
    pub(super) async fn ask(&self, kind: &str, mut fields: Value) -> Received {
        fields["type"] = json!(kind);
        fields["tabId"] = json!(self.tab);
        self.client.ask(fields).await
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
