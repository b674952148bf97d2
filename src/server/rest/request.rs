//! What a handler is given.

use std::sync::{Arc, PoisonError};

use axum::http::HeaderMap;
use cdp_bridge_protocol::request::parse_fields;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::access::Access;
use super::body::RestBody;
use super::session::SessionUrls;
use super::{sessions, urls};
use crate::operations::{Arrival, Caller, Made, OnceKey};
use crate::server::edge::envelope::HttpRequestId;
use crate::server::problem::Problem;
use crate::server::state::ServerState;

/// A request whose token, query and body were checked.
#[derive(Debug)]
pub(crate) struct RestRequest {
    pub(crate) state: Arc<ServerState>,
    /// The path as it was requested.
    pub(crate) path: String,
    pub(crate) id: HttpRequestId,
    pub(crate) headers: HeaderMap,
    /// The parameters of the path, decoded.
    pub(super) params: Vec<(String, String)>,
    pub(super) query: Map<String, Value>,
    pub(super) body: RestBody,
    /// None on a route that is open.
    pub(super) entered: Option<Entered>,
    /// Its idempotency key.
    pub(super) once: Option<OnceKey>,
    /// What was made under that key before the bridge was started again.
    pub(super) made: Option<Made>,
}

/// Who sends a request.
#[derive(Debug, Clone)]
pub(crate) struct Entered {
    pub(crate) access: Access,
    pub(crate) caller: Arc<Caller>,
    /// Counted against the rate of the client.
    pub(crate) arrival: Arrival,
}

impl RestRequest {
    /// The holder of the token.
    pub(crate) fn entered(&self) -> Result<&Entered, Problem> {
        let missing = || Problem::token_missing("a token is needed");
        self.entered.as_ref().ok_or_else(missing)
    }

    /// The holder of the token, limited to the session in the path.
    pub(crate) fn in_session(&self) -> Result<Entered, Problem> {
        let (id, entered) = (self.session_id()?, self.entered()?);
        let operations = self.state.operations();
        let principal = operations.enter_session(&entered.access.principal, id);
        let principal = principal.map_err(sessions::problem)?;
        let caller = self.state.rest.callers.of(operations, &principal);
        Ok(Entered {
            arrival: caller.takes_over(&entered.arrival),
            caller,
            access: Access {
                principal,
                ..entered.access.clone()
            },
        })
    }

    /// The address of the WebSocket that shows the same tabs.
    pub(crate) fn websocket_url(&self) -> String {
        match self
            .entered
            .as_ref()
            .and_then(|it| it.access.claims.as_ref())
        {
            Some(claims) => SessionUrls::of(self).websocket(&claims.sub),
            None => urls::websocket(&self.state, &self.headers),
        }
    }

    /// A parameter of the path, as it is.
    pub(crate) fn param(&self, name: &str) -> &str {
        let found = self.params.iter().find(|(it, _)| it == name);
        found.map_or("", |(_, value)| value)
    }

    /// The parameters of the query.
    pub(crate) fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        Ok(parse_fields(self.query.clone())?)
    }

    /// The fields of the body.
    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T, Problem> {
        Ok(parse_fields(self.json_fields())?)
    }

    /// The same before they are parsed.
    pub(crate) fn json_fields(&mut self) -> Map<String, Value> {
        match &mut self.body {
            RestBody::Json(fields) => std::mem::take(fields),
            RestBody::None | RestBody::Raw { .. } => Map::new(),
        }
    }

    /// The body of a route that reads it itself.
    pub(crate) fn raw_body(&mut self) -> axum::body::Body {
        match std::mem::replace(&mut self.body, RestBody::None) {
            RestBody::Raw { body, .. } => body.into_inner().unwrap_or_else(PoisonError::into_inner),
            RestBody::None | RestBody::Json(_) => axum::body::Body::empty(),
        }
    }

    /// Whether a client asks for this media type rather than the route's first.
    pub(crate) fn accepts_only(&self, media_type: &str) -> bool {
        super::body::accepts_only(&self.headers, media_type)
    }
}
