//! A session as this door shows it.

use cdp_bridge_protocol::event::{SessionInfo, StartedPageError};
use schemars::JsonSchema;
use serde::Serialize;

use super::pages::Page;
use super::request::RestRequest;
use super::urls;
use crate::operations::Principal;
use crate::operations::pages::PageView;
use crate::operations::sessions::{CreatedSession, SessionView};
use crate::server::session_tokens::{Grant, MintedToken, mint};
use crate::server::wire_session;

/// A session.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    /// Its state.
    #[serde(flatten)]
    info: SessionInfo,
    /// The JSON protocol over a WebSocket, with this session's pages only; absent after its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    ws_url: Option<String>,
    /// Its events as a stream over HTTP; absent after its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    events_url: Option<String>,
    /// Its pages, oldest first.
    pages: Vec<Page>,
}

/// A session that was created, with what is needed to use it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewSession {
    /// The session.
    #[serde(flatten)]
    session: Session,
    /// The token that opens it, from wherever. Secret.
    token: String,
    /// When the token ends, in milliseconds since 1970.
    token_expires_at: u64,
    /// Why the page of `startUrl` is not loaded, if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_error: Option<StartedPageError>,
}

/// A session whose times were changed, with a token that lasts as long.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RenewedSession {
    /// The session.
    #[serde(flatten)]
    pub(super) session: Session,
    /// The new token.
    #[serde(flatten)]
    pub(super) token: RenewedToken,
}

/// A token that replaces the one of the request; absent where that ends on purpose before its session, and where nothing was
/// changed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RenewedToken {
    /// Secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<String>,
    /// When it ends, in milliseconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    token_expires_at: Option<u64>,
}

impl From<Option<MintedToken>> for RenewedToken {
    fn from(minted: Option<MintedToken>) -> Self {
        Self {
            token_expires_at: minted.as_ref().map(|it| it.expires_at_ms),
            token: minted.map(|it| it.text),
        }
    }
}

/// The addresses of sessions, as the client reached the bridge.
#[derive(Debug, Clone)]
pub(crate) struct SessionUrls {
    websocket: String,
    http: String,
}

impl SessionUrls {
    pub(crate) fn of(request: &RestRequest) -> Self {
        let secure = if request.state.tls.is_some() { "s" } else { "" };
        let host = urls::host(&request.headers);
        Self {
            websocket: format!("ws{secure}://{host}/v1/sessions"),
            http: format!("http{secure}://{host}/v1/sessions"),
        }
    }

    /// The JSON protocol of a session.
    pub(crate) fn websocket(&self, id: &str) -> String {
        format!("{}/{id}/ws", self.websocket)
    }

    /// A session with those of these pages that are its own.
    pub(crate) fn session(&self, view: SessionView, pages: &[PageView]) -> Session {
        let scope = view.scope();
        let own = pages.iter().filter(|page| page.scope == scope);
        let pages = own.cloned().map(Page::from).collect();
        let info = wire_session::info(view);
        let is_open = info.end_reason.is_none();
        let (websocket, events) = (
            self.websocket(&info.session_id),
            format!("{}/{}/events", self.http, info.session_id),
        );
        Session {
            ws_url: is_open.then_some(websocket),
            events_url: is_open.then_some(events),
            info,
            pages,
        }
    }

    /// A session with its pages and its token.
    pub(crate) fn created(
        &self,
        state: &crate::server::state::ServerState,
        principal: &Principal,
        created: CreatedSession,
    ) -> NewSession {
        let token = mint(&state.tokens, &created.view, Grant::all_of(principal));
        let pages = state.operations().pages_of(principal);
        let start_error = wire_session::start_error(created.start);
        NewSession {
            session: self.session(created.view, &pages),
            token: token.text,
            token_expires_at: token.expires_at_ms,
            start_error,
        }
    }
}
