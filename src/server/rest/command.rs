//! One command in a page: the request of the protocol with its `type` as `action`.

use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header::ALLOW;
use cdp_bridge_protocol::{ErrorDetails, Request, RequestKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::request::RestRequest;
use super::route::{RestResult, Route};
use super::{answer, command_result, pages};
use crate::server::problem::{HttpCode, Problem};

/// What the drafts call some requests.
const ALIASES: [(&str, &str); 6] = [
    ("goto", "navigate"),
    ("wait", "waitFor"),
    ("screenshot", "getScreenshot"),
    ("content", "getContent"),
    ("snapshot", "getDomSnapshot"),
    ("ariaSnapshot", "getAxSnapshot"),
];

/// Fields of the envelope, which the door fills in.
const RESERVED: [&str; 5] = ["type", "tabId", "requestId", "idempotencyKey", "timeoutMs"];

/// The field of `params` whose own fields are fields of `params` too. Errors name fields of the request of the protocol,
/// as on the WebSocket: `value`, not `params.value`.
const FLATTENED: &str = "options";

/// One command.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Command {
    /// The `type` of a request of the protocol that names a tab, such as `click`; or `goto`, `wait`, `screenshot`,
    /// `content`, `snapshot` or `ariaSnapshot`.
    action: String,
    /// The fields of that request. The fields of `options` in it are fields of the request too.
    #[serde(default)]
    params: Map<String, Value>,
    /// Time limit in milliseconds; the configuration says what holds if absent.
    #[serde(default)]
    #[schemars(range(min = 100, max = 120_000))]
    timeout_ms: Option<u64>,
}

/// A command that was carried out.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CommandAnswer {
    /// The action as it was asked for.
    action: String,
    /// The page.
    page_id: String,
    /// The fields of the event that answers the request.
    result: Map<String, Value>,
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::post("/pages/{pageId}/command", "runCommand", run)
            .summary(
                "commands",
                "Do one thing in a page, or read something of it",
            )
            .json::<Command>()
            .answers::<CommandAnswer>(200, "What came of it"),
    ]
}

async fn run(mut request: RestRequest) -> RestResult {
    let command: Command = request.json()?;
    let entered = request.entered()?.clone();
    let page = pages::named(&request)?;
    let action = command.action.clone();
    let asked = command.into_request(&page, &request)?;
    let operations = request.state.operations();
    let answer =
        command_result::run(operations, &entered.caller, entered.arrival.clone(), asked).await?;
    let result = command_result::json(answer, &elsewhere(&page))?;
    let text = answered(&action, &page, &result);
    Ok(answer::json_bytes(StatusCode::OK, text))
}

/// Where payloads can be had that are too large for JSON.
pub(super) fn elsewhere(page: &str) -> String {
    format!("GET /v1/pages/{page}/content, /screenshot or /pdf streams it")
}

/// The answer, around a result that is JSON already.
fn answered(action: &str, page: &str, result: &str) -> String {
    let (action, page) = (Value::from(action), Value::from(page));
    format!(r#"{{"action":{action},"pageId":{page},"result":{result}}}"#)
}

impl Command {
    /// The request of the protocol, through the same parser as a message of a WebSocket.
    pub(super) fn into_request(
        self,
        page: &str,
        request: &RestRequest,
    ) -> Result<Request, Problem> {
        let kind = kind_of(&self.action)?;
        if matches!(
            kind,
            RequestKind::StartScreencast | RequestKind::StopScreencast | RequestKind::Subscribe
        ) {
            return Err(needs_websocket(kind, &request.websocket_url()));
        }
        let mut fields = flattened(self.params)?;
        fields.insert("type".to_owned(), kind.as_str().into());
        fields.insert("tabId".to_owned(), page.into());
        if let Some(ms) = self.timeout_ms {
            fields.insert("timeoutMs".to_owned(), ms.into());
        }
        Ok(Request::of_fields(fields)?)
    }
}

fn kind_of(action: &str) -> Result<RequestKind, Problem> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == action);
    let name = alias.map_or(action, |(_, name)| name);
    let known = RequestKind::from_name(name).filter(|kind| kind.names_tab());
    known.ok_or_else(|| {
        let names: Vec<_> = RequestKind::ALL
            .iter()
            .filter(|kind| kind.names_tab())
            .map(|kind| kind.as_str())
            .chain(ALIASES.iter().map(|(alias, _)| *alias))
            .collect();
        let shown: String = action.chars().take(64).collect();
        let names = names.join(", ");
        let detail = format!("action: unknown command `{shown}`, expected one of {names}");
        Problem::bad_field("action", detail)
    })
}

/// The fields of a request, with those of `options` among them.
fn flattened(mut params: Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    match params.remove(FLATTENED) {
        None => {}
        Some(Value::Object(options)) => {
            for (name, value) in options {
                if params.contains_key(&name) {
                    let field = format!("{FLATTENED}.{name}");
                    let detail = format!("{field}: params has it too; expected it once");
                    return Err(Problem::bad_field(&field, detail));
                }
                params.insert(name, value);
            }
        }
        Some(_) => {
            let detail = "options: expected an object";
            return Err(Problem::bad_field(FLATTENED, detail));
        }
    }
    match RESERVED.iter().find(|name| params.contains_key(**name)) {
        None => Ok(params),
        Some(name) => {
            let detail =
                format!("{name}: no field of params; the path and the command itself say that");
            Err(Problem::bad_field(name, detail))
        }
    }
}

fn needs_websocket(kind: RequestKind, url: &str) -> Problem {
    let detail = format!(
        "{} needs a connection that carries streams: open a WebSocket at {url}",
        kind.as_str()
    );
    let details = ErrorDetails {
        url: Some(url.to_owned()),
        ..ErrorDetails::default()
    };
    Problem::http(HttpCode::MethodNotAllowed, detail)
        .with_details(details)
        .with_header(ALLOW, HeaderValue::from_static("POST, OPTIONS"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn flat(params: Value) -> Result<Value, String> {
        let Value::Object(params) = params else {
            panic!("an object")
        };
        let flat = flattened(params).map(Value::Object);
        flat.map_err(|problem| {
            serde_json::to_value(problem.document("", "")).unwrap()["details"]["field"].to_string()
        })
    }

    #[test]
    fn every_alias_names_a_request_of_a_page() {
        for (alias, name) in ALIASES {
            assert_eq!(kind_of(alias).unwrap().as_str(), name);
            assert!(RequestKind::from_name(alias).is_none(), "{alias}");
        }
        for unknown in ["createTab", "listTabs", "ping", "jump", ""] {
            assert!(kind_of(unknown).is_err(), "{unknown}");
        }
    }

    #[test]
    fn options_are_flattened_and_the_envelope_is_not_the_clients() {
        assert_eq!(
            flat(json!({"url": "a", "options": {"waitUntil": "load"}})),
            Ok(json!({"url": "a", "waitUntil": "load"}))
        );
        for (params, field) in [
            (json!({"url": "a", "options": {"url": "b"}}), "options.url"),
            (json!({"options": 1}), "options"),
            (json!({"tabId": "t2"}), "tabId"),
            (json!({"options": {"type": "ping"}}), "type"),
        ] {
            assert_eq!(flat(params), Err(format!("\"{field}\"")));
        }
    }

    #[test]
    fn an_answer_has_the_action_as_it_was_asked_for() {
        let text = answered("go\"to", "t1", r#"{"id":"t1"}"#);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            value,
            json!({"action": "go\"to", "pageId": "t1", "result": {"id": "t1"}})
        );
    }
}
