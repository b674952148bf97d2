//! Who sends a request: the client by its own token, or the holder of a session's token.

use std::time::Duration;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use tokio::time::Instant;

use super::route::{Route, RouteAuth};
use super::sessions;
use crate::clock::epoch_ms;
use crate::operations::sessions::{SessionError, SessionId};
use crate::operations::{Principal, Reach, Scope};
use crate::server::edge::auth::token_of;
use crate::server::edge::per_ip_limit::IpPermit;
use crate::server::problem::{HttpCode, Problem};
use crate::server::state::ServerState;
use crate::tokens::{Audience, Claims, TokenError, TokenKeys, TokenScope};

/// The header of a session's token, where `Authorization` has the client's.
const SESSION_TOKEN: &str = "x-session-token";

/// Who sends a request, and with which token.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    /// What it may act on.
    pub(crate) principal: Principal,
    /// What the session's token says, if there is one.
    pub(crate) claims: Option<Claims>,
    /// Why the session of the token has ended, if it has.
    pub(crate) ended: Option<SessionError>,
}

/// The tokens that a request carries.
#[derive(Debug, Default)]
struct Presented<'a> {
    bearer: Option<&'a str>,
    session: Option<&'a str>,
}

impl<'a> Presented<'a> {
    /// A token in the query counts only where the route takes it, and no header has one.
    fn read(headers: &'a HeaderMap, in_query: Option<&'a str>) -> Self {
        let bearer = headers.get(AUTHORIZATION).and_then(|value| {
            let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let header = headers.get(SESSION_TOKEN);
        // A header that is no text is a bad token, not none.
        let session = header.map(|value| value.to_str().unwrap_or_default().trim());
        Self {
            bearer,
            session: session.or(in_query),
        }
    }
}

impl Access {
    /// Finds out who sends a request to this route, and whether its token opens it.
    pub(crate) fn authenticate(
        state: &ServerState,
        route: &Route,
        headers: &HeaderMap,
        in_query: Option<&str>,
        permit: Option<&IpPermit>,
    ) -> Result<Option<Self>, Problem> {
        if route.auth == RouteAuth::Open {
            return Ok(None);
        }
        let presented = Presented::read(headers, in_query);
        let access = Self::find(state, route.auth, &presented, permit)?;
        let access = access.known_from(state, permit);
        if let Some(permit) = permit {
            permit.authenticated();
        }
        Ok(Some(access))
    }

    /// The same for a WebSocket, whose token may also stand in a subprotocol; and in the query, where it belongs to one
    /// session.
    pub(crate) fn of_websocket(
        state: &ServerState,
        headers: &HeaderMap,
        query: Option<&str>,
        is_session: bool,
        permit: Option<&IpPermit>,
    ) -> Result<Self, Problem> {
        let in_query = query.and_then(|query| {
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            let token = pairs.find(|(name, _)| name == "token");
            token.map(|(_, value)| value.into_owned())
        });
        let presented = Presented {
            bearer: token_of(headers),
            ..Presented::read(headers, in_query.as_deref())
        };
        let auth = if is_session {
            RouteAuth::ClientOrSession
        } else {
            RouteAuth::Any
        };
        let access = Self::find(state, auth, &presented, permit)?;
        let access = access.known_from(state, permit);
        access.check_scope(TokenScope::Json)?;
        access.check_ended(false)?;
        if access.page().is_some() {
            let detail = "this token opens one page; a WebSocket shows all pages of its session";
            return Err(Problem::http(HttpCode::Forbidden, detail));
        }
        Ok(access)
    }

    fn find(
        state: &ServerState,
        auth: RouteAuth,
        presented: &Presented<'_>,
        permit: Option<&IpPermit>,
    ) -> Result<Self, Problem> {
        let is_open = state.auth.is_open();
        let of_session = presented
            .bearer
            .filter(|it| TokenKeys::looks_like_token(it));
        // Without configured clients every bearer is theirs, except for one that says what it is. One that was signed here
        // cannot have been guessed: it is good however many others from its address were not.
        let is_theirs = of_session.is_none_or(|it| !is_open && verify(state, it).is_err());
        let client = match presented.bearer.filter(|_| !is_theirs) {
            Some(_) => None,
            None => state.auth.find(presented.bearer, permit)?,
        };
        let needs_both = state.settings.require_session_token && !is_open;
        match (client, presented.session) {
            // A session's token as the bearer.
            (None, None) => {
                let Some(token) = of_session else {
                    return Err(refuse(state, presented, permit));
                };
                let claims = verified(state, token, permit)?;
                match auth {
                    RouteAuth::Client => Err(Problem::http(
                        HttpCode::Forbidden,
                        "this needs the client's own token; a session's opens its session only",
                    )),
                    _ if needs_both => Err(Problem::unauthorized(
                        "the client's own token is needed in `Authorization`, and the session's in \
                         `X-Session-Token` (auth.require_session_token)",
                    )),
                    _ => Self::of_session(state, claims),
                }
            }
            (Some(principal), None) => match auth {
                RouteAuth::Client | RouteAuth::Open | RouteAuth::Any => {
                    Ok(Self::of_client(principal))
                }
                RouteAuth::ClientOrSession if !needs_both => Ok(Self::of_client(principal)),
                RouteAuth::ClientOrSession | RouteAuth::Session => {
                    Err(session_token_missing(presented, needs_both))
                }
            },
            (Some(principal), Some(_)) if auth == RouteAuth::Client => {
                Ok(Self::of_client(principal))
            }
            (Some(principal), Some(token)) => {
                let access = Self::of_session(state, verified(state, token, permit)?)?;
                if access.principal.scope.client == principal.scope.client {
                    return Ok(access);
                }
                let detail = "the two tokens belong to different clients";
                Err(Problem::unauthorized(detail))
            }
            (None, Some(_)) if auth == RouteAuth::Client || needs_both => {
                Err(refuse(state, presented, permit))
            }
            (None, Some(token)) if presented.bearer.is_none() => {
                Self::of_session(state, verified(state, token, permit)?)
            }
            // A bearer that is wrong is not made good by another token.
            (None, Some(_)) => Err(refuse(state, presented, permit)),
        }
    }

    /// The same from the address of this connection. The use of an API key is noted.
    fn known_from(mut self, state: &ServerState, permit: Option<&IpPermit>) -> Self {
        self.principal.peer = permit.map(IpPermit::peer);
        if !self.principal.has_session_token {
            state.operations().key_used(&self.principal);
        }
        self
    }

    fn of_client(principal: Principal) -> Self {
        Self {
            principal,
            claims: None,
            ended: None,
        }
    }

    /// The holder of a session's token, which lasts no longer than the session and the client.
    fn of_session(state: &ServerState, claims: Claims) -> Result<Self, Problem> {
        // One that was made with an API key ends with that key, whatever other credentials the client has: otherwise the
        // holder of a key that was revoked would go on.
        let client = state.auth.client(&claims.cli, claims.key.as_deref());
        let client = client.ok_or_else(|| {
            Problem::unauthorized(
                "the session's token is refused: the client or the API key that it was made with is gone",
            )
        })?;
        // No session has an id of another form; 0 is the generation of all of them so far.
        let id: SessionId = claims.sub.parse().map_err(|_| unknown(&claims.sub))?;
        if claims.r#gen != 0 {
            return Err(Problem::unauthorized("the session's token was withdrawn"));
        }
        // Whether this is a use of the session depends on what is asked for.
        let view = state.operations().session(&client.scope.client, id);
        let reason = view.map_err(sessions::problem)?.end_reason;
        let ended = reason.map(|reason| SessionError::Ended { id, reason });
        let mut principal = limited(&client, id);
        // One that is bound to its session is renewed with it, and what it has opened is closed with it.
        if !claims.bound {
            let left = (claims.exp * 1000).saturating_sub(epoch_ms());
            let end = Instant::now() + Duration::from_millis(left);
            let end = principal.valid_until.map_or(end, |key| key.min(end));
            principal.valid_until = Some(end);
        }
        Ok(Self {
            principal,
            claims: Some(claims),
            ended,
        })
    }

    /// The only page that the token opens, if it is limited to one.
    pub(crate) fn page(&self) -> Option<&str> {
        self.claims.as_ref()?.pg.as_deref()
    }

    /// A request that the token opens is a use of its session, unless it only watches.
    pub(crate) fn use_session(&self, state: &ServerState, scope: TokenScope) {
        if self.claims.is_some() && scope != TokenScope::Watch {
            let id = SessionId::of(&self.principal.scope);
            // One that has ended in this moment is used no more.
            let _ = state.operations().enter_session(&self.principal, id);
        }
    }

    /// What tells this token from others of its scope that allow more or less.
    pub(crate) fn rights(&self) -> Vec<u8> {
        let rights = self.claims.as_ref().map(|it| (&it.scp, &it.pg));
        let key = self.principal.key.as_ref().map(|key| &key.id);
        // Words and strings always serialize.
        match key {
            None => serde_json::to_vec(&rights).unwrap_or_default(),
            Some(key) => serde_json::to_vec(&(rights, key)).unwrap_or_default(),
        }
    }

    /// Refuses a token that is limited to one page what is about the whole session.
    pub(crate) fn check_page(&self, is_of_whole_session: bool) -> Result<(), Problem> {
        if self.page().is_none() || !is_of_whole_session {
            return Ok(());
        }
        let detail = "this token opens one page; this is about the whole session";
        Err(Problem::http(HttpCode::Forbidden, detail))
    }

    /// Refuses the token of a session that has ended.
    pub(crate) fn check_ended(&self, takes_ended: bool) -> Result<(), Problem> {
        match &self.ended {
            Some(error) if !takes_ended => Err(sessions::problem(error.clone())),
            _ => Ok(()),
        }
    }

    /// Refuses a session's token or an API key that does not grant this.
    pub(crate) fn check_scope(&self, scope: TokenScope) -> Result<(), Problem> {
        let is_granted = |claims: &Claims| claims.scp.allow(scope);
        let what = if !self.claims.as_ref().is_none_or(is_granted) {
            "token"
        } else if !self.principal.may(scope) {
            "API key"
        } else {
            return Ok(());
        };
        let detail = format!("this {what} does not grant `{}`", scope.as_str());
        Err(Problem::http(HttpCode::Forbidden, detail))
    }
}

/// The client, limited to a session.
fn limited(client: &Principal, id: SessionId) -> Principal {
    Principal {
        scope: Scope {
            client: client.scope.client.clone(),
            session: id.into(),
        },
        reach: Reach::Session,
        has_session_token: true,
        ..client.clone()
    }
}

fn unknown(id: &str) -> Problem {
    sessions::problem(SessionError::unknown(id))
}

/// Refuses the client itself where its session's token is asked for.
fn session_token_missing(presented: &Presented<'_>, needs_both: bool) -> Problem {
    let detail = if needs_both {
        "the session's token is needed too: send it in `X-Session-Token` (auth.require_session_token)"
    } else {
        "the session's token is needed: send it as `Authorization: Bearer TOKEN` or in `X-Session-Token`"
    };
    if presented.bearer.is_some() {
        Problem::unauthorized(detail)
    } else {
        Problem::token_missing(detail)
    }
}

fn verify(state: &ServerState, token: &str) -> Result<Claims, TokenError> {
    let now = epoch_ms() / 1000;
    state.tokens.verify(token, Audience::Session, now)
}

/// What a session's token says; a wrong one is counted.
fn verified(
    state: &ServerState,
    token: &str,
    permit: Option<&IpPermit>,
) -> Result<Claims, Problem> {
    verify(state, token).map_err(|error| {
        let detail = format!("the session's token is refused: {error}");
        state.auth.failed(permit, Problem::unauthorized(detail))
    })
}

/// Refuses a request without a valid token, and counts a wrong one.
fn refuse(state: &ServerState, presented: &Presented<'_>, permit: Option<&IpPermit>) -> Problem {
    let detail = "a valid token is needed: send `Authorization: Bearer TOKEN`, and a session's token there or in \
                  `X-Session-Token`";
    if presented.bearer.is_none() && presented.session.is_none() {
        return Problem::token_missing(detail);
    }
    // The holder of the secret may know what became of the key; it is no guess that counts.
    let key = presented
        .bearer
        .and_then(|it| state.auth.refused_key(it, permit));
    if let Some(error) = key {
        return Problem::unauthorized(format!("a valid token is needed: {error}"));
    }
    state.auth.failed(permit, Problem::unauthorized(detail))
}
