//! Events and answers in one line each, for readable assertions.

use cdp_bridge::server::wire::{self, WireAnswer};
use cdp_bridge::tabs::page_actions::PageActionError;
use cdp_bridge::tabs::{AnswerKind, CallId, Fact, Outcome, TabError};
use cdp_bridge_protocol::payload::PayloadHead;
use cdp_bridge_protocol::{Event, RequestKind};
use serde::Serialize;

/// A fact, as the event that clients receive.
pub(crate) fn describe_fact(fact: &Fact) -> String {
    describe(&wire::event(fact.clone()).expect("it is known which tab it happened to"))
}

/// An event with what counts of its fields.
fn describe(event: &Event) -> String {
    let name = event.name();
    match event {
        Event::TabCreated(created) => {
            let mut line = format!("{name} {} {}", created.id, created.url);
            if created.logged_out {
                line.push_str(" logged out");
            }
            if let Some(opener) = created.opener_id {
                line = format!("{line} from {opener}");
            }
            line
        }
        Event::Navigated(navigated) => {
            let mut line = format!("{name} {} {}", navigated.id, navigated.url);
            if let Some(status) = navigated.status {
                line = format!("{line} {status}");
            }
            if navigated.same_document.is_some() {
                line.push_str(" same document");
            }
            line
        }
        Event::TabUpdated(it) => format!("{name} {} {} {:?}", it.id, it.url, it.title),
        Event::LoadEventFired(loaded) => format!("{name} {}", loaded.id),
        Event::TabActivated(activated) => format!("{name} {}", activated.id),
        Event::LoggedOutModeSet(set) => format!("{name} {} {} {}", set.id, set.enabled, set.url),
        Event::TabClosed(closed) => format!("{name} {} {}", closed.id, word(&closed.reason)),
        Event::TabCrashed(crashed) => format!("{name} {} {}", crashed.id, crashed.url),
        Event::TabRebuilt(rebuilt) => {
            let reason = word(&rebuilt.reason);
            format!("{name} {} {} {reason}", rebuilt.id, rebuilt.url)
        }
        Event::DialogOpened(dialog) => {
            let (kind, handled) = (word(&dialog.kind), word(&dialog.handled));
            let id = dialog.dialog_id.as_ref();
            let asked = id.map(|id| format!(" as {id}")).unwrap_or_default();
            let message = &dialog.message;
            format!("{name} {} {kind} {handled}{asked}: {message}", dialog.id)
        }
        Event::DialogClosed(it) => {
            let (handled, by) = (word(&it.handled), word(&it.by));
            format!("{name} {} {} {handled} by {by}", it.id, it.dialog_id)
        }
        Event::AuthRequired(it) => {
            let refused = if it.refused { " again" } else { "" };
            format!("{name} {} {} {}{refused}", it.id, it.auth_id, it.origin)
        }
        Event::AuthClosed(it) => {
            let (outcome, by) = (word(&it.outcome), word(&it.by));
            format!("{name} {} {} {outcome} by {by}", it.id, it.auth_id)
        }
        Event::DownloadStarted(it) => {
            format!("{name} {} {} {}", it.id, it.download_id, it.name)
        }
        Event::DownloadFinished(it) => {
            let state = word(&it.state);
            format!("{name} {} {} {state} {}", it.id, it.download_id, it.bytes)
        }
        Event::PopupBlocked(blocked) => {
            let opener = blocked.id.map(|id| format!("{id} ")).unwrap_or_default();
            format!("{name} {opener}{} {}", word(&blocked.reason), blocked.count)
        }
        Event::FileChooserOpened(chooser) => {
            let several = if chooser.multiple { " several" } else { "" };
            format!("{name} {}{several}", chooser.id)
        }
        Event::ConsoleMessage(message) => {
            let mut line = format!("{name} {} {}", message.id, message.text);
            if let Some(omitted) = message.omitted {
                line = format!("{line} after {omitted}");
            }
            line
        }
        _ => name.to_owned(),
    }
}

