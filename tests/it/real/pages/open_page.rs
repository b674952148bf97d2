//! A tab at a page, and requests about it.

use serde_json::{Value, json};

use crate::support::bridge::TestBridge;
use crate::support::browsers::TestBrowser;
use crate::support::client::Client;
use crate::support::received::Received;
use crate::support::site::Site;

pub(super) struct OpenPage {
    pub(super) site: Site,
    pub(super) bridge: TestBridge,
    pub(super) client: Client,
    pub(super) tab: String,
}

impl OpenPage {
    /// A tab at a page with this body, on the shared bridge.
    pub(super) async fn with(browser: TestBrowser, body: &str) -> Self {
        Self::on(TestBridge::shared(browser).await, body).await
    }

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

    pub(super) async fn ask(&self, kind: &str, mut fields: Value) -> Received {
        fields["type"] = json!(kind);
        fields["tabId"] = json!(self.tab);
        self.client.ask(fields).await
    }

    pub(super) async fn evaluate(&self, expression: &str) -> Value {
        let fields = json!({"expression": expression});
        let answer = self.ask("evaluate", fields).await;
        answer.expect("evaluated")["value"].clone()
    }

    pub(super) async fn click(&self, selector: &str) {
        let fields = json!({"selector": selector});
        self.ask("click", fields).await.expect("done");
    }
}
