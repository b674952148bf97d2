//! Authenticates a client by a bearer token from the `Authorization` header, or from a subprotocol for web
//! pages, which cannot set headers. A token in a query string is never read, because URLs end up in logs.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use axum::response::{IntoResponse, Response};
use cdp_bridge_protocol::handshake::SUBPROTOCOL_BEARER_PREFIX;
use subtle::ConstantTimeEq as _;
use tokio::sync::watch;
use tokio::time::Instant;

use super::attempts::{FailedAttempts, TooManyAttempts};
use super::per_ip_limit::IpPermit;
use crate::lock::lock;
use crate::log_limit::LogLimit;
use crate::metrics;
use crate::operations::client_quota::{ClientLimits, ClientQuota};
use crate::operations::{ClientId, Permissions, Principal, Reach, Scope};
use crate::server::problem::{HttpCode, Problem};
use crate::server::settings::{ClientToken, TokenHash};

/// The client of every connection where no tokens are configured.
pub const DEFAULT_CLIENT: &str = "default";

/// The clients that may connect, which may be replaced while connections are open.
#[derive(Debug)]
pub struct Authenticator {
    clients: Mutex<Vec<KnownClient>>,
    /// The limits where no tokens are configured.
    anonymous: ClientLimits,
    attempts: Mutex<FailedAttempts>,
    log_limit: LogLimit,
}

/// A client that may connect.
#[derive(Debug)]
struct KnownClient {
    /// None where no tokens are configured: every client is this one.
    token: Option<TokenHash>,
    principal: Principal,
    /// Dropped when the token is no longer valid.
    valid: Arc<watch::Sender<()>>,
}

/// The token is missing or wrong; the two are not told apart, so that an attacker learns nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a valid token is needed: send `Authorization: Bearer TOKEN`, or offer the subprotocol \
     `cdp-bridge.bearer.TOKEN`"
)]
pub struct Unauthorized;

impl IntoResponse for Unauthorized {
    fn into_response(self) -> Response {
        Problem::unauthorized(self.to_string()).into_response()
    }
}

impl Authenticator {
    /// Accepts these clients, or everyone if there are none, with the limits `anonymous`.
    pub fn new(clients: &[ClientToken], anonymous: ClientLimits) -> Self {
        Self {
            clients: Mutex::new(known(clients, anonymous, &[])),
            anonymous,
            attempts: Mutex::default(),
            log_limit: LogLimit::default(),
        }
    }

    /// Replaces the clients and returns those that were removed. The others keep what they use, under their new
    /// limits.
    pub fn replace(&self, clients: &[ClientToken]) -> HashSet<ClientId> {
        let mut before = lock(&self.clients);
        let after = known(clients, self.anonymous, &before);
        let gone = &names(&before) - &names(&after);
        *before = after;
        gone
    }

    /// The client behind a request: where every door gets its callers from.
    pub fn authenticate(&self, headers: &HeaderMap) -> Result<Principal, Unauthorized> {
        let found = self.known(token_of(headers).map(TokenHash::of));
        found.ok_or_else(|| {
            self.refused();
            Unauthorized
        })
    }

    /// Whether no clients are configured, so that no token is needed.
    pub(crate) fn is_open(&self) -> bool {
        lock(&self.clients)
            .iter()
            .any(|known| known.token.is_none())
    }

    /// The client with this token. An address that failed too often is refused before its token is looked at.
    pub(crate) fn find(
        &self,
        token: Option<&str>,
        permit: Option<&IpPermit>,
    ) -> Result<Option<Principal>, Problem> {
        let token = token.map(TokenHash::of);
        let peer = permit.map(IpPermit::peer);
        if let Some(peer) = peer
            && token.is_some()
            && let Err(error) = lock(&self.attempts).check(peer, token, Instant::now())
        {
            return Err(too_many(&error));
        }
        let found = self.known(token);
        if let (Some(peer), Some(token), Some(_)) = (peer, token, &found) {
            lock(&self.attempts).succeeded(peer, token);
        }
        Ok(found)
    }

    /// The client of this name.
    pub(crate) fn client(&self, name: &str) -> Option<Principal> {
        let clients = lock(&self.clients);
        let known = clients.iter().map(|known| &known.principal);
        let mut known = known.filter(|it| it.scope.client.as_str() == name);
        known.next().cloned()
    }

    /// A token was wrong: counts that against its address. An address that failed too often has to wait: it gets
    /// that in place of `answer`.
    pub(crate) fn failed(&self, permit: Option<&IpPermit>, answer: Problem) -> Problem {
        self.refused();
        let Some(peer) = permit.map(IpPermit::peer) else {
            return answer;
        };
        let (mut attempts, now) = (lock(&self.attempts), Instant::now());
        match attempts.check(peer, None, now) {
            Ok(()) => {
                attempts.failed(peer, now);
                answer
            }
            Err(error) => too_many(&error),
        }
    }

