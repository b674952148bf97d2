//! The end of a connection.

use std::fmt;

/// How a connection ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Disconnect {
    /// The WebSocket close code, if there was a close frame with one.
    pub code: Option<u16>,
    /// The reason in the close frame, or the error of the socket; may be empty.
    pub reason: String,
}

impl Disconnect {
    /// The connection ended without a close frame.
    pub(super) fn without_code(reason: String) -> Self {
        Self { code: None, reason }
    }

    /// Whether reconnecting is useless: the close was intended, the bridge is stopping, this client violated the protocol,
    /// or another connection has resumed the session.
    pub fn is_final(&self) -> bool {
        matches!(
            self.code,
            Some(1000 | 1001 | 1002 | 1003 | 1007 | 1009 | 4009)
        )
    }
}

impl fmt::Display for Disconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => {
                let meaning = match code {
                    1000 => "normally",
                    1001 => "the bridge is stopping",
                    1002 => "protocol error",
                    1008 => "policy violation",
                    1009 => "a message was far longer than `limits.maxMessageBytes`",
                    1011 => "internal error of the bridge, see its log",
                    1013 => "the bridge has reached its connection limit; try again later",
                    4008 => "this client read too slowly; its tabs stay open",
                    4009 => "another connection has resumed this session",
                    _ => "by the bridge",
                };
                write!(f, "{code}, {meaning}")?;
            }
            None => f.write_str("without a close code")?,
        }
        if self.reason.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", self.reason)
    }
}
