//! `OpenAPI` 3.1, written from the table of routes. The schemas come from the same types as `schemas/`.

use axum::http::Method;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::route::{AnswerSpec, BodyRule, Content, Route, RouteAuth};
use crate::server::edge::envelope::{IDEMPOTENCY_KEY, REQUEST_ID};
use crate::server::problem::ProblemDocument;

const DESCRIPTION: &str = "Real browser sessions over plain HTTP. A client creates a session, opens pages in it, and sends \
    commands to them. Every error is a problem document (RFC 9457) with a `code`. The same paths are served without `/v1`.";

/// The schema of a route's query, with nothing left to refer to; an empty object where it has none.
pub(crate) fn query_schema(route: &Route) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    let mut generator = settings.into_generator();
    match route.query {
        None => json!({}),
        Some(schema) => schema(&mut generator).to_value(),
    }
}

/// The document that describes these routes.
pub(crate) fn document(routes: &[Route]) -> Value {
    let mut settings = SchemaSettings::draft2020_12();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    let mut generator = settings.into_generator();
    let problem = generator.subschema_for::<ProblemDocument<'_>>().to_value();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes {
        let operation = operation(route, &mut generator);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "cdp-bridge",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/v1" }],
        "paths": paths,
        "components": {
            "schemas": generator.take_definitions(true),
            "securitySchemes": {
                "client": {
                    "type": "http", "scheme": "bearer",
                    "description": "The client's own token (auth.clients). Without clients in the \
                        configuration none is needed.",
                },
                "session": {
                    "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
                    "description": "The token of a session, as its creation answers it.",
                },
                "sessionHeader": {
                    "type": "apiKey", "in": "header", "name": "X-Session-Token",
                    "description": "The token of a session, beside the client's own.",
                },
            },
            "responses": {
                "Problem": {
                    "description": "A problem document (RFC 9457). `x-should-retry` says whether to \
                        repeat the request by itself, `Retry-After` and `retry-after-ms` when.",
                    "headers": { REQUEST_ID.as_str(): header("The request in the log of the bridge.") },
                    "content": { "application/problem+json": { "schema": problem } },
                },
            },
        },
    })
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let mut parameters = path_parameters(route.path);
    parameters.extend(query_parameters(route));
    if route.method != Method::GET {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "Makes the change once, however often the request is sent: 1 to 64 characters.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]+$" },
        }));
        debug_assert_eq!(IDEMPOTENCY_KEY.as_str(), "idempotency-key");
    }
    let mut responses = Map::new();
    for answer in &route.answers {
        responses.insert(answer.status.to_string(), response(answer, generator));
    }
    for range in ["4XX", "5XX"] {
        let reference = json!({ "$ref": "#/components/responses/Problem" });
        responses.insert(range.to_owned(), reference);
    }
    let mut operation = json!({
        "operationId": route.operation_id,
        "tags": [route.tag],
        "summary": route.summary,
        "security": security(route.auth),
        "responses": responses,
    });
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    match route.body {
        BodyRule::None => {}
        BodyRule::Json {
            schema,
            is_required,
        } => {
            operation["requestBody"] = json!({
                "required": is_required,
                "content": { "application/json": { "schema": schema(generator).to_value() } },
            });
        }
        BodyRule::Raw(types) => {
            operation["requestBody"] = json!({ "required": true, "content": media(types) });
        }
    }
    operation
}

fn security(auth: RouteAuth) -> Value {
    match auth {
        RouteAuth::Open => json!([]),
        RouteAuth::Client => json!([{ "client": [] }]),
        RouteAuth::ClientOrSession | RouteAuth::Any => {
            json!([{ "client": [] }, { "session": [] }, { "sessionHeader": [] }])
        }
        RouteAuth::Session => json!([{ "session": [] }, { "sessionHeader": [] }]),
    }
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path
        .split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names
        .map(|name| {
            json!({
                "name": name, "in": "path", "required": true, "schema": { "type": "string", "minLength": 1 },
            })
        })
        .collect()
}

fn query_parameters(route: &Route) -> Vec<Value> {
    let schema = query_schema(route);
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let properties = schema["properties"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let mut parameters = Vec::new();
    for (name, mut schema) in properties {
        // Its names are the client's, which the form of a parameter cannot say.
        if schema["type"] == "object" {
            continue;
        }
        let description = schema
            .as_object_mut()
            .and_then(|it| it.remove("description"));
        without_null(&mut schema);
        let mut parameter = json!({
            "name": name, "in": "query", "required": required.contains(&name.clone().into()), "schema": schema,
        });
        if let Some(description) = description {
            parameter["description"] = description;
        }
        parameters.push(parameter);
    }
    if route.takes_query_token {
        parameters.push(json!({
            "name": "token", "in": "query", "required": false, "schema": { "type": "string" },
            "description": "The session's token, for programs that cannot set headers.",
        }));
    }
    parameters
}

/// A parameter is absent or has a value: it cannot be null.
fn without_null(schema: &mut Value) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|it| it != "null");
        if let [only] = &types[..] {
            schema["type"] = only.clone();
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|it| !it.is_null());
    }
    if let Some(Value::Object(fields)) = Some(schema) {
        fields.remove("default");
        fields.remove("format");
    }
}

fn response(answer: &AnswerSpec, generator: &mut SchemaGenerator) -> Value {
    let mut headers = Map::new();
    for (name, description) in answer.headers {
        headers.insert((*name).to_owned(), header(description));
    }
    headers.insert(
        REQUEST_ID.as_str().to_owned(),
        header("The request in the log of the bridge."),
    );
    let mut response = json!({ "description": answer.description, "headers": headers });
    let mut json = |schema: super::route::SchemaOf| json!({ "application/json": { "schema": schema(generator).to_value() } });
    match answer.content {
        Content::None => {}
        Content::Json(schema) => response["content"] = json(schema),
        Content::Media(types) => response["content"] = media(types),
        Content::JsonOrMedia(schema, types) => {
            let mut content = media(types);
            content["application/json"] = json(schema)["application/json"].take();
            response["content"] = content;
        }
    }
    response
}

fn header(description: &str) -> Value {
    json!({ "description": description, "schema": { "type": "string" } })
}

fn media(types: &[&str]) -> Value {
    let types = types.iter();
    let content: Map<String, Value> = types
        .map(|media_type| ((*media_type).to_owned(), json!({ "schema": {} })))
        .collect();
    content.into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::table::routes;
    use super::*;

    #[test]
    fn every_route_is_in_the_document_under_an_id_of_its_own() {
        let (routes, ids) = (routes(), &mut BTreeSet::new());
        let document = document(&routes);
        for route in &routes {
            let method = route.method.as_str().to_ascii_lowercase();
            let operation = &document["paths"][route.path][&method];
            assert_eq!(operation["operationId"], route.operation_id);
            assert!(ids.insert(route.operation_id), "{}", route.operation_id);
            assert!(!route.summary.is_empty(), "{}", route.operation_id);
            assert!(!route.answers.is_empty(), "{}", route.operation_id);
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document(&routes());
        let text = document.to_string();
        let references = text.split(r##""$ref":"#"##).skip(1);
        let mut count = 0;
        for reference in references {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
            count += 1;
        }
        assert!(count > 10);
    }
}