    fn refused(&self) {
        metrics::refused("token");
        if let Some(left_out) = self.log_limit.admit() {
            tracing::warn!(left_out, "request refused: no valid token");
        }
    }

    fn known(&self, presented: Option<TokenHash>) -> Option<Principal> {
        let mut found = None;
        // All clients are compared, so that the time does not depend on which one matches.
        for known in lock(&self.clients).iter() {
            let is_same = match (known.token, presented) {
                (None, _) => true,
                (Some(token), Some(presented)) => token.0.ct_eq(&presented.0).into(),
                (Some(_), None) => false,
            };
            if is_same {
                found = Some(known.principal.clone());
            }
        }
        found
    }
}

fn too_many(TooManyAttempts(wait): &TooManyAttempts) -> Problem {
    metrics::refused("attempts");
    let detail = "too many attempts with a wrong token came from this address";
    Problem::http(HttpCode::TooManyAttempts, detail).retry_after(*wait)
}

/// The clients with their quotas, which those that were known before keep; and with an unchanged token also the
/// connections that it authenticated.
fn known(
    clients: &[ClientToken],
    anonymous: ClientLimits,
    before: &[KnownClient],
) -> Vec<KnownClient> {
    let now = Instant::now();
    let known = |name: &ClientId, token: Option<TokenHash>, limits: ClientLimits| {
        let before = before.iter().find(|it| it.principal.scope.client == *name);
        let quota = before.map_or_else(
            || ClientQuota::new(limits, now),
            |known| Arc::clone(&known.principal.quota),
        );
        quota.change(limits, now);
        let valid = before
            .filter(|known| known.token == token)
            .map_or_else(Arc::default, |known| Arc::clone(&known.valid));
        let principal = Principal {
            scope: Scope::default_of(name.clone()),
            reach: Reach::Client,
            permissions: Permissions::ALL,
            quota,
            is_anonymous: token.is_none(),
            valid: valid.subscribe(),
            valid_until: None,
        };
        KnownClient {
            token,
            principal,
            valid,
        }
    };
    if clients.is_empty() {
        return vec![known(&DEFAULT_CLIENT.into(), None, anonymous)];
    }
    let clients = clients.iter();
    clients
        .map(|client| known(&client.name, Some(client.token), client.limits))
        .collect()
}

/// The names of the clients that may connect.
fn names(clients: &[KnownClient]) -> HashSet<ClientId> {
    let names = clients
        .iter()
        .map(|known| known.principal.scope.client.clone());
    names.collect()
}

/// The token; the header takes precedence over the subprotocol.
pub(crate) fn token_of(headers: &HeaderMap) -> Option<&str> {
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
        let identity = || open.authenticate(&HeaderMap::new()).unwrap();
        assert_eq!(identity().scope, "default".into());
        assert!(Arc::ptr_eq(&identity().quota, &identity().quota));
        let connection = || identity().on_connection();
        let alone = !Arc::ptr_eq(&connection().quota, &connection().quota);
        assert!(alone, "nothing tells connections apart but themselves");
        assert_eq!(connection().quota.limits(), limits(9));
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
                auth.authenticate(&headers(&pairs)).unwrap().scope,
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
                auth.authenticate(&headers(pairs)).err(),
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
            auth.authenticate(&headers(&[("authorization", token)]))
                .unwrap()
        };
        let (a, b) = (
            identity(&auth, "Bearer alpha"),
            identity(&auth, "Bearer beta"),
        );
        let token = |name: &str, token: &str| client(name, token, 1);
        let revoked = || [&a, &b].map(|identity| identity.revoked().now_or_never().is_some());
        assert_eq!(revoked(), [false, false]);
        auth.replace(&[token("b", "beta"), token("a", "new")]);
        assert_eq!(revoked(), [true, false], "a has another token");
        auth.replace(&[token("a", "beta"), token("c", "alpha")]);
        assert_eq!(revoked(), [true, true], "the tokens are others' now");
        auth.replace(&[]);
        assert_eq!(revoked(), [true, true], "they were let in by a token");
        let anybody = auth.authenticate(&HeaderMap::new()).unwrap();
        assert!(anybody.revoked().now_or_never().is_none());
        auth.replace(&[token("default", "t")]);
        assert!(anybody.revoked().now_or_never().is_some());
    }

    #[test]
    fn who_stays_keeps_what_it_uses_under_its_new_limits() {
        let auth = two_clients();
        let seats = |auth: &Authenticator, token: &'static str| {
            let identity = auth.authenticate(&headers(&[("authorization", token)]));
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
