//! The opening handshake of a WebSocket (RFC 6455; docs/protocol.md: Connection): checks the headers and chooses the
//! subprotocol.

use axum::http::header::{CONNECTION, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION, UPGRADE};
use axum::http::{HeaderMap, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cdp_bridge_protocol::handshake::{
    SUBPROTOCOL_BEARER_PREFIX, SUBPROTOCOL_BINARY, SUBPROTOCOL_RESUME_PREFIX, SUBPROTOCOL_TEXT,
};
use cdp_bridge_protocol::payload::Encoding;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::server::edge::auth::offered;
use crate::server::problem::HttpCode;
use crate::server::ws::resume_token::ResumeOffer;

/// A valid handshake.
#[derive(Debug, Clone)]
pub struct Handshake {
    /// The value of `Sec-WebSocket-Accept`.
    pub accept: String,
    /// How payloads are encoded.
    pub encoding: Encoding,
    /// The subprotocol to confirm. None if the client offered none but tokens: those are never sent back, and
    /// RFC 6455 allows only an offered one.
    pub subprotocol: Option<&'static str>,
    /// The link that the client wants to resume.
    pub resume: Option<ResumeOffer>,
}

/// A handshake is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// It is not an upgrade to WebSocket.
    #[error(
        "this address speaks WebSocket: connect with `Connection: Upgrade` and `Upgrade: websocket`"
    )]
    NoUpgrade,
    /// Another version of the WebSocket protocol.
    #[error("only version 13 of the WebSocket protocol is spoken here")]
    Version,
    /// HTTP/1.0 has no upgrades.
    #[error("a WebSocket needs HTTP/1.1")]
    OldHttp,
    /// The key is missing, doubled, or not 16 bytes of base64.
    #[error("Sec-WebSocket-Key must be there once, and be 16 bytes in base64")]
    Key,
    /// Only unknown subprotocols are offered.
    #[error(
        "none of the offered subprotocols is known; offer {SUBPROTOCOL_TEXT} or {SUBPROTOCOL_BINARY}, or none"
    )]
    Subprotocol,
    /// An offer to resume cannot be read.
    #[error(
        "to resume a session, offer {SUBPROTOCOL_RESUME_PREFIX}TOKEN.CURSOR once: \
         welcome.resumeToken, and the last cursor that was received, or 0"
    )]
    Resume,
}

impl HandshakeError {
    /// The code that answers it.
    pub fn code(&self) -> HttpCode {
        match self {
            Self::NoUpgrade | Self::Version => HttpCode::UpgradeRequired,
            Self::OldHttp | Self::Key | Self::Subprotocol | Self::Resume => HttpCode::BadHandshake,
        }
    }
}

/// Whether a request is an upgrade to WebSocket.
pub fn wants_websocket(headers: &HeaderMap) -> bool {
    has_token(headers, UPGRADE.as_str(), "websocket")
        && has_token(headers, CONNECTION.as_str(), "upgrade")
}

impl Handshake {
    /// Reads the headers of an upgrade.
    pub fn read(version: Version, headers: &HeaderMap) -> Result<Self, HandshakeError> {
        if !wants_websocket(headers) {
            return Err(HandshakeError::NoUpgrade);
        }
        if version < Version::HTTP_11 {
            return Err(HandshakeError::OldHttp);
        }
        if only(headers, SEC_WEBSOCKET_VERSION.as_str()) != Some(b"13") {
            return Err(HandshakeError::Version);
        }
        let key = only(headers, SEC_WEBSOCKET_KEY.as_str())
            .filter(|key| STANDARD.decode(key).is_ok_and(|raw| raw.len() == 16))
            .ok_or(HandshakeError::Key)?;
        let (encoding, subprotocol) = choose(offered(headers))?;
        let resume = resume(offered(headers))?;
        Ok(Self {
            accept: derive_accept_key(key),
            encoding,
            subprotocol,
            resume,
        })
    }
}

