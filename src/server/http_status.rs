//! The HTTP status of every error: the only place where codes become statuses.

use axum::http::StatusCode;
use cdp_bridge_protocol::ErrorCode;

use crate::operations::OperationError;
use crate::operations::sessions::SessionError;

/// The status of a code of the protocol.
pub fn of_code(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::BadRequest | ErrorCode::BadSelector => StatusCode::BAD_REQUEST,
        ErrorCode::NavDenied | ErrorCode::PermissionDenied => StatusCode::FORBIDDEN,
        ErrorCode::UnknownTab | ErrorCode::UnknownSession => StatusCode::NOT_FOUND,
        // Not repeated by generated clients, because the answer says `x-should-retry: false`.
        ErrorCode::Cancelled => StatusCode::CONFLICT,
        ErrorCode::TabClosed | ErrorCode::SessionEnded | ErrorCode::ResumeFailed => {
            StatusCode::GONE
        }
        ErrorCode::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::NotFound
        | ErrorCode::NotActionable
        | ErrorCode::Ambiguous
        | ErrorCode::StaleRef
        | ErrorCode::EvaluationFailed => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::RateLimited
        | ErrorCode::LimitExceeded
        | ErrorCode::Capacity
        | ErrorCode::Dropped => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        ErrorCode::NavFailed
        | ErrorCode::ProxyFailed
        | ErrorCode::SnapshotFail
        | ErrorCode::ScreenshotFail
        | ErrorCode::PrintFail
        | ErrorCode::TabCrashed
        | ErrorCode::CdpDetached => StatusCode::BAD_GATEWAY,
        ErrorCode::BrowserDown | ErrorCode::ShuttingDown | ErrorCode::StoreDown => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        ErrorCode::CdpTimeout => StatusCode::GATEWAY_TIMEOUT,
    }
}

/// The status of an error of an operation: HTTP tells some apart that have one code.
pub fn of_operation(error: &OperationError, code: ErrorCode) -> StatusCode {
    match error {
        OperationError::NotPermitted { .. }
        | OperationError::ScriptsDisabled { .. }
        | OperationError::Session(SessionError::LimitedToSession) => StatusCode::FORBIDDEN,
        OperationError::NoStreams { .. } => StatusCode::METHOD_NOT_ALLOWED,
        OperationError::KeyReused { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        _ => of_code(code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_an_error_of_the_client_or_of_the_server() {
        for code in ErrorCode::ALL {
            let status = of_code(code);
            assert!(
                status.is_client_error() || status.is_server_error(),
                "{code:?}"
            );
        }
    }
}
