//! A page to read.

use serde_json::{Value, json};

use crate::support::bridge::TestBridge;
use crate::support::browsers::TestBrowser;
use crate::support::client::Client;
use crate::support::received::Received;
use crate::support::site::Site;

/// A tab at a page, with a bridge, a site and a client.
pub(super) struct ReadPage {
    pub(super) site: Site,
    pub(super) bridge: TestBridge,
    pub(super) client: Client,
    pub(super) tab: String,
}

impl ReadPage {
    /// A tab at a page with this body, on the shared bridge.
    pub(super) async fn with(browser: TestBrowser, body: &str) -> Self {
        Self::on(TestBridge::shared(browser).await, body).await
    }

    /// The same on this bridge.
    pub(super) async fn on(bridge: TestBridge, body: &str) -> Self {
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

    /// Goes to another page with this body.
    pub(super) async fn load(&self, body: &str) {
        let url = self.site.page("/page", body);
        self.client.go(&self.tab, &url).await;
    }

    pub(super) async fn ask(&self, kind: &str, mut fields: Value) -> Received {
        fields["type"] = json!(kind);
        fields["tabId"] = json!(self.tab);
        self.client.ask(fields).await
    }

    pub(super) async fn evaluate(&self, expression: &str) -> Value {
        let answer = self.ask("evaluate", json!({"expression": expression}));
        answer.await.expect("evaluated")["value"].clone()
    }

    pub(super) async fn query(&self, selector: &str, what: &str) -> Value {
        let fields = json!({"selector": selector, "what": what});
        self.ask("query", fields).await.expect("queried")["value"].clone()
    }

    pub(super) async fn count(&self, selector: &str) -> Value {
        self.query(selector, "count").await
    }

    /// The ids of the elements that a locator matches.
    pub(super) async fn id(&self, selector: &str) -> Value {
        self.query(selector, "attributes").await["id"].clone()
    }

    /// The lines of an outline, without the refs.
    pub(super) async fn outline(&self, fields: Value) -> Vec<String> {
        let outline = self.ask("getAxSnapshot", fields).await;
        let outline = outline.expect("axSnapshot");
        outline.text().lines().map(without_ref).collect()
    }

    /// The content as `text` or `markdown`, with `/` for the origin of the site.
    pub(super) async fn content(&self, format: &str) -> String {
        let content = self.ask("getContent", json!({"format": format})).await;
        let origin = self.site.url("");
        content.expect("content").text().replace(&origin, "")
    }
}

fn without_ref(line: &str) -> String {
    let Some((before, rest)) = line.split_once(" [ref=") else {
        return line.to_owned();
    };
    let (_, after) = rest.split_once(']').unwrap();
    format!("{before}{after}")
}
