//! Writes as steps of SQL.

use super::statement::{Statement, Step, statement};
use crate::store::audit_chain;
use crate::store::error::StoreError;
use crate::store::rows::{
    ApiKeyRow, AuditRow, DeliveryRow, HistoryRow, IdempotencyRow, JobRow, ScopeKey, SessionEnd,
    SessionRow, TabRow, UsageRow,
};
use crate::store::sealed::Sealed;
use crate::store::write::{Retention, Write};

/// The beginning of every insertion into the history, up to the rows.
pub(crate) const INSERT_HISTORY: &str = "INSERT INTO history (client, session, tab, at_ms, kind, outcome, took_us, bytes, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

/// The chain that the next row of the audit follows: that of the latest row, or of the last one that was deleted. NULL in
/// front of the first row.
pub(crate) const LAST_CHAIN: &str = "SELECT COALESCE((SELECT chain FROM audit ORDER BY seq DESC LIMIT 1), \
    (SELECT value FROM settings WHERE name = 'audit_begin'))";

/// The steps of one write.
pub(crate) fn steps(write: Write) -> Result<Vec<Step>, StoreError> {
    let one = |statement| Ok(vec![Step::Run(statement)]);
    match write {
        Write::PutSession(row) => one(put_session(row)?),
        Write::SessionUsed {
            id,
            last_active_ms,
            usage,
        } => one(statement!(
            "UPDATE sessions SET last_active_ms = $2, usage = $3 WHERE id = $1 AND ended_ms IS NULL",
            id,
            last_active_ms,
            json(&usage)?
        )),
        Write::EndSession { id, end, usage } => end_session(&id, end, usage),
        Write::PutTab(row) => Ok(put_tab(row).map(Step::Run).into()),
        Write::TabsUsed(scope, tabs) => {
            let used = tabs.into_iter().map(|(tab, at)| tab_used(&scope, tab, at));
            Ok(used.map(Step::Run).collect())
        }
        Write::RemoveTab(scope, tab) => one(statement!(
            "DELETE FROM tabs WHERE client = $1 AND session = $2 AND tab = $3",
            scope.client,
            scope.session,
            tab
        )),
        Write::RemoveTabs(scope) => one(statement!(
            "DELETE FROM tabs WHERE client = $1 AND session = $2",
            scope.client,
            scope.session
        )),
        Write::PutIdempotency(row) => one(put_idempotency(row)),
        Write::History(row) => one(history(row)),
        Write::Audit(row) => Ok(vec![Step::Audit(row)]),
        Write::InsertKey(row) => Ok([insert_key(row), keys_changed()].map(Step::Run).into()),
        Write::RevokeKey { id, at_ms } => {
            let revoke = statement!(
                "UPDATE api_keys SET revoked_ms = $2 WHERE id = $1 AND revoked_ms IS NULL",
                id,
                at_ms
            );
            Ok([revoke, keys_changed()].map(Step::Run).into())
        }
        Write::KeysUsed { ids, day } => {
            let used = ids.into_iter().map(|id| {
                statement!(
                    "UPDATE api_keys SET last_used_day = $2 WHERE id = $1",
                    id,
                    day
                )
            });
            Ok(used.map(Step::Run).collect())
        }
        Write::PutJob(row) => one(put_job(row)),
        Write::RemoveJob(id) => one(statement!("DELETE FROM jobs WHERE id = $1", id)),
        Write::PutDelivery(row) => one(put_delivery(row)),
        Write::RemoveDelivery(id) => one(statement!("DELETE FROM deliveries WHERE id = $1", id)),
        Write::PutSetting { name, value } => one(put_setting(name, value)),
        Write::Expire(retention) => Ok(expire(retention).map(Step::Run).into()),
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Damaged(error.to_string()))
}

fn put_session(row: SessionRow) -> Result<Statement, StoreError> {
    let (status, reason, ended_ms) = row.end.map_or((None, None, None), |end| {
        (Some(end.status), Some(end.reason), Some(end.ended_ms))
    });
    Ok(statement!(
        "INSERT INTO sessions (id, client, external_id, metadata, options, token_gen, created_ms, expires_ms, \
         last_active_ms, usage, status, reason, ended_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
         ON CONFLICT (id) DO UPDATE SET external_id = excluded.external_id, metadata = excluded.metadata, \
         options = excluded.options, token_gen = excluded.token_gen, expires_ms = excluded.expires_ms, \
         last_active_ms = excluded.last_active_ms, usage = excluded.usage, status = excluded.status, \
         reason = excluded.reason, ended_ms = excluded.ended_ms WHERE sessions.ended_ms IS NULL",
        row.id,
        row.client,
        row.external_id,
        json(&row.metadata)?,
        row.options.0,
        row.token_generation,
        row.created_ms,
        row.expires_ms,
        row.last_active_ms,
        json(&row.usage)?,
        status,
        reason,
        ended_ms,
    ))
}

fn end_session(id: &str, end: SessionEnd, usage: UsageRow) -> Result<Vec<Step>, StoreError> {
    let ended = statement!(
        "UPDATE sessions SET status = $2, reason = $3, ended_ms = $4, usage = $5 WHERE id = $1",
        id,
        end.status,
        end.reason,
        end.ended_ms,
        json(&usage)?
    );
    let tabs = statement!("DELETE FROM tabs WHERE session = $1", id);
    let keys = statement!("DELETE FROM idempotency_keys WHERE session = $1", id);
    Ok([ended, tabs, keys].map(Step::Run).into())
}

