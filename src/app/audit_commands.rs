//! The commands about the audit.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::audit::chain::{Verified, verify};
use crate::cli::{AuditListArgs, ChainEnd};
use crate::clock::epoch_ms;
use crate::store::{StoreError, StoreHandle, StoredAudit};
use crate::units::utc;

/// How many rows are read at a time.
const PAGE: usize = 1000;

/// What was found of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedAudit {
    pub is_whole: bool,
    /// What is printed.
    pub text: String,
}

/// Verifies the chain; with an end that an earlier run has printed, also that nothing was cut off since.
pub async fn verify_audit(
    store: &StoreHandle,
    end: Option<&ChainEnd>,
) -> Result<VerifiedAudit, StoreError> {
    let backend = store.reads()?;
    let verified = verify(backend).await?;
    let mut text = told(&verified);
    let mut is_whole = verified.broken.is_none();
    if let Some(end) = end.filter(|_| is_whole) {
        let row = backend.audit(end.seq.saturating_sub(1), 1).await?;
        let is_there = row
            .first()
            .is_some_and(|row| row.seq == end.seq && hex(&row.chain) == end.chain);
        let found = if is_there {
            format!("row {} is the one that was noted\n", end.seq)
        } else if verified.is_shortened && verified.first.is_some_and(|first| end.seq < first) {
            format!(
                "row {} was deleted after the retention, so that it says nothing\n",
                end.seq
            )
        } else {
            is_whole = false;
            format!("broken: row {} is not the one that was noted\n", end.seq)
        };
        text.push_str(&found);
    }
    Ok(VerifiedAudit { is_whole, text })
}

fn told(verified: &Verified) -> String {
    let mut text = String::new();
    if verified.is_shortened {
        text.push_str("older rows were deleted after the retention\n");
    }
    // Writing into a string cannot fail.
    let _ = match (verified.broken, &verified.last) {
        (Some(seq), _) => writeln!(
            text,
            "broken at row {seq}: it or the row before was changed, left out or inserted"
        ),
        (None, None) => writeln!(text, "there is no row"),
        (None, Some((seq, chain))) => {
            writeln!(
                text,
                "{} rows are whole; end {seq}:{}",
                verified.rows,
                hex(chain)
            )
        }
    };
    text
}

/// Prints the rows page by page.
pub async fn list_audit(
    store: &StoreHandle,
    asked: AuditListArgs,
    mut print: impl FnMut(&str),
) -> Result<(), StoreError> {
    let backend = store.reads()?;
    let since = asked
        .since
        .map(|since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
    let since_ms = since.map_or(0, |since| epoch_ms().saturating_sub(since));
    let mut after = 0;
    loop {
        let rows = backend.audit(after, PAGE).await?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = last.seq;
        for row in rows.iter().filter(|it| it.row.at_ms >= since_ms) {
            print(&if asked.json {
                as_json(row)
            } else {
                as_line(row)
            });
        }
    }
}

fn as_json(stored: &StoredAudit) -> String {
    let row = &stored.row;
    let detail = row.detail.as_deref();
    let detail: Option<Value> = detail.and_then(|it| serde_json::from_str(it).ok());
    let object = json!({
        "seq": stored.seq,
        "at": utc::text(row.at_ms),
        "atMs": row.at_ms,
        "client": row.client,
        "actor": row.actor,
        "action": row.action,
        "object": row.object,
        "outcome": row.outcome,
        "peer": row.peer,
        "detail": detail,
        "chain": hex(&stored.chain),
    });
    format!("{object}\n")
}

fn as_line(stored: &StoredAudit) -> String {
    let row = &stored.row;
    let mut line = format!(
        "{} {} {} {} {}",
        utc::text(row.at_ms),
        row.actor,
        row.action,
        row.object,
        row.outcome
    );
    if !row.client.is_empty() {
        let _ = write!(line, " client={:?}", row.client);
    }
    if let Some(peer) = &row.peer {
        let _ = write!(line, " peer={peer}");
    }
    if let Some(detail) = &row.detail {
        let _ = write!(line, " {detail}");
    }
    line.push('\n');
    line
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::audit::{Actor, Audit, AuditAction, AuditEntry, AuditObject};
    use crate::store::fake::FakeBackend;

    async fn store() -> (StoreHandle, Arc<FakeBackend>) {
        let backend = Arc::<FakeBackend>::default();
        let store = StoreHandle::start(Arc::clone(&backend) as _);
        for _ in 0..3 {
            let entry = AuditEntry::new(Actor::Operator, AuditAction::KeyAdd, AuditObject::Daemon);
            Audit::new(store.clone()).offer(entry.of_client("a b"));
        }
        store.flush().await.unwrap();
        (store, backend)
    }

    #[tokio::test]
    async fn a_tail_that_was_cut_off_is_found_with_the_end_that_was_noted() {
        let (store, backend) = store().await;
        let whole = verify_audit(&store, None).await.unwrap();
        assert!(whole.is_whole && whole.text.starts_with("3 rows are whole; end 3:"));
        let chain = whole.text.trim().rsplit(':').next().unwrap().to_owned();
        let end = ChainEnd { seq: 3, chain };
        assert!(verify_audit(&store, Some(&end)).await.unwrap().is_whole);
        backend.remove_audit(3);
        assert!(verify_audit(&store, None).await.unwrap().is_whole);
        let cut = verify_audit(&store, Some(&end)).await.unwrap();
        assert!(
            !cut.is_whole && cut.text.contains("row 3 is not"),
            "{}",
            cut.text
        );
        backend.tamper_audit(2, |row| row.row.peer = Some("x".to_owned()));
        let broken = verify_audit(&store, None).await.unwrap();
        assert!(!broken.is_whole && broken.text.contains("broken at row 2"));
    }

    #[tokio::test]
    async fn rows_are_listed_as_lines_and_as_json() {
        let (store, _backend) = store().await;
        let listed = async |json, since| {
            let mut text = String::new();
            let asked = AuditListArgs { json, since };
            let printing = list_audit(&store, asked, |line| text.push_str(line));
            printing.await.unwrap();
            text
        };
        let lines = listed(false, None).await;
        assert_eq!(lines.lines().count(), 3);
        assert!(
            lines.contains("operator key.add daemon ok client=\"a b\""),
            "{lines}"
        );
        for line in listed(true, Some(Duration::from_hours(1))).await.lines() {
            let row: Value = serde_json::from_str(line).unwrap();
            assert_eq!(row["action"], "key.add");
        }
    }
}
