//! `schemas/openapi.json` is a document of `OpenAPI` 3.1, and what it says of errors is so.

use cdp_bridge::schema;
use cdp_bridge_protocol::ErrorCode;
use serde_json::{Value, json};

/// The schema of such documents (its origin stands beside it).
const META_SCHEMA: &str = include_str!("openapi/oas-3.1.schema.json");

fn document() -> Value {
    let documents = schema::documents().into_iter();
    let mut found = documents.filter(|(name, _)| *name == "openapi.json");
    found.next().unwrap().1
}

#[test]
fn the_document_is_one_of_openapi() {
    let meta: Value = serde_json::from_str(META_SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&meta).unwrap();
    let document = document();
    let errors: Vec<_> = validator
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let mut broken = document;
    broken["paths"]["/sessions"]["get"]["responses"] = json!([]);
    assert!(!validator.is_valid(&broken), "the schema is in force");
}

#[test]
fn every_type_in_it_is_a_schema_that_validates() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(jsonschema::meta::is_valid(schema), "{name}");
        let with_others = json!({
            "$ref": format!("#/components/schemas/{name}"), "components": document["components"],
        });
        jsonschema::validator_for(&with_others).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn a_problem_may_have_every_code_of_the_protocol() {
    let document = document();
    let codes = &document["components"]["schemas"]["ProblemCode"]["enum"];
    let known = codes.as_array().unwrap();
    for code in ErrorCode::ALL {
        assert!(known.contains(&json!(code.as_str())), "{code:?}");
    }
}
