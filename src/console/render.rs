//! Events as lines of text (pure).

use std::fmt::Write as _;
use std::time::Duration;

use cdp_bridge_protocol::event::{ConsoleMessage, Done, TabInfo, TabState};
use cdp_bridge_protocol::payload::{Joined, PayloadHead};
use cdp_bridge_protocol::{ErrorEvent, Event, RequestId, TabId};
use serde_json::Value;

use super::json_view::{JsonView, fold};
use super::style::Style;
use super::text::{beginning, duration, grouped, shown};
use crate::client::Received;

/// Longest URL or message, in characters.
const LINE: usize = 400;
/// Longest excerpt of a document, in characters.
const BEGINNING: usize = 200;
/// Most lines of an outline or a text.
const ROWS: usize = 60;

/// The text of a received message; `took` is the round-trip time of the request that it answers.
pub(super) fn render(received: &Received, took: Option<Duration>, style: Style) -> String {
    let (mut facts, mut below) = match received {
        Received::Message(message) => (facts(&message.event), rows(&message.event)),
        Received::Payload(joined) => (payload_facts(joined), payload_rows(joined)),
        Received::Other(_) => (String::new(), Vec::new()),
        Received::Unreadable(problem) => (shown(problem, LINE), Vec::new()),
        Received::Closed(closing) => (shown(&closing.to_string(), LINE), Vec::new()),
    };
    for row in &mut below {
        *row = style.dim(row);
    }
    match value_of(received).map(|value| fold(&value, style)) {
        Some(JsonView::Line(line)) => {
            if !facts.is_empty() {
                facts.push(' ');
            }
            facts.push_str(&line);
        }
        Some(JsonView::Rows(rows)) => below.extend(rows),
        None => {}
    }
    let id = received.request_id();
    let name = shown(received.name(), 64);
    let name = match (received.name(), &id) {
        ("error" | "unreadable" | "closed", _) => style.bad(&name),
        (_, Some(_)) => style.good(&name),
        (_, None) => style.unasked(&name),
    };
    let mut line = format!("← {name}");
    if !facts.is_empty() {
        line.push(' ');
        line.push_str(&facts);
    }
    if let Some(id) = id {
        line.push(' ');
        line.push_str(&style.dim(&tail(&id, took)));
    }
    for row in below {
        line.push_str("\n    ");
        line.push_str(&row);
    }
    line
}

/// JSON to show with the event: a page's result, details of an error, or all of an unknown event.
fn value_of(received: &Received) -> Option<Value> {
    match received {
        Received::Message(message) => match &message.event {
            Event::Queried(queried) => Some(queried.value.clone()),
            Event::Evaluated(evaluated) => Some(evaluated.value.clone()),
            Event::Error(error) => serde_json::to_value(error.details.as_ref()?).ok(),
            _ => None,
        },
        Received::Other(fields) => {
            let mut fields = fields.clone();
            fields.remove("type");
            fields.remove("requestId");
            Some(Value::Object(fields))
        }
        Received::Payload(_) | Received::Unreadable(_) | Received::Closed(_) => None,
    }
}

/// `(c1, 34 ms)`.
fn tail(id: &RequestId, took: Option<Duration>) -> String {
    let id = shown(&id.to_string(), RequestId::MAX_CHARS);
    match took {
        Some(took) => format!("({id}, {})", duration(took)),
        None => format!("({id})"),
    }
}

