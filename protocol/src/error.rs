//! The error event and its codes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::event::EndReason;
use crate::ids::TabId;
use crate::request::{WaitUntil, yes_or_no};

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $name:literal, retryable: $retryable:ident;)*) => {
        /// What went wrong, for a program to act on.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum ErrorCode {
            $($(#[$doc])* $code,)*
        }

        impl ErrorCode {
            /// Every code, in the order of the protocol's table.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$code,)*];

            /// The code as it stands on the wire and in metrics.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                }
            }

            /// Whether the same request may succeed later.
            pub fn retryable(self) -> bool {
                match self {
                    $(Self::$code => yes_or_no!($retryable),)*
                }
            }
        }
    };
}

codes! {
    /// Not JSON, an unknown type, or a bad field.
    BadRequest = "BAD_REQUEST", retryable: no;
    /// No such tab, or another client's.
    UnknownTab = "UNKNOWN_TAB", retryable: no;
    /// The allowlist or a scheme rule refused the URL, also after a redirect.
    NavDenied = "NAV_DENIED", retryable: no;
    /// Chromium could not load the URL; `details.net` holds its `net::ERR_…` text.
    NavFailed = "NAV_FAILED", retryable: yes;
    /// The session's upstream proxy failed or refused; `details.reason`, `details.status` and `details.server`.
    ProxyFailed = "PROXY_FAILED", retryable: yes;
    /// The page's DOM could not be captured.
    SnapshotFail = "SNAPSHOT_FAIL", retryable: yes;
    /// No picture of the page could be taken.
    ScreenshotFail = "SCREENSHOT_FAIL", retryable: yes;
    /// The page could not be printed.
    PrintFail = "PRINT_FAIL", retryable: yes;
    /// No answer from Chromium within the time limit.
    CdpTimeout = "CDP_TIMEOUT", retryable: yes;
    /// The target went away while the request ran.
    CdpDetached = "CDP_DETACHED", retryable: yes;
    /// The renderer died while the request ran.
    TabCrashed = "TAB_CRASHED", retryable: yes;
    /// The tab was closed while the request waited.
    TabClosed = "TAB_CLOSED", retryable: no;
    /// Pushed out of a full queue by a newer request.
    Dropped = "DROPPED", retryable: yes;
    /// Too many requests in a time.
    RateLimited = "RATE_LIMITED", retryable: yes;
    /// The message, the file or the PDF is larger than its limit (`details.maxBytes`).
    TooLarge = "TOO_LARGE", retryable: no;
    /// Too many requests in flight, too many tabs, too many staged files or too many init scripts.
    LimitExceeded = "LIMIT_EXCEEDED", retryable: yes;
    /// Chromium is restarting.
    BrowserDown = "BROWSER_DOWN", retryable: yes;
    /// The bridge is stopping.
    ShuttingDown = "SHUTTING_DOWN", retryable: no;
    /// The session has ended (`details.endReason`).
    SessionEnded = "SESSION_ENDED", retryable: no;
    /// No such session, or another client's.
    UnknownSession = "UNKNOWN_SESSION", retryable: no;
    /// There are as many sessions as there may be.
    Capacity = "CAPACITY", retryable: yes;
    /// What is kept beyond the process cannot be read or written now.
    StoreDown = "STORE_DOWN", retryable: yes;
    /// The session that a connection wanted to go on with is over; it has a new one.
    ResumeFailed = "RESUME_FAILED", retryable: no;
    /// A fault of the bridge; its log has the rest.
    Internal = "INTERNAL", retryable: no;
    /// No element was found within the time limit; or there is no such download, staged file or init script.
    NotFound = "NOT_FOUND", retryable: yes;
    /// The element could not be acted on within the time limit.
    NotActionable = "NOT_ACTIONABLE", retryable: yes;
    /// The locator matches several elements.
    Ambiguous = "AMBIGUOUS", retryable: no;
    /// The element of a `ref` is gone, with its document or from it.
    StaleRef = "STALE_REF", retryable: no;
    /// The page's script threw an exception, or scripts of clients are not allowed.
    EvaluationFailed = "EVALUATION_FAILED", retryable: no;
    /// The configuration allows no such permission of pages.
    PermissionDenied = "PERMISSION_DENIED", retryable: no;
    /// The locator is invalid.
    BadSelector = "BAD_SELECTOR", retryable: no;
    /// The request was cancelled; `details.inputSent` says whether it may have taken effect before.
    Cancelled = "CANCELLED", retryable: no;
}

