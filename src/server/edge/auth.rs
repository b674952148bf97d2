//! Authenticates a client by a bearer token from the `Authorization` header, or from a subprotocol for web
//! pages, which cannot set headers. A token in a query string is never read, because URLs end up in logs.

use std::collections::HashSet;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use cdp_bridge_protocol::handshake::SUBPROTOCOL_BEARER_PREFIX;
use subtle::{Choice, ConstantTimeEq as _};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::operations::client_quota::{ClientLimits, ClientQuota};
use crate::operations::{ClientId, Scope};
use crate::server::settings::{ClientToken, TokenHash};

/// The client of every connection where no tokens are configured.
pub const DEFAULT_CLIENT: &str = "default";

/// The configured clients, which may be replaced while connections are open.
#[derive(Debug)]
pub struct Authenticator {
    clients: watch::Sender<Vec<KnownClient>>,
    /// The limits of each connection where no tokens are configured.
    anonymous: ClientLimits,
}

/// A configured client and its quota.
#[derive(Debug)]
struct KnownClient {
    client: ClientToken,
    quota: Arc<ClientQuota>,
}

/// An authenticated client.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The client.
    pub client: ClientId,
    /// The client's quota; without tokens, each connection has its own.
    pub quota: Arc<ClientQuota>,
    /// The token it presented; none where no tokens are configured.
    token: Option<TokenHash>,
}

impl Identity {
    /// The client's implicit session, which owns its tabs.
    pub fn scope(&self) -> Scope {
        Scope::default_of(self.client.clone())
    }
}

/// The token is missing or wrong; the two are not told apart, so that an attacker learns nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a valid token is needed: send `Authorization: Bearer TOKEN`, or offer the subprotocol \
     `cdp-bridge.bearer.TOKEN`"
)]
pub struct Unauthorized;

impl Authenticator {
    /// Accepts these clients, or everyone if there are none, with the limits `anonymous` for each connection.
    pub fn new(clients: &[ClientToken], anonymous: ClientLimits) -> Self {
        Self {
            clients: watch::Sender::new(known(clients, &[])),
            anonymous,
        }
    }

    /// Replaces the clients and returns those that were removed. The others keep what they use, under their new
    /// limits.
    pub fn replace(&self, clients: &[ClientToken]) -> HashSet<ClientId> {
        let mut gone = HashSet::new();
        self.clients.send_modify(|before| {
            let after = known(clients, before);
            gone = &names(before) - &names(&after);
            *before = after;
        });
        gone
    }

    /// Waits until this identity is no longer valid.
    pub async fn revoked(&self, identity: &Identity) {
        let mut changes = self.clients.subscribe();
        // The sender is a field of this struct, so that waiting cannot fail.
        let _ = changes.wait_for(|clients| !holds(clients, identity)).await;
    }

    /// The client behind a request.
    pub fn client_of(&self, headers: &HeaderMap) -> Result<Identity, Unauthorized> {
        let clients = self.clients.borrow();
        if clients.is_empty() {
            return Ok(Identity {
                client: DEFAULT_CLIENT.into(),
                quota: ClientQuota::new(self.anonymous, Instant::now()),
                token: None,
            });
        }
        let presented = TokenHash::of(token_of(headers).ok_or(Unauthorized)?);
        let mut found = None;
        // All clients are compared, so that the time does not depend on which one matches.
        for KnownClient { client, quota } in clients.iter() {
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

/// Whether the identity is still valid. The comparison need not be in constant time: both tokens are configured
/// ones.
fn holds(clients: &[KnownClient], identity: &Identity) -> bool {
    match identity.token {
        None => clients.is_empty(),
        Some(token) => clients.iter().any(|KnownClient { client, .. }| {
            client.name == identity.client && client.token == token
        }),
    }
}

/// The clients with their quotas, which those that were known before keep.
fn known(clients: &[ClientToken], before: &[KnownClient]) -> Vec<KnownClient> {
    let now = Instant::now();
    let with_allowance = |client: &ClientToken| {
        let known = before.iter().find(|known| known.client.name == client.name);
        let quota = if let Some(known) = known {
            known.quota.change(client.limits, now);
            Arc::clone(&known.quota)
        } else {
            ClientQuota::new(client.limits, now)
        };
        KnownClient {
            client: client.clone(),
            quota,
        }
    };
    clients.iter().map(with_allowance).collect()
}

/// The names of the clients that may connect.
fn names(clients: &[KnownClient]) -> HashSet<ClientId> {
    if clients.is_empty() {
        return HashSet::from([DEFAULT_CLIENT.into()]);
    }
    let names = clients.iter().map(|known| known.client.name.clone());
    names.collect()
}

/// The token; the header takes precedence over the subprotocol.
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
            "the client of connections without a token still exists"
        );
    }
}
