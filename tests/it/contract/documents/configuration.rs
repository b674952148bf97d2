//! What the documents show as configuration is read as such.

use std::path::Path;

use cdp_bridge::config::{self, Sources};

use super::blocks;

#[test]
fn every_configuration_in_the_documents_is_read() {
    let blocks = blocks::with("toml", "");
    assert!(!blocks.is_empty(), "there is some");
    for block in blocks {
        let read = |_: &Path| Ok(block.text.clone());
        let sources = Sources {
            config_path: Some("cdp-bridge.toml".into()),
            ..Sources::default()
        };
        if let Err(error) = config::load_with(&sources, &read) {
            panic!("{}: {error}", block.place());
        }
    }
}
