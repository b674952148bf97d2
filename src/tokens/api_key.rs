//! API keys: their text, and what is known of one without it.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::claims::TokenScopes;

/// What every key begins with, so that secret scanners find one that was published.
const PREFIX: &str = "cbk_";

/// The characters of an id. None of them is mistaken for another.
const ID_ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

const ID_LENGTH: usize = 8;

/// 32 bytes in base64url.
const SECRET_LENGTH: usize = 43;

/// A key that was just made. Its text is known here and to the reader of it only.
pub struct NewApiKey {
    /// Names the key; no secret.
    pub id: String,
    /// The whole key. Secret.
    pub text: String,
    /// What is kept of it.
    pub sha256: [u8; 32],
}

impl fmt::Debug for NewApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewApiKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl NewApiKey {
    /// A key with 256 random bits.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let (mut id, mut secret) = ([0_u8; ID_LENGTH], [0_u8; 32]);
        getrandom::fill(&mut id)?;
        getrandom::fill(&mut secret)?;
        let id: String = id
            .iter()
            .map(|byte| char::from(ID_ALPHABET[usize::from(byte % 32)]))
            .collect();
        let text = format!("{PREFIX}{id}_{}", URL_SAFE_NO_PAD.encode(secret));
        Ok(Self {
            sha256: Sha256::digest(text.as_bytes()).into(),
            id,
            text,
        })
    }
}

/// The id in a text that has the form of a key, good or bad.
pub fn key_id(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(PREFIX)?;
    let (id, secret) = (rest.get(..ID_LENGTH)?, rest.get(ID_LENGTH..)?);
    let secret = secret.strip_prefix('_')?;
    let is_secret = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    let is_key = is_key_id(id) && secret.len() == SECRET_LENGTH && secret.bytes().all(is_secret);
    is_key.then_some(id)
}

/// Whether a text has the form of the id of a key.
pub fn is_key_id(text: &str) -> bool {
    text.len() == ID_LENGTH && text.bytes().all(|byte| ID_ALPHABET.contains(&byte))
}

/// What is kept of a key.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Names it.
    pub id: String,
    /// Whose it is.
    pub client: String,
    /// The SHA-256 of its text.
    pub sha256: [u8; 32],
    /// What its holder may do.
    pub scopes: TokenScopes,
    /// When it ends, in milliseconds since the epoch.
    pub expires_ms: Option<u64>,
    /// Whether it was revoked.
    pub is_revoked: bool,
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("id", &self.id)
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}

impl ApiKey {
    /// Whether it admits its holder at this time, in milliseconds since the epoch.
    pub fn is_valid(&self, now_ms: u64) -> bool {
        !self.is_revoked && !self.has_expired(now_ms)
    }

    /// Whether its time is over.
    pub fn has_expired(&self, now_ms: u64) -> bool {
        self.expires_ms.is_some_and(|end| now_ms >= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_an_id_and_256_random_bits() {
        let (one, other) = (
            NewApiKey::generate().unwrap(),
            NewApiKey::generate().unwrap(),
        );
        assert_ne!(one.id, other.id);
        assert_ne!(one.text, other.text);
        assert_eq!(key_id(&one.text), Some(one.id.as_str()));
        assert_eq!(one.text.len(), 4 + 8 + 1 + 43);
        assert_eq!(one.sha256, <[u8; 32]>::from(Sha256::digest(&one.text)));
        let shown = format!("{one:?}");
        assert!(shown.contains(&one.id) && !shown.contains(&one.text[13..]));
    }

    #[test]
    fn a_key_can_be_offered_in_a_subprotocol() {
        let key = NewApiKey::generate().unwrap().text;
        let is_token =
            |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        assert!(key.bytes().all(is_token));
        assert!(!super::super::TokenKeys::looks_like_token(&key));
    }

    #[test]
    fn other_texts_are_no_keys() {
        let key = NewApiKey::generate().unwrap().text;
        assert_eq!(key_id(&key[..key.len() - 1]), None);
        assert_eq!(key_id(&format!("{key}A")), None);
        for text in [
            "",
            "cbk_",
            "cbk_0123456",
            "alpha",
            &key.replace("cbk_", "cbx_"),
            &key.to_uppercase(),
            &format!("cbk_0123456é_{}", "A".repeat(43)),
            &format!("cbk_01234567-{}", "A".repeat(43)),
            &format!("cbk_01234567_{}=", "A".repeat(42)),
        ] {
            assert_eq!(key_id(text), None, "{text}");
        }
    }
}
