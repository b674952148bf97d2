//! Who is it? A bearer token from a header, or from a subprotocol for browsers, which cannot set
//! headers. A token in a query string is never read, because addresses end up in logs.

use std::collections::HashSet;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use cdp_bridge_protocol::handshake::SUBPROTOCOL_BEARER_PREFIX;
use subtle::{Choice, ConstantTimeEq as _};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::operations::ClientId;
use crate::operations::client_quota::{ClientLimits, ClientQuota};
use crate::server::settings::{ClientToken, TokenHash};

/// The client that everybody is where no tokens are configured.
pub const DEFAULT_CLIENT: &str = "default";

/// Knows the clients, who may change while connections are open.
#[derive(Debug)]
pub struct Authenticator {
    clients: watch::Sender<Vec<Known>>,
    /// What each connection may use where nobody needs a token.
    unknown: ClientLimits,
}

/// A client that is let in, and what it uses.
#[derive(Debug)]
struct Known {
    client: ClientToken,
    quota: Arc<ClientQuota>,
}

/// Who a connection is, and what it was let in by.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The client.
    pub client: ClientId,
    /// What the client uses; its own alone, where nobody needed a token.
    pub quota: Arc<ClientQuota>,
    /// Its token; none where nobody needed one.
    token: Option<TokenHash>,
}

/// The token is missing or wrong; which of them is not told apart, so that nothing is learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a valid token is needed: send `Authorization: Bearer TOKEN`, or offer the subprotocol \
     `cdp-bridge.bearer.TOKEN`"
)]
pub struct Unauthorized;

impl Authenticator {
    /// Lets these clients in, or everybody if there are none; each connection may use as much as
    /// `unknown` says then.
    pub fn new(clients: &[ClientToken], unknown: ClientLimits) -> Self {
        Self {
            clients: watch::Sender::new(known(clients, &[])),
            unknown,
        }
    }

    /// Lets these in from now on, and says whose clients are none any more. Who stays keeps what it
    /// uses, under its new limits.
    pub fn replace(&self, clients: &[ClientToken]) -> HashSet<ClientId> {
        let mut gone = HashSet::new();
        self.clients.send_modify(|before| {
            let after = known(clients, before);
            gone = &names(before) - &names(&after);
            *before = after;
        });
        gone
    }

    /// Waits until this identity would not be let in any more.
    pub async fn revoked(&self, identity: &Identity) {
        let mut changes = self.clients.subscribe();
        // The sender is a field of this, so that it cannot be gone.
        let _ = changes.wait_for(|clients| !holds(clients, identity)).await;
    }

    /// The client behind a request.
    pub fn client_of(&self, headers: &HeaderMap) -> Result<Identity, Unauthorized> {
        let clients = self.clients.borrow();
        if clients.is_empty() {
            return Ok(Identity {
                client: DEFAULT_CLIENT.into(),
                quota: ClientQuota::new(self.unknown, Instant::now()),
                token: None,
            });
        }
        let presented = TokenHash::of(token_of(headers).ok_or(Unauthorized)?);
        let mut found = None;
        // Every client is compared, whether one was found or not, so that the time it takes
        // tells nothing.
        for Known { client, quota } in clients.iter() {
            let same: Choice = client.token.0.ct_eq(&presented.0);
            if bool::from(same) {
                found = Some(Identity {
                    client: client.name.clone(),
                    quota: Arc::clone(quota),
                    token: Some(client.token),
                });
            }
        }
        found.ok_or(Unauthorized)
    }
}

/// Whether somebody who comes with this is let in. No secret is compared with what a stranger
/// sent here: both are of this configuration or an earlier one.
fn holds(clients: &[Known], identity: &Identity) -> bool {
    match identity.token {
        None => clients.is_empty(),
        Some(token) => clients
            .iter()
            .any(|Known { client, .. }| client.name == identity.client && client.token == token),
    }
}

/// Each client with what it uses, which it keeps if it was known before.
fn known(clients: &[ClientToken], before: &[Known]) -> Vec<Known> {
    let now = Instant::now();
    let with_allowance = |client: &ClientToken| {
        let known = before.iter().find(|known| known.client.name == client.name);
        let quota = if let Some(known) = known {
            known.quota.change(client.limits, now);
            Arc::clone(&known.quota)
        } else {
            ClientQuota::new(client.limits, now)
        };
        Known {
            client: client.clone(),
            quota,
        }
    };
    clients.iter().map(with_allowance).collect()
}

