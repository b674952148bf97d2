//! The connection to Chromium alone: the test is the peer, frame by frame.

use std::time::Duration;

use bytes::Bytes;
use cdp_bridge::cdp::methods::{CaptureScreenshot, EnablePage, GetVersion};
use cdp_bridge::cdp::results::screenshot_data;
use cdp_bridge::cdp::routes::INBOX_CAPACITY;
use cdp_bridge::cdp::{Attachment, Browser, CallError, Inbox, SessionEnd, SessionEvent, connect};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::fake::memory::{FarEnd, pair};

pub(super) const LIMIT: Duration = Duration::from_secs(10);

/// A connection whose far end is the test.
pub(super) struct Line {
    pub(super) browser: Browser,
    pub(super) inbox: Inbox,
    pub(super) far_end: FarEnd,
}

impl Line {
    pub(super) fn new() -> Self {
        let (transport, far_end) = pair(64);
        let last_words = || Some("out of memory".to_owned());
        let (browser, inbox) = connect(transport, Box::new(last_words));
        Self {
            browser,
            inbox,
            far_end,
        }
    }

    pub(super) async fn say(&mut self, message: Value) {
        self.far_end
            .frames
            .send(message.to_string().into())
            .await
            .unwrap();
    }

    /// The next command that the bridge sends.
    pub(super) async fn command(&mut self) -> Value {
        let frame = self.far_end.commands.next().await.unwrap();
        serde_json::from_slice(&frame).unwrap()
    }

    pub(super) async fn attached(&mut self, session: &str, target: &str) -> Attachment {
        self.say(attached(session, target)).await;
        match self.inbox.next().await {
            Some(SessionEvent::Attached(attachment)) => *attachment,
            event => panic!("not attached, but {event:?}"),
        }
    }

    /// A call to a session, which the peer has received.
    async fn pending(&mut self, session: &Attachment) -> JoinHandle<CallError> {
        let session = session.session.clone();
        let call =
            tokio::spawn(async move { session.call(EnablePage {}, LIMIT).await.unwrap_err() });
        self.command().await;
        call
    }
}

fn attached(session: &str, target: &str) -> Value {
    let info = json!({"targetId": target, "type": "page", "url": ""});
    let params = json!({"sessionId": session, "targetInfo": info, "waitingForDebugger": true});
    json!({"method": "Target.attachedToTarget", "params": params})
}

fn load_event(session: &str) -> Value {
    json!({"method": "Page.loadEventFired", "params": {}, "sessionId": session})
}

#[tokio::test(start_paused = true)]
async fn calls_to_a_session_that_ends_are_failed_at_once_and_no_others() {
    let mut line = Line::new();
    let (first, second) = (
        line.attached("S1", "T1").await,
        line.attached("S2", "T2").await,
    );
    let start = Instant::now();
    let (lost, kept) = (line.pending(&first).await, line.pending(&second).await);
    line.say(json!({"method": "Target.detachedFromTarget", "params": {"sessionId": "S1"}}))
        .await;
    let error = lost.await.unwrap();
    let end = SessionEnd::Detached;
    assert!(
        matches!(error, CallError::SessionEnded { end: ended, .. } if ended == end),
        "{error}"
    );
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert!(!kept.is_finished());
    let mut inbox = first.inbox;
    assert!(inbox.next().await.is_none(), "its inbox ends");
}

