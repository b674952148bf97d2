//! Authenticates a client by a token or an API key from the `Authorization` header, or from a subprotocol for web
//! pages, which cannot set headers. A token in a query string is never read, because URLs end up in logs.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Mutex;

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use axum::response::{IntoResponse, Response};
use cdp_bridge_protocol::handshake::SUBPROTOCOL_BEARER_PREFIX;
use tokio::time::Instant;

use super::attempts::{FailedAttempts, TooManyAttempts};
use super::credentials::KnownCredentials;
use super::per_ip_limit::IpPermit;
use crate::clock::epoch_ms;
use crate::lock::lock;
use crate::log_limit::LogLimit;
use crate::metrics;
use crate::operations::audit::{Actor, Audit, AuditAction, AuditDetail, AuditEntry, AuditObject};
use crate::operations::client_quota::ClientLimits;
use crate::operations::{ClientId, Principal};
use crate::server::problem::{HttpCode, Problem};
use crate::server::settings::{Credentials, TokenHash};
use crate::tokens::KeyError;

/// The client of every connection where no tokens are configured.
pub const DEFAULT_CLIENT: &str = "default";

/// The credentials that admit clients, which may be replaced while connections are open.
#[derive(Debug)]
pub struct Authenticator {
    known: Mutex<KnownCredentials>,
    /// The limits where no credential is needed.
    anonymous: ClientLimits,
    attempts: Mutex<FailedAttempts>,
    log_limit: LogLimit,
    /// Limits the rows about keys that are refused.
    refused_keys: LogLimit,
    audit: Audit,
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
    /// Accepts these credentials, or every client if there are none, with the limits `anonymous`.
    pub fn new(credentials: &Credentials, anonymous: ClientLimits, audit: Audit) -> Self {
        let none = KnownCredentials::default();
        let known = KnownCredentials::new(credentials, anonymous, &none, epoch_ms());
        Self {
            known: Mutex::new(known),
            anonymous,
            attempts: Mutex::default(),
            log_limit: LogLimit::default(),
            refused_keys: LogLimit::default(),
            audit,
        }
    }

    /// Replaces the credentials and returns the clients that were removed with them. The others keep what they use, under
    /// their new limits.
    pub fn replace(&self, credentials: &Credentials) -> HashSet<ClientId> {
        let mut known = lock(&self.known);
        let after = KnownCredentials::new(credentials, self.anonymous, &known, epoch_ms());
        let gone = &known.names() - &after.names();
        *known = after;
        gone
    }

    /// The client behind a request: where every door gets its callers from.
    pub fn authenticate(&self, headers: &HeaderMap) -> Result<Principal, Unauthorized> {
        let token = token_of(headers);
        let found = lock(&self.known).find(token, epoch_ms());
        found.ok_or_else(|| {
            self.refused(None);
            Unauthorized
        })
    }

    /// Whether there is no credential, so that none is needed.
    pub(crate) fn is_open(&self) -> bool {
        lock(&self.known).is_open()
    }

    /// The client with this token or key. An address that failed too often is refused before its token is looked at.
    pub(crate) fn find(
        &self,
        text: Option<&str>,
        permit: Option<&IpPermit>,
    ) -> Result<Option<Principal>, Problem> {
        let token = text.map(TokenHash::of);
        let peer = permit.map(IpPermit::peer);
        if let Some(peer) = peer
            && token.is_some()
            && let Err(error) = lock(&self.attempts).check(peer, token, Instant::now())
        {
            return Err(too_many(&error));
        }
        let found = lock(&self.known).find(text, epoch_ms());
        if let (Some(peer), Some(token), Some(_)) = (peer, token, &found) {
            lock(&self.attempts).succeeded(peer, token);
        }
        Ok(found)
    }

    /// The client of this name, by the key with this id, or without a key by the token in the configuration.
    pub(crate) fn client(&self, name: &str, key: Option<&str>) -> Option<Principal> {
        lock(&self.known).client(name, key, epoch_ms())
    }