pub(crate) fn describe_outcome(outcome: &Outcome) -> String {
    let answer = match outcome {
        Err(failure) => return code(&failure.error).to_owned(),
        Ok(answer) => answer,
    };
    let older: &[CallId] = match &answer.kind {
        AnswerKind::Payload { superseded, .. } => superseded,
        _ => &[],
    };
    // The kind of request is only repeated in `done`, and not described.
    match wire::answer(RequestKind::Click, answer.clone(), Vec::new()) {
        None => "coalesced".to_owned(),
        Some(WireAnswer::Event(event)) => describe(&event),
        Some(WireAnswer::Payload(head, _)) => match head {
            PayloadHead::DomSnapshot(head) => {
                let mut line = format!("domSnapshot {} {}", head.id, head.url);
                if !older.is_empty() {
                    let ids: Vec<_> = older.iter().map(|call| call.number.to_string()).collect();
                    line = format!("{line} for {} too", ids.join(", "));
                }
                line
            }
            PayloadHead::Screenshot(head) => {
                let (width, height) = (head.width, head.height);
                format!("screenshot {} {} {width}x{height}", head.id, head.mime)
            }
            head => head.name().to_owned(),
        },
    }
}

/// The protocol's name of an enum variant.
fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap();
    value.as_str().unwrap().to_owned()
}

/// The protocol's code of an error.
pub(crate) fn code(error: &TabError) -> &'static str {
    match error {
        TabError::NavFailed { .. } | TabError::NoEntry => "NAV_FAILED",
        TabError::ProxyFailed { .. } => "PROXY_FAILED",
        TabError::PageAction(error) => match **error {
            PageActionError::NotFound { .. } | PageActionError::NoChooser { .. } => "NOT_FOUND",
            PageActionError::NotActionable { .. } => "NOT_ACTIONABLE",
            PageActionError::Ambiguous { .. } => "AMBIGUOUS",
            PageActionError::StaleRef { .. } => "STALE_REF",
            PageActionError::BadSelector { .. } => "BAD_SELECTOR",
            PageActionError::Threw { .. }
            | PageActionError::TooLarge { .. }
            | PageActionError::NotJson { .. } => "EVALUATION_FAILED",
            PageActionError::NotHeld { .. } | PageActionError::NoneHolds { .. } => "CDP_TIMEOUT",
            PageActionError::PageLeft | PageActionError::Replaced => "CDP_DETACHED",
            PageActionError::Script(_) | PageActionError::Call(_) => "INTERNAL (page action)",
        },
        TabError::Download(_) | TabError::NotAsked { .. } => "NOT_FOUND",
        TabError::NavDenied(_) => "NAV_DENIED",
        TabError::Snapshot(_) => "SNAPSHOT_FAIL",
        TabError::Screenshot(_) => "SCREENSHOT_FAIL",
        TabError::Print(_) => "PRINT_FAIL",
        TabError::Setup(_) => "BAD_REQUEST",
        TabError::TimedOut { .. } | TabError::NotLoaded { .. } => "CDP_TIMEOUT",
        TabError::Detached => "CDP_DETACHED",
        TabError::Crashed => "TAB_CRASHED",
        TabError::Closed => "TAB_CLOSED",
        TabError::Dropped => "DROPPED",
        TabError::QueueFull { .. } => "RATE_LIMITED",
        TabError::TooManyTabs { .. }
        | TabError::TabsReserved { .. }
        | TabError::TooManyOwnTabs { .. } => "LIMIT_EXCEEDED",
        TabError::BrowserDown { .. } => "BROWSER_DOWN",
        TabError::ShuttingDown => "SHUTTING_DOWN",
        TabError::Refused(_) => "INTERNAL (refused)",
        TabError::ProxyUnavailable(_) => "INTERNAL (no proxy)",
        TabError::AfterInput(error)
        | TabError::AfterNavigation(error)
        | TabError::AfterOpening { error, .. } => code(error),
        TabError::Cancelled { .. } => "CANCELLED",
        TabError::Lost => "INTERNAL (lost)",
    }
}
