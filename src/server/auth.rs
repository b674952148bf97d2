//! Who is it? A bearer token from a header, or from a subprotocol for browsers, which cannot set
//! headers. A token in a query string is never read, because addresses end up in logs.

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use cdp_bridge_protocol::handshake::SUBPROTOCOL_BEARER_PREFIX;
use subtle::{Choice, ConstantTimeEq as _};

use super::settings::{ClientToken, TokenHash};
use crate::tabs::ClientId;

/// The client that everybody is where no tokens are configured.
pub const DEFAULT_CLIENT: &str = "default";

/// Knows the clients.
#[derive(Debug, Clone)]
pub struct Authenticator {
    clients: Vec<ClientToken>,
}

/// The token is missing or wrong; which of them is not told apart, so that nothing is learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a valid token is needed: send `Authorization: Bearer TOKEN`, or offer the subprotocol \
     `cdp-bridge.bearer.TOKEN`"
)]
pub struct Unauthorized;

impl Authenticator {
    /// Lets these clients in, or everybody if there are none.
    pub fn new(clients: Vec<ClientToken>) -> Self {
        Self { clients }
    }

    /// The client behind a request.
    pub fn client_of(&self, headers: &HeaderMap) -> Result<ClientId, Unauthorized> {
        if self.clients.is_empty() {
            return Ok(DEFAULT_CLIENT.into());
        }
        let presented = TokenHash::of(token_of(headers).ok_or(Unauthorized)?);
        let mut found = None;
        // Every client is compared, whether one was found or not, so that the time it takes
        // tells nothing.
        for client in &self.clients {
            let same: Choice = client.token.0.ct_eq(&presented.0);
            if bool::from(same) {
                found = Some(client.name.clone());
            }
        }
        found.ok_or(Unauthorized)
    }
}

/// The token, from the header before the subprotocol.
fn token_of(headers: &HeaderMap) -> Option<&str> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then(|| token.trim());
    }
    offered(headers).find_map(|name| name.strip_prefix(SUBPROTOCOL_BEARER_PREFIX))
}

/// The subprotocols that a client offers, in its order of preference.
pub(super) fn offered(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect()
    }

    fn two_clients() -> Authenticator {
        Authenticator::new(vec![
            ClientToken {
                name: "a".into(),
                token: TokenHash::of("alpha"),
            },
            ClientToken {
                name: "b".into(),
                token: TokenHash::of("beta"),
            },
        ])
    }

    #[test]
    fn without_configured_clients_everybody_is_the_default_client() {
        let open = Authenticator::new(Vec::new());
        assert_eq!(open.client_of(&HeaderMap::new()), Ok("default".into()));
    }

    #[test]
    fn a_token_may_come_in_the_header_or_in_a_subprotocol() {
        let auth = two_clients();
        for (pairs, client) in [
            ([("authorization", "Bearer alpha")], "a"),
            ([("authorization", "bearer beta")], "b"),
            (
                [(
                    "sec-websocket-protocol",
                    "cdp-bridge.v1, cdp-bridge.bearer.beta",
                )],
                "b",
            ),
        ] {
            assert_eq!(auth.client_of(&headers(&pairs)), Ok(client.into()));
        }
    }

    #[test]
    fn a_missing_or_wrong_token_is_refused() {
        let auth = two_clients();
        for pairs in [
            &[][..],
            &[("authorization", "Bearer alph")],
            &[("authorization", "Bearer ")],
            &[("authorization", "Basic alpha")],
            &[("authorization", "alpha")],
            &[("sec-websocket-protocol", "cdp-bridge.v1")],
            // The header counts where both are there.
            &[
                ("authorization", "Bearer wrong"),
                ("sec-websocket-protocol", "cdp-bridge.bearer.alpha"),
            ],
        ] {
            assert_eq!(
                auth.client_of(&headers(pairs)),
                Err(Unauthorized),
                "{pairs:?}"
            );
        }
    }
}
