//! Encrypts values before they are stored: AES-256-GCM with a random nonce. Each value is bound to the place that it
//! stands in, so that rows of a database cannot be exchanged.

use std::fmt;

use aes_gcm::aead::{Aead as _, KeyInit as _, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

/// The version of the form: one byte in front of the nonce.
const VERSION: u8 = 1;

const NONCE_BYTES: usize = 12;

/// The key of a state directory, from which the keys for single purposes are derived.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// Encrypts for one purpose.
#[derive(Clone)]
pub struct Sealer(Aes256Gcm);

/// A stored value cannot be decrypted: it was written with another key, for another place, or was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value was encrypted with another key, or was changed")]
pub struct CannotOpen;

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(..)")
    }
}

impl MasterKey {
    pub fn new(key: [u8; 32]) -> Self {
        Self(Zeroizing::new(key))
    }

    /// A new key from the system's generator.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut key = Zeroizing::new([0; 32]);
        getrandom::fill(key.as_mut())?;
        Ok(Self(key))
    }

    /// The key that these 64 hexadecimal digits write; white space around them is ignored.
    pub fn from_hex(text: &str) -> Option<Self> {
        let (pairs, rest) = text.trim().as_bytes().as_chunks::<2>();
        if !rest.is_empty() || pairs.len() != 32 {
            return None;
        }
        let mut key = Zeroizing::new([0; 32]);
        for (byte, [high, low]) in key.iter_mut().zip(pairs) {
            let digit = |digit: &u8| char::from(*digit).to_digit(16);
            *byte = u8::try_from(digit(high)? << 4 | digit(low)?).ok()?;
        }
        Some(Self(key))
    }

    /// Its 64 hexadecimal digits, to write them into its file.
    pub fn to_hex(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(64));
        for byte in self.0.iter() {
            for digit in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(digit.into(), 16));
            }
        }
        text
    }

    /// A key for one purpose, which tells nothing of the others (HKDF-SHA256, RFC 5869).
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut derived = Zeroizing::new([0; 32]);
        let hkdf = Hkdf::<Sha256>::new(None, self.0.as_ref());
        #[expect(
            clippy::expect_used,
            reason = "HKDF gives up to 255 times the 32 bytes of a hash"
        )]
        hkdf.expand(purpose.as_bytes(), derived.as_mut())
            .expect("32 bytes");
        derived
    }

    /// Encrypts for one purpose.
    pub fn sealer(&self, purpose: &str) -> Sealer {
        Sealer(Aes256Gcm::new((&*self.derive(purpose)).into()))
    }
}

impl Sealer {
    /// Encrypts a value for this place, such as `tabs/CLIENT/SESSION/TAB`.
    pub fn seal(&self, place: &str, value: &[u8]) -> Result<Vec<u8>, getrandom::Error> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce)?;
        let payload = Payload {
            msg: value,
            aad: place.as_bytes(),
        };
        #[expect(
            clippy::expect_used,
            reason = "values are far below the 64 GiB of AES-GCM"
        )]
        let encrypted = self
            .0
            .encrypt(&Nonce::from(nonce), payload)
            .expect("a short value");
        let mut sealed = Vec::with_capacity(1 + NONCE_BYTES + encrypted.len());
        sealed.push(VERSION);
        sealed.extend(nonce);
        sealed.extend(encrypted);
        Ok(sealed)
    }

    /// Decrypts a value that was encrypted for this place.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, CannotOpen> {
        let (&[VERSION], rest) = sealed.split_first_chunk().ok_or(CannotOpen)? else {
            return Err(CannotOpen);
        };
        let (nonce, encrypted) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(CannotOpen)?;
        let payload = Payload {
            msg: encrypted,
            aad: place.as_bytes(),
        };
        self.0
            .decrypt(&Nonce::from(*nonce), payload)
            .map_err(|_| CannotOpen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_at_its_place_with_its_key_alone() {
        let key = MasterKey::random().unwrap();
        let sealer = key.sealer("tabs");
        let value = sealer.seal("tabs/a/t1", b"https://a.test/?q=1").unwrap();
        assert_eq!(
            sealer.open("tabs/a/t1", &value).unwrap(),
            b"https://a.test/?q=1"
        );
        assert_eq!(sealer.open("tabs/a/t2", &value), Err(CannotOpen));
        assert_eq!(
            key.sealer("sessions").open("tabs/a/t1", &value),
            Err(CannotOpen)
        );
        for at in 0..value.len() {
            let mut changed = value.clone();
            changed[at] ^= 1;
            assert_eq!(sealer.open("tabs/a/t1", &changed), Err(CannotOpen));
            assert_eq!(sealer.open("tabs/a/t1", &value[..at]), Err(CannotOpen));
        }
        assert!(!value.windows(6).any(|part| part == b"a.test"));
    }

    #[test]
    fn a_key_is_written_and_read_as_64_hexadecimal_digits() {
        let key = MasterKey::random().unwrap();
        let text = key.to_hex();
        assert_eq!(text.len(), 64);
        let read = MasterKey::from_hex(&format!("{}\n", text.to_uppercase())).unwrap();
        assert_eq!(read.to_hex(), text);
        for wrong in [
            "",
            "00",
            &text[..62],
            &format!("{}g0", &text[..62]),
            &format!("{}00", *text),
        ] {
            assert!(MasterKey::from_hex(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn the_same_value_is_sealed_differently_each_time_and_no_key_is_shown() {
        let key = MasterKey::new([7; 32]);
        let sealer = key.sealer("tabs");
        assert_ne!(sealer.seal("p", b"x"), sealer.seal("p", b"x"));
        assert_ne!(*key.derive("a"), *key.derive("b"));
        assert_eq!(format!("{key:?} {sealer:?}"), "MasterKey(..) Sealer(..)");
    }
}
