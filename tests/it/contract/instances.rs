//! One request and one event of each kind, once with everything that may be absent and once
//! without.

use cdp_bridge_protocol::event::{
    BrowserDown, BrowserUp, CloseReason, DialogKind, DialogOpened, DomSnapshot, DomSnapshotHead,
    Frame, FrameHead, Gap, Handled, Limits, LoadEventFired, LoggedOutModeSet, Navigated, Pong,
    RebuildReason, RequestBlocked, Resumed, ScreencastStarted, ScreencastStopped, Screenshot,
    ScreenshotHead, TabActivated, TabClosed, TabCrashed, TabCreated, TabInfo, TabRebuilt, TabState,
    Tabs, Welcome,
};
use cdp_bridge_protocol::request::{
    ActivateTab, CloseTab, CreateTab, GetDomSnapshot, GetScreenshot, ImageFormat, ListTabs,
    Navigate, Ping, SetLoggedOutMode, SnapshotFormat, StartScreencast, StopScreencast, Viewport,
};
use cdp_bridge_protocol::{
    ErrorCode, ErrorDetails, ErrorEvent, Event, RequestBody, RequestId, TabId, TabRef,
};

const URL: &str = "https://example.com/";

fn id() -> TabId {
    TabId::new(3)
}

fn tab() -> TabRef {
    id().into()
}

fn url() -> String {
    URL.to_owned()
}

/// `Some(value)` in the full instances, nothing in the bare ones.
fn maybe<T>(full: bool, value: T) -> Option<T> {
    full.then_some(value)
}

/// One of each request.
pub(super) fn requests(full: bool) -> Vec<RequestBody> {
    vec![
        CreateTab {
            url: maybe(full, url()),
            logged_out: maybe(full, true),
            viewport: maybe(
                full,
                Viewport {
                    width: 1280,
                    height: 720,
                    device_scale_factor: Some(1.5),
                },
            ),
        }
        .into(),
        CloseTab { tab_id: tab() }.into(),
        ActivateTab { tab_id: tab() }.into(),
        Navigate {
            tab_id: tab(),
            url: url(),
        }
        .into(),
        GetDomSnapshot {
            tab_id: tab(),
            format: maybe(full, SnapshotFormat::Structured),
        }
        .into(),
        GetScreenshot {
            tab_id: tab(),
            full_page: maybe(full, true),
            format: maybe(full, ImageFormat::Webp),
            quality: maybe(full, 80),
        }
        .into(),
        SetLoggedOutMode {
            tab_id: tab(),
            enabled: full,
        }
        .into(),
        ListTabs {}.into(),
        StartScreencast {
            tab_id: tab(),
            max_fps: maybe(full, 30),
            quality: maybe(full, 100),
            max_width: maybe(full, 1),
            max_height: maybe(full, 8192),
        }
        .into(),
        StopScreencast { tab_id: tab() }.into(),
        Ping {}.into(),
    ]
}

fn tab_info(state: TabState) -> TabInfo {
    TabInfo {
        id: id(),
        url: url(),
        title: "A \"title\" — with more".to_owned(),
        logged_out: true,
        active: false,
        state,
    }
}

fn tab_infos(full: bool) -> Vec<TabInfo> {
    let states = [
        TabState::Creating,
        TabState::Ready,
        TabState::Loading,
        TabState::Crashed,
        TabState::Rebuilding,
    ];
    let states = if full { &states[..] } else { &[] };
    states.iter().copied().map(tab_info).collect()
}

/// The head of a `domSnapshot`.
pub(super) fn dom_snapshot_head(full: bool) -> DomSnapshotHead {
    DomSnapshotHead {
        id: id(),
        url: url(),
        format: SnapshotFormat::Html,
        seq: 0,
        total: 1,
        coalesced: maybe(
            full,
            vec![RequestId::Text("r1".to_owned()), RequestId::Negative(-4)],
        ),
    }
}

/// The head of a `screenshot`.
pub(super) fn screenshot_head() -> ScreenshotHead {
    ScreenshotHead {
        id: id(),
        mime: "image/jpeg".to_owned(),
        width: 1280,
        height: 10_000,
        seq: 2,
        total: 3,
    }
}

/// The head of a `frame`.
pub(super) fn frame_head() -> FrameHead {
    FrameHead {
        id: id(),
        frame_no: 12,
        mime: "image/jpeg".to_owned(),
        width: 640,
        height: 480,
        ts: 1_750_000_000_000,
        seq: 0,
        total: 1,
    }
}

fn welcome(full: bool) -> Welcome {
    Welcome {
        protocol: cdp_bridge_protocol::PROTOCOL_VERSION,
        server: "cdp-bridge/0.1.0".to_owned(),
        browser: if full { "HeadlessChrome/140" } else { "" }.to_owned(),
        limits: Limits {
            max_message_bytes: 1 << 20,
            chunk_bytes: 262_144,
            max_tabs: 64,
            max_inflight: 64,
            rate_per_second: None,
            max_connections: Some(256),
            snapshot_debounce_ms: 300,
            screenshot_max_fps: 1.5,
            screenshot_queue: 4,
        },
        tabs: tab_infos(full),
        resume_token: maybe(full, format!("17-{}", "0f".repeat(16))),
    }
}

