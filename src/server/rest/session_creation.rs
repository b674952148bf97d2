//! Creating a session: at once, or as a job that waits for a place.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use cdp_bridge_protocol::request::CreateSession;
use cdp_bridge_protocol::{Request, RequestBody};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value};

use super::answer;
use super::jobs::Job;
use super::request::RestRequest;
use super::route::{RestResult, Route, RouteAuth};
use super::session::{NewSession, SessionUrls};
use super::sessions::{located, problem};
use crate::operations::sessions::{CreatedSession, SessionError, SessionOptions, options_of};
use crate::operations::{Made, Principal};
use crate::server::problem::Problem;
use crate::server::state::ServerState;

/// Names of fields in earlier drafts.
const ALIASES: [(&str, &str); 2] = [
    ("maxDuration", "maxDurationMs"),
    ("queueMs", "queueTimeoutMs"),
];

/// The only browser that there is.
const BROWSER: &str = "browser";

/// What this door does in another way than the WebSocket, or has another name for.
const TEXTS: [(&str, &str); 5] = [
    (
        "viewport",
        "Size of the visible part of its pages, where they set none of their own; the configured window size if absent.",
    ),
    (
        "queueTimeoutMs",
        "If all places are taken, wait so long for one, in milliseconds: the answer is a job then. Without it, and \
         without `Prefer: respond-async`, the answer is 429.",
    ),
    (
        "geolocation",
        "Where its pages start to be, as if set with the action `emulate`.",
    ),
    (
        "locale",
        "The language and region that its pages start with, as if set with the action `emulate`.",
    ),
    (
        "timezoneId",
        "The time zone that its pages start with, as if set with the action `emulate`.",
    ),
];

/// The fields of `createSession` with those of this door.
struct NewSessionRequest;

impl JsonSchema for NewSessionRequest {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "NewSessionRequest".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = CreateSession::json_schema(generator);
        let Some(Value::Object(properties)) = schema.get_mut("properties") else {
            return schema;
        };
        for (name, text) in TEXTS {
            if let Some(Value::Object(property)) = properties.get_mut(name) {
                property.insert("description".to_owned(), text.into());
            }
        }
        for (alias, name) in ALIASES {
            let mut alias_of = properties.get(name).cloned().unwrap_or_default();
            alias_of["description"] = format!("The same as `{name}`.").into();
            properties.insert(alias.to_owned(), alias_of);
        }
        let browser = serde_json::json!({
            "const": "shared",
            "description": "All sessions share one Chromium, each with a browser context of its own.",
        });
        properties.insert(BROWSER.to_owned(), browser);
        let text = "A session to create: a browser context of its own, with pages, limits and an end. While a session with \
                    the same `externalId` is live, the answer is that one.";
        schema.insert("description".to_owned(), text.into());
        schema
    }
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/sessions", "createSession", create)
            .summary("sessions", "Create a session")
            .auth(RouteAuth::Client)
            .optional_json::<NewSessionRequest>()
            .answers::<NewSession>(200, "The live session with the same `externalId`")
            .with_headers(&[("Location", "The path of the session.")])
            .answers::<NewSession>(201, "The session")
            .with_headers(&[("Location", "The path of the session.")])
            .answers::<Job>(202, "All places are taken: a job that waits for one")
            .with_headers(&[("Location", "The path of the job.")]),
    ]
}

async fn create(mut request: RestRequest) -> RestResult {
    let mut fields = request.json_fields();
    translate(&mut fields)?;
    let waits = fields.contains_key("queueTimeoutMs") || responds_async(&request.headers);
    let options = options(&request.state, fields)?;
    let principal = request.entered()?.access.principal.clone();
    let urls = SessionUrls::of(&request);
    let state = Arc::clone(&request.state);
    if let Some(Made::Session(id)) = request.made {
        let again = state.operations().session_again(&principal, id);
        return answered(&state, &principal, &urls, again.map_err(problem)?);
    }
    // Without waiting first: where there is a place, the client gets the session itself.
    let at_once = SessionOptions {
        queue_timeout: Some(std::time::Duration::ZERO),
        ..options.clone()
    };
    let once = request.once.clone();
    let created = state
        .operations()
        .create_session_once(&principal, at_once, once.clone())
        .await;
    match created {
        Ok(created) => answered(&state, &principal, &urls, created),
        Err(error) if waits && is_full(&error) => {
            let job = state
                .rest
                .jobs
                .start(Arc::clone(&state), principal, urls, options, once)
                .await?;
            let mut response = answer::json(StatusCode::ACCEPTED, &job)?;
            answer::locate(&mut response, &job.path());
            Ok(response)
        }
        Err(error) => Err(problem(error)),
    }
}

