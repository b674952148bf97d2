//! A client with many requests in flight. Payloads are not parsed, so that it takes little of the
//! processor.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cdp_bridge_protocol::handshake::SUBPROTOCOL_BINARY;
use cdp_bridge_protocol::payload::BinaryFrame;
use futures::{SinkExt as _, Stream, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};

type Waiting = Arc<Mutex<HashMap<String, oneshot::Sender<Answer>>>>;

/// The end of an answer, without its payload.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Answer {
    pub(crate) r#type: String,
    request_id: String,
    pub(crate) id: String,
    seq: u32,
    total: u32,
    pub(crate) code: String,
    pub(crate) message: String,
    tabs: Vec<Tab>,
}

#[derive(Debug, Deserialize)]
struct Tab {
    id: String,
}

pub(crate) struct Caller {
    outgoing: mpsc::Sender<Message>,
    waiting: Waiting,
    next_id: AtomicU64,
}

impl Caller {
    pub(crate) async fn connect(url: &str, token: &str) -> Self {
        let mut request = url.into_client_request().unwrap();
        let headers = request.headers_mut();
        let binary = HeaderValue::from_static(SUBPROTOCOL_BINARY);
        headers.insert("Sec-WebSocket-Protocol", binary);
        let bearer = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        headers.insert("Authorization", bearer);
        let connecting = tokio_tungstenite::connect_async_with_config(request, None, true);
        let (mut sink, stream) = connecting.await.unwrap().0.split();
        let (outgoing, mut queue) = mpsc::channel(256);
        tokio::spawn(async move {
            while let Some(message) = queue.recv().await {
                if sink.send(message).await.is_err() {
                    return;
                }
            }
        });
        let waiting = Waiting::default();
        tokio::spawn(read(stream, Arc::clone(&waiting)));
        Self {
            outgoing,
            waiting,
            next_id: AtomicU64::new(1),
        }
    }

    /// Sends a request and waits for its answer, an error too.
    pub(crate) async fn ask(&self, mut request: Value) -> Answer {
        let id = format!("r{}", self.next_id.fetch_add(1, Ordering::Relaxed));
        request["requestId"] = id.as_str().into();
        let (sender, answer) = oneshot::channel();
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.insert(id, sender);
        }
        let message = Message::text(request.to_string());
        self.outgoing.send(message).await.expect("it is connected");
        answer.await.expect("the connection stays")
    }

    /// Opens a tab, and repeats it if it is refused.
    pub(crate) async fn open(&self, fields: &Value) -> String {
        let mut request = fields.clone();
        request["type"] = "createTab".into();
        loop {
            let answer = self.ask(request.clone()).await;
            if answer.r#type == "tabCreated" {
                return answer.id;
            }
            eprintln!("createTab: {} {}", answer.code, answer.message);
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    /// Closes all tabs, those too that are opened meanwhile.
    pub(crate) async fn close_all(&self) {
        loop {
            let listed = self.ask(json!({"type": "listTabs"})).await;
            if listed.r#type == "tabs" && listed.tabs.is_empty() {
                return;
            }
            let closing = listed.tabs.iter().map(|tab| {
                let close = json!({"type": "closeTab", "tabId": tab.id});
                self.ask(close)
            });
            futures::future::join_all(closing).await;
        }
    }
}

async fn read<S>(mut stream: S, waiting: Waiting)
where
    S: Stream<Item = Result<Message, Error>> + Unpin,
{
    while let Some(Ok(message)) = stream.next().await {
        let answer: Answer = match message {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            Message::Binary(bytes) => {
                serde_json::from_str(&BinaryFrame::decode(&bytes).unwrap().head).unwrap()
            }
            _ => continue,
        };
        if answer.seq + 1 < answer.total {
            continue;
        }
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(waiter) = waiting.remove(&answer.request_id) {
            // No task waits for it any more once its load has ended.
            let _ = waiter.send(answer);
        }
    }
    // The tasks that still wait learn that there is no answer.
    waiting
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clear();
}
