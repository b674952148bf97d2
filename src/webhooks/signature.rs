//! The signature of a webhook, as Standard Webhooks say: HMAC-SHA256 over the id, the time and the body (pure).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// What stands before the base64 of a secret.
const PREFIX: &str = "whsec_";

/// How many bytes a secret may have.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret cannot be used. The message does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not `whsec_` and the base64 of 24 to 64 bytes; make one with `echo whsec_$(openssl rand -base64 32)`"
)]
pub struct BadSecret;

/// Signs with the configured secret, and with the one before it.
#[derive(Clone)]
pub struct Signer(Vec<Zeroizing<Vec<u8>>>);

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(..)")
    }
}

impl Signer {
    /// Reads the secrets.
    pub fn new(secret: &str, previous: Option<&str>) -> Result<Self, BadSecret> {
        let secrets = std::iter::once(secret).chain(previous);
        secrets.map(decoded).collect::<Result<_, _>>().map(Self)
    }

    /// The header `webhook-signature`: a signature by each secret, the newest first.
    pub fn sign(&self, id: &str, timestamp_s: u64, body: &[u8]) -> String {
        let signatures: Vec<_> = self
            .0
            .iter()
            .map(|key| sign(key, id, timestamp_s, body))
            .collect();
        signatures.join(" ")
    }
}

fn decoded(secret: &str) -> Result<Zeroizing<Vec<u8>>, BadSecret> {
    let base64 = secret.strip_prefix(PREFIX).ok_or(BadSecret)?;
    let key = STANDARD.decode(base64).map_err(|_| BadSecret)?;
    let key = Zeroizing::new(key);
    if BYTES.contains(&key.len()) {
        Ok(key)
    } else {
        Err(BadSecret)
    }
}

fn sign(key: &[u8], id: &str, timestamp_s: u64, body: &[u8]) -> String {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    mac.update(id.as_bytes());
    mac.update(b".");
    mac.update(timestamp_s.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_of_the_specification() {
        // From the documents and the test suites of Standard Webhooks.
        let signer = Signer::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", None).unwrap();
        let header = signer.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(header, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_message_is_signed_by_the_secret_before_too() {
        let (new, old) = (
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        );
        let sign = |secret, previous| Signer::new(secret, previous).unwrap().sign("a", 1, b"{}");
        let both = sign(new, Some(old));
        assert_eq!(both, format!("{} {}", sign(new, None), sign(old, None)));
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_shown() {
        for bad in [
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_short",
            "whsec_????????????????????????????????",
            "whsec_AAAA",
        ] {
            let error = Signer::new(bad, None).unwrap_err();
            assert!(!error.to_string().contains(bad), "{bad}");
        }
        let signer = Signer::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", None).unwrap();
        assert_eq!(format!("{signer:?}"), "Signer(..)");
    }
}
