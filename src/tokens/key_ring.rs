//! The API keys that are known, as a value: the time is a parameter, and nothing is read.

use std::collections::HashMap;

use subtle::ConstantTimeEq as _;

use super::api_key::{ApiKey, key_id};

/// Why a key does not admit its holder. Only the holder of the secret learns of more than the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No key has this id, or its secret is another one.
    #[error("there is no such API key")]
    Unknown,
    /// Its time is over.
    #[error("this API key has expired")]
    Expired,
    /// It was revoked.
    #[error("this API key was revoked")]
    Revoked,
}

/// The API keys that are known, revoked and expired ones among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyRing(HashMap<String, ApiKey>);

impl KeyRing {
    /// A ring of these keys.
    pub fn new(keys: impl IntoIterator<Item = ApiKey>) -> Self {
        Self(keys.into_iter().map(|key| (key.id.clone(), key)).collect())
    }

    /// The key that a client presents, by its text and the SHA-256 of that. Found by its id, and then compared in
    /// constant time.
    pub fn find(&self, text: &str, sha256: &[u8; 32], now_ms: u64) -> Result<&ApiKey, KeyError> {
        let key = key_id(text).and_then(|id| self.0.get(id));
        let key = key.filter(|key| bool::from(key.sha256.ct_eq(sha256)));
        let key = key.ok_or(KeyError::Unknown)?;
        if key.is_revoked {
            return Err(KeyError::Revoked);
        }
        if key.has_expired(now_ms) {
            return Err(KeyError::Expired);
        }
        Ok(key)
    }

    /// The key with this id, whether it is valid or not.
    pub fn get(&self, id: &str) -> Option<&ApiKey> {
        self.0.get(id)
    }

    /// The keys that admit their holders at this time.
    pub fn valid(&self, now_ms: u64) -> impl Iterator<Item = &ApiKey> {
        self.0.values().filter(move |key| key.is_valid(now_ms))
    }

    /// When the next valid key expires.
    pub fn next_expiry(&self, now_ms: u64) -> Option<u64> {
        self.valid(now_ms).filter_map(|key| key.expires_ms).min()
    }

    /// Whether a key was ever made, be it revoked or expired by now.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::api_key::NewApiKey;
    use super::super::claims::TokenScopes;
    use super::*;
    use proptest::prelude::*;
    use sha2::{Digest as _, Sha256};

    fn kept(new: &NewApiKey) -> ApiKey {
        ApiKey {
            id: new.id.clone(),
            client: "a".to_owned(),
            sha256: new.sha256,
            scopes: TokenScopes::all(),
            expires_ms: None,
            is_revoked: false,
        }
    }

    fn find<'a>(ring: &'a KeyRing, text: &str, now_ms: u64) -> Result<&'a ApiKey, KeyError> {
        ring.find(text, &Sha256::digest(text).into(), now_ms)
    }

    #[test]
    fn a_key_is_found_by_its_whole_text_only() {
        let (own, other) = (
            NewApiKey::generate().unwrap(),
            NewApiKey::generate().unwrap(),
        );
        let ring = KeyRing::new([kept(&own), kept(&other)]);
        assert_eq!(find(&ring, &own.text, 0).map(|key| &key.id), Ok(&own.id));
        let mixed = format!("cbk_{}_{}", own.id, &other.text[13..]);
        let stranger = NewApiKey::generate().unwrap().text;
        for text in [mixed.as_str(), &stranger, &own.id, ""] {
            assert_eq!(find(&ring, text, 0), Err(KeyError::Unknown), "{text}");
        }
    }

    #[test]
    fn a_revoked_key_says_so_to_its_holder_alone() {
        let new = NewApiKey::generate().unwrap();
        let ring = KeyRing::new([ApiKey {
            is_revoked: true,
            ..kept(&new)
        }]);
        assert_eq!(find(&ring, &new.text, 0), Err(KeyError::Revoked));
        let guess = format!("cbk_{}_{}", new.id, "A".repeat(43));
        assert_eq!(find(&ring, &guess, 0), Err(KeyError::Unknown));
    }

    /// A key as the model of the property has it: expiry and revocation.
    fn states() -> impl Strategy<Value = Vec<(Option<u64>, bool)>> {
        prop::collection::vec((prop::option::of(0_u64..100), any::<bool>()), 0..6)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_ring_admits_exactly_the_keys_that_are_valid_now(states in states(), now in 0_u64..100) {
            let new: Vec<_> = states.iter().map(|_| NewApiKey::generate().unwrap()).collect();
            let keys = new.iter().zip(&states).map(|(new, (expires_ms, is_revoked))| ApiKey {
                expires_ms: *expires_ms,
                is_revoked: *is_revoked,
                ..kept(new)
            });
            let ring = KeyRing::new(keys);
            let mut valid = 0;
            for (new, (expires, is_revoked)) in new.iter().zip(&states) {
                let expected = match expires {
                    _ if *is_revoked => Err(KeyError::Revoked),
                    Some(end) if now >= *end => Err(KeyError::Expired),
                    _ => Ok(new.id.as_str()),
                };
                valid += usize::from(expected.is_ok());
                prop_assert_eq!(find(&ring, &new.text, now).map(|key| key.id.as_str()), expected);
                let mut wrong = new.text.clone().into_bytes();
                let at = 13 + usize::try_from(now).unwrap() % 43;
                wrong[at] = if wrong[at] == b'A' { b'B' } else { b'A' };
                let wrong = String::from_utf8(wrong).unwrap();
                prop_assert_eq!(find(&ring, &wrong, now), Err(KeyError::Unknown));
            }
            prop_assert_eq!(ring.valid(now).count(), valid);
            prop_assert_eq!(ring.is_empty(), states.is_empty());
            // Between now and the next expiry nothing changes; at it, a key falls away.
            if let Some(next) = ring.next_expiry(now) {
                prop_assert!(next > now);
                prop_assert_eq!(ring.valid(next - 1).count(), valid);
                prop_assert!(ring.valid(next).count() < valid);
            } else {
                prop_assert_eq!(ring.valid(u64::MAX).count(), valid);
            }
        }
    }
}
