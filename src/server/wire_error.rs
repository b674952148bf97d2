//! The only place where a failure becomes an error on the wire (docs/protocol.md: Errors).

use cdp_bridge_protocol::{ErrorCode, ErrorDetails, ErrorEvent, RequestKind, TabId};

use crate::operations::error::{code_of_tab, millis_rounded_up};
use crate::operations::failure::{
    DownloadError, Failure, PageActionError, PrintError, ScreenshotError, SetupError,
    SnapshotError, TabError,
};
use crate::operations::staged_files::StagingError;
use crate::operations::{OperationError, SessionError};

/// The answer of a request that failed. `tab` is the one that the request names.
pub fn of_operation(kind: RequestKind, error: &OperationError, tab: Option<TabId>) -> ErrorEvent {
    if let OperationError::Failed(failure) = error {
        return of_failure(kind, failure, tab);
    }
    ErrorEvent {
        id: tab.filter(|_| !is_refused_early(error)),
        details: some_of(details_of_operation(error)),
        retryable: error.code(kind).retryable() && !is_unknown_file(error),
        ..ErrorEvent::new(error.code(kind), error.to_string())
    }
}

/// A request that a tab, or the supervisor of tabs, could not fulfil.
pub fn of_failure(kind: RequestKind, failure: &Failure, tab: Option<TabId>) -> ErrorEvent {
    let error = &failure.error;
    let code = code_of_tab(kind, error);
    let message = match code {
        // The cause is in the log; a client can do nothing with it.
        ErrorCode::Internal => "internal error of the bridge; its log has the details".to_owned(),
        _ => error.to_string(),
    };
    ErrorEvent {
        id: tab.or(error.opened_tab()),
        session_id: failure.session.clone(),
        details: some_of(details_of_tab(error)),
        retryable: code.retryable() && !error.may_have_acted() && !is_final(error),
        ..ErrorEvent::new(code, message)
    }
}

/// Whether the request had an effect before it failed.
pub fn may_have_acted(error: &OperationError) -> bool {
    matches!(error, OperationError::Failed(failure) if failure.error.may_have_acted())
}

/// Whether the request names a file that was never staged, or is dropped: ids are not used again.
fn is_unknown_file(error: &OperationError) -> bool {
    matches!(error, OperationError::Staging(StagingError::Unknown { .. }))
}

/// Whether the same request can never succeed, although others with this code may.
fn is_final(error: &TabError) -> bool {
    match error {
        TabError::NotAsked { .. }
        | TabError::Download(DownloadError::Unknown { .. })
        | TabError::Setup(
            SetupError::TooManyScripts { .. }
            | SetupError::ScriptsTooLong { .. }
            | SetupError::UnknownScript,
        ) => true,
        TabError::ProxyFailed { failure, .. } => failure.fault.is_final(),
        _ => false,
    }
}

/// Whether the request was refused before its tab was looked at: the error then names no tab.
fn is_refused_early(error: &OperationError) -> bool {
    matches!(
        error,
        OperationError::NotPermitted { .. }
            | OperationError::DuplicateRequestId { .. }
            | OperationError::TooManyInFlight(_)
            | OperationError::RateLimited(_)
            | OperationError::KeyReused { .. }
            | OperationError::TooManyKeys { .. }
    )
}

/// Details are left out of an error that has none.
fn some_of(details: ErrorDetails) -> Option<ErrorDetails> {
    (details != ErrorDetails::default()).then_some(details)
}

fn details_of_operation(error: &OperationError) -> ErrorDetails {
    let mut details = ErrorDetails::default();
    let field = |name: &str| Some(name.to_owned());
    match error {
        OperationError::DuplicateRequestId { .. } => details.field = field("requestId"),
        OperationError::KeyReused { .. } => details.field = field("idempotencyKey"),
        OperationError::UnknownKey(_) => details.field = field("key"),
        OperationError::BadRegex { field: name, .. } => details.field = field(name),
        OperationError::BadOrigin { field } => details.field = Some(field.clone()),
        OperationError::BadSelector { field: name, error } => {
            details.field = field(name);
            details.position = Some(error.position as u64);
        }
        OperationError::TooManyInFlight(exhausted) => details.limit = Some(exhausted.limit as u64),
        OperationError::RateLimited(exceeded) => {
            details.retry_after_ms = Some(millis_rounded_up(&exceeded.retry_after));
        }
        OperationError::TooManyKeys { limit, retry_after } => {
            details.limit = Some(*limit as u64);
            details.retry_after_ms = Some(millis_rounded_up(retry_after));
        }
        OperationError::Staging(error) => return details_of_staging(error),
        OperationError::Session(error) => return details_of_session(error),
        OperationError::NotPermitted { .. }
        | OperationError::Store(_)
        | OperationError::NoStreams { .. }
        | OperationError::UnknownTab { .. }
        | OperationError::ScriptsDisabled { .. }
        | OperationError::PermissionForbidden { .. }
        | OperationError::Failed(_) => {}
    }
    details
}

