//! A scripted bridge for the tests of the client and of the console: it speaks the protocol and does nothing.

use cdp_bridge_protocol::event::{Limits, ScreenshotHead, Welcome};
use cdp_bridge_protocol::payload::{Encoding, Part, Parts, Payload, PayloadHead};
use cdp_bridge_protocol::{Message, TabId};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

/// What the bridge does about a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A text frame.
    Text(String),
    /// A binary frame.
    Binary(bytes::Bytes),
    /// A pause before what follows, in milliseconds.
    After(u64),
    /// A close frame.
    Close(u16),
}

impl Reply {
    pub(crate) fn json(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The answer to a request: an event with the request's id and these fields.
    pub(crate) fn to(request: &Value, name: &str, mut fields: Value) -> Self {
        fields["type"] = name.into();
        if !request["requestId"].is_null() {
            fields["requestId"] = request["requestId"].clone();
        }
        Self::Text(fields.to_string())
    }

    /// An event that answers no request.
    pub(crate) fn event(name: &str, fields: Value) -> Self {
        Self::to(&Value::Null, name, fields)
    }

    /// A screenshot in parts of so many bytes.
    pub(crate) fn picture(request: &Value, bytes: &[u8], chunk: usize, binary: bool) -> Vec<Self> {
        use base64::Engine as _;
        let data = base64::engine::general_purpose::STANDARD.encode(bytes);
        let head = PayloadHead::Screenshot(ScreenshotHead {
            id: request["tabId"].as_str().unwrap().parse().unwrap(),
            mime: format!("image/{}", request["format"].as_str().unwrap_or("jpeg")),
            width: 800,
            height: 600,
            seq: 0,
            total: 0,
        });
        let id = serde_json::from_value(request["requestId"].clone()).ok();
        let encoding = if binary {
            Encoding::Binary
        } else {
            Encoding::Text
        };
        Parts::new(head, id, &Payload::Base64(data.into()), encoding, chunk)
            .unwrap()
            .map(|part| match part {
                Part::Text(text) => Self::Text(String::from_utf8(text.to_vec()).unwrap()),
                Part::Binary(bytes) => Self::Binary(bytes),
            })
            .collect()
    }
}

/// A bridge that listens.
pub(crate) struct FakeBridge {
    pub(crate) address: String,
}

impl FakeBridge {
    /// A bridge that greets one client and answers each of its messages as the function says.
    pub(crate) async fn answering<F>(answer: F) -> Self
    where
        F: FnMut(Value) -> Vec<Reply> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            converse(stream, answer).await;
        });
        Self { address }
    }

    /// A bridge that accepts any number of connections. `script` returns what it sends on each, whose
    /// number it gets, counted from 1; `None` to refuse the upgrade.
    pub(crate) async fn scripted<F>(mut script: F) -> Self
    where
        F: FnMut(usize) -> Option<Vec<Reply>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            for number in 1.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let Some(replies) = script(number) else {
                    let reads = async move {
                        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
                    };
                    tokio::spawn(reads);
                    continue;
                };
                tokio::spawn(async move {
                    let mut socket = accept(stream).await;
                    for reply in replies {
                        if !say(&mut socket, reply).await {
                            return;
                        }
                    }
                    while let Some(Ok(_)) = socket.next().await {}
                });
            }
        });
        Self { address }
    }

    /// An HTTP server with one answer; gives its address.
    pub(crate) async fn http(status: &'static str, body: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
            let _ = stream.shutdown().await;
        });
        address
    }
}

/// A welcome to a session that can be resumed with this token, if there is one.
pub(crate) fn greeting(resume_token: Option<&str>) -> Reply {
    let limits = Limits {
        max_message_bytes: 1_048_576,
        staged_bytes: Some(64 << 20),
        chunk_bytes: 262_144,
        max_tabs: 64,
        max_inflight: 64,
        rate_per_second: None,
        max_connections: Some(256),
        snapshot_debounce_ms: 300,
        screenshot_max_fps: 2.0,
        screenshot_queue: 4,
    };
    let welcome = Welcome {
        session_id: None,
        protocol: 1,
        server: "cdp-bridge/0.1.0".to_owned(),
        browser: "HeadlessChrome/149".to_owned(),
        limits,
        tabs: Vec::new(),
        resume_token: resume_token.map(str::to_owned),
    };
    Reply::Text(Message::unasked(cdp_bridge_protocol::Event::from(welcome)).to_json())
}

async fn accept(stream: TcpStream) -> WebSocketStream<TcpStream> {
    #[expect(
        clippy::result_large_err,
        reason = "the signature is the library's callback"
    )]
    let subprotocol = |request: &Request, mut response: Response| {
        let offered = request.headers().get("sec-websocket-protocol");
        let first = offered.and_then(|offered| offered.to_str().ok()?.split(',').next());
        if let Some(first) = first {
            let chosen = HeaderValue::from_str(first).unwrap();
            response
                .headers_mut()
                .insert("sec-websocket-protocol", chosen);
        }
        Ok(response)
    };
    accept_hdr_async(stream, subprotocol).await.unwrap()
}