/// The important fields of an event, on one line.
#[expect(clippy::too_many_lines, reason = "it is a list")]
fn facts(event: &Event) -> String {
    match event {
        Event::Welcome(welcome) => format!(
            "{}, {}, protocol {}, {}",
            shown(&welcome.server, LINE),
            if welcome.browser.is_empty() {
                "browser down".to_owned()
            } else {
                shown(&welcome.browser, LINE)
            },
            welcome.protocol,
            counted(welcome.tabs.len(), "tab"),
        ),
        Event::TabCreated(tab) => {
            let mut text = at(tab.id, &tab.url);
            if tab.logged_out {
                text.push_str(" logged out");
            }
            if let Some(opener) = tab.opener_id {
                append(&mut text, format_args!(" opened by {opener}"));
            }
            text
        }
        Event::TabActivated(tab) => tab.id.to_string(),
        Event::Navigated(navigated) => {
            let mut text = at(navigated.id, &navigated.url);
            if let Some(status) = navigated.status {
                append(&mut text, format_args!(" {status}"));
            }
            if navigated.same_document == Some(true) {
                text.push_str(" within the document");
            }
            text
        }
        Event::LoadEventFired(fired) => fired.id.to_string(),
        Event::TabUpdated(tab) => {
            format!("{} \"{}\"", at(tab.id, &tab.url), shown(&tab.title, LINE))
        }
        Event::LoggedOutModeSet(set) => {
            let mode = if set.enabled { "on" } else { "off" };
            format!("{} {mode} {}", set.id, shown(&set.url, LINE))
        }
        Event::Tabs(tabs) => counted(tabs.tabs.len(), "tab"),
        Event::ScreencastStarted(cast) => cast.id.to_string(),
        Event::ScreencastStopped(cast) => cast.id.to_string(),
        Event::TabClosed(closed) => format!("{} {}", closed.id, wire(&closed.reason)),
        Event::TabCrashed(crashed) => at(crashed.id, &crashed.url),
        Event::TabRebuilt(rebuilt) => {
            format!(
                "{} after {}",
                at(rebuilt.id, &rebuilt.url),
                wire(&rebuilt.reason)
            )
        }
        Event::DialogOpened(dialog) => {
            let mut text = format!(
                "{} {} \"{}\" {}",
                dialog.id,
                wire(&dialog.kind),
                shown(&dialog.message, LINE),
                wire(&dialog.handled)
            );
            if let Some(id) = &dialog.dialog_id {
                append(&mut text, format_args!(" as {}", shown(id, 64)));
            }
            text
        }
        Event::DialogClosed(dialog) => format!(
            "{} {} {} by {}",
            dialog.id,
            shown(&dialog.dialog_id, 64),
            wire(&dialog.handled),
            wire(&dialog.by)
        ),
        Event::AuthRequired(auth) => format!(
            "{} {} asks for a password for \"{}\": auth={}{}",
            auth.id,
            shown(&auth.origin, LINE),
            shown(&auth.realm, LINE),
            shown(&auth.auth_id, 64),
            if auth.refused {
                ", the last one was refused"
            } else {
                ""
            }
        ),
        Event::AuthClosed(auth) => format!(
            "{} {} {} by {}",
            auth.id,
            shown(&auth.auth_id, 64),
            wire(&auth.outcome),
            wire(&auth.by)
        ),
        Event::RequestBlocked(blocked) => format!(
            "{}{} {}: {}, {}",
            blocked.id.map(|id| format!("{id} ")).unwrap_or_default(),
            shown(&blocked.resource_type, LINE),
            shown(&blocked.url, LINE),
            shown(&blocked.reason, LINE),
            counted(
                usize::try_from(blocked.count).unwrap_or(usize::MAX),
                "request"
            ),
        ),
        Event::PopupBlocked(blocked) => format!(
            "{}{} {}, {}",
            blocked.id.map(|id| format!("{id} ")).unwrap_or_default(),
            shown(&blocked.url, LINE),
            blocked.reason.as_str(),
            counted(
                usize::try_from(blocked.count).unwrap_or(usize::MAX),
                "popup"
            ),
        ),
        Event::BrowserDown(down) => restarts(down.reason.as_deref(), down.restarts),
        Event::BrowserUp(up) => restarts(up.reason.as_deref(), up.restarts),
        Event::Error(error) => error_facts(error),
        Event::Pong(pong) => pong.ts.to_string(),
        Event::Resumed(resumed) => format!(
            "from message {}, {} in flight",
            resumed.next,
            counted(resumed.in_flight.len(), "request")
        ),
        Event::Gap(gap) => format!("messages {} to {} are lost", gap.from, gap.to),
        Event::Done(done) => done_facts(done),
        Event::Waited(waited) => at(waited.id, &waited.url),
        Event::Queried(queried) => queried.id.to_string(),
        Event::Evaluated(evaluated) => evaluated.id.to_string(),
        Event::ConsoleMessage(message) => console_facts(message),
        Event::DownloadStarted(download) => format!(
            "{} {} \"{}\" {}",
            download.id,
            shown(&download.download_id, 64),
            shown(&download.name, LINE),
            shown(&download.url, LINE)
        ),
        Event::DownloadFinished(download) => format!(
            "{} {} \"{}\" {} bytes, {}",
            download.id,
            shown(&download.download_id, 64),
            shown(&download.name, LINE),
            download.bytes,
            wire(&download.state)
        ),
        Event::FileChooserOpened(chooser) => {
            let files = if chooser.multiple { "files" } else { "a file" };
            let mut text = format!("{} wants {files}", chooser.id);
            if let Some(chooser) = &chooser.chooser {
                append(
                    &mut text,
                    format_args!(" for chooser={}", shown(chooser, 64)),
                );
            }
            text
        }
        // Events with a payload arrive joined and are described by `payload_facts`.
        _ => String::new(),
    }
}

