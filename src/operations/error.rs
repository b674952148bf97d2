//! Why an operation failed. A door turns these into errors of its protocol.

use std::time::Duration;

use cdp_bridge_protocol::request::PagePermission;
use cdp_bridge_protocol::{ErrorCode, IdempotencyKey, RequestId, RequestKind, TabRef};

use super::Permission;
use super::client_quota::{QuotaExhausted, RateExceeded};
use super::failure::{
    BadRegex, DownloadError, Failure, LocatorError, NoSuchKey, PageActionError, PrintError,
    SetupError, TabError,
};
use super::sessions::SessionError;
use super::staged_files::StagingError;
use crate::store::StoreError;

/// Why an operation failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum OperationError {
    /// The caller lacks the permission.
    #[error("{} needs the permission {needed}, which this token does not grant", .kind.as_str())]
    NotPermitted {
        /// The request.
        kind: RequestKind,
        /// What it needs.
        needed: Permission,
    },
    /// The door has no streams.
    #[error("{} needs a connection that carries streams; use a WebSocket", .kind.as_str())]
    NoStreams {
        /// The request.
        kind: RequestKind,
    },
    /// Another request of the caller with this id is unanswered.
    #[error(
        "requestId: {:?} is still in flight on this connection; use another, or wait for its answer",
        .id.to_string()
    )]
    DuplicateRequestId {
        /// The id.
        id: RequestId,
    },
    /// Too many requests of the client are unanswered.
    #[error(
        "{} requests of this client are unanswered, which is the most allowed (flow.max_inflight, or the \
         client's own limits); wait for answers", .0.limit
    )]
    TooManyInFlight(QuotaExhausted),
    /// Too many requests of the client in a second.
    #[error(
        "more than {} requests of this client in a second (flow.rate_per_second, or the client's own \
         limits); try again in {} ms", .0.per_second, millis_rounded_up(&.0.retry_after)
    )]
    RateLimited(RateExceeded),
    /// The idempotency key belongs to another request.
    #[error(
        "idempotencyKey: {:?} was used for another request of this client; use another", .key.as_str()
    )]
    KeyReused {
        /// The key.
        key: IdempotencyKey,
    },
    /// The client's memory of idempotency keys is full.
    #[error(
        "{limit} idempotency keys of this client are remembered, which is the most allowed \
         (server.idempotency_keys); send fewer, or without a key"
    )]
    TooManyKeys {
        /// How many are remembered.
        limit: usize,
        /// When the oldest is forgotten.
        retry_after: Duration,
    },
    /// No such tab, or another client's: the two are not told apart.
    #[error("there is no tab {:?} of this client, or it is closed", shortened(.tab))]
    UnknownTab {
        /// The tab as the request names it.
        tab: TabRef,
    },
    /// A locator cannot be parsed.
    #[error("{error}")]
    BadSelector {
        /// The field of the request.
        field: &'static str,
        /// What is wrong with it.
        #[source]
        error: LocatorError,
    },
    /// A key cannot be parsed.
    #[error(transparent)]
    UnknownKey(NoSuchKey),
    /// A regular expression cannot be compiled.
    #[error("{field}: {error}")]
    BadRegex {
        /// The field of the request.
        field: &'static str,
        /// What is wrong with it.
        #[source]
        error: BadRegex,
    },
    /// Policy forbids scripts of clients.
    #[error(
        "{} with a script is not allowed by the configuration (policy.evaluate)",
        .kind.as_str()
    )]
    ScriptsDisabled {
        /// The request.
        kind: RequestKind,
    },
    /// Policy forbids to grant a permission.
    #[error(
        "the permission {} cannot be granted: the configuration does not allow it (policy.permissions)",
        .permission.as_str()
    )]
    PermissionForbidden {
        /// The permission.
        permission: PagePermission,
    },
    /// The text is not an origin. The message does not repeat it: it may have a password in it.
    #[error(
        "{field}: expected scheme, host and port of a server, such as https://example.com or \
         http://example.com:8080"
    )]
    BadOrigin {
        /// The field of the request.
        field: String,
    },
    /// A file cannot be staged, or is not there.
    #[error(transparent)]
    Staging(#[from] StagingError),
    /// Something cannot be done with a session.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// What is kept cannot be read now. Why is no matter of the client's, and may name paths.
    #[error("what is kept cannot be read now; the log of the bridge has the details")]
    Store(StoreError),
    /// The tab, or the supervisor of tabs, failed.
    #[error(transparent)]
    Failed(Failure),
}

impl From<StoreError> for OperationError {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "the store cannot be read");
        Self::Store(error)
    }
}

impl From<TabError> for OperationError {
    fn from(error: TabError) -> Self {
        Self::Failed(error.into())
    }
}

