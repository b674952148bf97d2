//! Signs and verifies tokens.

use std::fmt;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::claims::{Audience, Claims};
use crate::lock::lock;

/// The longest token that is looked at, in bytes.
const MAX_BYTES: usize = 2048;

/// How far the clock of another node may be ahead, in seconds.
const CLOCK_SKEW: u64 = 60;

/// What a header has in front of the name of its key.
const BEGIN_OF_HEADER: &str = r#"{"alg":"HS256","typ":"JWT","kid":""#;

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It has not the form of a token, or another header.
    #[error("it is no token of this bridge")]
    Malformed,
    /// Its MAC was made with another secret, or not for these claims.
    #[error("its signature is wrong, or the secret has changed since it was made")]
    BadSignature,
    /// It was made for something else.
    #[error("it was made for something else")]
    WrongAudience,
    /// Its time has passed.
    #[error("it has expired")]
    Expired,
    /// It was made in the future.
    #[error("it was made in the future: the clocks of two machines differ")]
    NotYet,
}

/// The secret that signs, and the one before it, which still verifies. They can be replaced while tokens are in use.
pub struct TokenKeys(Mutex<Keys>);

#[derive(Clone)]
struct Keys {
    current: Key,
    previous: Option<Key>,
}

/// A secret with the header of its tokens.
#[derive(Clone)]
struct Key {
    mac: Hmac<Sha256>,
    /// The encoded header, which names the key.
    header: String,
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKeys(..)")
    }
}

impl Key {
    fn new(secret: &[u8]) -> Self {
        // The name of a key tells no more of its secret than a MAC does.
        let digest = Sha256::new()
            .chain_update(b"cdp-bridge key id\0")
            .chain_update(secret)
            .finalize();
        let id = URL_SAFE_NO_PAD.encode(&digest[..6]);
        let header = format!(r#"{BEGIN_OF_HEADER}{id}"}}"#);
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mac = Hmac::new_from_slice(secret).expect("a key of any length");
        Self {
            mac,
            header: URL_SAFE_NO_PAD.encode(header),
        }
    }

    fn mac(&self, signed: &str) -> impl AsRef<[u8]> {
        let mut mac = self.mac.clone();
        mac.update(signed.as_bytes());
        mac.finalize().into_bytes()
    }
}

impl Keys {
    fn new(current: &[u8], previous: Option<&[u8]>) -> Self {
        Self {
            current: Key::new(current),
            previous: previous.map(Key::new),
        }
    }
}

impl TokenKeys {
    /// Signs with `current`. Tokens that were signed with `previous` are still accepted, until they expire.
    pub fn new(current: &[u8], previous: Option<&[u8]>) -> Self {
        Self(Mutex::new(Keys::new(current, previous)))
    }

    /// Puts other secrets in force.
    pub fn replace(&self, current: &[u8], previous: Option<&[u8]>) {
        *lock(&self.0) = Keys::new(current, previous);
    }

    /// Signs with a new random secret: its tokens end with the process.
    pub fn random(previous: Option<&[u8]>) -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        Ok(Self::new(&secret, previous))
    }

    /// Whether a text has the form of a token, good or bad.
    pub fn looks_like_token(text: &str) -> bool {
        text.split('.').count() == 3
    }

    /// The token with these claims.
    pub fn sign(&self, claims: &Claims) -> String {
        #[expect(clippy::expect_used, reason = "strings and numbers always serialize")]
        let payload = serde_json::to_vec(claims).expect("claims serialize");
        let current = lock(&self.0).current.clone();
        let signed = format!("{}.{}", current.header, URL_SAFE_NO_PAD.encode(payload));
        let mac = URL_SAFE_NO_PAD.encode(current.mac(&signed));
        format!("{signed}.{mac}")
    }

    /// The claims of a token that was made for `audience` and is valid at `now`, in seconds since the epoch.
    pub fn verify(&self, token: &str, audience: Audience, now: u64) -> Result<Claims, TokenError> {
        if token.len() > MAX_BYTES {
            return Err(TokenError::Malformed);
        }
        let (signed, mac) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(TokenError::Malformed)?;
        let Keys { current, previous } = lock(&self.0).clone();
        let keys = [Some(&current), previous.as_ref()];
        let is_known = |key: &&Key| key.header == header;
        let Some(key) = keys.into_iter().flatten().find(is_known) else {
            return Err(if names_a_key(header) {
                TokenError::BadSignature
            } else {
                TokenError::Malformed
            });
        };
        let mac = URL_SAFE_NO_PAD
            .decode(mac)
            .map_err(|_| TokenError::BadSignature)?;
        if !bool::from(key.mac(signed).as_ref().ct_eq(&mac)) {
            return Err(TokenError::BadSignature);
        }
        // Only claims that were signed here come as far as this.
        let payload = URL_SAFE_NO_PAD
            .decode(payload)
            .map_err(|_| TokenError::Malformed)?;
        let claims: Claims = serde_json::from_slice(&payload).map_err(|_| TokenError::Malformed)?;
        if claims.aud != audience {
            return Err(TokenError::WrongAudience);
        }
        if claims.exp <= now {
            return Err(TokenError::Expired);
        }
        if claims.iat > now + CLOCK_SKEW {
            return Err(TokenError::NotYet);
        }
        Ok(claims)
    }
}