fn details_of_session(error: &SessionError) -> ErrorDetails {
    let mut details = ErrorDetails {
        retry_after_ms: error.retry_after().as_ref().map(millis_rounded_up),
        ..ErrorDetails::default()
    };
    match error {
        SessionError::Ended { reason, .. } => details.end_reason = Some(*reason),
        SessionError::Unknown { .. } | SessionError::Implicit => {
            details.field = Some("sessionId".to_owned());
        }
        SessionError::BadOption(bad) => details.field = Some(bad.field.clone()),
        SessionError::LimitExceeded { limit, current, .. }
        | SessionError::Full { limit, current, .. }
        | SessionError::QueueFull { limit, current, .. }
        | SessionError::QueueTimeout { limit, current, .. } => {
            details.limit = Some(*limit as u64);
            details.current = Some(*current as u64);
        }
        SessionError::RateLimited { per_minute, .. } => {
            details.limit = Some(u64::from(*per_minute));
        }
        SessionError::LimitedToSession
        | SessionError::BrowserDown { .. }
        | SessionError::ShuttingDown
        | SessionError::Revoked
        | SessionError::Failed => {}
    }
    details
}

fn details_of_staging(error: &StagingError) -> ErrorDetails {
    let mut details = ErrorDetails::default();
    match error {
        StagingError::Unknown { .. } | StagingError::Unfinished { .. } => {
            details.field = Some("fileId".to_owned());
        }
        StagingError::WrongOffset { .. } => details.field = Some("offset".to_owned()),
        StagingError::TooLong { .. } => details.field = Some("data".to_owned()),
        StagingError::TooLarge { size, max } | StagingError::NoRoom { size, max, .. } => {
            details.bytes = Some(*size);
            details.max_bytes = Some(*max);
        }
        StagingError::TooMany { limit } => details.limit = Some(*limit as u64),
    }
    details
}

fn details_of_tab(error: &TabError) -> ErrorDetails {
    let mut details = ErrorDetails::default();
    match error {
        TabError::NavFailed { url, net, .. } => {
            details.url = Some(url.clone());
            details.net = Some(net.clone());
        }
        TabError::ProxyFailed { url, failure } => {
            details.url = Some(url.clone());
            details.server = Some(failure.server.clone());
            details.reason = Some(failure.fault.reason().to_owned());
            details.status = failure.fault.status();
        }
        TabError::NavDenied(denied) => {
            details.host = denied.host().map(str::to_owned);
            details.scheme = denied.scheme().map(str::to_owned);
        }
        TabError::Snapshot(SnapshotError::TooManyNodes { nodes, max }) => {
            details.nodes = Some(*nodes);
            details.max_nodes = Some(*max);
        }
        TabError::Snapshot(SnapshotError::TooManyBytes { bytes, max }) => {
            details.bytes = Some(*bytes);
            details.max_bytes = Some(*max);
        }
        TabError::Screenshot(ScreenshotError::TooLarge {
            width,
            height,
            limit,
            ..
        }) => {
            details.width = Some(*width);
            details.height = Some(*height);
            details.limit = Some(*limit);
        }
        TabError::Print(PrintError::TooLarge { max }) => details.max_bytes = Some(*max),
        TabError::Setup(error) => return details_of_setup(error),
        TabError::PageAction(error) => return details_of_page_action(error),
        TabError::Cancelled { input_sent } => details.input_sent = Some(*input_sent),
        TabError::AfterInput(error)
        | TabError::AfterNavigation(error)
        | TabError::AfterOpening { error, .. } => return details_of_tab(error),
        TabError::NotLoaded { reached, .. } => details.reached = Some(*reached),
        TabError::QueueFull { limit }
        | TabError::TooManyTabs { limit }
        | TabError::TabsReserved { limit }
        | TabError::TooManyOwnTabs { limit } => details.limit = Some(*limit as u64),
        _ => {}
    }
    details
}

fn details_of_setup(error: &SetupError) -> ErrorDetails {
    let mut details = ErrorDetails::default();
    match error {
        SetupError::Refused { field, .. } | SetupError::Shared { field } => {
            details.field = Some((*field).to_owned());
        }
        SetupError::TooManyScripts { limit } => details.limit = Some(*limit),
        SetupError::ScriptsTooLong { bytes, max } => {
            details.bytes = Some(*bytes);
            details.max_bytes = Some(*max);
        }
        SetupError::UnknownScript => details.field = Some("scriptId".to_owned()),
        SetupError::Call(_) => {}
    }
    details
}

fn details_of_page_action(error: &PageActionError) -> ErrorDetails {
    let mut details = ErrorDetails::default();
    match error {
        PageActionError::NotFound { segment, .. } => details.segment = Some(segment.clone()),
        PageActionError::NotActionable { reason, .. } => details.reason = Some(reason.clone()),
        PageActionError::Ambiguous {
            count,
            elements,
            locators,
            ..
        } => {
            details.count = Some(*count);
            details.elements = Some(elements.clone());
            details.locators = Some(locators.clone());
        }
        PageActionError::BadSelector { position, .. } => {
            details.field = Some("selector".to_owned());
            details.position = Some(*position);
        }
        PageActionError::NotHeld { reached, .. } => details.reached = Some(*reached),
        PageActionError::TooLarge { chars, max } => {
            details.bytes = Some(*chars);
            details.max_bytes = Some(*max);
        }
        _ => {}
    }
    details
}