#[tokio::test(start_paused = true)]
async fn calls_to_a_renderer_that_crashes_fail_at_once_for_each_crash_event() {
    let says = [
        json!({"method": "Inspector.targetCrashed", "params": {}, "sessionId": "S1"}),
        json!({"method": "Target.targetCrashed", "params": {"targetId": "T1", "status": "killed"}}),
    ];
    for crash in says {
        let mut line = Line::new();
        let mut page = line.attached("S1", "T1").await;
        let start = Instant::now();
        let call = line.pending(&page).await;
        line.say(crash).await;
        let error = call.await.unwrap();
        let end = SessionEnd::Crashed;
        assert!(
            matches!(error, CallError::SessionEnded { end: ended, .. } if ended == end),
            "{error}"
        );
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert!(
            matches!(page.inbox.next().await, Some(SessionEvent::Raw(_))),
            "the tab receives the event"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn calls_fail_at_once_with_the_last_stderr_lines_when_chromium_disconnects() {
    let mut line = Line::new();
    let mut page = line.attached("S1", "T1").await;
    let start = Instant::now();
    let call = line.pending(&page).await;
    let Line {
        browser, far_end, ..
    } = line;
    drop(far_end);
    let error = call.await.unwrap();
    assert!(error.to_string().contains("out of memory"), "{error}");
    assert!(browser.ended().await.contains("out of memory"));
    assert!(browser.has_ended() && page.inbox.next().await.is_none());
    let late = browser.call(GetVersion {}, LIMIT).await;
    assert!(matches!(late, Err(CallError::Closed { .. })), "{late:?}");
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_not_answered_fails_when_its_time_is_over() {
    let mut line = Line::new();
    let start = Instant::now();
    let error = line.browser.call(GetVersion {}, LIMIT).await.unwrap_err();
    assert!(
        matches!(error, CallError::Timeout { after, .. } if after == LIMIT),
        "{error}"
    );
    assert_eq!(start.elapsed(), LIMIT);
    let id = line.command().await["id"].clone();
    line.say(json!({"id": id, "result": {"product": "late"}}))
        .await;
    let browser = line.browser.clone();
    let next = tokio::spawn(async move { browser.call(GetVersion {}, LIMIT).await });
    let id = line.command().await["id"].clone();
    line.say(json!({"id": id, "result": {"product": "in time"}}))
        .await;
    assert_eq!(next.await.unwrap().unwrap().product, "in time");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_its_caller_gave_up_has_no_late_effect() {
    let mut line = Line::new();
    let browser = line.browser.clone();
    let given_up = timeout(Duration::from_millis(1), browser.call(GetVersion {}, LIMIT)).await;
    assert!(given_up.is_err());
    let id = line.command().await["id"].clone();
    sleep(Duration::from_millis(1)).await;
    line.say(json!({"id": id, "result": {"product": "late"}}))
        .await;
    // Its own deadline passes without an effect.
    sleep(2 * LIMIT).await;
    assert!(!browser.has_ended());
}

#[tokio::test(start_paused = true)]
async fn unread_events_do_not_delay_an_answer() {
    let mut line = Line::new();
    let page = line.attached("S1", "T1").await;
    let session = page.session.clone();
    let call = tokio::spawn(async move { session.call(EnablePage {}, LIMIT).await });
    let id = line.command().await["id"].clone();
    let start = Instant::now();
    let count = 3 * INBOX_CAPACITY;
    for _ in 0..count {
        line.say(load_event("S1")).await;
    }
    line.say(json!({"id": id, "result": {}, "sessionId": "S1"}))
        .await;
    call.await.unwrap().unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    // The events that fitted are there, in order; the others are counted by the metrics.
    drop(line);
    let mut inbox = page.inbox;
    let mut read = 0;
    while inbox.next().await.is_some() {
        read += 1;
    }
    assert_eq!(read, INBOX_CAPACITY);
}

#[tokio::test(start_paused = true)]
async fn events_right_after_an_attachment_find_its_inbox() {
    let mut line = Line::new();
    line.say(attached("S1", "T1")).await;
    line.say(load_event("S1")).await;
    sleep(Duration::from_millis(1)).await;
    let Some(SessionEvent::Attached(mut page)) = line.inbox.next().await else {
        panic!("it is attached");
    };
    assert!(matches!(
        page.inbox.next().await,
        Some(SessionEvent::Raw(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn a_page_without_an_owner_is_resumed_and_detached() {
    let mut line = Line::new();
    for number in 0..INBOX_CAPACITY {
        line.say(attached(&format!("S{number}"), &format!("T{number}")))
            .await;
    }
    line.say(attached("ONE-TOO-MANY", "T")).await;
    let run = line.command().await;
    assert_eq!(run["method"], "Runtime.runIfWaitingForDebugger");
    assert_eq!(run["sessionId"], "ONE-TOO-MANY");
    let let_go = line.command().await;
    assert_eq!(let_go["method"], "Target.detachFromTarget");
    assert_eq!(let_go["params"]["sessionId"], "ONE-TOO-MANY");
}

#[tokio::test(start_paused = true)]
async fn a_large_answer_is_a_slice_of_its_frame() {
    let mut line = Line::new();
    let page = line.attached("S1", "T1").await;
    let session = page.session.clone();
    let shot = CaptureScreenshot {
        format: "png",
        quality: None,
        clip: None,
        capture_beyond_viewport: false,
        optimize_for_speed: true,
    };
    let call = tokio::spawn(async move { session.call_raw(shot, LIMIT).await });
    let id = line.command().await["id"].clone();
    let picture = "A".repeat(20 * 1024 * 1024);
    let frame = Bytes::from(format!(r#"{{"id":{id},"result":{{"data":"{picture}"}}}}"#));
    let place = frame.as_ptr_range();
    line.far_end.frames.send(frame.clone()).await.unwrap();
    let data = screenshot_data(&call.await.unwrap().unwrap()).unwrap();
    assert_eq!(data.len(), picture.len());
    assert!(place.contains(&data.as_ptr()), "it was copied");
}

#[tokio::test(start_paused = true)]
async fn invalid_frames_are_ignored() {
    let mut line = Line::new();
    for frame in ["", "nonsense", "[]", "{}", r#"{"error":{"code":-32700}}"#] {
        line.far_end.frames.send(frame.into()).await.unwrap();
    }
    let browser = line.browser.clone();
    let call = tokio::spawn(async move { browser.call(GetVersion {}, LIMIT).await });
    let id = line.command().await["id"].clone();
    line.say(json!({"id": id, "result": {"product": "Chromium"}}))
        .await;
    assert_eq!(call.await.unwrap().unwrap().product, "Chromium");
}

#[tokio::test(start_paused = true)]
async fn the_connection_ends_with_its_last_handle() {
    let Line {
        browser,
        mut inbox,
        mut far_end,
    } = Line::new();
    drop(browser);
    assert!(inbox.next().await.is_none());
    assert!(far_end.commands.next().await.is_none());
}
