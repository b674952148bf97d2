//! One HTTP exchange, whose answer is held against the document that describes it.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::server::rest::documents::openapi_document;
use crate::server::rest::table::routes;
use crate::server::tests::harness::{Answer, Bridge};

static DOCUMENT: LazyLock<Value> = LazyLock::new(openapi_document);

/// A request, to be completed and sent.
pub(super) struct Exchange {
    method: &'static str,
    path: String,
    headers: Vec<String>,
    body: Option<String>,
}

pub(super) fn get(path: &str) -> Exchange {
    Exchange::new("GET", path)
}

#[expect(clippy::needless_pass_by_value, reason = "callers pass a `json!`")]
pub(super) fn post(path: &str, body: Value) -> Exchange {
    Exchange::new("POST", path).json(&body)
}

pub(super) fn delete(path: &str) -> Exchange {
    Exchange::new("DELETE", path)
}

impl Exchange {
    pub(super) fn new(method: &'static str, path: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            headers: Vec::new(),
            body: None,
        }
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push(format!("{name}: {value}"));
        self
    }

    pub(super) fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub(super) fn key(self, key: &str) -> Self {
        self.header("Idempotency-Key", key)
    }

    pub(super) fn json(self, body: &Value) -> Self {
        self.header("Content-Type", "application/json")
            .body(&body.to_string())
    }

    pub(super) fn body(self, body: &str) -> Self {
        Self {
            body: Some(body.to_owned()),
            ..self
        }
    }

    pub(super) fn text(&self) -> String {
        let Self { method, path, .. } = self;
        let mut text =
            format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        for header in &self.headers {
            text.push_str(header);
            text.push_str("\r\n");
        }
        let body = self.body.as_deref().unwrap_or_default();
        if self.body.is_some() {
            let length = format!("Content-Length: {}\r\n", body.len());
            text.push_str(&length);
        }
        text + "\r\n" + body
    }

    /// Sends it, and checks that the answer is one of those that the document has.
    pub(super) async fn send(self, bridge: &Bridge) -> Answer {
        let answer = bridge.exchange(&self.text()).await;
        check(self.method, &self.path, &answer);
        answer
    }
}

/// The value of a header of an answer, in lower case as the harness reads it.
pub(super) fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let begin = format!("{name}: ");
    answer
        .head
        .lines()
        .find_map(|line| line.strip_prefix(&begin))
}

fn check(method: &str, path: &str, answer: &Answer) {
    assert!(header(answer, "x-request-id").is_some(), "{}", answer.head);
    if answer.status >= 400 {
        assert_eq!(
            header(answer, "content-type"),
            Some("application/problem+json"),
            "{}",
            answer.head
        );
        let problem = json!({"$ref": "#/components/schemas/Problem"});
        return hold(&problem, &answer.json());
    }
    let path = path.split('?').next().unwrap_or_default();
    let path = path.strip_prefix("/v1").unwrap_or(path);
    let Some(template) = template_of(method, path) else {
        return;
    };
    let operation = &DOCUMENT["paths"][template][method.to_ascii_lowercase()];
    let response = &operation["responses"][answer.status.to_string()];
    assert!(response.is_object(), "{method} {path}: {}", answer.status);
    let schema = &response["content"]["application/json"]["schema"];
    if schema.is_object() {
        hold(schema, &answer.json());
    }
}

/// The template of a path that was requested.
fn template_of(method: &str, path: &str) -> Option<&'static str> {
    let parts: Vec<_> = path.split('/').collect();
    let fits = |template: &str| {
        let template: Vec<_> = template.split('/').collect();
        template.len() == parts.len()
            && template
                .iter()
                .zip(&parts)
                .all(|(it, part)| it.starts_with('{') || it == part)
    };
    let routes = routes();
    // A fixed path comes before one with parameters.
    let mut found: Vec<_> = routes
        .iter()
        .filter(|route| route.method.as_str() == method && fits(route.path))
        .map(|route| route.path)
        .collect();
    found.sort_by_key(|path| path.matches('{').count());
    found.first().copied()
}

fn hold(schema: &Value, value: &Value) {
    let mut schema = schema.clone();
    schema["components"] = DOCUMENT["components"].clone();
    let validator: Validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(value)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}\n{value:#}");
}
