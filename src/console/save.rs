//! Saves payloads as files.

use std::io;
use std::path::{Path, PathBuf};

use cdp_bridge_protocol::payload::{Joined, PayloadHead};
use cdp_bridge_protocol::request::{ContentFormat, SnapshotFormat};
use tokio::io::AsyncWriteExt as _;

use super::error::ConsoleError;

/// Saves each payload in a numbered file.
#[derive(Debug)]
pub(super) struct Saver {
    directory: PathBuf,
    last: u32,
}

impl Saver {
    /// Creates the directory.
    pub(super) async fn new(directory: &Path) -> Result<Self, ConsoleError> {
        tokio::fs::create_dir_all(directory)
            .await
            .map_err(|source| failed(directory, source))?;
        Ok(Self {
            directory: directory.to_owned(),
            last: 0,
        })
    }

    /// Writes a payload and returns the file's path; `None` for screencast frames, which would fill the disk. Existing
    /// files are not overwritten.
    pub(super) async fn save(&mut self, joined: &Joined) -> Result<Option<PathBuf>, ConsoleError> {
        loop {
            let number = self.last + 1;
            let Some(name) = file_name(&joined.head, number) else {
                return Ok(None);
            };
            let path = self.directory.join(name);
            self.last = number;
            let opened = tokio::fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(&path)
                .await;
            let mut file = match opened {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(source) => return Err(failed(&path, source)),
            };
            write(&mut file, &joined.payload)
                .await
                .map_err(|source| failed(&path, source))?;
            return Ok(Some(path));
        }
    }
}

async fn write(file: &mut tokio::fs::File, bytes: &[u8]) -> io::Result<()> {
    file.write_all(bytes).await?;
    // Dropping a tokio file does not wait for pending writes.
    file.flush().await
}

/// Writes a payload under the name that the script gives.
pub(super) async fn save_as(path: &Path, joined: &Joined) -> Result<(), ConsoleError> {
    if let Some(directory) = path.parent() {
        tokio::fs::create_dir_all(directory)
            .await
            .map_err(|source| failed(directory, source))?;
    }
    tokio::fs::write(path, &joined.payload)
        .await
        .map_err(|source| failed(path, source))
}

fn failed(path: &Path, source: io::Error) -> ConsoleError {
    ConsoleError::Save {
        path: path.to_owned(),
        source,
    }
}

/// `shot-t1-0001.jpg`, `dom-t1-0002.html`.
#[allow(
    clippy::match_wildcard_for_single_variants,
    reason = "a payload that is not listed is saved under the name of its event"
)]
fn file_name(head: &PayloadHead, number: u32) -> Option<String> {
    let (what, extension) = match head {
        PayloadHead::DomSnapshot(head) => match head.format {
            SnapshotFormat::Html => ("dom", "html"),
            SnapshotFormat::Structured => ("dom", "json"),
        },
        PayloadHead::Screenshot(head) => match head.mime.as_str() {
            "image/jpeg" => ("shot", "jpg"),
            "image/png" => ("shot", "png"),
            "image/webp" => ("shot", "webp"),
            _ => ("shot", "bin"),
        },
        PayloadHead::AxSnapshot(_) => ("outline", "txt"),
        PayloadHead::Content(head) => match head.format {
            ContentFormat::Text => ("content", "txt"),
            ContentFormat::Markdown => ("content", "md"),
        },
        PayloadHead::Frame(_) => return None,
        // A download's own name comes from the page and must not choose the path.
        other => (other.name(), if other.is_text() { "txt" } else { "bin" }),
    };
    Some(format!("{what}-{}-{number:04}.{extension}", head.tab()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp_bridge_protocol::TabId;
    use cdp_bridge_protocol::event::{DomSnapshotHead, ScreenshotHead};

    fn picture(mime: &str) -> Joined {
        Joined {
            request_id: None,
            head: PayloadHead::Screenshot(ScreenshotHead {
                id: TabId::new(1),
                mime: mime.to_owned(),
                width: 1,
                height: 1,
                seq: 0,
                total: 1,
            }),
            payload: b"picture".to_vec(),
        }
    }

    fn snapshot() -> Joined {
        Joined {
            request_id: None,
            head: PayloadHead::DomSnapshot(DomSnapshotHead {
                id: TabId::new(2),
                url: String::new(),
                format: SnapshotFormat::Html,
                seq: 0,
                total: 1,
                coalesced: None,
            }),
            payload: b"<html>".to_vec(),
        }
    }

    #[tokio::test]
    async fn payloads_get_numbered_names_in_a_directory_that_is_created() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join("a/b");
        let mut saver = Saver::new(&directory).await.unwrap();
        let first = saver.save(&picture("image/jpeg")).await.unwrap().unwrap();
        let second = saver.save(&snapshot()).await.unwrap().unwrap();
        assert_eq!(first, directory.join("shot-t1-0001.jpg"));
        assert_eq!(second, directory.join("dom-t2-0002.html"));
        assert_eq!(std::fs::read(first).unwrap(), b"picture");
        assert_eq!(std::fs::read(second).unwrap(), b"<html>");
    }

    #[tokio::test]
    async fn files_of_an_earlier_run_stay() {
        let root = tempfile::tempdir().unwrap();
        for expected in ["shot-t1-0001.png", "shot-t1-0002.png"] {
            let mut saver = Saver::new(root.path()).await.unwrap();
            let path = saver.save(&picture("image/png")).await.unwrap().unwrap();
            assert_eq!(path, root.path().join(expected));
        }
    }

    #[tokio::test]
    async fn a_directory_that_cannot_be_made_is_named_in_the_error() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = Saver::new(&file.join("x")).await.unwrap_err().to_string();
        assert!(
            error.contains("saving to") && error.contains("file"),
            "{error}"
        );
    }
}
