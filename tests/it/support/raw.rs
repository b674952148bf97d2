//! A second CDP client on the bridge's Chromium, to compare with Chromium's own state.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use super::wait::LONGEST;

/// A connection to a browser.
pub(crate) struct Raw {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next_id: u64,
}

impl Raw {
    /// Connects to the browser with this profile.
    pub(crate) async fn of_profile(profile: &Path) -> Self {
        let port = std::fs::read_to_string(profile.join("DevToolsActivePort")).unwrap();
        let (port, path) = port.trim().split_once('\n').unwrap();
        Self::connect(&format!("ws://127.0.0.1:{port}{path}")).await
    }

    pub(crate) async fn connect(url: &str) -> Self {
        let config = WebSocketConfig::default()
            .max_message_size(None)
            .max_frame_size(None);
        let (socket, _) = connect_async_with_config(url, Some(config), true)
            .await
            .unwrap();
        Self { socket, next_id: 1 }
    }

    /// Calls a method of the browser, or of a session, and waits for its result.
    pub(crate) async fn call(
        &mut self,
        session: Option<&str>,
        method: &str,
        params: Value,
    ) -> Value {
        let id = self.send(session, method, params).await;
        let wait = async {
            loop {
                let message = self.socket.next().await.unwrap().unwrap();
                let Message::Text(text) = message else {
                    continue;
                };
                let mut answer: Value = serde_json::from_str(text.as_str()).unwrap();
                if answer["id"] == id {
                    assert!(answer["error"].is_null(), "{method}: {answer}");
                    return answer["result"].take();
                }
            }
        };
        timeout(LONGEST, wait)
            .await
            .unwrap_or_else(|_| panic!("{method} was not answered"))
    }

    /// Calls a method that is never answered.
    pub(crate) async fn send(&mut self, session: Option<&str>, method: &str, params: Value) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let mut call = json!({"id": id, "method": method, "params": params});
        if let Some(session) = session {
            call["sessionId"] = json!(session);
        }
        self.socket
            .send(Message::text(call.to_string()))
            .await
            .unwrap();
        id
    }

    /// The pages of the browser.
    pub(crate) async fn pages(&mut self) -> Vec<Value> {
        let targets = self.call(None, "Target.getTargets", json!({})).await;
        let targets = targets["targetInfos"].as_array().unwrap();
        targets
            .iter()
            .filter(|it| it["type"] == "page")
            .cloned()
            .collect()
    }

    /// The number of pages whose URL contains this.
    pub(crate) async fn pages_at(&mut self, url: &str) -> usize {
        let pages = self.pages().await;
        let is_there = |it: &&Value| it["url"].as_str().unwrap().contains(url);
        pages.iter().filter(is_there).count()
    }

    /// Attaches to the only page whose URL contains this.
    pub(crate) async fn page(&mut self, url: &str) -> String {
        let pages = self.pages().await;
        let mut fitting = pages
            .iter()
            .filter(|it| it["url"].as_str().unwrap().contains(url));
        let page = fitting
            .next()
            .unwrap_or_else(|| panic!("{url} among {pages:?}"));
        assert!(fitting.next().is_none(), "{url} once among {pages:?}");
        let params = json!({"targetId": page["targetId"], "flatten": true});
        let attached = self.call(None, "Target.attachToTarget", params).await;
        attached["sessionId"].as_str().unwrap().to_owned()
    }

    /// Waits until the page at this URL has loaded, and attaches to it.
    pub(crate) async fn loaded(&mut self, url: &str) -> String {
        let session = self.page(url).await;
        // The promise of a document that is replaced would never settle.
        loop {
            let state = self
                .evaluate(&session, "document.readyState + ' ' + location.href")
                .await;
            if state == format!("complete {url}") {
                return session;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    /// The value of an expression in a page; a promise is awaited.
    pub(crate) async fn evaluate(&mut self, session: &str, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut result = self.call(Some(session), "Runtime.evaluate", params).await;
        assert!(
            result["exceptionDetails"].is_null(),
            "{expression}: {result}"
        );
        result["result"]["value"].take()
    }

    /// The execution context of an isolated world of a page.
    pub(crate) async fn context_of_world(&mut self, session: &str, name: &str) -> Value {
        self.send(Some(session), "Runtime.enable", json!({})).await;
        let wait = async {
            loop {
                let message = self.socket.next().await.unwrap().unwrap();
                let Message::Text(text) = message else {
                    continue;
                };
                let mut event: Value = serde_json::from_str(text.as_str()).unwrap();
                let context = &mut event["params"]["context"];
                if context["name"] == name {
                    return context["id"].take();
                }
            }
        };
        timeout(LONGEST, wait)
            .await
            .unwrap_or_else(|_| panic!("the page has no world {name}"))
    }

    /// A screenshot, as Chromium itself takes it.
    pub(crate) async fn picture(&mut self, session: &str, params: Value) -> Vec<u8> {
        let result = self
            .call(Some(session), "Page.captureScreenshot", params)
            .await;
        STANDARD.decode(result["data"].as_str().unwrap()).unwrap()
    }
}