/// Rounded up: a client that waits exactly so long must not be refused again.
pub fn millis_rounded_up(duration: &Duration) -> u64 {
    let whole = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    whole.saturating_add(1)
}

fn shortened(tab: &TabRef) -> String {
    tab.as_str().chars().take(64).collect()
}

impl OperationError {
    /// The code of this error when a request of this kind failed with it.
    pub fn code(&self, kind: RequestKind) -> ErrorCode {
        match self {
            Self::NotPermitted { .. }
            | Self::NoStreams { .. }
            | Self::DuplicateRequestId { .. }
            | Self::KeyReused { .. }
            | Self::BadOrigin { .. }
            | Self::UnknownKey(_)
            | Self::BadRegex { .. } => ErrorCode::BadRequest,
            Self::TooManyInFlight(_) | Self::TooManyKeys { .. } => ErrorCode::LimitExceeded,
            Self::RateLimited(_) => ErrorCode::RateLimited,
            Self::UnknownTab { .. } => ErrorCode::UnknownTab,
            Self::BadSelector { .. } => ErrorCode::BadSelector,
            Self::ScriptsDisabled { .. } => ErrorCode::EvaluationFailed,
            Self::PermissionForbidden { .. } => ErrorCode::PermissionDenied,
            Self::Staging(error) => code_of_staging(error),
            Self::Session(error) => error.code(),
            Self::Store(_) => ErrorCode::StoreDown,
            Self::Failed(failure) => code_of_tab(kind, &failure.error),
        }
    }

    /// Whether the operation certainly changed nothing, so that the same idempotency key may try again: it
    /// was refused before it began, or it was to create a tab and there is none.
    pub(super) fn changed_nothing(&self, kind: RequestKind) -> bool {
        if matches!(self, Self::Failed(failure) if failure.error.may_have_acted()) {
            return false;
        }
        let code = self.code(kind);
        let never_began = matches!(
            code,
            ErrorCode::RateLimited
                | ErrorCode::LimitExceeded
                | ErrorCode::Capacity
                | ErrorCode::Dropped
        );
        let creates = matches!(kind, RequestKind::CreateTab | RequestKind::CreateSession);
        code.retryable() && (never_began || creates)
    }

    /// Whether the log should have it, because the answer does not say all of it.
    pub(super) fn is_fault(&self) -> bool {
        let Self::Failed(failure) = self else {
            return false;
        };
        is_fault_of_tab(&failure.error)
    }
}

fn is_fault_of_tab(error: &TabError) -> bool {
    match error {
        TabError::Lost | TabError::Refused(_) => true,
        TabError::PageAction(error) => matches!(**error, PageActionError::Script(_)),
        error => error.before_effect().is_some_and(is_fault_of_tab),
    }
}

fn code_of_staging(error: &StagingError) -> ErrorCode {
    match error {
        StagingError::Unknown { .. } => ErrorCode::NotFound,
        StagingError::Unfinished { .. }
        | StagingError::WrongOffset { .. }
        | StagingError::TooLong { .. } => ErrorCode::BadRequest,
        StagingError::TooLarge { .. } => ErrorCode::TooLarge,
        StagingError::TooMany { .. } | StagingError::NoRoom { .. } => ErrorCode::LimitExceeded,
    }
}

/// The code of a failure in a tab.
pub fn code_of_tab(kind: RequestKind, error: &TabError) -> ErrorCode {
    match error {
        TabError::NavFailed { .. } | TabError::NoEntry => ErrorCode::NavFailed,
        TabError::ProxyFailed { .. } => ErrorCode::ProxyFailed,
        TabError::PageAction(error) => code_of_action(error),
        TabError::AfterInput(error)
        | TabError::AfterNavigation(error)
        | TabError::AfterOpening { error, .. } => code_of_tab(kind, error),
        TabError::Download(DownloadError::Unknown { .. } | DownloadError::Unfinished { .. }) => {
            ErrorCode::NotFound
        }
        TabError::NotAsked { .. } => ErrorCode::NotFound,
        TabError::NavDenied(_) => ErrorCode::NavDenied,
        TabError::Snapshot(_) => ErrorCode::SnapshotFail,
        TabError::Screenshot(_) => ErrorCode::ScreenshotFail,
        TabError::Print(error) => code_of_print(error),
        TabError::Setup(error) => code_of_setup(error),
        TabError::TimedOut { .. } | TabError::NotLoaded { .. } => ErrorCode::CdpTimeout,
        TabError::Detached => ErrorCode::CdpDetached,
        TabError::Crashed => ErrorCode::TabCrashed,
        TabError::Closed => ErrorCode::TabClosed,
        TabError::Dropped => ErrorCode::Dropped,
        TabError::QueueFull { .. }
        | TabError::TooManyTabs { .. }
        | TabError::TabsReserved { .. }
        | TabError::TooManyOwnTabs { .. } => ErrorCode::LimitExceeded,
        TabError::BrowserDown { .. } => ErrorCode::BrowserDown,
        TabError::ShuttingDown => ErrorCode::ShuttingDown,
        TabError::Cancelled { .. } => ErrorCode::Cancelled,
        TabError::Refused(_) => match kind {
            RequestKind::GetDomSnapshot => ErrorCode::SnapshotFail,
            RequestKind::GetScreenshot | RequestKind::StartScreencast => ErrorCode::ScreenshotFail,
            RequestKind::PrintToPdf => ErrorCode::PrintFail,
            _ => ErrorCode::Internal,
        },
        TabError::Download(DownloadError::Unreadable { .. })
        | TabError::ProxyUnavailable(_)
        | TabError::Lost => ErrorCode::Internal,
    }
}

