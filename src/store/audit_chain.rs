//! The chain of the audit: each row carries a hash over itself and the row before, so that a row that was changed,
//! left out or put in later is found.

use sha2::{Digest as _, Sha256};

use super::rows::AuditRow;

/// The setting that keeps the chain of the last row that the retention has deleted: the first row that is left follows it.
/// It is written in the transaction that deletes.
pub const AUDIT_BEGIN: &str = "audit_begin";

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