/// A request that failed, or, without a `requestId`, something that went wrong unasked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorEvent {
    /// The tab concerned.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<TabId>,
    /// What went wrong, for a program.
    pub code: ErrorCode,
    /// What went wrong and what to do, for a person.
    pub message: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// The CDP session of the tab, to be found again in Chromium's and the bridge's logs.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub session_id: Option<String>,
    /// Facts behind the message.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub details: Option<ErrorDetails>,
}

impl ErrorEvent {
    /// An error of this code; `retryable` follows from the code.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            id: None,
            code,
            message: message.into(),
            retryable: code.retryable(),
            session_id: None,
            details: None,
        }
    }
}

/// Facts behind an error; which of them stand depends on the code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ErrorDetails {
    /// `BAD_REQUEST`: the field that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// `NAV_DENIED`: the host that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// `NAV_DENIED`: the scheme that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// `NAV_FAILED`: the URL that could not be loaded, without user, password and query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// `NAV_FAILED`: Chromium's name of the failure, such as `net::ERR_CONNECTION_REFUSED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub net: Option<String>,
    /// `PROXY_FAILED`: the proxy, without user name and password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// `PROXY_FAILED`: the HTTP status that the proxy answered, or its reply of SOCKS5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Milliseconds after which trying again makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// `SNAPSHOT_FAIL`: elements in the page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<u64>,
    /// `SNAPSHOT_FAIL`: the most elements that are captured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_nodes: Option<u64>,
    /// `SNAPSHOT_FAIL`, `TOO_LARGE`: size of the snapshot, the message, the file or the PDF in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// `SNAPSHOT_FAIL`, `TOO_LARGE`: the most bytes that it may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// `SCREENSHOT_FAIL`: width of the picture that was asked for, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u64>,
    /// `SCREENSHOT_FAIL`: height of the picture that was asked for, in pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u64>,
    /// The limit that was passed: of pixels, of requests in flight, of tabs, of staged files, of init scripts, of sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// `LIMIT_EXCEEDED`, `CAPACITY` of sessions: how many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<u64>,
    /// `SESSION_ENDED`: why it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<EndReason>,
    /// `AMBIGUOUS`: how many elements the locator matches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// `AMBIGUOUS`: a line for each of the first five of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elements: Option<Vec<String>>,
    /// `AMBIGUOUS`: a locator for each of these elements, in the same order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locators: Option<Vec<String>>,
    /// `NOT_ACTIONABLE`: why, as a word: `hidden`, `outside`, `moving`, `disabled`, `readOnly`,
    /// `covered`, or `unsuitable` where the request does not go with such an element. `PROXY_FAILED`: `notAllowed`,
    /// `unresolved`, `unreachable`, `timeout`, `tls`, `authentication`, `refused`, `destination` (the proxy could not
    /// reach the server), `invalidAnswer` or `closed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `CDP_TIMEOUT`, with `waitUntil` or a `loadState`: how far the document was: `commit`, `domcontentloaded` or `load`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<WaitUntil>,
    /// `NOT_FOUND`: the segment of the locator that found nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<String>,
    /// `BAD_SELECTOR`: the character that is wrong, counted from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// `CANCELLED`: whether the request may have had an effect before: input was sent, a script was run, a
    /// navigation was begun. If false, it had none and will have none; at most its element was scrolled into view.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_sent: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_written_the_same_in_json_and_in_metrics() {
        for code in ErrorCode::ALL {
            assert_eq!(
                serde_json::to_string(&code).unwrap(),
                format!("\"{}\"", code.as_str())
            );
        }
    }

    #[test]
    fn facts_that_are_absent_are_not_written() {
        let mut error = ErrorEvent::new(ErrorCode::NavDenied, "evil.test is not in the allowlist");
        error.details = Some(ErrorDetails {
            host: Some("evil.test".to_owned()),
            ..ErrorDetails::default()
        });
        assert_eq!(
            serde_json::to_string(&error).unwrap(),
            r#"{"code":"NAV_DENIED","message":"evil.test is not in the allowlist","retryable":false,"details":{"host":"evil.test"}}"#
        );
    }
}
