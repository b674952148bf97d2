//! The only place where a failure becomes an error on the wire (protocol section 5).

use std::time::Duration;

use cdp_bridge_protocol::{
    ErrorCode, ErrorDetails, ErrorEvent, IdempotencyKey, RequestId, RequestKind, TabId, TabRef,
};

use super::allowance::{Exhausted, TooOften};
use super::ports::NavDenied;
use crate::locator::LocatorError;
use crate::tabs::hands::HandsError;
use crate::tabs::hands::keys::NoSuchKey;
use crate::tabs::{DownloadError, Failure, ScreenshotError, SnapshotError, TabError};

/// A request that a tab, or the supervisor of tabs, could not fulfil.
pub fn of_failure(kind: RequestKind, failure: &Failure, tab: Option<TabId>) -> ErrorEvent {
    let error = &failure.error;
    let code = code_of(kind, error);
    let message = match code {
        // The cause is in the log; a Coordinator can do nothing with it.
        ErrorCode::Internal => "a fault of the bridge; its log has the rest".to_owned(),
        _ => error.to_string(),
    };
    ErrorEvent {
        id: tab,
        session_id: failure.session.clone(),
        details: details_of(error),
        ..ErrorEvent::new(code, message)
    }
}

fn code_of(kind: RequestKind, error: &TabError) -> ErrorCode {
    match error {
        TabError::NavFailed { .. } | TabError::NoEntry => ErrorCode::NavFailed,
        TabError::Hands(error) => code_of_hands(error),
        TabError::Download(DownloadError::Unknown { .. } | DownloadError::Unfinished { .. }) => {
            ErrorCode::NotFound
        }
        TabError::NavDenied(_) => ErrorCode::NavDenied,
        TabError::Snapshot(_) => ErrorCode::SnapshotFail,
        TabError::Screenshot(_) => ErrorCode::ScreenshotFail,
        TabError::TimedOut { .. } => ErrorCode::CdpTimeout,
        TabError::Detached => ErrorCode::CdpDetached,
        TabError::Crashed => ErrorCode::TabCrashed,
        TabError::Closed => ErrorCode::TabClosed,
        TabError::Dropped => ErrorCode::Dropped,
        TabError::QueueFull { .. }
        | TabError::TooManyTabs { .. }
        | TabError::TooManyOwnTabs { .. } => ErrorCode::LimitExceeded,
        TabError::BrowserDown { .. } => ErrorCode::BrowserDown,
        TabError::ShuttingDown => ErrorCode::ShuttingDown,
        TabError::Refused(_) => match kind {
            RequestKind::GetDomSnapshot => ErrorCode::SnapshotFail,
            RequestKind::GetScreenshot | RequestKind::StartScreencast => ErrorCode::ScreenshotFail,
            _ => ErrorCode::Internal,
        },
        TabError::Download(DownloadError::Unreadable { .. })
        | TabError::NoWayOut(_)
        | TabError::Lost => ErrorCode::Internal,
    }
}

fn code_of_hands(error: &HandsError) -> ErrorCode {
    match error {
        HandsError::NotFound { .. } => ErrorCode::NotFound,
        HandsError::NotActionable { .. } => ErrorCode::NotActionable,
        HandsError::Ambiguous { .. } => ErrorCode::Ambiguous,
        HandsError::StaleRef { .. } => ErrorCode::StaleRef,
        HandsError::BadSelector { .. } => ErrorCode::BadSelector,
        HandsError::Threw { .. } | HandsError::TooLarge { .. } => ErrorCode::EvaluationFailed,
        HandsError::PageLeft | HandsError::Replaced => ErrorCode::CdpDetached,
        HandsError::Script(_) | HandsError::Call(_) => ErrorCode::Internal,
    }
}

fn details_of_hands(error: &HandsError) -> Option<ErrorDetails> {
    let none = ErrorDetails::default();
    Some(match error {
        HandsError::NotFound { segment, .. } => ErrorDetails {
            segment: Some(segment.clone()),
            ..none
        },
        HandsError::NotActionable { reason, .. } => ErrorDetails {
            reason: Some(reason.clone()),
            ..none
        },
        HandsError::Ambiguous {
            count, elements, ..
        } => ErrorDetails {
            count: Some(*count),
            elements: Some(elements.clone()),
            ..none
        },
        HandsError::BadSelector { position, .. } => ErrorDetails {
            field: Some("selector".to_owned()),
            position: Some(*position),
            ..none
        },
        HandsError::TooLarge { chars, max } => ErrorDetails {
            bytes: Some(*chars),
            max_bytes: Some(*max),
            ..none
        },
        _ => return None,
    })
}

