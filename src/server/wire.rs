//! The one place where facts and answers become messages of the protocol.

use cdp_bridge_protocol::event::{
    AxSnapshotHead, BrowserDown, BrowserUp, ConsoleMessage, ContentHead, DialogOpened,
    DomSnapshotHead, Done, DownloadFinished, DownloadHead, DownloadStarted, Evaluated,
    FileChooserOpened, FrameHead, LoadEventFired, LoggedOutModeSet, Navigated, Queried,
    RequestBlocked, ScreencastStarted, ScreencastStopped, ScreenshotHead, TabActivated, TabClosed,
    TabCrashed, TabCreated, TabRebuilt, TabUpdated, Waited,
};
use cdp_bridge_protocol::payload::{Payload, PayloadHead};
use cdp_bridge_protocol::request::ContentFormat;
use cdp_bridge_protocol::{Event, RequestId, RequestKind, TabId};

use super::wire_error;
use crate::operations::fact::{ConsoleLine, Navigation};
use crate::operations::{Acted, Answer, AnswerKind, CastFrame, Fact, FactKind};

/// An answer on the wire.
#[derive(Debug)]
pub enum WireAnswer {
    /// A message without a payload.
    Event(Box<Event>),
    /// A message with a payload; `seq` and `total` are filled in when it is cut into parts.
    Payload(PayloadHead, Payload),
}

/// A fact as an event. None: it happened to a tab that is not known, which the protocol has no event for.
pub fn event(fact: Fact) -> Option<Event> {
    let Fact { tab, kind, .. } = fact;
    Some(match kind {
        FactKind::BrowserDown { reason, restarts } => BrowserDown { reason, restarts }.into(),
        FactKind::BrowserUp { reason, restarts } => BrowserUp { reason, restarts }.into(),
        FactKind::RequestBlocked {
            url,
            resource_type,
            reason,
            count,
        } => RequestBlocked {
            id: tab,
            url,
            resource_type: resource_type.to_owned(),
            reason,
            count,
        }
        .into(),
        FactKind::NavigationFailed(failure) => {
            wire_error::of_failure(RequestKind::Navigate, &failure, tab).into()
        }
        kind => of_tab(tab?, kind),
    })
}

fn of_tab(id: TabId, kind: FactKind) -> Event {
    match kind {
        FactKind::TabCreated {
            url,
            logged_out,
            opener: opener_id,
        } => TabCreated {
            id,
            url,
            logged_out,
            opener_id,
        }
        .into(),
        FactKind::TabActivated => TabActivated { id }.into(),
        FactKind::Navigated(Navigation {
            url,
            status,
            same_document,
        }) => Navigated {
            id,
            url,
            status,
            same_document: same_document.then_some(true),
        }
        .into(),
        FactKind::Loaded { at_ms: ts } => LoadEventFired { id, ts }.into(),
        FactKind::LoggedOutModeSet { enabled, url } => LoggedOutModeSet { id, enabled, url }.into(),
        FactKind::TabClosed { reason } => TabClosed { id, reason }.into(),
        FactKind::TabUpdated { url, title } => TabUpdated { id, url, title }.into(),
        FactKind::TabCrashed { url } => TabCrashed { id, url }.into(),
        FactKind::TabRebuilt { url, reason } => TabRebuilt { id, url, reason }.into(),
        FactKind::DialogOpened {
            kind,
            message,
            handled,
        } => DialogOpened {
            id,
            kind,
            message,
            handled,
        }
        .into(),
        FactKind::FileChooserOpened { multiple, chooser } => FileChooserOpened {
            id,
            multiple,
            chooser,
        }
        .into(),
        FactKind::DownloadStarted {
            download_id,
            url,
            name,
        } => DownloadStarted {
            id,
            download_id,
            url,
            name,
        }
        .into(),
        FactKind::DownloadFinished {
            download_id,
            name,
            bytes,
            state,
        } => DownloadFinished {
            id,
            download_id,
            name,
            bytes,
            state,
        }
        .into(),
        FactKind::ConsoleMessage(line) => console_message(id, line).into(),
        FactKind::BrowserDown { .. }
        | FactKind::BrowserUp { .. }
        | FactKind::RequestBlocked { .. }
        | FactKind::NavigationFailed(_) => wire_error::lost().into(),
    }
}

