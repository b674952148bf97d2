//! Verifies the chain of the audit, page by page.

use crate::store::{AUDIT_BEGIN, Backend, StoreError, next_in_chain};

/// How many rows are read at a time.
const PAGE: usize = 1000;

/// What a walk along the chain has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verified {
    /// How many rows there are.
    pub rows: u64,
    /// The number of the first row.
    pub first: Option<u64>,
    /// The number and the chain of the last row.
    pub last: Option<(u64, Vec<u8>)>,
    /// Whether the retention has deleted rows in front of the first one.
    pub is_shortened: bool,
    /// The first row whose chain does not fit to the one before.
    pub broken: Option<u64>,
}

/// Walks along the chain from its begin.
pub async fn verify(backend: &dyn Backend) -> Result<Verified, StoreError> {
    // A deletion between the two reads moves the begin: then the begin is read again.
    loop {
        let begin = begin(backend).await?;
        let verified = walk(backend, begin.as_deref()).await?;
        if verified.broken.is_none() || self::begin(backend).await? == begin {
            return Ok(verified);
        }
    }
}

/// The chain of the last row that was deleted after the retention.
async fn begin(backend: &dyn Backend) -> Result<Option<Vec<u8>>, StoreError> {
    let kept = backend.setting(AUDIT_BEGIN.to_owned()).await?;
    Ok(kept.map(|kept| kept.0))
}

async fn walk(backend: &dyn Backend, begin: Option<&[u8]>) -> Result<Verified, StoreError> {
    let mut verified = Verified {
        is_shortened: begin.is_some(),
        ..Verified::default()
    };
    let (mut after, mut chain) = (0, begin.map(<[u8]>::to_vec));
    loop {
        let page = backend.audit(after, PAGE).await?;
        let Some(end) = page.last() else {
            return Ok(verified);
        };
        after = end.seq;
        for stored in page {
            verified.rows += 1;
            verified.first.get_or_insert(stored.seq);
            if next_in_chain(chain.as_deref(), &stored.row) != stored.chain {
                verified.broken = Some(stored.seq);
                return Ok(verified);
            }
            verified.last = Some((stored.seq, stored.chain.clone()));
            chain = Some(stored.chain);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::audit::{Actor, AuditAction, AuditEntry, AuditObject};
    use crate::store::fake::FakeBackend;
    use crate::store::{Retention, Write};

    async fn filled(rows: u64) -> Arc<FakeBackend> {
        let backend = Arc::new(FakeBackend::default());
        for at_ms in 1..=rows {
            let entry =
                AuditEntry::new(Actor::Daemon, AuditAction::DaemonStart, AuditObject::Daemon);
            let mut row = entry.row();
            row.at_ms = at_ms;
            commit(&backend, Write::Audit(row)).await;
        }
        backend
    }

    async fn commit(backend: &FakeBackend, write: Write) {
        for outcome in backend.commit(vec![vec![write]]).await {
            outcome.unwrap();
        }
    }

    fn before(at_ms: u64) -> Write {
        Write::Expire(Retention {
            now_ms: 0,
            history_before_ms: 0,
            sessions_before_ms: 0,
            audit_before_ms: at_ms,
            most: 1000,
        })
    }

    #[tokio::test]
    async fn a_chain_that_was_not_touched_is_whole() {
        let none = verify(filled(0).await.as_ref()).await.unwrap();
        assert_eq!(none, Verified::default());
        let backend = filled(2500).await;
        let verified = verify(backend.as_ref()).await.unwrap();
        assert_eq!((verified.rows, verified.broken), (2500, None));
        assert_eq!(verified.last.unwrap().0, 2500);
    }

    #[tokio::test]
    async fn a_changed_or_missing_row_is_named() {
        for seq in [1, 2, 1000, 1001, 2500] {
            let backend = filled(2500).await;
            backend.tamper_audit(seq, |row| row.row.actor = "operator".to_owned());
            let verified = verify(backend.as_ref()).await.unwrap();
            assert_eq!(verified.broken, Some(seq));
        }
        let backend = filled(5).await;
        backend.remove_audit(3);
        let verified = verify(backend.as_ref()).await.unwrap();
        assert_eq!(verified.broken, Some(4), "it follows one that is not there");
        let backend = filled(5).await;
        backend.remove_audit(1);
        let verified = verify(backend.as_ref()).await.unwrap();
        assert_eq!(verified.broken, Some(2));
    }

    #[tokio::test]
    async fn the_retention_leaves_a_chain_that_can_be_verified() {
        let backend = filled(10).await;
        commit(&backend, before(5)).await;
        let verified = verify(backend.as_ref()).await.unwrap();
        assert_eq!((verified.rows, verified.broken), (6, None));
        assert_eq!((verified.is_shortened, verified.first), (true, Some(5)));
        commit(&backend, before(100)).await;
        let entry = AuditEntry::new(Actor::Daemon, AuditAction::DaemonStart, AuditObject::Daemon);
        commit(&backend, Write::Audit(entry.row())).await;
        let verified = verify(backend.as_ref()).await.unwrap();
        assert_eq!((verified.rows, verified.broken), (1, None));
        let first = verified.first.unwrap();
        backend.tamper_audit(first, |row| row.row.outcome = "failed".to_owned());
        assert_eq!(verify(backend.as_ref()).await.unwrap().broken, Some(first));
    }
}
