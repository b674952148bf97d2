//! Plays cases, each on a connection of its own, and says how the server's answers differ.

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::cases::{Case, Expect};
use super::frames::{CLOSE, Frame, PING, PONG, TEXT, read};
use crate::server::tests::harness::{Bridge, UPGRADE, soon};

/// The longest message.
pub(super) const LIMIT: usize = 1 << 20;

/// What the server said, sorted: control frames may overtake answers.
#[derive(Debug, Default, PartialEq, Eq)]
struct Heard {
    pongs: Vec<Vec<u8>>,
    answers: Vec<Value>,
    /// The code of its close frame; 1005 where it had none.
    close: Option<u16>,
}

impl Heard {
    fn is_enough(&self, expected: &Expect) -> bool {
        self.close.is_some()
            || (expected.close.is_none()
                && self.pongs.len() >= expected.pongs.len()
                && self.answers.len() >= expected.answers.len())
    }

    async fn hear(&mut self, socket: &mut TcpStream, expected: &Expect) {
        while !self.is_enough(expected) {
            let Some(frame) = read(socket).await else {
                return;
            };
            match frame.opcode {
                PONG => self.pongs.push(frame.payload),
                PING => {}
                TEXT => {
                    let answer: Value = serde_json::from_slice(&frame.payload).unwrap();
                    if answer["type"] != "welcome" {
                        self.answers.push(answer["requestId"].clone());
                    }
                }
                CLOSE => {
                    let code = frame.payload.first_chunk::<2>();
                    self.close = Some(code.map_or(1005, |code| u16::from_be_bytes(*code)));
                }
                other => panic!("the server sent a frame of kind {other}"),
            }
        }
    }
}

/// Plays it. The error says what was heard instead.
async fn play(bridge: &Bridge, case: &Case) -> Result<(), String> {
    let mut socket = TcpStream::connect(bridge.address).await.unwrap();
    socket.set_nodelay(true).unwrap();
    let request = format!("{UPGRADE}\r\n\r\n");
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let byte = tokio::io::AsyncReadExt::read_u8(&mut socket).await;
        answer.push(byte.unwrap());
    }
    for bytes in &case.send {
        // A server that has closed already need not take the rest.
        if socket.write_all(bytes).await.is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let expected = &case.expect;
    let mut heard = Heard::default();
    soon(&case.name, heard.hear(&mut socket, expected)).await;
    if heard.close.is_none() {
        // The connection is as good as before: it can be closed in the regular way.
        let bye = Frame::new(CLOSE, 1000_u16.to_be_bytes());
        let _ = socket.write_all(&bye.bytes()).await;
        let goodbye = Expect::close(1000);
        let mut rest = Heard::default();
        soon(&case.name, rest.hear(&mut socket, &goodbye)).await;
        if (rest.close, rest.pongs.len(), rest.answers.len()) != (Some(1000), 0, 0) {
            return Err(format!("after {heard:?} came {rest:?}"));
        }
    }
    // What came before a mistake may go unanswered, as the connection fails at once.
    let answered = if expected.close.is_some() {
        expected.answers.starts_with(&heard.answers) && expected.pongs.starts_with(&heard.pongs)
    } else {
        expected.answers == heard.answers && expected.pongs == heard.pongs
    };
    if answered && expected.close == heard.close {
        return Ok(());
    }
    Err(format!("expected {expected:?}, heard {heard:?}"))
}

/// Plays them all on one server, and lists those that failed.
pub(super) async fn all(cases: Vec<Case>) {
    let bridge = Bridge::with(|settings| settings.config.max_message_bytes = LIMIT).await;
    let mut failed = Vec::new();
    for case in &cases {
        if let Err(difference) = play(&bridge, case).await {
            failed.push(format!("{}: {difference}", case.name));
        }
    }
    let failures = failed.join("\n");
    assert!(failed.is_empty(), "{} failed:\n{failures}", failed.len());
    // Whatever they did, the next client is served.
    let mut next = bridge.connect().await;
    assert_eq!(next.ask(r#"{"type":"ping"}"#).await["type"], "pong");
}
