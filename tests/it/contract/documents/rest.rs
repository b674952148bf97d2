//! The table of routes.

use std::fmt::Write as _;

use cdp_bridge::schema;
use serde_json::Value;

use super::generated;

fn tokens(operation: &Value) -> &'static str {
    let security = operation["security"].as_array().unwrap();
    let names = |name: &str| security.iter().any(|it| it.get(name).is_some());
    match (names("client"), names("session")) {
        (true, true) => "client or session",
        (true, false) => "client",
        (false, true) => "session",
        (false, false) => "-",
    }
}

fn table() -> String {
    let documents = schema::documents().into_iter();
    let mut found = documents.filter(|(name, _)| *name == "openapi.json");
    let (_, document) = found.next().unwrap();
    let mut table = String::from("| route | token | does |\n| --- | --- | --- |\n");
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let method = method.to_ascii_uppercase();
            let (tokens, summary) = (tokens(operation), operation["summary"].as_str().unwrap());
            writeln!(table, "| `{method} /v1{path}` | {tokens} | {summary} |").unwrap();
        }
    }
    table
}

#[test]
fn the_table_of_routes_is_what_the_code_serves() {
    generated::check("docs/rest.md", "routes", &table());
}
