//! One request and one event of each kind, once with everything that may be absent and once
//! without.

use cdp_bridge_protocol::event::{
    AuthClosed, AuthOutcome, AuthRequired, AxSnapshot, AxSnapshotHead, BrowserDown, BrowserUp,
    CloseReason, ClosedBy, ConsoleLevel, ConsoleMessage, ConsoleSource, Content, ContentHead,
    DialogClosed, DialogKind, DialogOpened, DomSnapshot, DomSnapshotHead, Done, Download,
    DownloadFinished, DownloadHead, DownloadStarted, DownloadState, Emulated, Emulation, EndReason,
    Evaluated, FileChooserOpened, FileStaged, Frame, FrameHead, FrameInfo, Frames, Gap, Handled,
    InitScriptAdded, Limits, LoadEventFired, LoggedOutModeSet, Navigated, Pdf, PdfHead,
    PermissionsSet, Pong, PopupBlockReason, PopupBlocked, Queried, RebuildReason, RequestBlocked,
    Resumed, ScreencastStarted, ScreencastStopped, Screenshot, ScreenshotHead, TabActivated,
    TabClosed, TabCrashed, TabCreated, TabInfo, TabRebuilt, TabState, TabUpdated, Tabs,
    WaitOutcome, Waited, Welcome,
};
use cdp_bridge_protocol::request::{
    ActionWait, ActivateTab, AddInitScript, Animations, AnswerAuth, AnswerDialog, Cancel, Caret,
    Check, Choice, Click, Clip, CloseTab, ColorScheme, Condition, ContentFormat, CreateTab, Device,
    Drag, Edge, Emulate, Evaluate, ExtraHeaders, Fill, Focus, Geolocation, GetAxSnapshot,
    GetContent, GetDomSnapshot, GetDownload, GetScreenshot, GoBack, GoForward, Hover, ImageFormat,
    Keyboard, KeyboardAction, ListFrames, ListTabs, LoadState, Margin, Media, Modifier, Mouse,
    MouseAction, MouseButton, Navigate, OriginCredentials, OutlineMode, PagePermission, Paper,
    Ping, Point, Press, PrintToPdf, Query, ReducedMotion, Reload, RemoveInitScript, Scroll,
    ScrollIntoView, ScrollTo, Select, SetCredentials, SetLoggedOutMode, SetPermissions, Setting,
    SnapshotFormat, Spot, StageFile, StartScreencast, StopScreencast, Subscribable, Subscribe,
    Type, Uncheck, Upload, UploadFile, Viewport, ViewportSize, WaitFor, WaitState, WaitUntil, What,
};
use cdp_bridge_protocol::{
    ErrorCode, ErrorDetails, ErrorEvent, Event, RequestBody, RequestId, TabId, TabRef,
};

use super::session_instances;

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
    let core: Vec<RequestBody> = vec![
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
            wait_until: maybe(full, WaitUntil::NetworkIdle),
            session_id: maybe(full, "default".into()),
        }
        .into(),
        CloseTab { tab_id: tab() }.into(),
        ActivateTab { tab_id: tab() }.into(),
        Navigate {
            tab_id: tab(),
            url: url(),
            wait_until: maybe(full, WaitUntil::DomContentLoaded),
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
            selector: None,
            clip: None,
            mask: maybe(full, vec![selector()]),
            mask_color: maybe(full, "#00ff7F".to_owned()),
            omit_background: maybe(full, true),
            animations: maybe(full, Animations::Off),
            caret: maybe(full, Caret::Hide),
        }
        .into(),
        SetLoggedOutMode {
            tab_id: tab(),
            enabled: full,
        }
        .into(),
        ListTabs {
            session_id: maybe(full, "default".into()),
        }
        .into(),
        Cancel {
            target_request_id: "r1".into(),
        }
        .into(),
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
    ];
    core.into_iter()
        .chain(actions(full))
        .chain(setups(full))
        .chain(raw_input(full))
        .chain(answers(full))
        .chain(looks(full))
        .chain(session_instances::requests(full))
        .collect()
}

