//! What a case is. The cases are those of the Autobahn test suite (crossbario/autobahn-testsuite), by
//! their numbers: groups 1 to 7, and 9 and 10 in small; 12 and 13 are about compression, which is
//! not spoken.
//!
//! Autobahn has its server echo; this one answers requests. So a text that is to come back is the
//! id of a `ping`, and binary messages, which are no requests, end the connection with 1003.

use serde_json::{Value, json};

use super::frames::{Frame, TEXT};

/// What is sent, and what must come back.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: String,
    /// Written one by one.
    pub(super) send: Vec<Vec<u8>>,
    pub(super) expect: Expect,
}

/// What must come back.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Expect {
    pub(super) pongs: Vec<Vec<u8>>,
    /// The ids of the requests that are answered; null for a text that is no request.
    pub(super) answers: Vec<Value>,
    pub(super) close: Option<u16>,
}

impl Expect {
    pub(super) fn nothing() -> Self {
        Self::default()
    }

    pub(super) fn close(code: u16) -> Self {
        Self {
            close: Some(code),
            ..Self::default()
        }
    }

    pub(super) fn answer(mut self, id: impl Into<Value>) -> Self {
        self.answers.push(id.into());
        self
    }

    pub(super) fn pong(mut self, payload: impl Into<Vec<u8>>) -> Self {
        self.pongs.push(payload.into());
        self
    }

    pub(super) fn then_close(mut self, code: u16) -> Self {
        self.close = Some(code);
        self
    }
}

pub(super) fn case(name: impl Into<String>, frames: &[Frame], expect: Expect) -> Case {
    Case {
        name: name.into(),
        send: vec![frames.iter().flat_map(Frame::bytes).collect()],
        expect,
    }
}

impl Case {
    /// The same with its bytes written in pieces.
    pub(super) fn chopped(mut self, size: usize) -> Self {
        self.send = self
            .send
            .concat()
            .chunks(size)
            .map(<[u8]>::to_vec)
            .collect();
        self
    }
}

/// A request that comes back as the id of its answer.
pub(super) fn request(id: &str) -> Vec<u8> {
    json!({"type": "ping", "requestId": id})
        .to_string()
        .into_bytes()
}

/// The same, filled up with spaces.
pub(super) fn request_of(id: &str, length: usize) -> Vec<u8> {
    let mut request = request(id);
    assert!(request.len() <= length);
    request.resize(length, b' ');
    request
}

pub(super) fn text(id: &str) -> Frame {
    Frame::new(TEXT, request(id))
}