fn code_of_print(error: &PrintError) -> ErrorCode {
    match error {
        PrintError::Refused { .. } => ErrorCode::BadRequest,
        PrintError::TooLarge { .. } => ErrorCode::TooLarge,
        PrintError::Call(_) | PrintError::NoPermit => ErrorCode::PrintFail,
    }
}

fn code_of_setup(error: &SetupError) -> ErrorCode {
    match error {
        SetupError::Refused { .. } | SetupError::Shared { .. } => ErrorCode::BadRequest,
        SetupError::TooManyScripts { .. } | SetupError::ScriptsTooLong { .. } => {
            ErrorCode::LimitExceeded
        }
        SetupError::UnknownScript => ErrorCode::NotFound,
        SetupError::Call(_) => ErrorCode::Internal,
    }
}

fn code_of_action(error: &PageActionError) -> ErrorCode {
    match error {
        PageActionError::NotFound { .. } | PageActionError::NoChooser { .. } => ErrorCode::NotFound,
        PageActionError::NotActionable { .. } => ErrorCode::NotActionable,
        PageActionError::Ambiguous { .. } => ErrorCode::Ambiguous,
        PageActionError::StaleRef { .. } => ErrorCode::StaleRef,
        PageActionError::BadSelector { .. } => ErrorCode::BadSelector,
        PageActionError::Threw { .. }
        | PageActionError::TooLarge { .. }
        | PageActionError::NotJson { .. } => ErrorCode::EvaluationFailed,
        PageActionError::NotHeld { .. } | PageActionError::NoneHolds { .. } => {
            ErrorCode::CdpTimeout
        }
        PageActionError::PageLeft | PageActionError::Replaced => ErrorCode::CdpDetached,
        PageActionError::Script(_) | PageActionError::Call(_) => ErrorCode::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(error: TabError) -> OperationError {
        error.into()
    }

    #[test]
    fn every_failure_of_a_tab_has_its_code() {
        let kind = RequestKind::Navigate;
        for (error, code) in [
            (TabError::Detached, ErrorCode::CdpDetached),
            (TabError::Closed, ErrorCode::TabClosed),
            (TabError::Dropped, ErrorCode::Dropped),
            (TabError::QueueFull { limit: 1 }, ErrorCode::LimitExceeded),
            (TabError::TooManyTabs { limit: 1 }, ErrorCode::LimitExceeded),
            (
                TabError::TabsReserved { limit: 1 },
                ErrorCode::LimitExceeded,
            ),
            (
                TabError::TooManyOwnTabs { limit: 1 },
                ErrorCode::LimitExceeded,
            ),
            (TabError::ShuttingDown, ErrorCode::ShuttingDown),
            (
                TabError::Cancelled { input_sent: false },
                ErrorCode::Cancelled,
            ),
            (TabError::Lost, ErrorCode::Internal),
            (
                TabError::NotAsked {
                    what: "dialog",
                    id: "g1".to_owned(),
                },
                ErrorCode::NotFound,
            ),
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
            assert_eq!(failed(error.clone()).code(kind), code, "{error}");
        }
    }

    #[test]
    fn only_errors_that_changed_nothing_free_an_idempotency_key() {
        let limit = OperationError::TooManyInFlight(QuotaExhausted { limit: 1 });
        for (error, navigate, create) in [
            (limit, true, true),
            (failed(TabError::Dropped), true, true),
            (failed(TabError::Crashed), false, true),
            (
                failed(TabError::Lost),
                false,
                ErrorCode::Internal.retryable(),
            ),
            (
                OperationError::ScriptsDisabled {
                    kind: RequestKind::Evaluate,
                },
                false,
                false,
            ),
        ] {
            assert_eq!(
                error.changed_nothing(RequestKind::Navigate),
                navigate,
                "{error}"
            );
            assert_eq!(
                error.changed_nothing(RequestKind::CreateTab),
                create,
                "{error}"
            );
        }
    }
}
