//! A tab, and helpers for requests about it.

use serde_json::{Value, json};

use crate::support::bridge::TestBridge;
use crate::support::browsers::TestBrowser;
use crate::support::client::Client;
use crate::support::received::Received;
use crate::support::site::{Reply, Site};

pub(super) struct Lab {
    pub(super) site: Site,
    pub(super) bridge: TestBridge,
    pub(super) client: Client,
    pub(super) tab: String,
}

/// What a page or a worker sees of the device and the user, as an expression.
pub(super) const SEEN: &str =
    "({ agent: navigator.userAgent, platform: navigator.platform, language: navigator.language,
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone, number: (1234.5).toLocaleString() })";

impl Lab {
    /// A tab at `about:blank` on the shared bridge.
    pub(super) async fn with(browser: TestBrowser) -> Self {
        Self::on(TestBridge::shared(browser).await).await
    }

    pub(super) async fn on(bridge: TestBridge) -> Self {
        let site = Site::start().await;
        let client = bridge.client().await;
        let tab = client.open_with(json!({})).await;
        Self {
            site,
            bridge,
            client,
            tab,
        }
    }

    pub(super) async fn ask(&self, kind: &str, fields: Value) -> Received {
        self.ask_of(&self.tab, kind, fields).await
    }

    pub(super) async fn ask_of(&self, tab: &str, kind: &str, mut fields: Value) -> Received {
        fields["type"] = json!(kind);
        fields["tabId"] = json!(tab);
        self.client.ask(fields).await
    }

    /// What holds after a request to emulate.
    pub(super) async fn emulate(&self, fields: Value) -> Value {
        let answer = self.ask("emulate", fields).await;
        answer.expect("emulated")["emulation"].clone()
    }

    pub(super) async fn evaluate(&self, expression: &str) -> Value {
        self.evaluate_in(&self.tab, expression).await
    }

    pub(super) async fn evaluate_in(&self, tab: &str, expression: &str) -> Value {
        let fields = json!({"expression": expression});
        let answer = self.ask_of(tab, "evaluate", fields).await;
        answer.expect("evaluated")["value"].clone()
    }

    /// The same in a frame of the page.
    pub(super) async fn evaluate_in_frame(&self, frame: &str, expression: &str) -> Value {
        let selector = format!("{frame} >> xpath=/html");
        let expression = format!("() => {expression}");
        let fields = json!({"selector": selector, "expression": expression});
        let answer = self.ask("evaluate", fields).await;
        answer.expect("evaluated")["value"].clone()
    }

    pub(super) async fn go(&self, path: &str) {
        let url = self.site.url(path);
        self.client.go(&self.tab, &url).await;
    }

    /// Serves a script.
    pub(super) fn script(&self, path: &str, source: &str) {
        let reply = Reply::page(source).with("content-type", "text/javascript");
        self.site.serve(path, reply);
    }

    /// Waits until an expression has a value other than null.
    pub(super) async fn value_of(&self, expression: &str) -> Value {
        let waiting = format!(
            "new Promise((done) => {{ const look = () => {{ const value = {expression};
            if (value === undefined || value === null) setTimeout(look, 20); else done(value); }}; look(); }})"
        );
        self.evaluate(&waiting).await
    }

    pub(super) async fn told(&self) -> Value {
        let info = self.client.tab_info(&self.tab).await;
        info.map_or(Value::Null, |info| info["emulation"].clone())
    }
}