fn selector() -> String {
    "role=button[name=\"a\"] >> nth=0".to_owned()
}

const POINT: Point = Point { x: 1.5, y: -2.0 };

/// What an action waits for.
fn afterwards() -> ActionWait {
    ActionWait {
        any: Some(any()),
        ..ActionWait::default()
    }
}

/// Conditions of which one shall be so.
fn any() -> Vec<Condition> {
    vec![
        Condition {
            load_state: Some(LoadState::Load),
            ..Condition::default()
        },
        Condition {
            selector: Some(selector()),
            state: Some(WaitState::Hidden),
            ..Condition::default()
        },
    ]
}

/// One of each request that acts on a page; and what goes with another field of theirs.
#[expect(clippy::too_many_lines, reason = "it is a list")]
fn actions(full: bool) -> Vec<RequestBody> {
    let selector = selector();
    vec![
        Click {
            tab_id: tab(),
            selector: Some(selector.clone()),
            x: None,
            y: None,
            button: maybe(full, MouseButton::Middle),
            click_count: maybe(full, 2),
            modifiers: maybe(full, vec![Modifier::Alt, Modifier::Shift]),
            position: maybe(full, POINT),
            trial: maybe(full, false),
            force: maybe(full, true),
            wait_for: maybe(full, afterwards()),
        }
        .into(),
        Click {
            tab_id: tab(),
            selector: None,
            x: Some(1.0),
            y: Some(2.5),
            button: maybe(full, MouseButton::Right),
            click_count: None,
            modifiers: maybe(full, vec![Modifier::Control, Modifier::Meta]),
            position: None,
            trial: maybe(full, false),
            force: maybe(full, true),
            wait_for: maybe(full, afterwards()),
        }
        .into(),
        Hover {
            tab_id: tab(),
            selector: selector.clone(),
            trial: maybe(full, false),
            force: maybe(full, true),
            wait_for: maybe(full, afterwards()),
        }
        .into(),
        Focus {
            tab_id: tab(),
            selector: selector.clone(),
            trial: maybe(full, true),
        }
        .into(),
        Check {
            tab_id: tab(),
            selector: selector.clone(),
            trial: maybe(full, false),
            force: maybe(full, true),
            wait_for: maybe(full, afterwards()),
        }
        .into(),
        Uncheck {
            tab_id: tab(),
            selector: selector.clone(),
            trial: maybe(full, false),
            force: maybe(full, true),
            wait_for: maybe(full, afterwards()),
        }
        .into(),
        ScrollIntoView {
            tab_id: tab(),
            selector: selector.clone(),
        }
        .into(),
        Fill {
            tab_id: tab(),
            selector: selector.clone(),
            value: "a \"b\"".into(),
            trial: maybe(full, false),
            force: maybe(full, true),
            wait_for: maybe(full, afterwards()),
        }
        .into(),
        Type {
            tab_id: tab(),
            selector: maybe(full, selector.clone()),
            text: "c\n".into(),
            delay_ms: maybe(full, 1000),
            trial: maybe(full, false),
            wait_for: maybe(full, afterwards()),
        }
        .into(),
        Press {
            tab_id: tab(),
            selector: maybe(full, selector.clone()),
            key: "Control+A".to_owned(),
            trial: maybe(full, false),
            wait_for: maybe(full, afterwards()),
            hold_ms: maybe(full, 60_000),
        }
        .into(),
        Select {
            tab_id: tab(),
            selector: selector.clone(),
            values: vec![Choice::Text("a".to_owned()), Choice::Index(2)],
            trial: maybe(full, false),
            force: maybe(full, true),
            wait_for: maybe(full, afterwards()),
        }
        .into(),
        Scroll {
            tab_id: tab(),
            selector: maybe(full, selector.clone()),
            by: Some(POINT),
            to: None,
            smooth: maybe(full, true),
        }
        .into(),
        Scroll {
            tab_id: tab(),
            selector: None,
            by: None,
            to: Some(if full {
                ScrollTo::Point(POINT)
            } else {
                ScrollTo::Edge(Edge::Bottom)
            }),
            smooth: None,
        }
        .into(),
        Drag {
            tab_id: tab(),
            from: Spot::Element(selector.clone()),
            to: Spot::Point(POINT),
            trial: maybe(full, false),
            force: maybe(full, true),
            wait_for: maybe(full, afterwards()),
        }
        .into(),
        Upload {
            tab_id: tab(),
            selector: maybe(full, selector.clone()),
            chooser: maybe(!full, "f1".to_owned()),
            files: vec![
                UploadFile {
                    mime: maybe(full, "text/plain".to_owned()),
                    ..UploadFile::inline("a.txt", b"ABC".to_vec())
                },
                UploadFile::staged("u1"),
            ],
            trial: maybe(full, false),
            wait_for: maybe(full, afterwards()),
        }
        .into(),
        GoBack {
            tab_id: tab(),
            wait_until: maybe(full, WaitUntil::Load),
        }
        .into(),
        GoForward {
            tab_id: tab(),
            wait_until: maybe(full, WaitUntil::Load),
        }
        .into(),
        Reload {
            tab_id: tab(),
            wait_until: maybe(full, WaitUntil::Load),
        }
        .into(),
    ]
}

