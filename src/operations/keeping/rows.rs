//! From values to rows of the store and back. What may hold texts of clients, tokens or URLs is encrypted, bound to its row.

use cdp_bridge_protocol::TabId;

use super::once_key::{Made, OnceKey};
use crate::sealing::Sealer;
use crate::sessions::{EndReason, KeptEnd, KeptSession, SessionId, SessionOptions, SessionUsage};
use crate::store::{
    IdempotencyRow, ScopeKey, Sealed, SessionEnd, SessionRow, StoreError, TabRow, UsageRow, Write,
};
use crate::tabs::{ClientId, KeptPage, KeptTab, Scope};

const SESSION: &str = "session";
const TAB: &str = "tab";

/// A row cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreadable {
    #[error(transparent)]
    Sealed(#[from] crate::sealing::CannotOpen),
    #[error(transparent)]
    Options(#[from] crate::sessions::NotOptions),
    #[error("the page of a kept tab cannot be read: {0}")]
    Page(#[from] crate::store::SealedError),
    #[error(transparent)]
    Id(#[from] crate::sessions::NotASessionId),
    #[error("a kept session has ended for the unknown reason {0:?}")]
    Reason(String),
}

/// The owner of tabs and keys, as it is written.
pub(in crate::operations) fn scope_key(scope: &Scope) -> ScopeKey {
    ScopeKey {
        client: scope.client.to_string(),
        session: SessionId::of(scope).to_string(),
    }
}

pub(super) fn scope_of(key: &ScopeKey) -> Result<Scope, Unreadable> {
    let session: SessionId = key.session.parse()?;
    Ok(Scope {
        client: ClientId::from(key.client.as_str()),
        session: session.into(),
    })
}

fn place_of_session(client: &str, id: &str) -> String {
    format!("sessions/{client}/{id}")
}

fn place_of_tab(scope: &ScopeKey, tab: u64) -> String {
    format!("tabs/{}/{}/{tab}", scope.client, scope.session)
}

pub(super) fn session(sealer: &Sealer, session: &KeptSession) -> Result<SessionRow, StoreError> {
    let (id, client) = (session.id.to_string(), session.client.to_string());
    let place = place_of_session(&client, &id);
    let options = Sealed::of_bytes(sealer, &place, &session.options.to_json())?;
    Ok(SessionRow {
        external_id: session.options.external_id.clone(),
        metadata: session.options.metadata.clone(),
        options,
        token_generation: 0,
        created_ms: session.created_at_ms,
        expires_ms: session.expires_at_ms(),
        last_active_ms: session.last_active_ms,
        usage: usage(session.usage),
        end: session.end.map(end),
        id,
        client,
    })
}

pub(super) fn end(end: KeptEnd) -> SessionEnd {
    SessionEnd {
        status: end.status().as_str().to_owned(),
        reason: end.reason.as_str().to_owned(),
        ended_ms: end.ended_at_ms,
    }
}

pub(super) fn usage(usage: SessionUsage) -> UsageRow {
    let SessionUsage {
        pages,
        requests,
        cdp_messages,
        egress_bytes,
        blocked_requests,
    } = usage;
    UsageRow {
        pages,
        requests,
        cdp_messages,
        egress_bytes,
        blocked_requests,
    }
}

/// A session as it was written.
pub(super) fn read_session(sealer: &Sealer, row: &SessionRow) -> Result<KeptSession, Unreadable> {
    let place = place_of_session(&row.client, &row.id);
    let json = sealer.open(&place, &row.options.0)?;
    let options = SessionOptions {
        metadata: row.metadata.clone(),
        external_id: row.external_id.clone(),
        ..SessionOptions::from_json(&json)?
    };
    let UsageRow {
        pages,
        requests,
        cdp_messages,
        egress_bytes,
        blocked_requests,
    } = row.usage;
    Ok(KeptSession {
        id: row.id.parse()?,
        client: ClientId::from(row.client.as_str()),
        options,
        created_at_ms: row.created_ms,
        last_active_ms: row.last_active_ms,
        usage: SessionUsage {
            pages,
            requests,
            cdp_messages,
            egress_bytes,
            blocked_requests,
        },
        end: row.end.as_ref().map(read_end).transpose()?,
    })
}

pub(super) fn read_end(end: &SessionEnd) -> Result<KeptEnd, Unreadable> {
    let reason = EndReason::ALL
        .into_iter()
        .find(|it| it.as_str() == end.reason);
    Ok(KeptEnd {
        reason: reason.ok_or_else(|| Unreadable::Reason(end.reason.clone()))?,
        ended_at_ms: end.ended_ms,
    })
}

pub(super) fn tab(sealer: &Sealer, tab: &KeptTab) -> Result<TabRow, StoreError> {
    let (scope, number) = (scope_key(&tab.scope), tab.id.number());
    let state = Sealed::new(sealer, &place_of_tab(&scope, number), &tab.page)?;
    Ok(TabRow {
        scope,
        tab: number,
        state,
        logged_out: tab.logged_out,
        opener: tab.opener.map(TabId::number),
        created_ms: tab.created_at_ms,
        last_used_ms: tab.last_used_ms,
        activated: tab.activated,
    })
}

/// A tab as it was written.
pub(super) fn read_tab(sealer: &Sealer, row: &TabRow) -> Result<KeptTab, Unreadable> {
    let place = place_of_tab(&row.scope, row.tab);
    let page: KeptPage = row.state.read(sealer, &place)?;
    Ok(KeptTab {
        id: TabId::new(row.tab),
        scope: scope_of(&row.scope)?,
        opener: row.opener.map(TabId::new),
        logged_out: row.logged_out,
        created_at_ms: row.created_ms,
        last_used_ms: row.last_used_ms,
        activated: row.activated,
        page,
    })
}

/// A key, and what was made under it.
pub(super) fn key(once: &OnceKey, made: Made, expires_ms: u64) -> Write {
    let (kind, made) = match made {
        Made::Session(id) => (SESSION, id.to_string()),
        Made::Tab(id) => (TAB, id.number().to_string()),
    };
    Write::PutIdempotency(IdempotencyRow {
        scope: scope_key(&once.scope),
        key: format!("{}:{}", once.door, once.key),
        fingerprint: once.print.to_vec(),
        kind: kind.to_owned(),
        made,
        expires_ms,
    })
}

/// A key as it was written: its scope, its door, its text, the request, and what was made; `None` if it cannot be used.
pub(super) fn read_key(row: &IdempotencyRow) -> Option<(Scope, &str, &str, [u8; 32], Made)> {
    let (door, key) = row.key.split_once(':')?;
    let print = row.fingerprint.as_slice().try_into().ok()?;
    let made = match row.kind.as_str() {
        SESSION => Made::Session(row.made.parse().ok()?),
        TAB => Made::Tab(TabId::new(row.made.parse().ok()?)),
        _ => return None,
    };
    Some((scope_of(&row.scope).ok()?, door, key, print, made))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sealing::MasterKey;
    use crate::sessions::SessionsConfig;

    fn sealer() -> Sealer {
        MasterKey::new([3; 32]).sealer("test")
    }

    fn kept() -> KeptSession {
        KeptSession {
            id: SessionId::new(77, 5),
            client: "a".into(),
            options: SessionOptions {
                start_url: Some("https://a.test/?token=canary".to_owned()),
                external_id: Some("e".to_owned()),
                ..SessionOptions::new(&SessionsConfig::default())
            },
            created_at_ms: 77,
            last_active_ms: 99,
            usage: SessionUsage {
                pages: 1,
                requests: 2,
                cdp_messages: 3,
                egress_bytes: 4,
                blocked_requests: 5,
            },
            end: Some(KeptEnd {
                reason: EndReason::Terminated,
                ended_at_ms: 100,
            }),
        }
    }

    #[test]
    fn a_session_is_read_as_it_was_written_and_by_its_own_key_alone() {
        let row = session(&sealer(), &kept()).unwrap();
        assert_eq!(read_session(&sealer(), &row).unwrap(), kept());
        let other = MasterKey::new([4; 32]).sealer("test");
        assert!(read_session(&other, &row).is_err());
        let mut moved = row.clone();
        moved.client = "b".to_owned();
        assert!(read_session(&sealer(), &moved).is_err(), "another client's");
        assert!(!format!("{row:?}").contains("canary"));
    }

    #[test]
    fn a_tab_is_read_as_it_was_written() {
        let kept = KeptTab {
            id: TabId::new(3),
            scope: kept().scope(),
            opener: Some(TabId::new(1)),
            logged_out: true,
            created_at_ms: 5,
            last_used_ms: 6,
            activated: 7,
            page: KeptPage {
                url: "https://a.test/?q=canary".to_owned(),
                ..KeptPage::default()
            },
        };
        let mut row = tab(&sealer(), &kept).unwrap();
        assert_eq!(read_tab(&sealer(), &row).unwrap(), kept);
        row.tab = 4;
        assert!(read_tab(&sealer(), &row).is_err(), "another tab's");
    }

    #[test]
    fn a_key_is_read_as_it_was_written() {
        let once = OnceKey {
            scope: "a".into(),
            door: "rest",
            key: "k:1".to_owned(),
            print: [9; 32],
        };
        for made in [Made::Session(kept().id), Made::Tab(TabId::new(8))] {
            let Write::PutIdempotency(row) = key(&once, made, 5) else {
                panic!("a key")
            };
            let read = read_key(&row).unwrap();
            assert_eq!(read, ("a".into(), "rest", "k:1", [9; 32], made));
        }
    }
}
