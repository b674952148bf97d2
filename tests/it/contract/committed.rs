//! The files in `schemas/` are what the code generates.

use cdp_bridge::schema;

use super::schemas::repository;

#[test]
fn the_committed_schemas_are_what_the_code_generates() {
    let stale: Vec<&str> = schema::documents()
        .into_iter()
        .filter(|(name, document)| {
            let committed = std::fs::read_to_string(repository("schemas").join(name));
            committed.unwrap_or_default() != schema::text(document)
        })
        .map(|(name, _)| name)
        .collect();
    assert!(
        stale.is_empty(),
        "{stale:?} in schemas/ differ from what the code generates; \
         `cargo run -- schema` (or `make schemas`) writes them again"
    );
}