/// One of each event of mouse and keyboard.
fn raw_input(full: bool) -> Vec<RequestBody> {
    let mouse = |action, at: Option<Point>| Mouse {
        tab_id: tab(),
        action,
        x: at.map(|at| at.x),
        y: at.map(|at| at.y),
        button: None,
        click_count: None,
        delta_x: None,
        delta_y: None,
        steps: None,
        modifiers: maybe(full, vec![Modifier::Shift]),
    };
    let key = |action, key: Option<&str>, text: Option<&str>| Keyboard {
        tab_id: tab(),
        action,
        key: key.map(Into::into),
        text: text.map(Into::into),
    };
    vec![
        Mouse {
            steps: maybe(full, 1000),
            ..mouse(MouseAction::Move, Some(POINT))
        }
        .into(),
        Mouse {
            button: maybe(full, MouseButton::Right),
            click_count: maybe(full, 2),
            ..mouse(MouseAction::Down, maybe(full, POINT))
        }
        .into(),
        mouse(MouseAction::Up, maybe(!full, POINT)).into(),
        Mouse {
            delta_x: Some(0.0),
            delta_y: Some(-120.5),
            ..mouse(MouseAction::Wheel, maybe(full, POINT))
        }
        .into(),
        key(KeyboardAction::Down, Some("Shift"), None).into(),
        key(KeyboardAction::Up, Some("a"), None).into(),
        key(KeyboardAction::InsertText, None, Some("ä")).into(),
    ]
}

/// One of each answer to a page or a server.
fn answers(full: bool) -> Vec<RequestBody> {
    let login = OriginCredentials {
        origin: "https://example.com".to_owned(),
        username: "ada".into(),
        password: "s3cret".into(),
    };
    vec![
        AnswerDialog {
            tab_id: tab(),
            dialog_id: "g1".to_owned(),
            accept: full,
            prompt_text: maybe(full, "b".into()),
        }
        .into(),
        AnswerAuth {
            tab_id: tab(),
            auth_id: "a1".to_owned(),
            username: maybe(full, "ada".into()),
            password: maybe(full, "s3cret".into()),
            cancel: maybe(!full, true),
        }
        .into(),
        SetCredentials {
            tab_id: tab(),
            credentials: maybe(full, login).into_iter().collect(),
        }
        .into(),
    ]
}