fn console_message(id: TabId, line: ConsoleLine) -> ConsoleMessage {
    ConsoleMessage {
        id,
        level: line.level,
        source: line.source,
        text: line.text,
        truncated: line.truncated.then_some(true),
        url: line.url,
        line: line.line,
        column: line.column,
        ts: line.at_ms,
        omitted: some_of(line.omitted),
    }
}

/// The answer to a call on the wire. `superseded` are the requests that a snapshot answers beside its own.
pub fn answer(kind: RequestKind, answer: Answer, superseded: Vec<RequestId>) -> WireAnswer {
    let id = answer.tab;
    let event = match answer.kind {
        AnswerKind::Fact(fact) => event(fact).unwrap_or_else(|| wire_error::lost().into()),
        AnswerKind::Done(acted) => done(id, kind, acted).into(),
        AnswerKind::Subscribed => done(id, kind, Acted::default()).into(),
        AnswerKind::Evaluated(value) => Evaluated { id, value }.into(),
        AnswerKind::Queried(value) => Queried { id, value }.into(),
        AnswerKind::Waited { url } => Waited { id, url }.into(),
        AnswerKind::ScreencastStarted => ScreencastStarted { id }.into(),
        AnswerKind::ScreencastStopped => ScreencastStopped { id }.into(),
        // The newer request's answer names this one.
        AnswerKind::Superseded(_) => wire_error::lost().into(),
        AnswerKind::Snapshot {
            url, format, text, ..
        } => {
            let head = DomSnapshotHead {
                id,
                url,
                format,
                seq: 0,
                total: 0,
                coalesced: (!superseded.is_empty()).then_some(superseded),
            };
            return WireAnswer::Payload(PayloadHead::DomSnapshot(head), Payload::Text(text));
        }
        AnswerKind::Screenshot { format, picture } => {
            let head = ScreenshotHead {
                id,
                mime: format.mime().to_owned(),
                width: picture.width,
                height: picture.height,
                seq: 0,
                total: 0,
            };
            let head = PayloadHead::Screenshot(head);
            return WireAnswer::Payload(head, Payload::Base64(picture.data));
        }
        AnswerKind::Outline {
            url,
            lines,
            omitted,
            text,
        } => {
            let head = AxSnapshotHead {
                id,
                url,
                lines,
                omitted: some_of(omitted),
                seq: 0,
                total: 0,
            };
            return WireAnswer::Payload(PayloadHead::AxSnapshot(head), Payload::Text(text));
        }
        AnswerKind::Content {
            url,
            format,
            truncated,
            text,
        } => {
            let head = content_head(id, url, format, truncated);
            return WireAnswer::Payload(PayloadHead::Content(head), Payload::Text(text));
        }
        AnswerKind::Download {
            download_id,
            name,
            payload,
        } => {
            let head = DownloadHead {
                id,
                download_id,
                name,
                seq: 0,
                total: 0,
            };
            return WireAnswer::Payload(PayloadHead::Download(head), payload);
        }
    };
    WireAnswer::Event(Box::new(event))
}

fn content_head(id: TabId, url: String, format: ContentFormat, truncated: bool) -> ContentHead {
    ContentHead {
        id,
        url,
        format,
        truncated: truncated.then_some(true),
        seq: 0,
        total: 0,
    }
}

fn done(id: TabId, kind: RequestKind, acted: Acted) -> Done {
    let Acted { values, position } = acted;
    Done {
        id,
        action: kind.as_str().to_owned(),
        values,
        position,
    }
}

/// A frame of a screencast.
pub fn frame(frame: CastFrame) -> (PayloadHead, Payload) {
    let picture = frame.picture;
    let head = FrameHead {
        id: frame.tab,
        frame_no: frame.number,
        mime: "image/jpeg".to_owned(),
        width: picture.width,
        height: picture.height,
        ts: frame.at_ms,
        seq: 0,
        total: 0,
    };
    (PayloadHead::Frame(head), Payload::Base64(picture.data))
}

/// Counts are left out of a message where there is nothing to count.
fn some_of(count: u64) -> Option<u64> {
    (count > 0).then_some(count)
}