    /// Why a key that was found by its secret admits its holder no longer.
    pub(crate) fn refused_key(&self, text: &str, permit: Option<&IpPermit>) -> Option<KeyError> {
        let refused = lock(&self.known).refused_key(text, epoch_ms())?;
        if let Some(left_out) = self.refused_keys.admit() {
            let key = refused.id;
            tracing::warn!(%key, error = %refused.error, left_out, "an API key is refused");
            let outcome = match refused.error {
                KeyError::Unknown => "unknown",
                KeyError::Expired => "expired",
                KeyError::Revoked => "revoked",
            };
            let (actor, object) = (Actor::Key(key.clone()), AuditObject::Key(key));
            let entry = AuditEntry::new(actor, AuditAction::KeyUse, object)
                .of_client(&refused.client)
                .with_outcome(outcome)
                .from_peer(permit.map(IpPermit::peer))
                .with_detail(left_out_before(left_out));
            self.audit.offer(entry);
        }
        Some(refused.error)
    }

    /// A token was wrong: counts that against its address. An address that failed too often has to wait: it gets
    /// that in place of `answer`.
    pub(crate) fn failed(&self, permit: Option<&IpPermit>, answer: Problem) -> Problem {
        let peer = permit.map(IpPermit::peer);
        self.refused(peer);
        let Some(peer) = peer else {
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

    fn refused(&self, peer: Option<IpAddr>) {
        metrics::refused("token");
        // The limit also keeps a client from filling the audit.
        if let Some(left_out) = self.log_limit.admit() {
            tracing::warn!(left_out, "request refused: no valid token");
            let (action, object) = (AuditAction::Authenticate, AuditObject::Edge);
            let entry = AuditEntry::new(Actor::Unknown, action, object)
                .with_outcome("refused")
                .from_peer(peer)
                .with_detail(left_out_before(left_out));
            self.audit.offer(entry);
        }
    }
}

fn left_out_before(count: u64) -> AuditDetail {
    AuditDetail {
        left_out: (count > 0).then_some(count),
        ..AuditDetail::default()
    }
}

fn too_many(TooManyAttempts(wait): &TooManyAttempts) -> Problem {
    metrics::refused("attempts");
    let detail = "too many attempts with a wrong token came from this address";
    Problem::http(HttpCode::TooManyAttempts, detail).retry_after(*wait)
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
    use std::sync::Arc;

    use axum::http::{HeaderName, HeaderValue};

    use super::*;
    use crate::server::settings::ClientToken;

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
        let clients = vec![client("a", "alpha", 1), client("b", "beta", 2)];
        Authenticator::new(&clients.into(), limits(9), Audit::default())
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
        let open = Authenticator::new(&Credentials::default(), limits(9), Audit::default());
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
        auth.replace(&vec![token("b", "beta"), token("a", "new")].into());
        assert_eq!(revoked(), [true, false], "a has another token");
        auth.replace(&vec![token("a", "beta"), token("c", "alpha")].into());
        assert_eq!(revoked(), [true, true], "the tokens are others' now");
        auth.replace(&vec![].into());
        assert_eq!(revoked(), [true, true], "they were let in by a token");
        let anybody = auth.authenticate(&HeaderMap::new()).unwrap();
        assert!(anybody.revoked().now_or_never().is_none());
        auth.replace(&vec![token("default", "t")].into());
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
        let gone = auth.replace(&vec![client("b", "new", 3)].into());
        assert_eq!(gone, HashSet::from(["a".into()]));
        assert_eq!(
            seats(&auth, "Bearer new").len(),
            1,
            "of three two are taken"
        );
        assert_eq!(auth.replace(&vec![].into()), HashSet::from(["b".into()]));
        assert_eq!(
            auth.replace(&vec![client("default", "t", 1)].into()),
            HashSet::new(),
            "the client of connections without a token still exists"
        );
    }
}