/// The offer to resume a link, if there is one.
fn resume<'a>(
    offers: impl Iterator<Item = &'a str>,
) -> Result<Option<ResumeOffer>, HandshakeError> {
    let mut offers = offers.filter_map(|name| name.strip_prefix(SUBPROTOCOL_RESUME_PREFIX));
    match (offers.next(), offers.next()) {
        (None, _) => Ok(None),
        (Some(offer), None) => match ResumeOffer::parse(offer) {
            None => Err(HandshakeError::Resume),
            offer => Ok(offer),
        },
        (Some(_), Some(_)) => Err(HandshakeError::Resume),
    }
}

/// The client's first known subprotocol, leaving aside those that carry tokens.
fn choose<'a>(
    offers: impl Iterator<Item = &'a str>,
) -> Result<(Encoding, Option<&'static str>), HandshakeError> {
    let mut unknown = false;
    for name in offers {
        match name {
            SUBPROTOCOL_TEXT => return Ok((Encoding::Text, Some(SUBPROTOCOL_TEXT))),
            SUBPROTOCOL_BINARY => return Ok((Encoding::Binary, Some(SUBPROTOCOL_BINARY))),
            name if name.starts_with(SUBPROTOCOL_BEARER_PREFIX)
                || name.starts_with(SUBPROTOCOL_RESUME_PREFIX) => {}
            _ => unknown = true,
        }
    }
    if unknown {
        Err(HandshakeError::Subprotocol)
    } else {
        Ok((Encoding::Text, None))
    }
}

fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.as_bytes().trim_ascii()),
        _ => None,
    }
}

fn has_token(headers: &HeaderMap, name: &str, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|value| value.trim().eq_ignore_ascii_case(token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

    fn headers(extra: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("upgrade", "websocket"),
            ("connection", "keep-alive, Upgrade"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", KEY),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        for (name, value) in extra {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        headers
    }

    fn read(extra: &[(&'static str, &'static str)]) -> Result<Handshake, HandshakeError> {
        Handshake::read(Version::HTTP_11, &headers(extra))
    }

    #[test]
    fn the_accept_key_is_the_one_of_the_rfc() {
        assert_eq!(read(&[]).unwrap().accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn the_clients_first_known_subprotocol_is_chosen() {
        for (offer, encoding, confirmed) in [
            ("cdp-bridge.v1", Encoding::Text, Some("cdp-bridge.v1")),
            (
                "cdp-bridge.v1.binary",
                Encoding::Binary,
                Some("cdp-bridge.v1.binary"),
            ),
            (
                "cdp-bridge.v1.binary, cdp-bridge.v1",
                Encoding::Binary,
                Some("cdp-bridge.v1.binary"),
            ),
            (
                "graphql-ws,cdp-bridge.v1 , cdp-bridge.v1.binary",
                Encoding::Text,
                Some("cdp-bridge.v1"),
            ),
            (
                "cdp-bridge.bearer.x, cdp-bridge.v1.binary",
                Encoding::Binary,
                Some("cdp-bridge.v1.binary"),
            ),
            ("cdp-bridge.bearer.x", Encoding::Text, None),
        ] {
            let handshake = read(&[("sec-websocket-protocol", offer)]).unwrap();
            assert_eq!(
                (handshake.encoding, handshake.subprotocol),
                (encoding, confirmed),
                "{offer}"
            );
        }
        assert_eq!(read(&[]).unwrap().subprotocol, None);
    }

    #[test]
    fn only_unknown_subprotocols_are_a_bad_request() {
        for offer in ["graphql-ws", "cdp-bridge.v2", "cdp-bridge.bearer.x, mqtt"] {
            let error = read(&[("sec-websocket-protocol", offer)]).unwrap_err();
            assert_eq!(error.code().status().as_u16(), 400, "{offer}");
        }
    }

    #[test]
    fn a_broken_handshake_is_refused_with_its_status() {
        for (name, value, status) in [
            ("sec-websocket-version", "8", 426),
            ("sec-websocket-key", "short", 400),
            ("sec-websocket-key", "", 400),
            ("upgrade", "h2c", 426),
            ("connection", "close", 426),
        ] {
            assert_eq!(
                read(&[(name, value)]).unwrap_err().code().status().as_u16(),
                status,
                "{name}: {value}"
            );
        }
        let old = Handshake::read(Version::HTTP_10, &headers(&[]));
        assert_eq!(old.unwrap_err(), HandshakeError::OldHttp);
    }
}