/// The bridge has no answer for a request.
pub fn lost() -> ErrorEvent {
    of_failure(RequestKind::Ping, &TabError::Lost.into(), None)
}

/// An answer that came while the connection was cut, and is larger than what is kept for its client.
pub fn not_kept(tab: TabId) -> ErrorEvent {
    ErrorEvent {
        id: Some(tab),
        ..ErrorEvent::new(
            ErrorCode::Dropped,
            "the answer came while the connection was cut, and is larger than what is kept \
             (server.resume_bytes); send the request again",
        )
    }
}

/// A connection cannot resume the session that it names.
pub fn resume_failed() -> ErrorEvent {
    ErrorEvent::new(
        ErrorCode::ResumeFailed,
        "the session to resume has expired (server.resume_window) or belongs to another client; this \
         connection has a new one, and welcome.tabs is its state",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Denied, ProxyFailure, ProxyFault};

    fn wire(kind: RequestKind, error: TabError) -> ErrorEvent {
        let failure = Failure {
            error,
            session: Some("S1".to_owned()),
        };
        of_failure(kind, &failure, Some(TabId::new(3)))
    }

    #[test]
    fn an_error_names_the_tab_and_the_session_it_happened_in() {
        let error = wire(RequestKind::Navigate, TabError::Crashed);
        assert_eq!(error.id, Some(TabId::new(3)));
        assert_eq!(error.session_id.as_deref(), Some("S1"));
        assert_eq!((error.code, error.retryable), (ErrorCode::TabCrashed, true));
    }

    #[test]
    fn an_error_after_input_is_not_retryable() {
        let timed_out = TabError::TimedOut {
            request: RequestKind::Click,
            limit: std::time::Duration::from_secs(1),
            waiting_for: "the page's answer".into(),
        };
        let error = wire(RequestKind::Click, timed_out.clone());
        assert_eq!((error.code, error.retryable), (ErrorCode::CdpTimeout, true));
        let error = wire(RequestKind::Click, TabError::AfterInput(timed_out.into()));
        assert_eq!(
            (error.code, error.retryable),
            (ErrorCode::CdpTimeout, false)
        );
    }

    #[test]
    fn numbers_behind_an_error_stand_in_its_details() {
        let error = wire(
            RequestKind::GetDomSnapshot,
            SnapshotError::TooManyNodes { nodes: 9, max: 5 }.into(),
        );
        let details = error.details.unwrap();
        assert_eq!((details.nodes, details.max_nodes), (Some(9), Some(5)));
        assert_eq!(error.code, ErrorCode::SnapshotFail);
        let error = wire(
            RequestKind::Navigate,
            TabError::NavFailed {
                url: "https://a.test/".to_owned(),
                net: "net::ERR_NAME_NOT_RESOLVED".to_owned(),
                is_download: false,
            },
        );
        assert_eq!(
            error.details.unwrap().net.as_deref(),
            Some("net::ERR_NAME_NOT_RESOLVED")
        );
    }

    #[test]
    fn a_failure_of_a_proxy_has_its_reason_and_its_status() {
        let failed = |fault| {
            let failure = ProxyFailure {
                server: "http://proxy.test:3128".to_owned(),
                fault,
            };
            let url = "https://a.test/".to_owned();
            wire(
                RequestKind::Navigate,
                TabError::ProxyFailed { url, failure },
            )
        };
        let error = failed(ProxyFault::HttpStatus { status: 503 });
        assert_eq!(
            (error.code, error.retryable),
            (ErrorCode::ProxyFailed, true)
        );
        let details = error.details.unwrap();
        assert_eq!(details.server.as_deref(), Some("http://proxy.test:3128"));
        assert_eq!(details.reason.as_deref(), Some("destination"));
        assert_eq!(details.status, Some(503));
        assert!(!failed(ProxyFault::CredentialsRefused { status: 407 }).retryable);
    }

    #[test]
    fn what_is_unknown_will_not_be_known_later() {
        let id = || "none".to_owned();
        let download = TabError::Download(DownloadError::Unknown { id: id() });
        assert!(!wire(RequestKind::GetDownload, download).retryable);
        let staged = OperationError::Staging(StagingError::Unknown { id: id() });
        let error = of_operation(RequestKind::Upload, &staged, None);
        assert_eq!((error.code, error.retryable), (ErrorCode::NotFound, false));
    }

    #[test]
    fn an_internal_error_tells_no_internals() {
        let error = wire(RequestKind::CloseTab, TabError::Lost);
        assert_eq!(
            error.message,
            "internal error of the bridge; its log has the details"
        );
    }

    #[test]
    fn a_refused_url_says_which_host_or_scheme() {
        let denied = Denied::NotInAllowlist {
            host: "evil.test".to_owned(),
        };
        let error = wire(RequestKind::Navigate, TabError::NavDenied(denied));
        assert_eq!(error.details.unwrap().host.as_deref(), Some("evil.test"));
    }
}
