//! The description of this door, served by itself.

use std::sync::LazyLock;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse as _;
use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::request::RestRequest;
use super::route::{RestResult, Route, RouteAuth};
use super::{answer, html, openapi, table, yaml};

const YAML: &str = "application/yaml";
const HTML: &str = "text/html";

/// Any document.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(transparent, inline)]
struct Document(serde_json::Map<String, Value>);

/// The document, as it is served and committed.
pub(crate) fn openapi_document() -> Value {
    openapi::document(&table::routes())
}

static JSON_TEXT: LazyLock<Bytes> = LazyLock::new(|| format!("{:#}\n", openapi_document()).into());
static YAML_TEXT: LazyLock<Bytes> = LazyLock::new(|| yaml::text(&openapi_document()).into());
static PAGE: LazyLock<Bytes> = LazyLock::new(|| html::page(&openapi_document()).into());

pub(super) fn routes() -> Vec<Route> {
    const TAG: &str = "documents";
    vec![
        Route::get("/openapi.json", "getOpenApiJson", as_json)
            .summary(TAG, "This document, as JSON")
            .auth(RouteAuth::Open)
            .answers::<Document>(200, "OpenAPI 3.1"),
        Route::get("/openapi.yaml", "getOpenApiYaml", as_yaml)
            .summary(TAG, "This document, as YAML")
            .auth(RouteAuth::Open)
            .answers_media("OpenAPI 3.1", &[YAML], &[]),
        Route::get("/docs", "getDocs", as_page)
            .summary(TAG, "This document, as a page to read")
            .auth(RouteAuth::Open)
            .answers_media("A page that loads nothing else", &[HTML], &[]),
    ]
}

async fn as_json(_: RestRequest) -> RestResult {
    Ok(answer::json_bytes(StatusCode::OK, JSON_TEXT.clone()))
}

async fn as_yaml(_: RestRequest) -> RestResult {
    Ok(([(CONTENT_TYPE, YAML)], YAML_TEXT.clone()).into_response())
}

async fn as_page(_: RestRequest) -> RestResult {
    let headers = [
        (CONTENT_TYPE.as_str(), "text/html; charset=utf-8"),
        ("content-security-policy", html::CONTENT_SECURITY_POLICY),
    ];
    Ok((headers, PAGE.clone()).into_response())
}
