//! The page at `/docs`: the document for a person, in plain HTML that loads nothing.

use std::fmt::Write as _;

use serde_json::Value;

/// Nothing is loaded and nothing runs.
pub(crate) const CONTENT_SECURITY_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;\
    background:#fff}code,pre{font:.9em ui-monospace,monospace;background:#f3f3f3;padding:.1em .3em;border-radius:3px}\
    table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;\
    border-bottom:1px solid #ddd}details{margin:.5rem 0}summary{cursor:pointer}.m{display:inline-block;min-width:4.5rem;\
    font-weight:600}@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}code,pre{background:#2a2a2a}\
    td,th{border-color:#444}a{color:#8ab4f8}}";

/// The page of a document.
pub(crate) fn page(document: &Value) -> String {
    let mut page = String::from("<!doctype html><html lang=en><meta charset=utf-8>");
    page.push_str(
        "<meta name=viewport content='width=device-width'><title>cdp-bridge REST</title><style>",
    );
    page.push_str(STYLE);
    page.push_str("</style><h1>cdp-bridge ");
    push_text(&mut page, text(&document["info"]["version"]));
    page.push_str("</h1><p>");
    push_text(&mut page, text(&document["info"]["description"]));
    page.push_str("<p>This description for programs: <a href=openapi.json>openapi.json</a>, <a href=openapi.yaml>openapi.yaml</a>.");
    for tag in tags(document) {
        page.push_str("<h2>");
        push_text(&mut page, &tag);
        page.push_str("</h2>");
        for (path, method, operation) in operations(document) {
            if operation["tags"][0] == tag {
                push_operation(&mut page, path, method, operation);
            }
        }
    }
    page.push_str("<h2>Types</h2>");
    for (name, schema) in document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten()
    {
        push_schema(&mut page, name, schema);
    }
    page.push('\n');
    page
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// The headings, in the order of their first operation.
fn tags(document: &Value) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for (_, _, operation) in operations(document) {
        let tag = text(&operation["tags"][0]);
        if !tags.iter().any(|it| it == tag) {
            tags.push(tag.to_owned());
        }
    }
    tags
}

fn push_operation(page: &mut String, path: &str, method: &str, operation: &Value) {
    page.push_str("<details><summary><code><span class=m>");
    push_text(page, &method.to_ascii_uppercase());
    page.push_str("</span>/v1");
    push_text(page, path);
    page.push_str("</code> ");
    push_text(page, text(&operation["summary"]));
    page.push_str("</summary><table>");
    for parameter in operation["parameters"].as_array().into_iter().flatten() {
        let where_it_stands = text(&parameter["in"]);
        row(
            page,
            text(&parameter["name"]),
            where_it_stands,
            text(&parameter["description"]),
        );
    }
    for (media_type, body) in operation["requestBody"]["content"]
        .as_object()
        .into_iter()
        .flatten()
    {
        row_of_type(page, "body", media_type, &body["schema"]);
    }
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        match response["content"].as_object() {
            None => row(page, status, "", text(&response["description"])),
            Some(content) => {
                for (media_type, answer) in content {
                    row_of_type(page, status, media_type, &answer["schema"]);
                }
            }
        }
    }
    page.push_str("</table></details>");
}

fn row(page: &mut String, name: &str, kind: &str, description: &str) {
    page.push_str("<tr><td><code>");
    push_text(page, name);
    page.push_str("</code><td>");
    push_text(page, kind);
    page.push_str("<td>");
    push_text(page, description);
}

fn row_of_type(page: &mut String, name: &str, media_type: &str, schema: &Value) {
    page.push_str("<tr><td><code>");
    push_text(page, name);
    page.push_str("</code><td>");
    push_text(page, media_type);
    page.push_str("<td>");
    push_type(page, schema);
}

fn push_schema(page: &mut String, name: &str, schema: &Value) {
    page.push_str("<details id=\"type-");
    push_text(page, name);
    page.push_str("\"><summary><code>");
    push_text(page, name);
    page.push_str("</code> ");
    push_text(page, text(&schema["description"]));
    page.push_str("</summary><table>");
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
        page.push_str("<tr><td><code>");
        push_text(page, field);
        page.push_str("</code>");
        if required.contains(&Value::from(field.as_str())) {
            page.push_str(" *");
        }
        page.push_str("<td>");
        push_type(page, schema);
        page.push_str("<td>");
        push_text(page, text(&schema["description"]));
    }
    if schema["properties"].is_null() {
        page.push_str("<tr><td>");
        push_type(page, schema);
    }
    page.push_str("</table></details>");
}

/// The name of a type, with a link where it has one.
fn push_type(page: &mut String, schema: &Value) {
    if let Some(name) = schema["$ref"].as_str().and_then(|it| it.rsplit('/').next()) {
        page.push_str("<a href=\"#type-");
        push_text(page, name);
        page.push_str("\">");
        push_text(page, name);
        page.push_str("</a>");
        return;
    }
    for several in ["anyOf", "oneOf"] {
        if let Some(options) = schema[several].as_array() {
            for (index, option) in options.iter().enumerate() {
                if index > 0 {
                    page.push_str(" | ");
                }
                push_type(page, option);
            }
            return;
        }
    }
    if let Some(words) = schema["enum"].as_array() {
        let words: Vec<_> = words.iter().map(Value::to_string).collect();
        return push_text(page, &words.join(" | "));
    }
    if !schema["const"].is_null() {
        return push_text(page, &schema["const"].to_string());
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => {
            push_type(page, &schema["items"]);
            page.push_str("[]");
        }
        Value::String(kind) => push_text(page, kind),
        Value::Array(kinds) => {
            let kinds: Vec<_> = kinds.iter().filter_map(Value::as_str).collect();
            push_text(page, &kinds.join(" | "));
        }
        _ => page.push_str("any"),
    }
    for (limit, sign) in [
        ("minimum", "≥"),
        ("maximum", "≤"),
        ("maxLength", "length ≤"),
    ] {
        if !schema[limit].is_null() {
            // Writing to a text cannot fail.
            let _ = write!(page, ", {sign} {}", schema[limit]);
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn push_text(page: &mut String, text: &str) {
    for char in text.chars() {
        match char {
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '&' => page.push_str("&amp;"),
            '"' => page.push_str("&quot;"),
            '\'' => page.push_str("&#39;"),
            other => page.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::documents::openapi_document;
    use super::super::table::routes;
    use super::*;

    #[test]
    fn every_operation_is_on_the_page_and_nothing_is_loaded() {
        let page = page(&openapi_document());
        for route in routes() {
            assert!(
                page.contains(&format!("/v1{}</code>", route.path)),
                "{}",
                route.path
            );
        }
        for loading in ["<script", "<link", "src=", "href=\"http", "@import", "url("] {
            assert!(!page.contains(loading), "{loading}");
        }
    }

    #[test]
    fn markup_in_a_description_is_text() {
        let mut page = String::new();
        push_text(&mut page, "<b a=\"1\" c='2'>&");
        assert_eq!(page, "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;");
    }
}
