//! The only place where a failure becomes an error on the wire (protocol section 5).

use cdp_bridge_protocol::{ErrorCode, ErrorDetails, ErrorEvent, RequestKind, TabId};

use crate::operations::OperationError;
use crate::operations::error::{code_of_tab, millis_rounded_up};
use crate::operations::failure::{
    Failure, PageActionError, ScreenshotError, SnapshotError, TabError,
};

/// The answer of a request that failed. `tab` is the one that the request names.
pub fn of_operation(kind: RequestKind, error: &OperationError, tab: Option<TabId>) -> ErrorEvent {
    if let OperationError::Failed(failure) = error {
        return of_failure(kind, failure, tab);
    }
    ErrorEvent {
        id: tab_of(error, tab),
        details: details_of_operation(error),
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
        id: tab,
        session_id: failure.session.clone(),
        details: details_of(error),
        retryable: code.retryable() && !error.may_have_acted(),
        ..ErrorEvent::new(code, message)
    }
}

/// The tab that an error names: none where the request was refused before its tab was looked at.
fn tab_of(error: &OperationError, tab: Option<TabId>) -> Option<TabId> {
    match error {
        OperationError::UnknownTab { tab } => tab.id(),
        OperationError::NavigationDenied(_)
        | OperationError::BadSelector { .. }
        | OperationError::UnknownKey(_)
        | OperationError::EvaluateDisabled
        | OperationError::ShuttingDown
        | OperationError::NoStreams { .. }
        | OperationError::Failed(_) => tab,
        OperationError::NotPermitted { .. }
        | OperationError::DuplicateRequestId { .. }
        | OperationError::TooManyInFlight(_)
        | OperationError::RateLimited(_)
        | OperationError::KeyReused { .. }
        | OperationError::TooManyKeys { .. } => None,
    }
}

fn details_of_operation(error: &OperationError) -> Option<ErrorDetails> {
    let none = ErrorDetails::default();
    let field = |name: &str| ErrorDetails {
        field: Some(name.to_owned()),
        ..ErrorDetails::default()
    };
    Some(match error {
        OperationError::DuplicateRequestId { .. } => field("requestId"),
        OperationError::KeyReused { .. } => field("idempotencyKey"),
        OperationError::UnknownKey(_) => field("key"),
        OperationError::BadSelector { field: name, error } => ErrorDetails {
            position: Some(error.position as u64),
            ..field(name)
        },
        OperationError::TooManyInFlight(exhausted) => ErrorDetails {
            limit: Some(exhausted.limit as u64),
            ..none
        },
        OperationError::RateLimited(exceeded) => ErrorDetails {
            retry_after_ms: Some(millis_rounded_up(&exceeded.retry_after)),
            ..none
        },
        OperationError::TooManyKeys { limit, retry_after } => ErrorDetails {
            limit: Some(*limit as u64),
            retry_after_ms: Some(millis_rounded_up(retry_after)),
            ..none
        },
        OperationError::NavigationDenied(denied) => {
            let details = ErrorDetails {
                host: denied.host.clone(),
                scheme: denied.scheme.clone(),
                ..none
            };
            return (details != ErrorDetails::default()).then_some(details);
        }
        OperationError::NotPermitted { .. }
        | OperationError::NoStreams { .. }
        | OperationError::ShuttingDown
        | OperationError::UnknownTab { .. }
        | OperationError::EvaluateDisabled => return None,
        OperationError::Failed(failure) => return details_of(&failure.error),
    })
}

fn details_of_page_action(error: &PageActionError) -> Option<ErrorDetails> {
    let none = ErrorDetails::default();
    Some(match error {
        PageActionError::NotFound { segment, .. } => ErrorDetails {
            segment: Some(segment.clone()),
            ..none
        },
        PageActionError::NotActionable { reason, .. } => ErrorDetails {
            reason: Some(reason.clone()),
            ..none
        },
        PageActionError::Ambiguous {
            count, elements, ..
        } => ErrorDetails {
            count: Some(*count),
            elements: Some(elements.clone()),
            ..none
        },
        PageActionError::BadSelector { position, .. } => ErrorDetails {
            field: Some("selector".to_owned()),
            position: Some(*position),
            ..none
        },
        PageActionError::TooLarge { chars, max } => ErrorDetails {
            bytes: Some(*chars),
            max_bytes: Some(*max),
            ..none
        },
        _ => return None,
    })
}

fn details_of(error: &TabError) -> Option<ErrorDetails> {
    let none = ErrorDetails::default();
    Some(match error {
        TabError::NavFailed { url, net, .. } => ErrorDetails {
            url: Some(url.clone()),
            net: Some(net.clone()),
            ..none
        },
        TabError::NavDenied(denied) => ErrorDetails {
            host: denied.host().map(str::to_owned),
            scheme: denied.scheme().map(str::to_owned),
            ..none
        },
        TabError::Snapshot(SnapshotError::TooManyNodes { nodes, max }) => ErrorDetails {
            nodes: Some(*nodes),
            max_nodes: Some(*max),
            ..none
        },
        TabError::Snapshot(SnapshotError::TooManyBytes { bytes, max }) => ErrorDetails {
            bytes: Some(*bytes),
            max_bytes: Some(*max),
            ..none
        },
        TabError::Screenshot(ScreenshotError::TooLarge {
            width,
            height,
            limit,
            ..
        }) => ErrorDetails {
            width: Some(*width),
            height: Some(*height),
            limit: Some(*limit),
            ..none
        },
        TabError::PageAction(error) => return details_of_page_action(error),
        TabError::AfterInput(error) => return details_of(error),
        TabError::QueueFull { limit }
        | TabError::TooManyTabs { limit }
        | TabError::TooManyOwnTabs { limit } => ErrorDetails {
            limit: Some(*limit as u64),
            ..none
        },
        _ => return None,
    })
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
    use crate::operations::NavigationDenied;

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
    fn an_internal_error_tells_no_internals() {
        let error = wire(RequestKind::CloseTab, TabError::Lost);
        assert_eq!(
            error.message,
            "internal error of the bridge; its log has the details"
        );
    }

    #[test]
    fn a_refused_url_says_which_host_or_scheme() {
        let denied = NavigationDenied {
            message: "no".to_owned(),
            host: Some("evil.test".to_owned()),
            scheme: None,
        };
        let denied = OperationError::NavigationDenied(denied);
        let error = of_operation(RequestKind::Navigate, &denied, None);
        assert_eq!(error.details.unwrap().host.as_deref(), Some("evil.test"));
    }
}
