//! What a client needs to use its session from elsewhere: a token and addresses.

use std::fmt::{self, Debug};

use super::SessionView;
use crate::operations::Principal;

/// The token of a session, and where it is used. What a bridge does not offer is absent.
#[derive(Clone, Default)]
pub struct SessionAccess {
    /// Secret.
    pub token: Option<String>,
    /// The JSON protocol, with this session's tabs only.
    pub ws_url: Option<String>,
    /// Events as a stream over HTTP.
    pub events_url: Option<String>,
    /// For CDP clients.
    pub connect_url: Option<String>,
}

/// Without the token, and without addresses, which may contain it.
impl Debug for SessionAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionAccess").finish_non_exhaustive()
    }
}

/// Makes the tokens of sessions.
pub trait SessionTokens: Debug + Send + Sync + 'static {
    /// What is given to the client that creates this session, or asks for it again by its `externalId`. It grants no more
    /// than the client has itself.
    fn access(&self, principal: &Principal, session: &SessionView) -> SessionAccess;
}

/// A bridge without tokens of sessions.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSessionTokens;

impl SessionTokens for NoSessionTokens {
    fn access(&self, _: &Principal, _: &SessionView) -> SessionAccess {
        SessionAccess::default()
    }
}
