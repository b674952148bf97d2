//! The requests and events about sessions among the [instances](super::instances).

use cdp_bridge_protocol::event::{
    DescribedSession, EndReason, History, HistoryEntry, ListedSessions, SessionConnectionCounts,
    SessionCountsInfo, SessionCreated, SessionInfo, SessionLimitsInfo, SessionStateChanged,
    SessionStatus, SessionUsageCounts, StartedPage, StartedPageError, TypeUsage, Usage,
};
use cdp_bridge_protocol::request::{
    CreateSession, EndSession, Geolocation, GetHistory, GetSession, GetUsage, ListSessions,
    NameResolution, SessionDownloads, SessionStatusFilter, UpstreamProxyOptions, Viewport,
};
use cdp_bridge_protocol::{ErrorCode, Event, RequestBody, TabId};

const ID: &str = "0198f2a4-7c00-8000-8000-0123456789ab";

fn maybe<T>(full: bool, value: T) -> Option<T> {
    full.then_some(value)
}

fn viewport() -> Viewport {
    Viewport {
        width: 1280,
        height: 720,
        device_scale_factor: Some(1.5),
    }
}

fn proxy() -> UpstreamProxyOptions {
    UpstreamProxyOptions {
        server: "http://proxy.example.com:3128".to_owned(),
        username: Some("user".to_owned()),
        password: Some("password".into()),
        bypass: vec!["near.example.com".to_owned()],
        resolve: Some(NameResolution::Local),
    }
}

fn geolocation() -> Geolocation {
    Geolocation {
        latitude: 52.5,
        longitude: 13.25,
        accuracy: None,
    }
}

fn metadata() -> [(String, String); 1] {
    [("team".to_owned(), "red".to_owned())]
}

pub(super) fn requests(full: bool) -> Vec<RequestBody> {
    vec![
        CreateSession {
            max_duration_ms: maybe(full, 60_000),
            idle_timeout_ms: maybe(full, 10_000),
            heartbeat_timeout_ms: maybe(full, 1000),
            viewport: maybe(full, viewport()),
            start_url: maybe(full, "https://example.com/".to_owned()),
            logged_out: maybe(full, true),
            allowlist: maybe(full, vec!["example.com".to_owned()]),
            downloads: maybe(full, SessionDownloads::Deny),
            metadata: maybe(full, metadata().into()),
            external_id: maybe(full, "order-17".to_owned()),
            queue_timeout_ms: maybe(full, 0),
            proxy: maybe(full, proxy()),
            geolocation: maybe(full, geolocation()),
            locale: maybe(full, "de-DE".to_owned()),
            timezone_id: maybe(full, "Europe/Berlin".to_owned()),
            webhook_url: maybe(full, "https://hooks.a.test/ended".to_owned()),
        }
        .into(),
        GetSession {
            session_id: ID.into(),
        }
        .into(),
        ListSessions {
            status: maybe(full, SessionStatusFilter::All),
            external_id: maybe(full, "order-17".to_owned()),
            metadata: maybe(full, metadata().into()),
            limit: maybe(full, 100),
            cursor: maybe(full, format!("c{}", "0f".repeat(16))),
        }
        .into(),
        EndSession {
            session_id: ID.into(),
        }
        .into(),
        GetHistory {
            session_id: maybe(full, ID.into()),
            tab_id: maybe(full, TabId::new(3).into()),
            entry_type: maybe(full, "click".to_owned()),
            failed: maybe(full, true),
            newest_first: maybe(full, true),
            limit: maybe(full, 500),
            cursor: maybe(full, "17".to_owned()),
        }
        .into(),
        GetUsage {
            session_id: maybe(full, ID.into()),
        }
        .into(),
    ]
}

fn info(full: bool, status: SessionStatus) -> SessionInfo {
    SessionInfo {
        session_id: ID.to_owned(),
        implicit: maybe(full, true),
        status,
        end_reason: maybe(full, EndReason::Idle),
        created_at: 1_750_000_000_000,
        expires_at: maybe(full, 1_750_000_000_001),
        idle_expires_at: maybe(full, 1_750_000_000_002),
        last_activity_at: 1_750_000_000_003,
        destroyed_at: maybe(full, 1_750_000_000_004),
        external_id: maybe(full, "order-17".to_owned()),
        metadata: metadata().into(),
        viewport: maybe(full, viewport()),
        logged_out: full,
        connections: SessionConnectionCounts::default(),
        usage: SessionUsageCounts::default(),
        limits: maybe(
            full,
            SessionLimitsInfo {
                max_duration_ms: 900_000,
                idle_timeout_ms: 1_800_000,
                heartbeat_timeout_ms: Some(30_000),
            },
        ),
    }
}

pub(super) fn events(full: bool) -> Vec<Event> {
    let page = StartedPage {
        id: maybe(full, TabId::new(1)),
        url: "https://example.com/".to_owned(),
        error: maybe(
            full,
            StartedPageError {
                code: ErrorCode::NavFailed,
                message: "what went wrong, and what to do".to_owned(),
            },
        ),
    };
    let created = SessionCreated {
        session: Box::new(info(full, SessionStatus::Ready)),
        existing: maybe(full, true),
        pages: vec![page],
        token: maybe(full, "secret".into()),
        ws_url: maybe(full, "ws://127.0.0.1:8080/v1/sessions/x/ws".to_owned()),
        events_url: maybe(
            full,
            "http://127.0.0.1:8080/v1/sessions/x/events".to_owned(),
        ),
        connect_url: maybe(full, "ws://127.0.0.1:8080/v1/sessions/x/cdp".to_owned()),
    };
    let all = SessionStatus::ALL.map(|status| info(full, status));
    let listed = ListedSessions {
        sessions: all.into(),
        next_cursor: maybe(full, format!("c{}", "0f".repeat(16))),
        counts: SessionCountsInfo {
            live: 1,
            queued: 0,
            limit: 32,
        },
    };
    let changes = EndReason::ALL.map(|reason| SessionStateChanged {
        session_id: ID.to_owned(),
        status: SessionStatus::Completed,
        end_reason: maybe(full, reason),
    });
    let session = Box::new(info(full, SessionStatus::Running));
    let entry = HistoryEntry {
        ts: 1_750_000_000_000,
        r#type: "click".to_owned(),
        tab_id: maybe(full, TabId::new(3)),
        outcome: "NOT_FOUND".to_owned(),
        ms: maybe(full, 1.5),
        bytes: maybe(full, 7),
        detail: maybe(
            full,
            [("force".to_owned(), true.into())].into_iter().collect(),
        ),
    };
    let history = History {
        session_id: ID.to_owned(),
        entries: vec![entry.clone()],
        next_cursor: maybe(full, "18".to_owned()),
    };
    let usage = Usage {
        session_id: ID.to_owned(),
        requests: 2,
        failed: 1,
        total_ms: 3.5,
        bytes: 7,
        by_type: [("click".to_owned(), TypeUsage::default())].into(),
        slowest: vec![entry],
        used: SessionUsageCounts::default(),
    };
    let mut events = vec![
        history.into(),
        usage.into(),
        created.into(),
        DescribedSession { session }.into(),
        listed.into(),
    ];
    events.extend(changes.into_iter().map(Event::from));
    events
}