fn answered(
    state: &ServerState,
    principal: &Principal,
    urls: &SessionUrls,
    created: CreatedSession,
) -> RestResult {
    let status = if created.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let id = created.view.id.to_string();
    let session = urls.created(state, principal, created);
    let response: Response = answer::json(status, &session)?;
    Ok(located(response, &id))
}

fn is_full(error: &SessionError) -> bool {
    matches!(
        error,
        SessionError::LimitExceeded { .. }
            | SessionError::Full { .. }
            | SessionError::QueueFull { .. }
            | SessionError::QueueTimeout { .. }
    )
}

/// Whether the client rather gets a job than waits or is refused (RFC 7240).
fn responds_async(headers: &HeaderMap) -> bool {
    let values = headers.get_all("prefer").iter();
    let mut preferences = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    preferences.any(|it| it.trim().eq_ignore_ascii_case("respond-async"))
}

/// Renames the fields of earlier drafts.
fn translate(fields: &mut Map<String, Value>) -> Result<(), Problem> {
    for (alias, name) in ALIASES {
        if let Some(value) = fields.remove(alias)
            && fields.insert(name.to_owned(), value).is_some()
        {
            let detail = format!("{alias}: {name} stands beside it; expected one of the two");
            return Err(Problem::bad_field(alias, detail));
        }
    }
    match fields.remove(BROWSER) {
        None => Ok(()),
        Some(value) if value == "shared" => Ok(()),
        Some(_) => {
            let detail = "browser: expected \"shared\", the only one that there is";
            Err(Problem::bad_field(BROWSER, detail))
        }
    }
}

/// Through the parser of the protocol, which knows the rules of each field.
fn options(state: &ServerState, mut fields: Map<String, Value>) -> Result<SessionOptions, Problem> {
    for envelope in ["type", "requestId", "idempotencyKey", "timeoutMs"] {
        if fields.contains_key(envelope) {
            let detail = format!("{envelope}: unknown field");
            return Err(Problem::bad_field(envelope, detail));
        }
    }
    fields.insert("type".to_owned(), "createSession".into());
    match Request::of_fields(fields)?.body {
        RequestBody::CreateSession(create) => {
            let defaults = state.operations().default_session_options();
            options_of(&defaults, create).map_err(|error| problem(error.into()))
        }
        // The type was given above.
        _ => Err(Problem::bad_field("type", "type: unknown field")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use serde_json::json;

    #[test]
    fn names_of_earlier_drafts_are_translated_and_not_doubled() {
        let translated = |fields: Value| {
            let Value::Object(mut fields) = fields else {
                panic!("an object")
            };
            translate(&mut fields).map(|()| Value::Object(fields)).ok()
        };
        assert_eq!(
            translated(json!({"maxDuration": 60000, "browser": "shared"})),
            Some(json!({"maxDurationMs": 60000}))
        );
        assert_eq!(
            translated(json!({"maxDuration": 1, "maxDurationMs": 1})),
            None
        );
        assert_eq!(translated(json!({"browser": "own"})), None);
    }

    #[test]
    fn fields_are_described_in_the_words_of_this_door() {
        let schema = NewSessionRequest::json_schema(&mut SchemaGenerator::default());
        let properties = schema.get("properties").unwrap();
        for (name, text) in TEXTS {
            assert_eq!(properties[name]["description"], text);
        }
        let all = serde_json::to_string(&schema).unwrap();
        for other in ["sessionCreated", "createTab", "waits for a place"] {
            assert!(!all.contains(other), "{other}");
        }
    }

    #[test]
    fn a_preference_may_stand_among_others() {
        let prefers = |value: &'static str| {
            let headers = [("prefer".parse().unwrap(), HeaderValue::from_static(value))];
            responds_async(&headers.into_iter().collect())
        };
        assert!(prefers("respond-async") && prefers("wait=10, Respond-Async"));
        assert!(!prefers("return=minimal"));
    }
}
