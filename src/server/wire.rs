//! The one place where facts and answers become messages of the protocol.

use cdp_bridge_protocol::event::{
    AuthClosed, AuthRequired, BrowserDown, BrowserUp, ConsoleMessage, DescribedSession,
    DialogClosed, DialogKind, DialogOpened, Done, DownloadFinished, DownloadStarted, Emulated,
    Evaluated, FileChooserOpened, FileStaged, FrameInfo, Frames, Handled, InitScriptAdded,
    LoadEventFired, LoggedOutModeSet, Navigated, PermissionsSet, Pong, PopupBlocked, Queried,
    RequestBlocked, ScreencastStarted, ScreencastStopped, SessionStateChanged, TabActivated,
    TabClosed, TabCrashed, TabCreated, TabRebuilt, TabUpdated, Tabs, WaitOutcome, Waited,
};
use cdp_bridge_protocol::payload::{Payload, PayloadFields, PayloadHead};
use cdp_bridge_protocol::{Event, RequestId, RequestKind, TabId};

use super::{wire_error, wire_history, wire_session};
use crate::operations::fact::{AskedAuth, AskedDialog, ConsoleLine, PageFrame};
use crate::operations::{
    Acted, Answer, AnswerKind, Call, CastFrame, Fact, FactKind, OperationOutcome, SessionId,
    Success,
};

/// An answer on the wire.
#[derive(Debug)]
pub enum WireAnswer {
    /// A message without a payload.
    Event(Box<Event>),
    /// A message with a payload; `seq` and `total` are filled in when it is cut into parts.
    Payload(PayloadHead, Payload),
}

/// A fact as an event. None: it happened to a tab that is not known, which the protocol has no event for.
#[expect(clippy::too_many_lines, reason = "an arm for each kind of fact")]
pub fn event(fact: Fact) -> Option<Event> {
    let tab = fact.tab;
    let event = match fact.kind {
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
        FactKind::PopupBlocked { url, reason, count } => PopupBlocked {
            id: tab,
            url,
            reason,
            count,
        }
        .into(),
        FactKind::NavigationFailed(failure) => {
            wire_error::of_failure(RequestKind::Navigate, &failure, tab).into()
        }
        FactKind::TabCreated {
            url,
            logged_out,
            opener,
        } => TabCreated {
            id: tab?,
            url,
            logged_out,
            opener_id: opener,
        }
        .into(),
        FactKind::TabActivated => TabActivated { id: tab? }.into(),
        FactKind::Navigated(navigation) => Navigated {
            id: tab?,
            url: navigation.url,
            status: navigation.status,
            same_document: navigation.same_document.then_some(true),
        }
        .into(),
        FactKind::Loaded { at_ms: ts } => LoadEventFired { id: tab?, ts }.into(),
        FactKind::LoggedOutModeSet { enabled, url } => LoggedOutModeSet {
            id: tab?,
            enabled,
            url,
        }
        .into(),
        FactKind::TabClosed { reason } => TabClosed { id: tab?, reason }.into(),
        FactKind::TabUpdated { url, title } => TabUpdated {
            id: tab?,
            url,
            title,
        }
        .into(),
        FactKind::TabCrashed { url } => TabCrashed { id: tab?, url }.into(),
        FactKind::TabRebuilt { url, reason } => TabRebuilt {
            id: tab?,
            url,
            reason,
        }
        .into(),
        FactKind::DialogOpened {
            kind,
            message,
            handled,
            asked,
        } => dialog_opened(tab?, kind, message, handled, asked).into(),
        FactKind::DialogClosed {
            dialog,
            handled,
            by,
        } => DialogClosed {
            id: tab?,
            dialog_id: dialog,
            handled,
            by,
        }
        .into(),
        FactKind::AuthRequired(asked) => auth_required(tab?, *asked).into(),
        FactKind::AuthClosed { auth, outcome, by } => AuthClosed {
            id: tab?,
            auth_id: auth,
            outcome,
            by,
        }
        .into(),
        FactKind::FileChooserOpened { multiple, chooser } => FileChooserOpened {
            id: tab?,
            multiple,
            chooser,
        }
        .into(),
        FactKind::DownloadStarted {
            download_id,
            url,
            name,
        } => DownloadStarted {
            id: tab?,
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
            id: tab?,
            download_id,
            name,
            bytes,
            state,
        }
        .into(),
        FactKind::ConsoleMessage(line) => console_message(tab?, line).into(),
        FactKind::SessionStateChanged { status, end_reason } => SessionStateChanged {
            session_id: SessionId::of(fact.audience.scope()?).to_string(),
            status,
            end_reason,
        }
        .into(),
    };
    Some(event)
}

fn dialog_opened(
    id: TabId,
    kind: DialogKind,
    message: String,
    handled: Handled,
    asked: Option<AskedDialog>,
) -> DialogOpened {
    let (dialog_id, answer_by, default_value) = match asked {
        Some(asked) => (
            Some(asked.dialog),
            Some(asked.answer_by_ms),
            asked.default_value,
        ),
        None => (None, None, None),
    };
    DialogOpened {
        id,
        kind,
        message,
        handled,
        dialog_id,
        answer_by,
        default_value,
    }
}