/// One of each request that looks at a page, or runs a script in it.
#[expect(clippy::too_many_lines, reason = "it is a list")]
fn looks(full: bool) -> Vec<RequestBody> {
    let wait = WaitFor::of(tab());
    vec![
        WaitFor {
            selector: Some(selector()),
            state: maybe(full, WaitState::Detached),
            ..wait.clone()
        }
        .into(),
        WaitFor {
            load_state: Some(LoadState::NetworkIdle),
            ..wait.clone()
        }
        .into(),
        WaitFor {
            url: Some("**/b".to_owned()),
            ..wait.clone()
        }
        .into(),
        WaitFor {
            text: Some("b".to_owned()),
            ..wait.clone()
        }
        .into(),
        WaitFor {
            url_regex: Some("/b$".to_owned()),
            ..wait.clone()
        }
        .into(),
        WaitFor {
            expression: Some("x => x".to_owned()),
            args: maybe(full, vec![1.into()]),
            ..wait.clone()
        }
        .into(),
        WaitFor {
            any: Some(any()),
            ..wait
        }
        .into(),
        ListFrames { tab_id: tab() }.into(),
        Query {
            tab_id: tab(),
            selector: selector(),
            what: What::Attributes,
        }
        .into(),
        Evaluate {
            tab_id: tab(),
            expression: "(a, b) => a + b".to_owned(),
            args: maybe(full, vec![1.into(), "b".into()]),
            selector: maybe(full, selector()),
            read_only: maybe(full, true),
        }
        .into(),
        GetAxSnapshot {
            tab_id: tab(),
            selector: maybe(full, selector()),
            interactive_only: maybe(full, true),
            mode: maybe(full, OutlineMode::Controls),
            compact: maybe(full, true),
            since: maybe(full, 7),
            revision: maybe(full, 8),
            find: maybe(full, "cart".to_owned()),
            max_chars: maybe(full, 2000),
            offset: maybe(full, 100),
        }
        .into(),
        GetContent {
            tab_id: tab(),
            format: ContentFormat::Markdown,
            selector: maybe(full, selector()),
        }
        .into(),
        Subscribe {
            tab_id: tab(),
            events: maybe(full, Subscribable::ConsoleMessage)
                .into_iter()
                .collect(),
        }
        .into(),
        GetDownload {
            tab_id: tab(),
            download_id: "d7".to_owned(),
        }
        .into(),
        StageFile {
            name: Some("a.txt".to_owned()),
            mime: maybe(full, "text/plain".to_owned()),
            size: Some(6),
            file_id: None,
            offset: None,
            data: b"ABC".to_vec().into(),
        }
        .into(),
        StageFile {
            name: None,
            mime: None,
            size: None,
            file_id: Some("u1".to_owned()),
            offset: Some(3),
            data: b"DEF".to_vec().into(),
        }
        .into(),
        GetDownload {
            tab_id: tab(),
            download_id: "d7".to_owned(),
        }
        .into(),
        GetScreenshot {
            full_page: maybe(full, false),
            selector: maybe(full, selector()),
            ..GetScreenshot::of(tab())
        }
        .into(),
        GetScreenshot {
            clip: maybe(
                full,
                Clip {
                    x: 0.0,
                    y: 10.5,
                    width: 1.0,
                    height: 1_000_000.0,
                },
            ),
            ..GetScreenshot::of(tab())
        }
        .into(),
    ]
}

