//! The credentials that admit clients, each with the principal behind it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use subtle::ConstantTimeEq as _;
use tokio::sync::watch;
use tokio::time::Instant;

use super::auth::DEFAULT_CLIENT;
use crate::operations::client_quota::{ClientLimits, ClientQuota};
use crate::operations::{ClientId, KeyGrant, Permissions, Principal, Reach, Scope};
use crate::server::settings::{ClientKey, Credentials, TokenHash};
use crate::tokens::key_ring::KeyRing;
use crate::tokens::{ApiKey, KeyError};

/// Who is admitted now.
#[derive(Debug, Default)]
pub(super) struct KnownCredentials {
    tokens: Vec<KnownToken>,
    ring: KeyRing,
    /// The keys of the ring that are valid, by their ids.
    keys: HashMap<String, KnownKey>,
    quotas: HashMap<ClientId, Arc<ClientQuota>>,
}

/// The token of a configured client.
#[derive(Debug)]
struct KnownToken {
    /// None where no credential is needed: every client is this one.
    token: Option<TokenHash>,
    principal: Principal,
    /// Dropped when the token is no longer valid.
    valid: Arc<watch::Sender<()>>,
}

#[derive(Debug)]
struct KnownKey {
    sha256: [u8; 32],
    expires_ms: Option<u64>,
    principal: Principal,
    /// Dropped when the key is no longer valid.
    valid: Arc<watch::Sender<()>>,
}

/// A key that was refused although its holder has its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RefusedKey {
    pub(crate) id: String,
    pub(crate) client: String,
    pub(crate) error: KeyError,
}

impl KnownCredentials {
    /// Admits by these credentials. Clients that were known before keep what they use; unchanged credentials also keep the
    /// connections that they authenticated.
    pub(super) fn new(
        credentials: &Credentials,
        anonymous: ClientLimits,
        before: &Self,
        now_ms: u64,
    ) -> Self {
        let ring = KeyRing::new(credentials.keys.iter().map(|it| it.key.clone()));
        let mut known = Self {
            ring,
            ..Self::default()
        };
        if credentials.is_open() {
            known.add_token(&DEFAULT_CLIENT.into(), None, anonymous, before);
        }
        for client in &credentials.tokens {
            known.add_token(&client.name, Some(client.token), client.limits, before);
        }
        let keys = credentials.keys.iter();
        for key in keys.filter(|it| it.key.is_valid(now_ms)) {
            known.add_key(key, before);
        }
        known
    }

    fn add_token(
        &mut self,
        name: &ClientId,
        token: Option<TokenHash>,
        limits: ClientLimits,
        before: &Self,
    ) {
        let same = before.tokens.iter();
        let mut same = same.filter(|it| it.token == token && it.principal.scope.client == *name);
        let valid = same.next().map(|it| Arc::clone(&it.valid));
        let valid = valid.unwrap_or_default();
        let quota = self.quota(name, limits, before);
        let principal = Principal {
            is_anonymous: token.is_none(),
            ..principal(name, quota, &valid)
        };
        self.tokens.push(KnownToken {
            token,
            principal,
            valid,
        });
    }

    fn add_key(&mut self, client: &ClientKey, before: &Self) {
        let ApiKey {
            id,
            client: name,
            sha256,
            scopes,
            expires_ms,
            ..
        } = &client.key;
        let same = before.keys.get(id).filter(|it| {
            it.sha256 == *sha256
                && it.principal.scope.client.as_str() == name
                && it.principal.scopes() == *scopes
        });
        let grant = same.and_then(|it| it.principal.key.clone());
        let grant = grant.unwrap_or_else(|| {
            let grant = KeyGrant::new(id.clone(), scopes.clone(), client.last_used_day);
            Arc::new(grant)
        });
        let valid = same.map(|it| Arc::clone(&it.valid)).unwrap_or_default();
        let name = name.as_str().into();
        let quota = self.quota(&name, client.limits, before);
        let principal = Principal {
            key: Some(grant),
            ..principal(&name, quota, &valid)
        };
        let known = KnownKey {
            sha256: *sha256,
            expires_ms: *expires_ms,
            principal,
            valid,
        };
        self.keys.insert(id.clone(), known);
    }

    /// The one quota of a client, under these limits.
    fn quota(&mut self, name: &ClientId, limits: ClientLimits, before: &Self) -> Arc<ClientQuota> {
        let now = Instant::now();
        let quota = self.quotas.entry(name.clone()).or_insert_with(|| {
            let quota = before.quotas.get(name).map(Arc::clone);
            quota.unwrap_or_else(|| ClientQuota::new(limits, now))
        });
        quota.change(limits, now);
        Arc::clone(quota)
    }

    /// Whether no credential is needed.
    pub(super) fn is_open(&self) -> bool {
        self.tokens.iter().any(|known| known.token.is_none())
    }

    /// The names of the clients that may connect.
    pub(super) fn names(&self) -> HashSet<ClientId> {
        self.quotas.keys().cloned().collect()
    }

    /// The client that presents this text, or nothing.
    pub(super) fn find(&self, presented: Option<&str>, now_ms: u64) -> Option<Principal> {
        let hash = presented.map(TokenHash::of);
        let mut found = None;
        // All tokens are compared, so that the time does not depend on which one matches.
        for known in &self.tokens {
            let is_same = match (known.token, hash) {
                (None, _) => true,
                (Some(token), Some(hash)) => token.0.ct_eq(&hash.0).into(),
                (Some(_), None) => false,
            };
            if is_same {
                found = Some(known.principal.clone());
            }
        }
        if found.is_some() {
            return found;
        }
        let key = self.ring.find(presented?, &hash?.0, now_ms).ok()?;
        self.keys.get(&key.id)?.admit(now_ms)
    }

    /// The key that this text is, if it is one that admits its holder no longer.
    pub(super) fn refused_key(&self, presented: &str, now_ms: u64) -> Option<RefusedKey> {
        let hash = TokenHash::of(presented);
        let error = self.ring.find(presented, &hash.0, now_ms).err()?;
        if error == KeyError::Unknown {
            return None;
        }
        let key = crate::tokens::api_key::key_id(presented)?;
        let key = self.ring.get(key)?;
        Some(RefusedKey {
            id: key.id.clone(),
            client: key.client.clone(),
            error,
        })
    }

    /// The client of this name, by the key with this id, or by the token in the configuration.
    pub(super) fn client(&self, name: &str, key: Option<&str>, now_ms: u64) -> Option<Principal> {
        let is_named = |it: &Principal| it.scope.client.as_str() == name;
        if let Some(id) = key {
            return self.keys.get(id)?.admit(now_ms).filter(is_named);
        }
        let mut tokens = self.tokens.iter().map(|known| &known.principal);
        tokens.find(|it| is_named(it)).cloned()
    }
}

impl KnownKey {
    /// The holder of the key, until it expires.
    fn admit(&self, now_ms: u64) -> Option<Principal> {
        let mut principal = self.principal.clone();
        if let Some(end) = self.expires_ms {
            let left = end.checked_sub(now_ms).filter(|left| *left > 0)?;
            principal.valid_until = Some(Instant::now() + Duration::from_millis(left));
        }
        Some(principal)
    }
}

fn principal(name: &ClientId, quota: Arc<ClientQuota>, valid: &watch::Sender<()>) -> Principal {
    Principal {
        scope: Scope::default_of(name.clone()),
        reach: Reach::Client,
        permissions: Permissions::ALL,
        quota,
        is_anonymous: false,
        key: None,
        has_session_token: false,
        peer: None,
        valid: valid.subscribe(),
        valid_until: None,
    }
}
