//! The files of downloads.

use std::io;
use std::path::{Path, PathBuf};

use cdp_bridge_protocol::payload::{Payload, PayloadFields};
use tokio::sync::oneshot;
use tokio::time::timeout_at;

use super::download::{DownloadError, StoredDownload};
use crate::fair_permits::FairPermits;
use crate::tabs::cancellation::CancelReport;
use crate::tabs::error::TabError;
use crate::tabs::identity::{ClientId, TabKey};
use crate::tabs::reply::{AnswerKind, Reply};

/// What Chromium appends to the name of a file in progress.
const UNFINISHED: &str = "crdownload";

/// Whether a guid of Chromium's is safe as a file name.
pub(crate) fn is_guid(guid: &str) -> bool {
    !guid.is_empty()
        && guid
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || it == b'-')
}

/// A download that a request asks for.
pub(crate) struct RequestedFile {
    pub(crate) tab: TabKey,
    pub(crate) id: String,
    pub(crate) found: StoredDownload,
}

/// Answers with a download, unless the request is cancelled before. The permits bound how many are in memory
/// at a time.
pub(crate) async fn answer(
    permits: FairPermits<ClientId>,
    dir: PathBuf,
    RequestedFile { tab, id, found }: RequestedFile,
    reply: Reply,
    mut cancelled: oneshot::Receiver<CancelReport>,
) {
    // Held until the answer is queued for sending.
    let permit = tokio::select! {
        biased;
        Ok(report) = &mut cancelled => return reply.cancel(report),
        permit = timeout_at(reply.deadline, permits.acquire(&tab.client, 1)) => permit,
    };
    let Ok(permit) = permit else {
        return reply.time_out("other downloads");
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
    let bytes = tokio::select! {
        biased;
        Ok(report) = &mut cancelled => return reply.cancel(report),
        bytes = timeout_at(reply.deadline, whole) => bytes,
    };
    match bytes {
        Ok(Ok(bytes)) => {
            let fields = PayloadFields::Download {
                download_id: id,
                name: found.name,
            };
            let payload = Payload::Raw(bytes.into());
            reply.answer(tab.id, AnswerKind::payload(fields, payload));
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "the file of a download could not be read");
            let kind = error.kind();
            reply.fail(TabError::Download(DownloadError::Unreadable { id, kind }));
        }
        Err(_) => reply.time_out("the disk"),
    }
    drop(permit);
}

/// Removes the file of a download, complete or in progress.
pub(crate) async fn remove(dir: PathBuf, guid: String) {
    let path = dir.join(guid);
    for path in [path.with_extension(UNFINISHED), path] {
        if let Err(error) = tokio::fs::remove_file(&path).await
            && error.kind() != io::ErrorKind::NotFound
        {
            let path = Path::display(&path);
            tracing::warn!(%path, %error, "the file of a download could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_not_a_path() {
        assert!(is_guid("c8af518b-3ce6-4744-bed7-06bce30506fb"));
        for name in ["", "..", "../x", "a/b", "a.b", "a\0b"] {
            assert!(!is_guid(name), "{name}");
        }
    }

    #[tokio::test]
    async fn complete_and_unfinished_files_are_removed_and_missing_ones_ignored() {
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
