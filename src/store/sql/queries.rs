//! Reads as SQL, and rows from their columns.

use super::statement::{Statement, statement};
use super::value::Row;
use crate::store::error::StoreError;
use crate::store::rows::{
    ApiKeyRow, AuditRow, DeliveryRow, HistoryQuery, HistoryRow, IdempotencyRow, JobRow, KindTotals,
    ScopeKey, SessionEnd, SessionRow, StoredAudit, StoredHistory, TabRow,
};
use crate::store::sealed::Sealed;

type Decoded<T> = Result<T, StoreError>;

macro_rules! sessions_where {
    ($condition:literal) => {
        concat!(
            "SELECT id, client, external_id, metadata, options, token_gen, created_ms, expires_ms, last_active_ms, \
             usage, status, reason, ended_ms FROM sessions WHERE ",
            $condition
        )
    };
}

macro_rules! history_where {
    ($condition:literal) => {
        concat!(
            "SELECT seq, client, session, tab, at_ms, kind, outcome, took_us, bytes, detail FROM history \
             WHERE client = $1 AND session = $2",
            $condition
        )
    };
}

pub(crate) fn live_sessions() -> Statement {
    statement!(sessions_where!("ended_ms IS NULL ORDER BY id"))
}

pub(crate) fn session(client: String, id: String) -> Statement {
    statement!(sessions_where!("client = $1 AND id = $2"), client, id)
}

pub(crate) fn ended_sessions(client: String, before: Option<String>, limit: usize) -> Statement {
    // Ids are texts of hexadecimal digits, which all sort before a tilde.
    let before = before.unwrap_or_else(|| "~".to_owned());
    statement!(
        sessions_where!(
            "client = $1 AND id < $2 AND ended_ms IS NOT NULL ORDER BY id DESC LIMIT $3"
        ),
        client,
        before,
        limit as u64
    )
}

pub(crate) fn tabs() -> Statement {
    statement!(
        "SELECT client, session, tab, state, logged_out, opener, created_ms, last_used_ms, activated FROM tabs \
         ORDER BY last_used_ms DESC, client, session, tab"
    )
}

pub(crate) fn last_tab_numbers() -> Statement {
    statement!("SELECT client, last FROM tab_numbers ORDER BY client")
}

pub(crate) fn idempotency_keys(now_ms: u64) -> Statement {
    statement!(
        "SELECT client, session, name, fingerprint, kind, made, expires_ms FROM idempotency_keys \
         WHERE expires_ms > $1 ORDER BY client, session, name",
        now_ms
    )
}

pub(crate) fn history(scope: ScopeKey, query: HistoryQuery) -> Statement {
    let failed = u64::from(query.failed);
    let (sql, after) = if query.newest_first {
        let newest = history_where!(
            " AND seq < $3 AND (CAST($4 AS BIGINT) IS NULL OR tab = $4) \
             AND (CAST($5 AS TEXT) IS NULL OR kind = $5) AND (CAST($6 AS BIGINT) = 0 OR outcome <> 'ok') ORDER BY seq DESC LIMIT $7"
        );
        (newest, query.after.unwrap_or(i64::MAX as u64))
    } else {
        let oldest = history_where!(
            " AND seq > $3 AND (CAST($4 AS BIGINT) IS NULL OR tab = $4) \
             AND (CAST($5 AS TEXT) IS NULL OR kind = $5) AND (CAST($6 AS BIGINT) = 0 OR outcome <> 'ok') ORDER BY seq LIMIT $7"
        );
        (oldest, query.after.unwrap_or(0))
    };
    statement!(
        sql,
        scope.client,
        scope.session,
        after,
        query.tab,
        query.kind,
        failed,
        query.limit as u64
    )
}

pub(crate) fn history_totals(scope: ScopeKey) -> Statement {
    // Postgres gives sums of BIGINT as NUMERIC.
    statement!(
        "SELECT kind, CAST(COUNT(*) AS BIGINT), CAST(SUM(CASE WHEN outcome = 'ok' THEN 0 ELSE 1 END) AS BIGINT), \
         CAST(SUM(COALESCE(took_us, 0)) AS BIGINT), CAST(MAX(COALESCE(took_us, 0)) AS BIGINT), \
         CAST(SUM(COALESCE(bytes, 0)) AS BIGINT) FROM history WHERE client = $1 AND session = $2 \
         GROUP BY kind ORDER BY kind",
        scope.client,
        scope.session
    )
}

pub(crate) fn slowest(scope: ScopeKey, limit: usize) -> Statement {
    statement!(
        history_where!(" AND took_us IS NOT NULL ORDER BY took_us DESC, seq LIMIT $3"),
        scope.client,
        scope.session,
        limit as u64
    )
}

pub(crate) fn audit(after: u64, limit: usize) -> Statement {
    statement!(
        "SELECT seq, at_ms, client, actor, action, object, outcome, peer, detail, chain FROM audit \
         WHERE seq > $1 ORDER BY seq LIMIT $2",
        after,
        limit as u64
    )
}

pub(crate) fn keys() -> Statement {
    statement!(
        "SELECT id, client, secret_sha256, scopes, limits, created_ms, expires_ms, last_used_day, revoked_ms \
         FROM api_keys ORDER BY id"
    )
}

