//! Names and numbers of the WebSocket connection (docs/protocol.md: Connection).

/// Subprotocol of JSON text messages; also in force when a client offers none.
pub const SUBPROTOCOL_TEXT: &str = "cdp-bridge.v1";

/// Subprotocol in which messages that carry a payload are binary frames (section 6).
pub const SUBPROTOCOL_BINARY: &str = "cdp-bridge.v1.binary";

/// Prefix of the subprotocol that carries a token, for browsers, which cannot set headers.
pub const SUBPROTOCOL_BEARER_PREFIX: &str = "cdp-bridge.bearer.";

/// Prefix of the subprotocol that resumes the session of an earlier connection: the prefix, `welcome.resumeToken`, a dot, and the last `cursor` that was received, or 0.
pub const SUBPROTOCOL_RESUME_PREFIX: &str = "cdp-bridge.resume.";

/// The subprotocol that a client offers, beside the one of its encoding, to resume a session. `token` is the newest
/// `welcome.resumeToken` received, `cursor` the last `cursor`, or 0.
pub fn resume_subprotocol(token: &str, cursor: u64) -> String {
    format!("{SUBPROTOCOL_RESUME_PREFIX}{token}.{cursor}")
}

/// WebSocket close codes that the bridge uses (RFC 6455 section 7.4; 4000 and up are the
/// application's own).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum CloseCode {
    /// Normal closure.
    Normal = 1000,
    /// The bridge is stopping.
    GoingAway = 1001,
    /// A binary frame was received; requests are text.
    Unsupported = 1003,
    /// A text frame was not UTF-8.
    InvalidUtf8 = 1007,
    /// Policy violation, such as unanswered pings.
    Policy = 1008,
    /// A message was larger than 64 times `limits.maxMessageBytes`; one that is only larger than the limit is answered.
    TooBig = 1009,
    /// Internal error of the bridge.
    Internal = 1011,
    /// The connection limit is reached.
    TryAgainLater = 1013,
    /// The session of the connection has ended; the reason of the close frame says why.
    SessionEnded = 4001,
    /// The client reads too slowly: its answers alone exceed the limit of its send queue.
    TooSlow = 4008,
    /// Another connection has resumed this session.
    TakenOver = 4009,
}

impl CloseCode {
    /// The code as it stands on the wire.
    pub fn as_u16(self) -> u16 {
        self as u16
    }
}
