//! The chain of the audit: each row carries a hash over itself and the row before, so that a row that was changed,
//! left out or put in later is found.

use sha2::{Digest as _, Sha256};

use super::error::StoreError;
use super::rows::{AuditRow, Sealed};

/// The setting that keeps where the chain begins, once the retention has deleted rows of it. It is written in the
/// transaction that deletes them.
pub const AUDIT_BEGIN: &str = "audit_begin";

/// The last row that the retention has deleted: the next one follows its chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditBegin {
    pub seq: u64,
    pub chain: Vec<u8>,
}

impl AuditBegin {
    /// As the value of a setting. It is no secret, so that nothing is encrypted.
    pub fn write(&self) -> Sealed {
        let mut bytes = self.seq.to_be_bytes().to_vec();
        bytes.extend_from_slice(&self.chain);
        Sealed(bytes)
    }

    /// From the value of a setting.
    pub fn read(kept: &Sealed) -> Result<Self, StoreError> {
        let (seq, chain) = kept
            .0
            .split_first_chunk()
            .ok_or_else(|| StoreError::Damaged("the begin of the audit's chain".to_owned()))?;
        Ok(Self {
            seq: u64::from_be_bytes(*seq),
            chain: chain.to_vec(),
        })
    }
}

/// The chain of a row that follows one with the chain `before`; `None` for the first.
pub fn next(before: Option<&[u8]>, row: &AuditRow) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(before.unwrap_or(&[]));
    hash.update(row.at_ms.to_be_bytes());
    let texts = [
        Some(&row.client),
        Some(&row.actor),
        Some(&row.action),
        Some(&row.object),
        Some(&row.outcome),
        row.peer.as_ref(),
        row.detail.as_ref(),
    ];
    for text in texts {
        // Lengths keep two rows apart whose texts are divided at another place.
        let length = text.map_or(u64::MAX, |text| text.len() as u64);
        hash.update(length.to_be_bytes());
        hash.update(text.map_or(&[][..], |text| text.as_bytes()));
    }
    hash.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(actor: &str, action: &str) -> AuditRow {
        AuditRow {
            at_ms: 1,
            client: "a".to_owned(),
            actor: actor.to_owned(),
            action: action.to_owned(),
            object: String::new(),
            outcome: "ok".to_owned(),
            peer: None,
            detail: None,
        }
    }

    #[test]
    fn a_chain_tells_of_every_field_and_of_the_row_before() {
        let first = next(None, &row("ab", "c"));
        assert_ne!(first, next(None, &row("a", "bc")));
        assert_ne!(next(Some(&first), &row("ab", "c")), first);
        let mut empty_peer = row("ab", "c");
        empty_peer.peer = Some(String::new());
        assert_ne!(first, next(None, &empty_peer));
    }
}