pub(crate) fn jobs() -> Statement {
    statement!("SELECT id, client, status, created_ms, until_ms, state FROM jobs ORDER BY id")
}

pub(crate) fn deliveries(limit: usize) -> Statement {
    statement!(
        "SELECT id, client, event, message, attempts, next_ms, give_up_ms FROM deliveries \
         ORDER BY next_ms, id LIMIT $1",
        limit as u64
    )
}

pub(crate) fn setting(name: String) -> Statement {
    statement!("SELECT value FROM settings WHERE name = $1", name)
}

pub(crate) fn keys_version() -> Statement {
    statement!("SELECT version FROM versions WHERE name = 'api_keys'")
}

fn json<T: serde::de::DeserializeOwned>(text: &str) -> Decoded<T> {
    serde_json::from_str(text).map_err(|error| StoreError::Damaged(error.to_string()))
}

fn scope_of(row: &mut Row) -> Decoded<ScopeKey> {
    Ok(ScopeKey {
        client: row.take()?,
        session: row.take()?,
    })
}

fn sealed(row: &mut Row) -> Decoded<Sealed> {
    Ok(Sealed(row.take()?))
}

pub(crate) fn session_row(row: &mut Row) -> Decoded<SessionRow> {
    Ok(SessionRow {
        id: row.take()?,
        client: row.take()?,
        external_id: row.take()?,
        metadata: json(&row.take::<String>()?)?,
        options: sealed(row)?,
        token_generation: row.take()?,
        created_ms: row.take()?,
        expires_ms: row.take()?,
        last_active_ms: row.take()?,
        usage: json(&row.take::<String>()?)?,
        end: {
            let (status, reason): (Option<String>, Option<String>) = (row.take()?, row.take()?);
            let ended_ms: Option<u64> = row.take()?;
            ended_ms.map(|ended_ms| SessionEnd {
                status: status.unwrap_or_default(),
                reason: reason.unwrap_or_default(),
                ended_ms,
            })
        },
    })
}

pub(crate) fn tab_row(row: &mut Row) -> Decoded<TabRow> {
    Ok(TabRow {
        scope: scope_of(row)?,
        tab: row.take()?,
        state: sealed(row)?,
        logged_out: row.take()?,
        opener: row.take()?,
        created_ms: row.take()?,
        last_used_ms: row.take()?,
        activated: row.take()?,
    })
}

pub(crate) fn tab_number(row: &mut Row) -> Decoded<(String, u64)> {
    Ok((row.take()?, row.take()?))
}

pub(crate) fn idempotency_row(row: &mut Row) -> Decoded<IdempotencyRow> {
    Ok(IdempotencyRow {
        scope: scope_of(row)?,
        key: row.take()?,
        fingerprint: row.take()?,
        kind: row.take()?,
        made: row.take()?,
        expires_ms: row.take()?,
    })
}

pub(crate) fn history_row(row: &mut Row) -> Decoded<StoredHistory> {
    Ok(StoredHistory {
        seq: row.take()?,
        row: HistoryRow {
            scope: scope_of(row)?,
            tab: row.take()?,
            at_ms: row.take()?,
            kind: row.take()?,
            outcome: row.take()?,
            took_us: row.take()?,
            bytes: row.take()?,
            detail: row.take()?,
        },
    })
}

pub(crate) fn totals_row(row: &mut Row) -> Decoded<KindTotals> {
    Ok(KindTotals {
        kind: row.take()?,
        count: row.take()?,
        failed: row.take()?,
        total_us: row.take()?,
        max_us: row.take()?,
        bytes: row.take()?,
    })
}

pub(crate) fn audit_row(row: &mut Row) -> Decoded<StoredAudit> {
    Ok(StoredAudit {
        seq: row.take()?,
        row: AuditRow {
            at_ms: row.take()?,
            client: row.take()?,
            actor: row.take()?,
            action: row.take()?,
            object: row.take()?,
            outcome: row.take()?,
            peer: row.take()?,
            detail: row.take()?,
        },
        chain: row.take()?,
    })
}

pub(crate) fn key_row(row: &mut Row) -> Decoded<ApiKeyRow> {
    Ok(ApiKeyRow {
        id: row.take()?,
        client: row.take()?,
        secret_sha256: row.take()?,
        scopes: row.take()?,
        limits: row.take()?,
        created_ms: row.take()?,
        expires_ms: row.take()?,
        last_used_day: row.take()?,
        revoked_ms: row.take()?,
    })
}

pub(crate) fn job_row(row: &mut Row) -> Decoded<JobRow> {
    Ok(JobRow {
        id: row.take()?,
        client: row.take()?,
        status: row.take()?,
        created_ms: row.take()?,
        until_ms: row.take()?,
        state: sealed(row)?,
    })
}

pub(crate) fn delivery_row(row: &mut Row) -> Decoded<DeliveryRow> {
    Ok(DeliveryRow {
        id: row.take()?,
        client: row.take()?,
        event: row.take()?,
        message: sealed(row)?,
        attempts: row.take()?,
        next_ms: row.take()?,
        give_up_ms: row.take()?,
    })
}

pub(crate) fn setting_row(row: &mut Row) -> Decoded<Sealed> {
    sealed(row)
}

pub(crate) fn number(row: &mut Row) -> Decoded<u64> {
    row.take()
}
