//! Values that are encrypted before they become part of a row.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::error::StoreError;
use crate::sealing::{CannotOpen, Sealer};

/// An encrypted value, bound to the row that it stands in ([`crate::sealing`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

/// A value cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SealedError {
    #[error(transparent)]
    CannotOpen(#[from] CannotOpen),
    #[error("what was decrypted is not what this version writes: {0}")]
    Content(#[from] serde_json::Error),
}

impl Sealed {
    /// Encrypts a value, as JSON, for the row at this place.
    pub fn new(sealer: &Sealer, place: &str, value: &impl Serialize) -> Result<Self, StoreError> {
        let json = serde_json::to_vec(value);
        let json = json.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        Self::of_bytes(sealer, place, &json)
    }

    /// Encrypts bytes for the row at this place. Without a random number nothing can be encrypted, and nothing is written.
    pub fn of_bytes(sealer: &Sealer, place: &str, bytes: &[u8]) -> Result<Self, StoreError> {
        let encrypted = sealer.seal(place, bytes).map_err(|error| {
            StoreError::Unavailable(format!("the system gives no random numbers: {error}"))
        })?;
        Ok(Self(encrypted))
    }

    /// The value of the row at this place.
    pub fn read<T: DeserializeOwned>(
        &self,
        sealer: &Sealer,
        place: &str,
    ) -> Result<T, SealedError> {
        Ok(serde_json::from_slice(&sealer.open(place, &self.0)?)?)
    }
}