/// The names of those who may connect.
fn names(clients: &[Known]) -> HashSet<ClientId> {
    if clients.is_empty() {
        return HashSet::from([DEFAULT_CLIENT.into()]);
    }
    let names = clients.iter().map(|known| known.client.name.clone());
    names.collect()
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
pub(crate) fn offered(headers: &HeaderMap) -> impl Iterator<Item = &str> {
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
        Authenticator::new(
            &[client("a", "alpha", 1), client("b", "beta", 2)],
            limits(9),
        )
    }

    fn limits(max_connections: usize) -> ClientLimits {
        ClientLimits {
            max_tabs: 1,
            max_inflight: 1,
            rate_per_second: 0,
            max_connections,
        }
    }

    fn client(name: &str, token: &str, max_connections: usize) -> ClientToken {
        ClientToken {
            name: name.into(),
            token: TokenHash::of(token),
            limits: limits(max_connections),
        }
    }

    #[test]
    fn without_configured_clients_everybody_is_the_default_client() {
        let open = Authenticator::new(&[], limits(9));
        let identity = || open.client_of(&HeaderMap::new()).unwrap();
        assert_eq!(identity().client, "default".into());
        let alone = !Arc::ptr_eq(&identity().quota, &identity().quota);
        assert!(alone, "nothing tells connections apart but themselves");
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
            assert_eq!(
                auth.client_of(&headers(&pairs)).unwrap().client,
                client.into()
            );
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
                auth.client_of(&headers(pairs)).err(),
                Some(Unauthorized),
                "{pairs:?}"
            );
        }
    }

    #[tokio::test]
    async fn an_identity_is_revoked_when_its_own_token_is_gone() {
        use futures::FutureExt as _;

        let auth = two_clients();
        let identity = |auth: &Authenticator, token: &'static str| {
            auth.client_of(&headers(&[("authorization", token)]))
                .unwrap()
        };
        let (a, b) = (
            identity(&auth, "Bearer alpha"),
            identity(&auth, "Bearer beta"),
        );
        let token = |name: &str, token: &str| client(name, token, 1);
        let revoked = |auth: &Authenticator| {
            [&a, &b].map(|identity| auth.revoked(identity).now_or_never().is_some())
        };
        assert_eq!(revoked(&auth), [false, false]);
        auth.replace(&[token("b", "beta"), token("a", "new")]);
        assert_eq!(revoked(&auth), [true, false], "a has another token");
        auth.replace(&[token("a", "beta"), token("c", "alpha")]);
        assert_eq!(revoked(&auth), [true, true], "the tokens are others' now");
        auth.replace(&[]);
        assert_eq!(revoked(&auth), [true, true], "they were let in by a token");
        let anybody = auth.client_of(&HeaderMap::new()).unwrap();
        assert!(auth.revoked(&anybody).now_or_never().is_none());
        auth.replace(&[token("default", "t")]);
        assert!(auth.revoked(&anybody).now_or_never().is_some());
    }

    #[test]
    fn who_stays_keeps_what_it_uses_under_its_new_limits() {
        let auth = two_clients();
        let seats = |auth: &Authenticator, token: &'static str| {
            let identity = auth.client_of(&headers(&[("authorization", token)]));
            let quota = identity.unwrap().quota;
            std::iter::from_fn(|| quota.connect().ok()).collect::<Vec<_>>()
        };
        let held = seats(&auth, "Bearer beta");
        assert_eq!(held.len(), 2);
        let gone = auth.replace(&[client("b", "new", 3)]);
        assert_eq!(gone, HashSet::from(["a".into()]));
        assert_eq!(
            seats(&auth, "Bearer new").len(),
            1,
            "of three two are taken"
        );
        assert_eq!(auth.replace(&[]), HashSet::from(["b".into()]));
        assert_eq!(
            auth.replace(&[client("default", "t", 1)]),
            HashSet::new(),
            "it is the client that everybody was"
        );
    }
}
