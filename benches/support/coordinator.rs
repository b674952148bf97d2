//! A minimal Coordinator for measurements: blocking, and without parsing payloads.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use cdp_bridge_protocol::handshake::{SUBPROTOCOL_BINARY, SUBPROTOCOL_TEXT};
use memchr::memmem;
use serde::Deserialize;
use serde_json::Value;
use tokio_tungstenite::tungstenite::client::{IntoClientRequest as _, client_with_config};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, WebSocket};

/// Longer than anything takes in a successful run.
const PATIENCE: Duration = Duration::from_secs(40);
/// A payload starts within this many bytes of its message.
const HEAD_BYTES: usize = 1024;

/// The fields of a message beside its payload.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Head {
    pub(crate) r#type: String,
    pub(crate) request_id: String,
    pub(crate) id: String,
    pub(crate) seq: u32,
    pub(crate) total: u32,
    pub(crate) ts: u64,
    pub(crate) message: String,
    /// The close code, if the connection was closed.
    #[serde(skip)]
    pub(crate) closed: Option<u16>,
}

impl Head {
    /// Whether it is the last part.
    fn is_last(&self) -> bool {
        self.seq + 1 >= self.total
    }
}

pub(crate) struct Coordinator {
    socket: WebSocket<TcpStream>,
    next_id: u64,
}

impl Coordinator {
    /// Connects and receives the welcome.
    pub(crate) fn connect(address: SocketAddr, binary: bool) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
        let offered = if binary {
            SUBPROTOCOL_BINARY
        } else {
            SUBPROTOCOL_TEXT
        };
        let offered = HeaderValue::from_static(offered);
        request
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", offered);
        let config = WebSocketConfig::default()
            .max_message_size(None)
            .max_frame_size(None);
        let (socket, _) = client_with_config(request, stream, Some(config)).unwrap();
        let mut coordinator = Self { socket, next_id: 1 };
        assert_eq!(coordinator.next().r#type, "welcome");
        coordinator
    }

    pub(crate) fn send(&mut self, mut request: Value) -> String {
        let id = format!("b{}", self.next_id);
        self.next_id += 1;
        request["requestId"] = id.as_str().into();
        self.socket
            .send(Message::text(request.to_string()))
            .unwrap();
        id
    }

    /// Sends a request if the connection is still open.
    pub(crate) fn try_send(&mut self, request: &Value) -> bool {
        self.socket.send(Message::text(request.to_string())).is_ok()
    }

    pub(crate) fn next(&mut self) -> Head {
        self.try_next().expect("the connection is there")
    }

    /// The next message; `None` if the connection ended without a close frame.
    pub(crate) fn try_next(&mut self) -> Option<Head> {
        loop {
            match self.socket.read().ok()? {
                Message::Text(text) => return Some(text_head(&text)),
                Message::Binary(bytes) => {
                    let len = u32::from_be_bytes(bytes[..4].try_into().unwrap());
                    let end = 4 + usize::try_from(len).unwrap();
                    return Some(serde_json::from_slice(&bytes[4..end]).unwrap());
                }
                Message::Close(frame) => {
                    return Some(Head {
                        closed: frame.map(|frame| frame.code.into()),
                        ..Head::default()
                    });
                }
                _ => {}
            }
        }
    }

    /// The next message that matches.
    pub(crate) fn until(&mut self, mut fits: impl FnMut(&Head) -> bool) -> Head {
        loop {
            let head = self.next();
            assert!(head.closed.is_none(), "it was closed: {head:?}");
            if fits(&head) {
                return head;
            }
        }
    }

    /// The last part of the answer to a request.
    pub(crate) fn answer(&mut self, id: &str) -> Head {
        let head = self.until(|head| head.request_id == id && head.is_last());
        assert_ne!(head.r#type, "error", "{head:?}");
        head
    }

    pub(crate) fn ask(&mut self, request: Value) -> Head {
        let id = self.send(request);
        self.answer(&id)
    }

    /// Waits for all of these answers.
    pub(crate) fn answers(&mut self, mut ids: Vec<String>) {
        while !ids.is_empty() {
            let head = self.until(Head::is_last);
            let before = ids.len();
            ids.retain(|id| *id != head.request_id);
            assert!(ids.len() == before || head.r#type != "error", "{head:?}");
        }
    }

    /// Opens a tab and waits until its page has loaded, unless it is empty.
    pub(crate) fn open_at(&mut self, url: &str) -> String {
        let tab = self
            .ask(serde_json::json!({"type": "createTab", "url": url}))
            .id;
        if url == "about:blank" {
            return tab;
        }
        self.until(|head| head.r#type == "loadEventFired" && head.id == tab);
        tab
    }
}

fn text_head(text: &str) -> Head {
    let start = &text.as_bytes()[..text.len().min(HEAD_BYTES)];
    let payload =
        memmem::find(start, b",\"snapshot\":\"").or_else(|| memmem::find(start, b",\"data\":\""));
    match payload {
        Some(at) => serde_json::from_str(&format!("{}}}", &text[..at])).unwrap(),
        // `limits`, `tabs` and other fields are ignored.
        None => serde_json::from_str(text).unwrap(),
    }
}