fn put_tab(row: TabRow) -> [Statement; 2] {
    let ScopeKey { client, session } = row.scope;
    let number = statement!(
        "INSERT INTO tab_numbers (client, last) VALUES ($1, $2) ON CONFLICT (client) DO UPDATE SET last = \
         CASE WHEN excluded.last > tab_numbers.last THEN excluded.last ELSE tab_numbers.last END",
        client.clone(),
        row.tab
    );
    let tab = statement!(
        "INSERT INTO tabs (client, session, tab, state, logged_out, opener, created_ms, last_used_ms, activated) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (client, session, tab) DO UPDATE SET \
         state = excluded.state, logged_out = excluded.logged_out, opener = excluded.opener, \
         created_ms = excluded.created_ms, last_used_ms = excluded.last_used_ms, activated = excluded.activated",
        client,
        session,
        row.tab,
        row.state.0,
        row.logged_out,
        row.opener,
        row.created_ms,
        row.last_used_ms,
        row.activated,
    );
    [number, tab]
}

fn tab_used(scope: &ScopeKey, tab: u64, at_ms: u64) -> Statement {
    statement!(
        "UPDATE tabs SET last_used_ms = $4 WHERE client = $1 AND session = $2 AND tab = $3",
        scope.client.clone(),
        scope.session.clone(),
        tab,
        at_ms
    )
}

fn put_idempotency(row: IdempotencyRow) -> Statement {
    statement!(
        "INSERT INTO idempotency_keys (client, session, name, fingerprint, kind, made, expires_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (client, session, name) DO UPDATE SET \
         fingerprint = excluded.fingerprint, kind = excluded.kind, made = excluded.made, \
         expires_ms = excluded.expires_ms",
        row.scope.client,
        row.scope.session,
        row.key,
        row.fingerprint,
        row.kind,
        row.made,
        row.expires_ms,
    )
}

fn history(row: HistoryRow) -> Statement {
    statement!(
        INSERT_HISTORY,
        row.scope.client,
        row.scope.session,
        row.tab,
        row.at_ms,
        row.kind,
        row.outcome,
        row.took_us,
        row.bytes,
        row.detail,
    )
}

/// Appends to the audit, behind a row with the chain `before`.
pub(crate) fn audit(row: AuditRow, before: Option<&[u8]>) -> Statement {
    let chain = audit_chain::next(before, &row);
    statement!(
        "INSERT INTO audit (at_ms, client, actor, action, object, outcome, peer, detail, chain) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        row.at_ms,
        row.client,
        row.actor,
        row.action,
        row.object,
        row.outcome,
        row.peer,
        row.detail,
        chain,
    )
}

fn insert_key(row: ApiKeyRow) -> Statement {
    statement!(
        "INSERT INTO api_keys (id, client, secret_sha256, scopes, limits, created_ms, expires_ms, last_used_day, \
         revoked_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        row.id,
        row.client,
        row.secret_sha256,
        row.scopes,
        row.limits,
        row.created_ms,
        row.expires_ms,
        row.last_used_day,
        row.revoked_ms,
    )
}

fn keys_changed() -> Statement {
    statement!("UPDATE versions SET version = version + 1 WHERE name = 'api_keys'")
}

fn put_job(row: JobRow) -> Statement {
    statement!(
        "INSERT INTO jobs (id, client, status, created_ms, until_ms, state) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (id) DO UPDATE SET status = excluded.status, until_ms = excluded.until_ms, \
         state = excluded.state",
        row.id,
        row.client,
        row.status,
        row.created_ms,
        row.until_ms,
        row.state.0,
    )
}

fn put_delivery(row: DeliveryRow) -> Statement {
    statement!(
        "INSERT INTO deliveries (id, client, event, message, attempts, next_ms, give_up_ms) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO UPDATE SET message = excluded.message, \
         attempts = excluded.attempts, next_ms = excluded.next_ms, give_up_ms = excluded.give_up_ms",
        row.id,
        row.client,
        row.event,
        row.message.0,
        row.attempts,
        row.next_ms,
        row.give_up_ms,
    )
}

fn put_setting(name: String, Sealed(value): Sealed) -> Statement {
    statement!(
        "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        name,
        value
    )
}

/// History and audit are in the order of time, so that looking at their oldest rows is enough.
fn expire(retention: Retention) -> [Statement; 6] {
    let most = retention.most;
    [
        statement!(
            "DELETE FROM history WHERE seq IN (SELECT seq FROM (SELECT seq, at_ms FROM history ORDER BY seq \
             LIMIT $2) AS oldest WHERE at_ms < $1)",
            retention.history_before_ms,
            most
        ),
        // What is left has to be one chain, which follows the last row that is deleted (`AUDIT_BEGIN`).
        statement!(
            "INSERT INTO settings (name, value) SELECT 'audit_begin', chain FROM audit WHERE seq = (SELECT MAX(seq) \
             FROM (SELECT seq, at_ms FROM audit ORDER BY seq LIMIT $2) AS oldest WHERE at_ms < $1) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            retention.audit_before_ms,
            most
        ),
        statement!(
            "DELETE FROM audit WHERE seq <= (SELECT MAX(seq) FROM (SELECT seq, at_ms FROM audit ORDER BY seq \
             LIMIT $2) AS oldest WHERE at_ms < $1)",
            retention.audit_before_ms,
            most
        ),
        statement!(
            "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE ended_ms < $1 \
             ORDER BY ended_ms LIMIT $2)",
            retention.sessions_before_ms,
            most
        ),
        statement!(
            "DELETE FROM idempotency_keys WHERE (client, session, name) IN (SELECT client, session, name \
             FROM idempotency_keys WHERE expires_ms <= $1 LIMIT $2)",
            retention.now_ms,
            most
        ),
        statement!(
            "DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE until_ms <= $1 LIMIT $2)",
            retention.now_ms,
            most
        ),
    ]
}
