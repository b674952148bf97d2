//! Why something cannot be done with a session.

use std::fmt;
use std::time::Duration;

use cdp_bridge_protocol::ErrorCode;

use super::{BadOption, EndReason, SessionId};
use crate::operations::error::millis_rounded_up;
use crate::sessions::table::{CreationRefused, Occupied, Unusable};

/// Why something cannot be done with a session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// No such session, or another client's: the two are not told apart.
    #[error("there is no session {id:?} of this client")]
    Unknown {
        /// What the request names it.
        id: String,
    },
    /// The caller is limited to one session.
    #[error("this is limited to one session; it needs the token of the client")]
    LimitedToSession,
    /// It has ended.
    #[error("the session {id} has ended ({}); create another", .reason.as_str())]
    Ended {
        /// Its id.
        id: SessionId,
        /// Why it has.
        reason: EndReason,
    },
    /// The implicit session cannot be ended or changed.
    #[error(
        "the session default is there as long as the bridge runs; it cannot be changed or ended"
    )]
    Implicit,
    /// The client has as many sessions as it may.
    #[error(
        "{current} sessions of this client are live, of the {limit} allowed (sessions.max_per_client, or the \
         client's own limits); end one, or try again later"
    )]
    LimitExceeded {
        /// The limit.
        limit: usize,
        /// How many there are.
        current: usize,
        /// When the first ends by itself, within bounds.
        retry_after: Duration,
    },
    /// There are as many sessions as there may be.
    #[error("{current} sessions are live, of the {limit} allowed (sessions.max); try again later")]
    Full {
        /// The limit.
        limit: usize,
        /// How many there are.
        current: usize,
        /// When the first ends by itself, within bounds.
        retry_after: Duration,
    },
    /// The client creates sessions too fast.
    #[error(
        "more than {per_minute} sessions created in a minute (sessions.creates_per_minute); try again in {} ms",
        millis_rounded_up(.retry_after)
    )]
    RateLimited {
        /// The limit.
        per_minute: u32,
        /// When the next may be created.
        retry_after: Duration,
    },
    /// As many requests wait for a place as may.
    #[error(
        "{current} requests wait for a session, of the {limit} that may (sessions.queue); try again later"
    )]
    QueueFull {
        /// The limit.
        limit: usize,
        /// How many wait.
        current: usize,
        /// When the first session ends by itself, within bounds.
        retry_after: Duration,
    },
    /// No place became free while the request waited.
    #[error("no session ended within {} ms: {current} are live, of the {limit} allowed", .waited.as_millis())]
    QueueTimeout {
        /// How long it waited.
        waited: Duration,
        /// The limit that was in the way.
        limit: usize,
        /// How many there are.
        current: usize,
        /// When the first session ends by itself, within bounds.
        retry_after: Duration,
    },
    /// An option cannot be used.
    #[error(transparent)]
    BadOption(#[from] BadOption),
    /// Chromium is not running.
    #[error("Chromium is not running: {reason}")]
    BrowserDown {
        /// Why it is not.
        reason: String,
    },
    /// The credential of the request was revoked while it waited.
    #[error("the token or API key of the request is no longer valid")]
    Revoked,
    /// The bridge is stopping.
    #[error("the bridge is stopping")]
    ShuttingDown,
    /// The session could not be made; the log says why.
    #[error("the session could not be made; the log of the bridge has the details")]
    Failed,
}

impl SessionError {
    /// No session has this id.
    pub fn unknown(id: impl fmt::Display) -> Self {
        let id = id.to_string().chars().take(64).collect();
        Self::Unknown { id }
    }

    /// The error of a session that cannot be used.
    pub(crate) fn unusable(id: SessionId, error: Unusable) -> Self {
        match error {
            Unusable::Unknown => Self::unknown(id),
            Unusable::Ended(reason) => Self::Ended { id, reason },
        }
    }

    /// The same refusal, after a request has waited.
    pub(super) fn after_waiting(refused: CreationRefused, waited: Duration) -> Self {
        match refused {
            CreationRefused::ClientLimit(occupied) | CreationRefused::Full(occupied) => {
                let Occupied {
                    limit,
                    current,
                    retry_after,
                } = occupied;
                Self::QueueTimeout {
                    waited,
                    limit,
                    current,
                    retry_after,
                }
            }
            other => other.into(),
        }
    }

    /// The code of this error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unknown { .. } => ErrorCode::UnknownSession,
            Self::Ended { .. } => ErrorCode::SessionEnded,
            Self::Implicit | Self::LimitedToSession | Self::BadOption(_) | Self::Revoked => {
                ErrorCode::BadRequest
            }
            Self::LimitExceeded { .. } => ErrorCode::LimitExceeded,
            Self::RateLimited { .. } => ErrorCode::RateLimited,
            Self::Full { .. } | Self::QueueFull { .. } | Self::QueueTimeout { .. } => {
                ErrorCode::Capacity
            }
            Self::BrowserDown { .. } => ErrorCode::BrowserDown,
            Self::ShuttingDown => ErrorCode::ShuttingDown,
            Self::Failed => ErrorCode::Internal,
        }
    }

    /// When trying again makes sense, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::LimitExceeded { retry_after, .. }
            | Self::Full { retry_after, .. }
            | Self::RateLimited { retry_after, .. }
            | Self::QueueFull { retry_after, .. }
            | Self::QueueTimeout { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }
}

impl From<CreationRefused> for SessionError {
    fn from(refused: CreationRefused) -> Self {
        match refused {
            CreationRefused::TooFast {
                per_minute,
                retry_after,
            } => Self::RateLimited {
                per_minute,
                retry_after,
            },
            CreationRefused::ClientLimit(Occupied {
                limit,
                current,
                retry_after,
            }) => Self::LimitExceeded {
                limit,
                current,
                retry_after,
            },
            CreationRefused::Full(Occupied {
                limit,
                current,
                retry_after,
            }) => Self::Full {
                limit,
                current,
                retry_after,
            },
            CreationRefused::QueueFull(Occupied {
                limit,
                current,
                retry_after,
            }) => Self::QueueFull {
                limit,
                current,
                retry_after,
            },
        }
    }
}
