//! Rows for tests.

use cdp_bridge::store::{
    ApiKeyRow, AuditRow, DeliveryRow, HistoryRow, IdempotencyRow, JobRow, ScopeKey, Sealed,
    SessionRow, TabRow, UsageRow,
};

pub(super) fn scope(client: &str, session: &str) -> ScopeKey {
    ScopeKey {
        client: client.to_owned(),
        session: session.to_owned(),
    }
}

pub(super) fn session(id: &str, client: &str) -> SessionRow {
    SessionRow {
        id: id.to_owned(),
        client: client.to_owned(),
        external_id: Some("order 7".to_owned()),
        metadata: [("team".to_owned(), "\"quoted\" ü".to_owned())].into(),
        options: Sealed(vec![0, 1, 255]),
        token_generation: 2,
        created_ms: 1_000,
        expires_ms: 9_000,
        last_active_ms: 2_000,
        usage: UsageRow {
            pages: 1,
            egress_bytes: 1 << 40,
            ..UsageRow::default()
        },
        end: None,
    }
}

pub(super) fn tab(scope: &ScopeKey, tab: u64) -> TabRow {
    TabRow {
        scope: scope.clone(),
        tab,
        state: Sealed(vec![7; 3]),
        logged_out: tab.is_multiple_of(2),
        opener: (tab > 1).then_some(1),
        created_ms: 10,
        last_used_ms: 100 + tab,
        activated: tab,
    }
}

pub(super) fn history(scope: &ScopeKey, kind: &str, at_ms: u64) -> HistoryRow {
    HistoryRow {
        scope: scope.clone(),
        tab: Some(1),
        at_ms,
        kind: kind.to_owned(),
        outcome: "ok".to_owned(),
        took_us: Some(1_500),
        bytes: None,
        detail: Some("{\"a\":1}".to_owned()),
    }
}

pub(super) fn idempotency(scope: &ScopeKey, key: &str, expires_ms: u64) -> IdempotencyRow {
    IdempotencyRow {
        scope: scope.clone(),
        key: key.to_owned(),
        fingerprint: vec![9; 32],
        kind: "tab".to_owned(),
        made: "3".to_owned(),
        expires_ms,
    }
}

pub(super) fn audit(action: &str, at_ms: u64) -> AuditRow {
    AuditRow {
        at_ms,
        client: "a".to_owned(),
        actor: "operator".to_owned(),
        action: action.to_owned(),
        object: "key/12345678".to_owned(),
        outcome: "ok".to_owned(),
        peer: Some("127.0.0.1".to_owned()),
        detail: None,
    }
}

pub(super) fn key(id: &str) -> ApiKeyRow {
    ApiKeyRow {
        id: id.to_owned(),
        client: "a".to_owned(),
        secret_sha256: vec![5; 32],
        scopes: "sessions pages".to_owned(),
        limits: Some("{\"tabs\":3}".to_owned()),
        created_ms: 5,
        expires_ms: Some(u64::from(u32::MAX) * 1000),
        last_used_day: None,
        revoked_ms: None,
    }
}

pub(super) fn job(id: &str, until_ms: Option<u64>) -> JobRow {
    JobRow {
        id: id.to_owned(),
        client: "a".to_owned(),
        status: "running".to_owned(),
        created_ms: 3,
        until_ms,
        state: Sealed(vec![1]),
    }
}

pub(super) fn delivery(id: &str, next_ms: u64) -> DeliveryRow {
    DeliveryRow {
        id: id.to_owned(),
        client: "a".to_owned(),
        event: "session.ended".to_owned(),
        message: Sealed(vec![2]),
        attempts: 1,
        next_ms,
        give_up_ms: 99,
    }
}