/// One of each request about what a tab's pages see and may do; and of printing.
fn setups(full: bool) -> Vec<RequestBody> {
    let size = ViewportSize {
        width: 1,
        height: 8192,
    };
    let headers: ExtraHeaders = serde_json::from_str(r#"{"X-A":"b \"c\"","dnt":""}"#).unwrap();
    let everything = Emulate {
        tab_id: tab(),
        device: Device::named("iPhone 15").unwrap().into(),
        viewport: size.into(),
        device_scale_factor: 2.5.into(),
        mobile: true.into(),
        touch: false.into(),
        user_agent: "Mozilla/5.0".to_owned().into(),
        locale: "zh-Hant-TW".to_owned().into(),
        timezone_id: "Europe/Berlin".to_owned().into(),
        geolocation: place(full).into(),
        color_scheme: ColorScheme::NoPreference.into(),
        reduced_motion: ReducedMotion::Reduce.into(),
        media: Media::Print.into(),
        offline: true.into(),
        extra_headers: headers.into(),
    };
    let resets = Emulate {
        device: Setting::Reset,
        viewport: Setting::Reset,
        device_scale_factor: Setting::Reset,
        user_agent: Setting::Reset,
        geolocation: Setting::Reset,
        media: Setting::Reset,
        extra_headers: Setting::Reset,
        ..Emulate::of(tab())
    };
    vec![
        if full { everything } else { Emulate::of(tab()) }.into(),
        resets.into(),
        SetPermissions {
            tab_id: tab(),
            origin: maybe(full, "https://example.com".to_owned()),
            permissions: if full {
                PagePermission::ALL.to_vec()
            } else {
                Vec::new()
            },
        }
        .into(),
        AddInitScript {
            tab_id: tab(),
            script: "globalThis.a = 1".into(),
        }
        .into(),
        RemoveInitScript {
            tab_id: tab(),
            script_id: "s1".to_owned(),
        }
        .into(),
        PrintToPdf {
            paper: maybe(full, Paper::A4),
            width: maybe(full, 0.1),
            height: maybe(full, 200.0),
            landscape: maybe(full, true),
            margin: maybe(
                full,
                Margin {
                    top: Some(0.5),
                    ..Margin::default()
                },
            ),
            page_ranges: maybe(full, "1-3, 5".to_owned()),
            print_background: maybe(full, true),
            scale: maybe(full, 0.5),
            header_template: maybe(full, "<span class=title></span>".to_owned()),
            footer_template: maybe(full, String::new()),
            prefer_css_page_size: maybe(full, true),
            ..PrintToPdf::of(tab())
        }
        .into(),
    ]
}

fn place(full: bool) -> Geolocation {
    Geolocation {
        latitude: -90.0,
        longitude: 180.0,
        accuracy: maybe(full, 12.5),
    }
}

fn emulation(full: bool) -> Emulation {
    Emulation {
        device: maybe(full, Device::named("Pixel 8").unwrap()),
        viewport: maybe(
            full,
            ViewportSize {
                width: 412,
                height: 839,
            },
        ),
        device_scale_factor: maybe(full, 2.625),
        mobile: maybe(full, true),
        touch: maybe(full, true),
        user_agent: maybe(full, "Mozilla/5.0".to_owned()),
        locale: maybe(full, "de-DE".to_owned()),
        timezone_id: maybe(full, "Europe/Berlin".to_owned()),
        geolocation: maybe(full, place(full)),
        color_scheme: maybe(full, ColorScheme::Dark),
        reduced_motion: maybe(full, ReducedMotion::NoPreference),
        media: maybe(full, Media::Screen),
        offline: maybe(full, false),
        extra_headers: maybe(full, vec!["X-A".to_owned()]),
    }
}

pub(super) fn pdf_head() -> PdfHead {
    PdfHead {
        id: id(),
        url: url(),
        seq: 0,
        total: 1,
    }
}

fn tab_info(state: TabState) -> TabInfo {
    TabInfo {
        id: id(),
        url: url(),
        title: "A \"title\" — with more".to_owned(),
        logged_out: true,
        active: false,
        state,
        emulation: (state == TabState::Ready).then(|| Box::new(emulation(true))),
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
            staged_bytes: maybe(full, 64 << 20),
            chunk_bytes: 262_144,
            max_tabs: 64,
            max_inflight: 64,
            rate_per_second: None,
            max_connections: Some(256),
            snapshot_debounce_ms: 300,
            screenshot_max_fps: 1.5,
            screenshot_queue: 4,
        },
        session_id: maybe(full, "0198f2a4-7c00-8000-8000-0123456789ab".to_owned()),
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
            server: text("http://proxy.test:3128"),
            status: Some(407),
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
            current: Some(9),
            end_reason: Some(EndReason::Expired),
            count: Some(7),
            elements: Some(vec!["<button>".to_owned()]),
            locators: Some(vec!["button >> nth=0".to_owned()]),
            reason: text("covered"),
            segment: text("nth=0"),
            reached: Some(WaitUntil::Load),
            position: Some(8),
            input_sent: Some(false),
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
        PopupBlocked {
            id: maybe(full, id()),
            url: url(),
            reason: PopupBlockReason::Rate,
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
    events.extend(page_actions(full));
    events.extend(console(full));
    events.extend(downloads());
    events.extend(setup_answers(full));
    events.push(
        TabUpdated {
            id: id(),
            url: "http://a.test/#b".to_owned(),
            title: "b".to_owned(),
        }
        .into(),
    );
    events.push(
        FileChooserOpened {
            id: id(),
            multiple: full,
            chooser: maybe(full, "f1".to_owned()),
        }
        .into(),
    );
    events.extend(screencast());
    events.extend(closings());
    events.extend(rebuilds());
    events.extend(dialogs());
    events.extend(prompts(full));
    events.extend(session_instances::events(full));
    events.extend(ErrorCode::ALL.map(|code| error(code, full).into()));
    events
}

/// The head of an `axSnapshot`.
pub(super) fn ax_snapshot_head(full: bool) -> AxSnapshotHead {
    AxSnapshotHead {
        id: id(),
        url: url(),
        lines: 12,
        omitted: maybe(full, 3),
        revision: maybe(full, 8),
        changes_since: maybe(full, 7),
        lost: maybe(full, true),
        lines_left: maybe(full, 12),
        seq: 0,
        total: 1,
    }
}

/// The head of a `content`.
pub(super) fn content_head(full: bool) -> ContentHead {
    ContentHead {
        id: id(),
        url: url(),
        format: ContentFormat::Text,
        truncated: maybe(full, true),
        seq: 0,
        total: 1,
    }
}

fn page_actions(full: bool) -> [Event; 7] {
    [
        Done {
            id: maybe(full, id()),
            action: "select".to_owned(),
            values: maybe(full, vec!["a".to_owned()]),
            position: maybe(full, POINT),
            moved: maybe(full, true),
            matches: maybe(full, false),
            cancelled: maybe(full, true),
            trial: maybe(full, true),
            waited: maybe(
                full,
                WaitOutcome {
                    url: url(),
                    index: Some(1),
                    value: Some(serde_json::json!({"x": 1})),
                },
            ),
        }
        .into(),
        Waited {
            id: id(),
            url: url(),
            index: maybe(full, 1),
            value: maybe(full, serde_json::json!("a")),
        }
        .into(),
        Frames {
            id: id(),
            frames: vec![
                FrameInfo {
                    url: url(),
                    name: None,
                    parent: None,
                    selector: None,
                    unresponsive: None,
                },
                FrameInfo {
                    url: url(),
                    name: maybe(full, "a".to_owned()),
                    parent: Some(0),
                    selector: Some("#a".to_owned()),
                    unresponsive: maybe(full, true),
                },
            ],
            truncated: maybe(full, true),
        }
        .into(),
        Queried {
            id: id(),
            value: serde_json::json!({"x": 1.5}),
        }
        .into(),
        Evaluated {
            id: id(),
            value: serde_json::json!([1, "b", null]),
        }
        .into(),
        AxSnapshot {
            head: ax_snapshot_head(full),
            snapshot: "- button \"a\" [ref=e1]\n".to_owned(),
        }
        .into(),
        Content {
            head: content_head(full),
            content: "# a\n".to_owned(),
        }
        .into(),
    ]
}

fn console(full: bool) -> impl Iterator<Item = Event> {
    let kinds = [
        (ConsoleLevel::Debug, ConsoleSource::Console),
        (ConsoleLevel::Log, ConsoleSource::Console),
        (ConsoleLevel::Info, ConsoleSource::Browser),
        (ConsoleLevel::Warning, ConsoleSource::Browser),
        (ConsoleLevel::Error, ConsoleSource::Exception),
    ];
    kinds.into_iter().map(move |(level, source)| {
        ConsoleMessage {
            id: id(),
            level,
            source,
            text: "Uncaught Error: no".to_owned(),
            truncated: maybe(full, true),
            url: maybe(full, url()),
            line: maybe(full, 7),
            column: maybe(full, 1),
            ts: 1_750_000_000_000,
            omitted: maybe(full, 19_900),
        }
        .into()
    })
}

/// The head of a `download`.
pub(super) fn download_head() -> DownloadHead {
    DownloadHead {
        id: id(),
        download_id: "d7".to_owned(),
        name: "report.pdf".to_owned(),
        seq: 0,
        total: 1,
    }
}

fn downloads() -> impl Iterator<Item = Event> {
    let states = [
        DownloadState::Completed,
        DownloadState::Canceled,
        DownloadState::Denied,
        DownloadState::TooLarge,
        DownloadState::TooMany,
    ];
    let finished = states.map(|state| {
        DownloadFinished {
            id: id(),
            download_id: "d7".to_owned(),
            name: "report.pdf".to_owned(),
            bytes: 3,
            state,
        }
        .into()
    });
    let others: [Event; 3] = [
        FileStaged {
            file_id: "u1".to_owned(),
            received: 3,
            size: 6,
        }
        .into(),
        DownloadStarted {
            id: id(),
            download_id: "d7".to_owned(),
            url: url(),
            name: "report.pdf".to_owned(),
        }
        .into(),
        Download {
            head: download_head(),
            data: "AAAA".to_owned(),
        }
        .into(),
    ];
    finished.into_iter().chain(others)
}

fn setup_answers(full: bool) -> [Event; 4] {
    [
        Emulated {
            id: id(),
            emulation: emulation(full),
        }
        .into(),
        PermissionsSet {
            id: id(),
            origin: maybe(full, "https://example.com".to_owned()),
            permissions: vec![PagePermission::Geolocation],
        }
        .into(),
        InitScriptAdded {
            id: id(),
            script_id: "s1".to_owned(),
        }
        .into(),
        Pdf {
            head: pdf_head(),
            data: "QUJD".to_owned(),
        }
        .into(),
    ]
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
        RebuildReason::Restarted,
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
            dialog_id: None,
            answer_by: None,
            default_value: None,
        }
        .into()
    })
}