/// A locator that is none.
pub fn bad_selector(field: &str, bad: &LocatorError, tab: Option<TabId>) -> ErrorEvent {
    ErrorEvent {
        id: tab,
        details: Some(ErrorDetails {
            field: Some(field.to_owned()),
            position: Some(bad.position as u64),
            ..ErrorDetails::default()
        }),
        ..ErrorEvent::new(ErrorCode::BadSelector, bad.to_string())
    }
}

/// A key that is none.
pub fn no_such_key(error: NoSuchKey, tab: Option<TabId>) -> ErrorEvent {
    ErrorEvent {
        id: tab,
        details: Some(ErrorDetails {
            field: Some("key".to_owned()),
            ..ErrorDetails::default()
        }),
        ..ErrorEvent::new(ErrorCode::BadRequest, error.to_string())
    }
}

/// `evaluate`, where policy has none of it.
pub fn may_not_evaluate(tab: Option<TabId>) -> ErrorEvent {
    ErrorEvent {
        id: tab,
        ..ErrorEvent::new(
            ErrorCode::EvaluationFailed,
            "the configuration allows no scripts of clients (policy.evaluate)",
        )
    }
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
        TabError::Hands(error) => return details_of_hands(error),
        TabError::QueueFull { limit }
        | TabError::TooManyTabs { limit }
        | TabError::TooManyOwnTabs { limit } => ErrorDetails {
            limit: Some(*limit as u64),
            ..none
        },
        _ => return None,
    })
}

/// No such tab, or another client's: the two are not told apart.
pub fn unknown_tab(tab: &TabRef) -> ErrorEvent {
    let name: String = tab.as_str().chars().take(64).collect();
    ErrorEvent {
        id: tab.id(),
        ..ErrorEvent::new(
            ErrorCode::UnknownTab,
            format!("there is no tab {name:?}; listTabs shows those there are"),
        )
    }
}

/// A URL that policy refuses.
pub fn nav_denied(denied: NavDenied, tab: Option<TabId>) -> ErrorEvent {
    let details = ErrorDetails {
        host: denied.host,
        scheme: denied.scheme,
        ..ErrorDetails::default()
    };
    ErrorEvent {
        id: tab,
        details: (details != ErrorDetails::default()).then_some(details),
        ..ErrorEvent::new(ErrorCode::NavDenied, denied.message)
    }
}

/// The request's id is that of an unanswered one.
pub fn duplicate(id: Option<&RequestId>) -> ErrorEvent {
    let id = id.map(ToString::to_string).unwrap_or_default();
    ErrorEvent {
        details: Some(ErrorDetails {
            field: Some("requestId".to_owned()),
            ..ErrorDetails::default()
        }),
        ..ErrorEvent::new(
            ErrorCode::BadRequest,
            format!(
                "requestId: {id:?} is still in flight on this connection; use another, or wait \
                 for its answer"
            ),
        )
    }
}

/// Too many requests of the client are unanswered.
pub fn too_many(Exhausted { limit }: Exhausted) -> ErrorEvent {
    ErrorEvent {
        details: Some(ErrorDetails {
            limit: Some(limit as u64),
            ..ErrorDetails::default()
        }),
        ..ErrorEvent::new(
            ErrorCode::LimitExceeded,
            format!(
                "{limit} requests of this client are unanswered, which is the most allowed \
                 (flow.max_inflight, or the client's own limits); wait for answers"
            ),
        )
    }
}

/// The client asks too often.
pub fn rate_limited(TooOften { per_second, after }: TooOften) -> ErrorEvent {
    let whole = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
    // Rounded up: a client that waits exactly so long shall not be refused again.
    let retry_after_ms = whole.saturating_add(1);
    ErrorEvent {
        details: Some(ErrorDetails {
            retry_after_ms: Some(retry_after_ms),
            ..ErrorDetails::default()
        }),
        ..ErrorEvent::new(
            ErrorCode::RateLimited,
            format!(
                "more than {per_second} requests of this client in a second (flow.rate_per_second, \
                 or the client's own limits); try again in {retry_after_ms} ms"
            ),
        )
    }
}