fn error(code: ErrorCode, full: bool) -> ErrorEvent {
    let text = |text: &str| Some(text.to_owned());
    let mut error = ErrorEvent::new(code, "what went wrong, and what to do");
    error.id = maybe(full, id());
    error.session_id = maybe(full, "6FA1".to_owned());
    error.details = maybe(
        full,
        ErrorDetails {
            field: text("quality"),
            host: text("evil.test"),
            scheme: text("file"),
            url: text(URL),
            net: text("net::ERR_FAILED"),
            retry_after_ms: Some(250),
            nodes: Some(1),
            max_nodes: Some(2),
            bytes: Some(3),
            max_bytes: Some(4),
            width: Some(5),
            height: Some(6),
            limit: Some(u64::MAX),
        },
    );
    error
}

/// One of each event; several of those that hold a value of a closed list, one for each value.
#[expect(clippy::too_many_lines, reason = "it is a list")]
pub(super) fn events(full: bool) -> Vec<Event> {
    let mut events: Vec<Event> = vec![
        welcome(full).into(),
        TabCreated {
            id: id(),
            url: url(),
            logged_out: false,
            opener_id: maybe(full, TabId::new(1)),
        }
        .into(),
        TabActivated { id: id() }.into(),
        Navigated {
            id: id(),
            url: url(),
            status: maybe(full, 404),
            same_document: maybe(full, true),
        }
        .into(),
        LoadEventFired {
            id: id(),
            ts: 1_750_000_000_000,
        }
        .into(),
        DomSnapshot {
            head: dom_snapshot_head(full),
            snapshot: "<p>\u{2028}\"\\</p>".to_owned(),
        }
        .into(),
        Screenshot {
            head: screenshot_head(),
            data: "AAAA".to_owned(),
        }
        .into(),
        LoggedOutModeSet {
            id: id(),
            enabled: full,
            url: url(),
        }
        .into(),
        Tabs {
            tabs: tab_infos(full),
        }
        .into(),
        TabCrashed {
            id: id(),
            url: url(),
        }
        .into(),
        RequestBlocked {
            id: maybe(full, id()),
            url: url(),
            resource_type: "Image".to_owned(),
            reason: "evil.test is not in the allowlist".to_owned(),
            count: 7,
        }
        .into(),
        BrowserDown {
            reason: maybe(full, "Chromium exited".to_owned()),
            restarts: 0,
        }
        .into(),
        BrowserUp {
            reason: maybe(full, "Chromium exited".to_owned()),
            restarts: 1,
        }
        .into(),
        Pong {
            ts: 1_750_000_000_000,
        }
        .into(),
    ];
    events.push(
        Resumed {
            next: 58,
            in_flight: if full {
                vec!["r1".into(), 2.into()]
            } else {
                Vec::new()
            },
        }
        .into(),
    );
    events.push(Gap { from: 41, to: 57 }.into());
    events.extend(screencast());
    events.extend(closings());
    events.extend(rebuilds());
    events.extend(dialogs());
    events.extend(ErrorCode::ALL.map(|code| error(code, full).into()));
    events
}

fn screencast() -> [Event; 3] {
    let data = "AAAA".to_owned();
    [
        ScreencastStarted { id: id() }.into(),
        Frame {
            head: frame_head(),
            data,
        }
        .into(),
        ScreencastStopped { id: id() }.into(),
    ]
}

fn closings() -> impl Iterator<Item = Event> {
    let reasons = [
        CloseReason::Requested,
        CloseReason::Page,
        CloseReason::Crashed,
        CloseReason::Idle,
        CloseReason::BrowserExited,
        CloseReason::Shutdown,
    ];
    reasons
        .into_iter()
        .map(|reason| TabClosed { id: id(), reason }.into())
}

fn rebuilds() -> impl Iterator<Item = Event> {
    let reasons = [
        RebuildReason::Crashed,
        RebuildReason::Detached,
        RebuildReason::BrowserExited,
    ];
    reasons.into_iter().map(|reason| {
        TabRebuilt {
            id: id(),
            url: url(),
            reason,
        }
        .into()
    })
}

fn dialogs() -> impl Iterator<Item = Event> {
    let kinds = [
        (DialogKind::Alert, Handled::Accepted),
        (DialogKind::Confirm, Handled::Dismissed),
        (DialogKind::Prompt, Handled::Dismissed),
        (DialogKind::Beforeunload, Handled::Accepted),
    ];
    kinds.into_iter().map(|(kind, handled)| {
        DialogOpened {
            id: id(),
            kind,
            message: "Leave?".to_owned(),
            handled,
        }
        .into()
    })
}