fn console_facts(message: &ConsoleMessage) -> String {
    let mut text = format!(
        "{} {} \"{}\"",
        message.id,
        wire(&message.level),
        shown(&message.text, LINE)
    );
    if let Some(url) = &message.url {
        append(&mut text, format_args!(" {}", shown(url, LINE)));
    }
    if let Some(line) = message.line {
        append(&mut text, format_args!(":{line}"));
    }
    if let Some(omitted) = message.omitted {
        append(&mut text, format_args!(", {omitted} before it dropped"));
    }
    text
}

fn done_facts(done: &Done) -> String {
    let mut text = shown(&done.action, 64);
    if let Some(id) = done.id {
        text = format!("{id} {text}");
    }
    match done.cancelled {
        Some(true) => text.push_str(" cancelled the request"),
        Some(false) => text.push_str(" found no such request unanswered"),
        None => {}
    }
    if let Some(values) = &done.values {
        append(
            &mut text,
            format_args!(" {}", shown(&values.join(", "), LINE)),
        );
    }
    if let Some(position) = done.position {
        append(&mut text, format_args!(" at {},{}", position.x, position.y));
    }
    text
}

fn error_facts(error: &ErrorEvent) -> String {
    let mut text = error.code.as_str().to_owned();
    if let Some(id) = error.id {
        append(&mut text, format_args!(" {id}"));
    }
    text.push_str(": ");
    text.push_str(&shown(&error.message, LINE));
    if error.retryable {
        text.push_str(", retryable");
    }
    text
}

/// Lines below the first one.
fn rows(event: &Event) -> Vec<String> {
    match event {
        Event::Welcome(welcome) => welcome.tabs.iter().map(tab_row).collect(),
        Event::Tabs(tabs) => tabs.tabs.iter().map(tab_row).collect(),
        _ => Vec::new(),
    }
}

fn tab_row(tab: &TabInfo) -> String {
    let mut text = at(tab.id, &tab.url);
    if !tab.title.is_empty() {
        append(&mut text, format_args!(" \"{}\"", shown(&tab.title, LINE)));
    }
    if tab.state != TabState::Ready {
        text.push(' ');
        text.push_str(&wire(&tab.state));
    }
    for (holds, word) in [(tab.active, "active"), (tab.logged_out, "logged out")] {
        if holds {
            text.push(' ');
            text.push_str(word);
        }
    }
    text
}

