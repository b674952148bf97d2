//! How a connection ended.

use std::fmt;

/// How a connection ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Closing {
    /// The WebSocket close code, where there was a close frame with one.
    pub code: Option<u16>,
    /// What the other side, or the system, said.
    pub reason: String,
}

impl Closing {
    /// Whether coming back makes no sense: the end was wanted, the bridge stops, this client broke
    /// the protocol, or another connection has the session.
    pub fn is_final(&self) -> bool {
        matches!(
            self.code,
            Some(1000 | 1001 | 1002 | 1003 | 1007 | 1009 | 4009)
        )
    }
}

impl fmt::Display for Closing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => {
                let meaning = match code {
                    1000 => "normally",
                    1001 => "the bridge is stopping",
                    1002 => "what came was none of this protocol",
                    1008 => "a rule was broken",
                    1009 => "a message was longer than `limits.maxMessageBytes`",
                    1011 => "a fault of the bridge, see its log",
                    1013 => "the bridge has as many connections as it takes; try again later",
                    4008 => "this client read too slowly; its tabs are still there",
                    4009 => "another connection goes on with this one's session",
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
