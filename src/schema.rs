//! Writes the JSON Schemas of the protocol and of the configuration, and the description of the REST door, into files.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{config, server};

/// A schema could not be written.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The directory is not there and could not be made.
    #[error("the directory {} could not be made: {source}. Name another one with `cdp-bridge schema DIR`", dir.display())]
    Directory {
        dir: PathBuf,
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("the schema {} could not be written: {source}. Name another directory with `cdp-bridge schema DIR`", file.display())]
    File {
        file: PathBuf,
        source: std::io::Error,
    },
}

/// Every schema with the name of its file.
pub fn documents() -> [(&'static str, Value); 4] {
    [
        (
            "request.schema.json",
            cdp_bridge_protocol::schema::requests(),
        ),
        ("event.schema.json", cdp_bridge_protocol::schema::events()),
        ("config.schema.json", config::schema()),
        ("openapi.json", server::rest::documents::openapi_document()),
    ]
}

/// The text of a schema file: indented, with a newline at the end.
pub fn text(schema: &Value) -> String {
    format!("{schema:#}\n")
}

/// Writes every schema into `dir`, which is made if it is missing, and says which files those are.
pub fn write(dir: &Path) -> Result<Vec<PathBuf>, SchemaError> {
    std::fs::create_dir_all(dir).map_err(|source| SchemaError::Directory {
        dir: dir.to_owned(),
        source,
    })?;
    documents()
        .into_iter()
        .map(|(name, schema)| {
            let file = dir.join(name);
            match std::fs::write(&file, text(&schema)) {
                Ok(()) => Ok(file),
                Err(source) => Err(SchemaError::File { file, source }),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_is_written_into_a_directory_that_is_made() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("a/b");
        let files = write(&dir).unwrap();
        assert_eq!(files.len(), 4);
        for (file, (name, schema)) in files.iter().zip(documents()) {
            assert_eq!(*file, dir.join(name));
            let written = std::fs::read_to_string(file).unwrap();
            assert!(written.ends_with("}\n"), "{name}");
            assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), schema);
        }
    }

    #[test]
    fn a_directory_that_cannot_be_made_is_named() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("taken");
        std::fs::write(&file, "").unwrap();
        let error = write(&file.join("schemas")).unwrap_err().to_string();
        assert!(error.contains("taken/schemas"), "{error}");
        assert!(error.contains("cdp-bridge schema DIR"), "{error}");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("event.schema.json")).unwrap();
        let error = write(root.path()).unwrap_err().to_string();
        assert!(error.contains("event.schema.json"), "{error}");
    }
}