fn auth_required(id: TabId, asked: AskedAuth) -> AuthRequired {
    AuthRequired {
        id,
        auth_id: asked.auth,
        origin: asked.origin,
        scheme: asked.scheme,
        realm: asked.realm,
        url: asked.url,
        refused: asked.refused,
        answer_by: asked.answer_by_ms,
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

/// The outcome of a call on the wire. `superseded` are the requests that a snapshot answers beside its own. None:
/// the answer of a newer request names this one.
pub fn outcome(
    call: &Call,
    outcome: OperationOutcome,
    superseded: Vec<RequestId>,
) -> Option<WireAnswer> {
    let event = match outcome {
        Ok(Success::Tab(tab)) => return answer(call.kind, tab, superseded),
        Ok(Success::Pong(ts)) => Pong { ts }.into(),
        Ok(Success::Tabs(tabs)) => Tabs { tabs }.into(),
        Ok(Success::Cancel { cancelled, tab }) => Done {
            cancelled: Some(cancelled),
            ..done(tab, call.kind, Acted::default())
        }
        .into(),
        Ok(Success::Staged(part)) => FileStaged {
            file_id: part.file_id,
            received: part.received,
            size: part.size,
        }
        .into(),
        Ok(Success::SessionCreated(created)) => wire_session::created(*created).into(),
        Ok(Success::Session(view)) => DescribedSession {
            session: Box::new(wire_session::info(*view)),
        }
        .into(),
        Ok(Success::Sessions(page)) => wire_session::listed(*page).into(),
        Ok(Success::History(page)) => wire_history::history(*page).into(),
        Ok(Success::Usage(report)) => wire_history::usage(*report).into(),
        Ok(Success::SessionEnded(view)) => wire_session::state(&view).into(),
        Err(error) => wire_error::of_operation(call.kind, &error, call.tab).into(),
    };
    Some(WireAnswer::Event(Box::new(event)))
}

/// The answer of a tab on the wire, as [`outcome`] gives it.
pub fn answer(kind: RequestKind, answer: Answer, superseded: Vec<RequestId>) -> Option<WireAnswer> {
    let id = answer.tab;
    let event = match answer.kind {
        AnswerKind::Superseded => return None,
        AnswerKind::Fact(fact) => event(fact).unwrap_or_else(|| wire_error::lost().into()),
        AnswerKind::Done(acted) => done(Some(id), kind, acted).into(),
        AnswerKind::Subscribed => done(Some(id), kind, Acted::default()).into(),
        AnswerKind::Evaluated(value) => Evaluated { id, value }.into(),
        AnswerKind::Queried(value) => Queried { id, value }.into(),
        AnswerKind::Waited(waited) => Waited {
            id,
            url: waited.url,
            index: waited.index,
            value: waited.value,
        }
        .into(),
        AnswerKind::Frames { frames, truncated } => Frames {
            id,
            frames: frames.into_iter().map(frame_info).collect(),
            truncated: truncated.then_some(true),
        }
        .into(),
        AnswerKind::Emulated(emulation) => Emulated {
            id,
            emulation: *emulation,
        }
        .into(),
        AnswerKind::PermissionsSet(grant) => PermissionsSet {
            id,
            origin: grant.origin,
            permissions: grant.permissions,
        }
        .into(),
        AnswerKind::InitScriptAdded { id: script_id } => InitScriptAdded { id, script_id }.into(),
        AnswerKind::ScreencastStarted => ScreencastStarted { id }.into(),
        AnswerKind::ScreencastStopped => ScreencastStopped { id }.into(),
        AnswerKind::Payload {
            fields, payload, ..
        } => {
            let mut head = fields.head(id);
            if let PayloadHead::DomSnapshot(head) = &mut head {
                head.coalesced = (!superseded.is_empty()).then_some(superseded);
            }
            return Some(WireAnswer::Payload(head, payload));
        }
    };
    Some(WireAnswer::Event(Box::new(event)))
}

fn done(id: Option<TabId>, kind: RequestKind, acted: Acted) -> Done {
    let Acted {
        values,
        position,
        moved,
        matches,
        is_trial,
        waited,
    } = acted;
    Done {
        id,
        action: kind.as_str().to_owned(),
        values,
        position,
        moved,
        matches,
        cancelled: None,
        trial: is_trial.then_some(true),
        waited: waited.map(|waited| WaitOutcome {
            url: waited.url,
            index: waited.index,
            value: waited.value,
        }),
    }
}

fn frame_info(frame: PageFrame) -> FrameInfo {
    FrameInfo {
        url: frame.url,
        name: frame.name,
        parent: frame.parent,
        selector: frame.selector,
        unresponsive: frame.unresponsive.then_some(true),
    }
}

/// A frame of a screencast.
pub fn frame(frame: CastFrame) -> (PayloadHead, Payload) {
    let picture = frame.picture;
    let fields = PayloadFields::Frame {
        frame_no: frame.number,
        mime: "image/jpeg".to_owned(),
        width: picture.width,
        height: picture.height,
        ts: frame.at_ms,
    };
    (fields.head(frame.tab), Payload::Base64(picture.data))
}

/// Counts are left out of a message where there is nothing to count.
fn some_of(count: u64) -> Option<u64> {
    (count > 0).then_some(count)
}