fn payload_facts(joined: &Joined) -> String {
    let bytes = grouped(joined.payload.len());
    match &joined.head {
        PayloadHead::DomSnapshot(head) => {
            let mut text = format!(
                "{} {} {bytes} bytes in {}",
                head.id,
                head.format.as_str(),
                counted(head.total as usize, "part")
            );
            if let Some(others) = head.coalesced.as_ref().filter(|ids| !ids.is_empty()) {
                let ids: Vec<_> = others.iter().map(|id| shown(&id.to_string(), 64)).collect();
                append(&mut text, format_args!(", also for {}", ids.join(", ")));
            }
            text
        }
        PayloadHead::Screenshot(head) => format!(
            "{} {} {}×{} {bytes} bytes in {}",
            head.id,
            shown(&head.mime, 64),
            head.width,
            head.height,
            counted(head.total as usize, "part")
        ),
        PayloadHead::Frame(head) => format!(
            "{} {} {} {}×{} {bytes} bytes",
            head.id,
            head.frame_no,
            shown(&head.mime, 64),
            head.width,
            head.height
        ),
        PayloadHead::AxSnapshot(head) => {
            let lines = usize::try_from(head.lines).unwrap_or(usize::MAX);
            let mut text = format!("{} {}", head.id, counted(lines, "line"));
            if let Some(since) = head.changes_since {
                append(&mut text, format_args!(" of changes since {since}"));
            }
            if let Some(left) = head.lines_left {
                append(&mut text, format_args!(", {left} more"));
            }
            if let Some(omitted) = head.omitted {
                append(&mut text, format_args!(", {omitted} elements omitted"));
            }
            if let Some(revision) = head.revision {
                append(&mut text, format_args!(", revision {revision}"));
            }
            text
        }
        PayloadHead::Content(head) => {
            let cut = if head.truncated == Some(true) {
                ", cut"
            } else {
                ""
            };
            format!("{} {} {bytes} bytes{cut}", head.id, head.format.as_str())
        }
        PayloadHead::Download(head) => format!(
            "{} {} \"{}\" {bytes} bytes in {}",
            head.id,
            shown(&head.download_id, 64),
            shown(&head.name, LINE),
            counted(head.total as usize, "part")
        ),
        PayloadHead::Pdf(head) => format!("{} {} {bytes} bytes", head.id, head.url),
        #[allow(
            unreachable_patterns,
            reason = "for events that have no line of their own yet"
        )]
        other => format!("{} {bytes} bytes", other.tab()),
    }
}

fn payload_rows(joined: &Joined) -> Vec<String> {
    match &joined.head {
        PayloadHead::DomSnapshot(_) => {
            // Only the excerpt is decoded; 64 bytes a character leave room for collapsed white space.
            let start = &joined.payload[..joined.payload.len().min(BEGINNING * 64)];
            vec![beginning(&String::from_utf8_lossy(start), BEGINNING)]
        }
        head if head.is_text() => {
            let text = String::from_utf8_lossy(&joined.payload);
            let lines = text.lines().take(ROWS);
            let mut rows: Vec<String> = lines.map(|line| indented(line, LINE)).collect();
            let more = text.lines().count().saturating_sub(ROWS);
            if more > 0 {
                rows.push(format!("… and {}", counted(more, "line")));
            }
            rows
        }
        _ => Vec::new(),
    }
}

/// A sanitized line that keeps its indentation.
fn indented(line: &str, most: usize) -> String {
    let spaces = line.len() - line.trim_start_matches(' ').len();
    format!("{}{}", " ".repeat(spaces.min(80)), shown(line, most))
}

fn at(id: TabId, url: &str) -> String {
    format!("{id} {}", shown(url, LINE))
}

fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", grouped(count))
}

fn restarts(reason: Option<&str>, restarts: u64) -> String {
    let restarts = counted(usize::try_from(restarts).unwrap_or(usize::MAX), "restart");
    match reason {
        Some(reason) => format!("{}, {restarts}", shown(reason, LINE)),
        None => restarts,
    }
}

fn append(text: &mut String, more: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(more);
}