/// What waits for a client, and how that ends.
fn prompts(full: bool) -> impl Iterator<Item = Event> {
    let ends = [
        (ClosedBy::Client, Handled::Accepted, AuthOutcome::Answered),
        (
            ClosedBy::Timeout,
            Handled::Dismissed,
            AuthOutcome::Cancelled,
        ),
        (
            ClosedBy::Abandoned,
            Handled::Dismissed,
            AuthOutcome::Cancelled,
        ),
        (ClosedBy::Page, Handled::Dismissed, AuthOutcome::Cancelled),
    ];
    let ends = ends.into_iter().flat_map(|(by, handled, outcome)| {
        let dialog: Event = DialogClosed {
            id: id(),
            dialog_id: "g1".to_owned(),
            handled,
            by,
        }
        .into();
        let auth = AuthClosed {
            id: id(),
            auth_id: "a1".to_owned(),
            outcome,
            by,
        };
        [dialog, auth.into()]
    });
    let asked: [Event; 2] = [
        DialogOpened {
            id: id(),
            kind: DialogKind::Prompt,
            message: "Name?".to_owned(),
            handled: Handled::Asked,
            dialog_id: maybe(full, "g1".to_owned()),
            answer_by: maybe(full, 1_750_000_000_000),
            default_value: maybe(full, "Ada".to_owned()),
        }
        .into(),
        AuthRequired {
            id: id(),
            auth_id: "a1".to_owned(),
            origin: "https://example.com".to_owned(),
            scheme: "basic".to_owned(),
            realm: String::new(),
            url: url(),
            refused: full,
            answer_by: 1_750_000_000_000,
        }
        .into(),
    ];
    asked.into_iter().chain(ends)
}
