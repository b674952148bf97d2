//! The files of downloads.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::payload::Payload;
use tokio::sync::Semaphore;
use tokio::time::timeout_at;

use super::book::{DownloadError, Found};
use crate::tabs::error::TabError;
use crate::tabs::reply::{AnswerKind, Reply};

/// What Chromium adds to the name of one that is under way.
const UNFINISHED: &str = "crdownload";

/// Whether a name of Chromium's is what it says: a UUID, and no path.
pub fn is_name(guid: &str) -> bool {
    !guid.is_empty()
        && guid
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || it == b'-')
}

/// Answers with what was downloaded, when it has its turn: each is in memory as a whole.
pub async fn answer(
    turns: Arc<Semaphore>,
    dir: PathBuf,
    tab: TabId,
    id: String,
    found: Found,
    reply: Reply,
) {
    // Held until the answer is on its way. The semaphore is never closed.
    let Ok(turn) = timeout_at(reply.deadline, turns.acquire()).await else {
        let error = reply.timed_out("other downloads");
        return reply.fail(error);
    };
    let path = dir.join(&found.guid);
    let whole = async {
        let bytes = tokio::fs::read(path).await?;
        if bytes.len() as u64 == found.bytes {
            Ok(bytes)
        } else {
            Err(io::Error::from(io::ErrorKind::UnexpectedEof))
        }
    };
    match timeout_at(reply.deadline, whole).await {
        Ok(Ok(bytes)) => {
            let answer = AnswerKind::Download {
                download_id: id,
                name: found.name,
                payload: Payload::Raw(bytes.into()),
            };
            reply.answer(tab, answer);
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "a download cannot be read");
            let kind = error.kind();
            reply.fail(TabError::Download(DownloadError::Unreadable { id, kind }));
        }
        Err(_) => {
            let error = reply.timed_out("the disk");
            reply.fail(error);
        }
    }
    drop(turn);
}

/// Removes a file, and what there may be of it that is unfinished.
pub async fn remove(dir: PathBuf, guid: String) {
    let path = dir.join(guid);
    for path in [path.with_extension(UNFINISHED), path] {
        if let Err(error) = tokio::fs::remove_file(&path).await
            && error.kind() != io::ErrorKind::NotFound
        {
            let path = Path::display(&path);
            tracing::warn!(%path, %error, "a download cannot be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path() {
        assert!(is_name("c8af518b-3ce6-4744-bed7-06bce30506fb"));
        for name in ["", "..", "../x", "a/b", "a.b", "a\0b"] {
            assert!(!is_name(name), "{name}");
        }
    }

    #[tokio::test]
    async fn what_is_removed_is_gone_finished_or_not_and_may_have_been_before() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["a", "b.crdownload", "c"] {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        for guid in ["a", "b", "none"] {
            remove(dir.path().to_owned(), guid.to_owned()).await;
        }
        let left = std::fs::read_dir(dir.path()).unwrap();
        let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["c"]);
    }
}