/// The JSON string of a unit variant.
fn wire<T: serde::Serialize>(word: &T) -> String {
    match serde_json::to_value(word) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp_bridge_protocol::Message;
    use cdp_bridge_protocol::payload::{Incoming, Joiner};

    fn line(json: &str) -> String {
        let received = match Joiner::default().text(json).unwrap() {
            Incoming::Message(message) => Received::Message(message),
            Incoming::Payload(joined) => Received::Payload(joined),
            Incoming::Part => panic!("it is whole"),
        };
        render(
            &received,
            Some(Duration::from_millis(34)),
            Style::new(false),
        )
    }

    #[test]
    fn an_answer_is_one_short_line() {
        let cases = [
            (
                r#"{"type":"tabCreated","requestId":"c1","id":"t1","url":"about:blank","loggedOut":false}"#,
                "← tabCreated t1 about:blank (c1, 34 ms)",
            ),
            (
                r#"{"type":"navigated","id":"t1","url":"http://a/","status":404}"#,
                "← navigated t1 http://a/ 404",
            ),
            (
                r#"{"type":"error","requestId":9,"id":"t1","code":"NAV_DENIED","message":"no","retryable":false,"details":{"host":"evil.test"}}"#,
                r#"← error NAV_DENIED t1: no {host: "evil.test"} (9, 34 ms)"#,
            ),
            (
                r#"{"type":"error","code":"NAV_FAILED","message":"no","retryable":true}"#,
                "← error NAV_FAILED: no, retryable",
            ),
            (
                r#"{"type":"tabClosed","requestId":"c1","id":"t1","reason":"browserExited"}"#,
                "← tabClosed t1 browserExited (c1, 34 ms)",
            ),
            (
                r#"{"type":"dialogOpened","id":"t1","kind":"alert","message":"hi","handled":"dismissed"}"#,
                "← dialogOpened t1 alert \"hi\" dismissed",
            ),
            (
                r#"{"type":"requestBlocked","url":"http://x/","resourceType":"Image","reason":"x is not in the allowlist","count":2}"#,
                "← requestBlocked Image http://x/: x is not in the allowlist, 2 requests",
            ),
            (
                r#"{"type":"resumed","next":7,"inFlight":["c1"]}"#,
                "← resumed from message 7, 1 request in flight",
            ),
            (
                r#"{"type":"gap","from":2,"to":6}"#,
                "← gap messages 2 to 6 are lost",
            ),
            (
                r#"{"type":"browserDown","restarts":1}"#,
                "← browserDown 1 restart",
            ),
            (
                r#"{"type":"screenshot","requestId":"c2","id":"t1","mime":"image/png","width":8,"height":6,"data":"AAAA","seq":0,"total":1}"#,
                "← screenshot t1 image/png 8×6 3 bytes in 1 part (c2, 34 ms)",
            ),
        ];
        for (json, expected) in cases {
            assert_eq!(line(json), expected);
        }
    }

    #[test]
    fn a_snapshot_is_folded_to_its_beginning() {
        let page = format!("<html>\\n  <p>{}", "x".repeat(5000));
        let json = format!(
            r#"{{"type":"domSnapshot","requestId":"c3","id":"t1","url":"http://a/","format":"html","seq":0,"total":1,"coalesced":["c2"],"snapshot":"{page}"}}"#
        );
        let text = line(&json);
        let (first, second) = text.split_once('\n').unwrap();
        assert_eq!(
            first,
            "← domSnapshot t1 html 5,012 bytes in 1 part, also for c2 (c3, 34 ms)"
        );
        assert!(second.starts_with("    <html> <p>xxx") && second.ends_with('…'));
        assert_eq!(second.trim_start().chars().count(), BEGINNING + 1);
    }

    #[test]
    fn tabs_have_a_row_each() {
        let json = r#"{"type":"tabs","requestId":1,"tabs":[{"id":"t1","url":"http://a/","title":"A","loggedOut":true,"active":true,"state":"loading"}]}"#;
        assert_eq!(
            line(json),
            "← tabs 1 tab (1, 34 ms)\n    t1 http://a/ \"A\" loading active logged out"
        );
    }

    #[test]
    fn a_page_that_writes_control_characters_is_shown_harmlessly() {
        let json = r#"{"type":"dialogOpened","id":"t1","kind":"alert","message":"\u001b[2J\n← error","handled":"dismissed"}"#;
        assert!(!line(json).chars().any(char::is_control));
    }

    #[test]
    fn what_is_not_known_is_shown_as_it_came() {
        let fields =
            serde_json::json!({"type": "done", "requestId": "c1", "id": "t1", "action": "click"});
        let Value::Object(fields) = fields else {
            unreachable!()
        };
        assert_eq!(
            render(&Received::Other(fields), None, Style::new(false)),
            r#"← done {action: "click", id: "t1"} (c1)"#
        );
    }

    #[test]
    fn every_event_has_a_line_that_begins_with_its_name() {
        let message = Message::unasked(cdp_bridge_protocol::event::Pong { ts: 5 });
        let text = render(
            &Received::Message(Box::new(message)),
            None,
            Style::new(true),
        );
        assert!(text.starts_with("← \u{1b}[36mpong\u{1b}[0m 5"), "{text:?}");
    }
}
