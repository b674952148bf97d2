//! Makes the tokens of sessions, and the addresses where they are used.

use std::sync::{Arc, OnceLock};

use super::settings::Listen;
use crate::clock::epoch_ms;
use crate::operations::Principal;
use crate::operations::sessions::{SessionAccess, SessionTokens, SessionView};
use crate::tokens::{Audience, Claims, TokenKeys, TokenScopes};

/// The longest that a token lives, whatever its session does.
const MAX_TTL_MS: u64 = 24 * 60 * 60 * 1000;

/// What a token grants.
#[derive(Debug, Clone)]
pub(crate) struct Grant {
    pub(crate) scopes: TokenScopes,
    /// The API key that it ends with.
    pub(crate) key: Option<String>,
    /// The only page that it opens.
    pub(crate) page: Option<String>,
    /// How long it lives, if not as long as its session.
    pub(crate) ttl_ms: Option<u64>,
}

impl Grant {
    /// Everything in the session that the client itself may, for as long as it lives.
    pub(crate) fn all_of(principal: &Principal) -> Self {
        Self {
            scopes: principal.scopes(),
            key: principal.key.as_ref().map(|key| key.id.clone()),
            page: None,
            ttl_ms: None,
        }
    }
}

/// A token of a session.
#[derive(Debug, Clone)]
pub(crate) struct MintedToken {
    /// Secret.
    pub(crate) text: String,
    /// In milliseconds since the epoch.
    pub(crate) expires_at_ms: u64,
}

/// Makes a token of a session. It ends with the session, as far as that is known now.
pub(crate) fn mint(keys: &TokenKeys, session: &SessionView, grant: Grant) -> MintedToken {
    let now = epoch_ms();
    let ttl = grant.ttl_ms.unwrap_or(MAX_TTL_MS).min(MAX_TTL_MS);
    let end = session.expires_at_ms.unwrap_or(u64::MAX);
    let until = now.saturating_add(ttl).min(end);
    // Rounded up: it must not end before its session, without which it is worth nothing.
    let exp = until.div_ceil(1000);
    let claims = Claims {
        aud: Audience::Session,
        sub: session.id.to_string(),
        cli: session.client.as_str().to_owned(),
        scp: grant.scopes,
        pg: grant.page,
        key: grant.key,
        bound: grant.ttl_ms.is_none(),
        r#gen: 0,
        iat: now / 1000,
        exp,
        jti: format!("{:032x}", fastrand::u128(..)),
    };
    MintedToken {
        text: keys.sign(&claims),
        expires_at_ms: until,
    }
}

/// The same rights for as long as the session lives now, for a token that was to live as long as the session, also where
/// another token has changed its time since. One that was made for a time of its own ends then, and an implicit session never does.
pub(crate) fn renewed(keys: &TokenKeys, claims: &Claims, now: &SessionView) -> Option<MintedToken> {
    now.expires_at_ms?;
    claims.bound.then(|| {
        let grant = Grant {
            scopes: claims.scp.clone(),
            key: claims.key.clone(),
            page: claims.pg.clone(),
            ttl_ms: None,
        };
        mint(keys, now, grant)
    })
}

/// Makes tokens and addresses for clients that create sessions over a WebSocket, which does not know under which name
/// the client has reached the bridge.
#[derive(Debug)]
pub struct SessionTokenMint {
    keys: Arc<TokenKeys>,
    /// Scheme and host of its addresses, once the server listens.
    base: OnceLock<(&'static str, String)>,
}

impl SessionTokenMint {
    /// Signs with these keys.
    pub fn new(keys: Arc<TokenKeys>) -> Arc<Self> {
        Arc::new(Self {
            keys,
            base: OnceLock::new(),
        })
    }

    /// The server listens here.
    pub fn listens(&self, address: &Listen, is_tls: bool) {
        if let Listen::Tcp(address) = address {
            let scheme = if is_tls { "s" } else { "" };
            // The first address stays: a server listens once.
            let _ = self.base.set((scheme, address.to_string()));
        }
    }
}

impl SessionTokens for SessionTokenMint {
    fn access(&self, principal: &Principal, session: &SessionView) -> SessionAccess {
        let token = mint(&self.keys, session, Grant::all_of(principal)).text;
        let url = |kind: &str, path: &str| {
            let (secure, host) = self.base.get()?;
            Some(format!("{kind}{secure}://{host}{path}"))
        };
        let path = |what: &str| format!("/v1/sessions/{}/{what}", session.id);
        SessionAccess {
            token: Some(token),
            ws_url: url("ws", &path("ws")),
            events_url: url("http", &path("events")),
            connect_url: None,
        }
    }
}
