//! What a Coordinator received, in order.

use std::fmt;

use serde_json::Value;

/// One message, or the end of the connection.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    /// The JSON, without the payload. A close is `{"type":"close","code":…}`.
    pub(crate) head: Value,
    /// The payload, joined and decoded.
    pub(crate) payload: Option<Vec<u8>>,
    /// The size of each part on the wire.
    pub(crate) parts: Vec<usize>,
    /// A wait has returned it.
    pub(crate) taken: bool,
}

impl Received {
    pub(crate) fn of(head: Value) -> Self {
        Self {
            head,
            payload: None,
            parts: Vec::new(),
            taken: false,
        }
    }

    pub(crate) fn kind(&self) -> &str {
        self["type"].as_str().unwrap_or_default()
    }

    /// The tab of the event.
    pub(crate) fn id(&self) -> &str {
        self["id"].as_str().unwrap_or_default()
    }

    /// The code of an error.
    pub(crate) fn code(&self) -> &str {
        self["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kind() == kind
    }

    pub(crate) fn was_asked(&self) -> bool {
        !self["requestId"].is_null()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.payload
            .as_deref()
            .unwrap_or_else(|| panic!("a payload in {self}"))
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(self.bytes()).unwrap()
    }

    /// Fails unless it is this event.
    #[track_caller]
    pub(crate) fn expect(self, kind: &str) -> Self {
        assert_eq!(self.kind(), kind, "{self}");
        self
    }

    /// Fails unless it is this error.
    #[track_caller]
    pub(crate) fn expect_error(self, code: &str) -> Self {
        assert_eq!((self.kind(), self.code()), ("error", code), "{self}");
        self
    }
}

impl std::ops::Index<&str> for Received {
    type Output = Value;

    fn index(&self, field: &str) -> &Value {
        &self.head[field]
    }
}

impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.head)?;
        match &self.payload {
            Some(payload) => write!(
                f,
                " + {} bytes in {} parts",
                payload.len(),
                self.parts.len()
            ),
            None => Ok(()),
        }
    }
}