async fn converse<F>(stream: TcpStream, mut answer: F)
where
    F: FnMut(Value) -> Vec<Reply>,
{
    let mut socket = accept(stream).await;
    assert!(say(&mut socket, greeting(None)).await);
    while let Some(Ok(frame)) = socket.next().await {
        let Frame::Text(text) = frame else { continue };
        let request = serde_json::from_str(&text).unwrap_or(Value::Null);
        for reply in answer(request) {
            if !say(&mut socket, reply).await {
                return;
            }
        }
    }
}

/// Whether the client is still there to be told.
async fn say(socket: &mut WebSocketStream<TcpStream>, reply: Reply) -> bool {
    let said = match reply {
        Reply::Text(text) => socket.send(Frame::text(text)).await,
        Reply::Binary(bytes) => socket.send(Frame::binary(bytes)).await,
        Reply::After(ms) => {
            tokio::time::sleep(std::time::Duration::from_millis(ms)).await;
            Ok(())
        }
        Reply::Close(code) => {
            let close = CloseFrame {
                code: code.into(),
                reason: "".into(),
            };
            socket.close(Some(close)).await
        }
    };
    said.is_ok()
}

/// A bridge with one make-believe browser behind it: tabs that load at once, a policy that
/// refuses `file:`, and answers to every request.
pub(crate) fn browser() -> impl FnMut(Value) -> Vec<Reply> + Send + 'static {
    use serde_json::json;

    let mut created = 0;
    move |request| {
        let id = request["tabId"].clone();
        let url = request["url"].clone();
        match request["type"].as_str().unwrap_or_default() {
            "createTab" => {
                created += 1;
                create(&request, created)
            }
            "navigate" if url.as_str().is_some_and(|url| url.starts_with("file:")) => {
                vec![Reply::to(
                    &request,
                    "error",
                    json!({"id": id, "code": "NAV_DENIED", "message": "file: is not let through",
                           "retryable": false, "details": {"scheme": "file"}}),
                )]
            }
            "navigate" => vec![
                Reply::to(
                    &request,
                    "navigated",
                    json!({"id": id, "url": url, "status": 200}),
                ),
                Reply::event("loadEventFired", json!({"id": id, "ts": 6})),
            ],
            "getDomSnapshot" => vec![Reply::to(
                &request,
                "domSnapshot",
                json!({"id": id, "url": "http://site.test/", "format": "html", "seq": 0, "total": 1,
                       "snapshot": "<html><body><h1>One socket, real tabs</h1></body></html>"}),
            )],
            "getScreenshot" => Reply::picture(&request, b"picture", 4, false),
            "setLoggedOutMode" => vec![
                Reply::to(
                    &request,
                    "loggedOutModeSet",
                    json!({"id": id, "enabled": request["enabled"], "url": "http://site.test/"}),
                ),
                Reply::event(
                    "navigated",
                    json!({"id": id, "url": "http://site.test/", "status": 200}),
                ),
                Reply::event("loadEventFired", json!({"id": id, "ts": 7})),
            ],
            "listTabs" => {
                let tabs: Vec<_> = (1..=created)
                    .map(|n| {
                        json!({"id": format!("t{n}"), "url": "http://site.test/", "title": "Tour",
                                    "loggedOut": false, "active": n == created, "state": "ready"})
                    })
                    .collect();
                vec![Reply::to(&request, "tabs", json!({ "tabs": tabs }))]
            }
            "closeTab" => vec![Reply::to(
                &request,
                "tabClosed",
                json!({"id": id, "reason": "requested"}),
            )],
            "activateTab" => vec![Reply::to(&request, "tabActivated", json!({ "id": id }))],
            "ping" => vec![Reply::to(&request, "pong", json!({"ts": 5}))],
            _ => vec![Reply::to(
                &request,
                "error",
                json!({"code": "BAD_REQUEST", "message": "no such request", "retryable": false}),
            )],
        }
    }
}

/// A tab that loads at once.
fn create(request: &Value, number: u64) -> Vec<Reply> {
    use serde_json::json;

    let id = TabId::new(number).to_string();
    let url = request["url"].as_str().unwrap_or("about:blank");
    let tab = json!({"id": id, "url": url, "loggedOut": false});
    let navigated = json!({"id": id, "url": url, "status": 200});
    vec![
        Reply::to(request, "tabCreated", tab),
        Reply::event("navigated", navigated),
        Reply::After(20),
        Reply::event("loadEventFired", json!({"id": id, "ts": 5})),
    ]
}