/// Whether a header is like ours but for the name of its key, for a better message; the token is refused.
fn names_a_key(header: &str) -> bool {
    let header = URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
    header.starts_with(BEGIN_OF_HEADER.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::claims::{TokenScope, TokenScopes};
    use super::*;

    const NOW: u64 = 1_800_000_000;
    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
    const OTHER: &[u8] = b"another secret, which is as long!";

    fn claims() -> Claims {
        Claims {
            aud: Audience::Session,
            sub: "01999999-0000-8000-8000-000000000001".to_owned(),
            cli: "a".to_owned(),
            scp: [TokenScope::Rest].into_iter().collect(),
            pg: None,
            key: None,
            bound: false,
            r#gen: 0,
            iat: NOW - 10,
            exp: NOW + 10,
            jti: "j".to_owned(),
        }
    }

    fn keys() -> TokenKeys {
        TokenKeys::new(SECRET, None)
    }

    fn refused(token: &str) -> TokenError {
        keys().verify(token, Audience::Session, NOW).unwrap_err()
    }

    #[test]
    fn what_was_signed_is_what_is_read() {
        let limited = Claims {
            pg: Some("t3".to_owned()),
            scp: TokenScopes::all(),
            ..claims()
        };
        for claims in [claims(), limited] {
            let token = keys().sign(&claims);
            assert!(TokenKeys::looks_like_token(&token));
            assert_eq!(keys().verify(&token, Audience::Session, NOW), Ok(claims));
        }
    }

    #[test]
    fn a_token_with_one_other_character_is_refused() {
        let token = keys().sign(&claims());
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let tampered = String::from_utf8(bytes).unwrap();
            // The last character of a MAC has bits that mean nothing, which the strict decoder refuses too.
            assert!(
                keys().verify(&tampered, Audience::Session, NOW).is_err(),
                "{at}"
            );
        }
        for cut in 0..token.len() {
            assert!(
                keys()
                    .verify(&token[..cut], Audience::Session, NOW)
                    .is_err()
            );
        }
    }

    #[test]
    fn the_claims_of_another_session_do_not_go_with_the_mac_of_this_one() {
        let (own, other) = (keys().sign(&claims()), {
            let sub = "01999999-0000-8000-8000-000000000002".to_owned();
            keys().sign(&Claims { sub, ..claims() })
        });
        let [header, _, mac] = own.split('.').collect::<Vec<_>>()[..] else {
            panic!("three parts")
        };
        let payload = other.split('.').nth(1).unwrap();
        let mixed = format!("{header}.{payload}.{mac}");
        assert_eq!(refused(&mixed), TokenError::BadSignature);
    }

    #[test]
    fn a_token_cannot_choose_how_it_is_checked() {
        let token = keys().sign(&claims());
        let payload = token.split('.').nth(1).unwrap();
        for header in [
            r#"{"alg":"none","typ":"JWT"}"#,
            r#"{"alg":"none"}"#,
            r#"{"alg":"HS512","typ":"JWT"}"#,
            r#"{"alg":"HS256","typ":"JWT"}"#,
            r#"{"typ":"JWT","alg":"HS256"}"#,
        ] {
            let header = URL_SAFE_NO_PAD.encode(header);
            let signed = format!("{header}.{payload}");
            let mac = URL_SAFE_NO_PAD.encode(lock(&keys().0).current.mac(&signed));
            for mac in ["", &mac] {
                let error = refused(&format!("{signed}.{mac}"));
                assert_eq!(error, TokenError::Malformed, "{header}");
            }
        }
        for nonsense in ["", ".", "..", "a.b.c", "alpha", &"x".repeat(5000)] {
            assert_eq!(refused(nonsense), TokenError::Malformed);
        }
    }

    #[test]
    fn a_token_ends_with_its_time_and_serves_its_audience_only() {
        let with = |change: fn(&mut Claims)| {
            let mut claims = claims();
            change(&mut claims);
            keys().sign(&claims)
        };
        for (token, error) in [
            (with(|it| it.exp = NOW), TokenError::Expired),
            (with(|it| it.iat = NOW + 61), TokenError::NotYet),
            (
                with(|it| it.aud = Audience::Link),
                TokenError::WrongAudience,
            ),
            (with(|it| it.aud = Audience::Run), TokenError::WrongAudience),
        ] {
            assert_eq!(refused(&token), error);
        }
    }

    #[test]
    fn after_a_rotation_the_previous_secret_still_verifies_and_then_not() {
        let old = keys().sign(&claims());
        let rotated = TokenKeys::new(OTHER, Some(SECRET));
        let new = rotated.sign(&claims());
        let verify =
            |keys: &TokenKeys, token: &str| keys.verify(token, Audience::Session, NOW).map(drop);
        assert_eq!(verify(&rotated, &old), Ok(()));
        assert_eq!(verify(&rotated, &new), Ok(()));
        let without = TokenKeys::new(OTHER, None);
        assert_eq!(verify(&without, &old), Err(TokenError::BadSignature));
        assert_eq!(verify(&without, &new), Ok(()));
        assert_eq!(verify(&keys(), &new), Err(TokenError::BadSignature));
        let replaced = keys();
        replaced.replace(OTHER, Some(SECRET));
        assert_eq!(verify(&replaced, &old), Ok(()));
        assert_eq!(verify(&without, &replaced.sign(&claims())), Ok(()));
        let random = TokenKeys::random(None).unwrap();
        assert_ne!(
            random.sign(&claims()),
            TokenKeys::random(None).unwrap().sign(&claims())
        );
        assert!(verify(&random, &old).is_err());
    }

    #[test]
    fn a_secret_shows_in_no_debug_text() {
        assert_eq!(format!("{:?}", keys()), "TokenKeys(..)");
    }
}
