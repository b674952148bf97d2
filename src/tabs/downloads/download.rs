//! A download: who owns it, how far it is, what is to be done about it and how it can fail.

use cdp_bridge_protocol::TabId;

use crate::tabs::fact::{Fact, FactKind};
use crate::tabs::identity::{Scope, TabKey};

/// What is kept of one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DownloadLimits {
    /// The most bytes of one download.
    pub largest: u64,
    /// The most downloads, including those in progress.
    pub most: usize,
    /// The most bytes of all of them.
    pub bytes: u64,
}

/// A download that Chromium has started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewDownload {
    /// Chromium's id for it, which is also the name of the file.
    pub(crate) guid: String,
    pub(crate) url: String,
    /// The file name that the server or the page suggests.
    pub(crate) name: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TransferProgress {
    pub(crate) received: u64,
    /// 0 as long as it is not known.
    pub(crate) total: u64,
    /// `None` while it is in progress; then whether it is complete.
    pub(crate) end: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DownloadOwner {
    pub(crate) tab: TabId,
    pub(crate) scope: Scope,
    /// Whether policy allows the client to keep downloads.
    pub(crate) keeps: bool,
}

impl DownloadOwner {
    pub(super) fn tab_key(&self) -> TabKey {
        self.scope.tab(self.tab)
    }

    pub(super) fn publish(&self, kind: FactKind) -> DownloadEffect {
        DownloadEffect::Publish(Fact::of_tab(&self.scope, self.tab, kind))
    }
}

/// What is to be done.
#[derive(Debug, Clone)]
pub(crate) enum DownloadEffect {
    /// A download has started or finished.
    Publish(Fact),
    /// Cancel the download of this guid in Chromium.
    Cancel(String),
    /// Remove the file of this guid.
    Remove(String),
    /// It is cancelled because of a limit that clients are not told about; count it.
    Dropped,
}

/// A download that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DownloadError {
    #[error(
        "this tab has no download {id:?}: downloads are disabled (policy.downloads), it was \
         cancelled, or newer downloads evicted it (flow.kept_downloads, flow.kept_download_bytes)"
    )]
    Unknown { id: String },
    #[error("the download {id:?} is in progress; ask again after its downloadFinished")]
    Unfinished { id: String },
    #[error("the file of download {id:?} could not be read: {kind}")]
    Unreadable {
        id: String,
        kind: std::io::ErrorKind,
    },
}

/// A download that is kept or in progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDownload {
    /// Its tab.
    pub tab: TabId,
    /// Its id among the downloads of its client.
    pub id: String,
    /// The file name for the client.
    pub name: String,
    /// The bytes that have been received.
    pub bytes: u64,
    /// Whether all of it is there.
    pub is_complete: bool,
}

/// A complete download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredDownload {
    pub(super) guid: String,
    /// The file name for the client.
    pub(super) name: String,
    pub(super) bytes: u64,
}