/// A request that was lost inside the bridge.
pub fn lost() -> ErrorEvent {
    ErrorEvent::new(
        ErrorCode::Internal,
        "a fault of the bridge; its log has the rest",
    )
}

/// An answer that came while its client was away, and is larger than what is kept for it.
pub fn not_kept(tab: TabId) -> ErrorEvent {
    ErrorEvent {
        id: Some(tab),
        ..ErrorEvent::new(
            ErrorCode::Dropped,
            "the answer came while the connection was cut, and is more than is kept \
             (server.resume_bytes); ask again",
        )
    }
}

/// A connection cannot go on with the session that it names.
pub fn resume_failed() -> ErrorEvent {
    ErrorEvent::new(
        ErrorCode::ResumeFailed,
        "there is no such session any more (server.resume_window), or it is not this client's; \
         this connection has a new one, and welcome.tabs is its state",
    )
}

/// The idempotency key stands for another request.
pub fn key_of_another(key: &IdempotencyKey) -> ErrorEvent {
    ErrorEvent {
        details: Some(ErrorDetails {
            field: Some("idempotencyKey".to_owned()),
            ..ErrorDetails::default()
        }),
        ..ErrorEvent::new(
            ErrorCode::BadRequest,
            format!(
                "idempotencyKey: {:?} stands for another request of this client; use another",
                key.as_str()
            ),
        )
    }
}

/// No more idempotency keys are remembered.
pub fn too_many_keys(limit: usize, retry_after: Duration) -> ErrorEvent {
    let whole = u64::try_from(retry_after.as_millis()).unwrap_or(u64::MAX);
    ErrorEvent {
        details: Some(ErrorDetails {
            limit: Some(limit as u64),
            retry_after_ms: Some(whole.saturating_add(1)),
            ..ErrorDetails::default()
        }),
        ..ErrorEvent::new(
            ErrorCode::LimitExceeded,
            format!(
                "{limit} idempotency keys of this client are remembered, which is the most allowed \
                 (server.idempotency_keys); send fewer, or without a key"
            ),
        )
    }
}

/// The bridge is stopping.
pub fn shutting_down(tab: Option<TabId>) -> ErrorEvent {
    ErrorEvent {
        id: tab,
        ..ErrorEvent::new(ErrorCode::ShuttingDown, TabError::ShuttingDown.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

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
    fn every_error_has_its_code() {
        let kind = RequestKind::Navigate;
        for (error, code) in [
            (TabError::Detached, ErrorCode::CdpDetached),
            (TabError::Closed, ErrorCode::TabClosed),
            (TabError::Dropped, ErrorCode::Dropped),
            (TabError::QueueFull { limit: 1 }, ErrorCode::LimitExceeded),
            (TabError::TooManyTabs { limit: 1 }, ErrorCode::LimitExceeded),
            (
                TabError::TooManyOwnTabs { limit: 1 },
                ErrorCode::LimitExceeded,
            ),
            (TabError::ShuttingDown, ErrorCode::ShuttingDown),
            (TabError::Lost, ErrorCode::Internal),
            (
                TabError::BrowserDown {
                    reason: "it left".to_owned(),
                },
                ErrorCode::BrowserDown,
            ),
            (
                TabError::TimedOut {
                    request: kind,
                    limit: Duration::from_secs(1),
                    waiting_for: "Page.navigate".into(),
                },
                ErrorCode::CdpTimeout,
            ),
        ] {
            assert_eq!(wire(kind, error.clone()).code, code, "{error}");
        }
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
        assert_eq!(error.message, "a fault of the bridge; its log has the rest");
    }

    #[test]
    fn a_refused_url_says_which_host_or_scheme() {
        let denied = NavDenied {
            message: "no".to_owned(),
            host: Some("evil.test".to_owned()),
            scheme: None,
        };
        let error = nav_denied(denied, None);
        assert_eq!(error.details.unwrap().host.as_deref(), Some("evil.test"));
    }
}
