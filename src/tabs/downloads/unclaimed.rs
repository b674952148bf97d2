//! Downloads whose tab is not known yet, and tabs that claimed one before the browser reported it.

use std::collections::VecDeque;

use super::download::{DownloadEffect, NewDownload, TransferProgress};
use crate::tabs::identity::TabKey;

/// How many downloads, and how many claims, wait at a time.
pub(super) const MAX_UNCLAIMED: usize = 64;

#[derive(Debug)]
pub(super) struct UnclaimedDownload {
    pub(super) download: NewDownload,
    pub(super) progress: Option<TransferProgress>,
}

#[derive(Debug, Default)]
pub(crate) struct UnclaimedDownloads {
    downloads: VecDeque<UnclaimedDownload>,
    /// Guids that tabs have claimed before the browser reported them.
    claims: VecDeque<(String, TabKey)>,
}

impl UnclaimedDownloads {
    /// Adds a download, and returns the tab that has claimed it already.
    pub(crate) fn push(&mut self, download: NewDownload) -> (Option<TabKey>, Vec<DownloadEffect>) {
        let mut claims = self.claims.iter();
        let claim = claims.position(|(guid, _)| *guid == download.guid);
        let claim = claim.and_then(|at| self.claims.remove(at));
        let unclaimed = UnclaimedDownload {
            download,
            progress: None,
        };
        // The new one is rejected, so that a page cannot evict the downloads of others.
        if self.downloads.len() >= MAX_UNCLAIMED {
            return (None, given_up(unclaimed).into());
        }
        self.downloads.push_back(unclaimed);
        (claim.map(|(_, tab)| tab), Vec::new())
    }

    pub(crate) fn contains(&self, guid: &str) -> bool {
        self.downloads.iter().any(|it| it.download.guid == guid)
    }

    /// Remembers the claim of a tab to a download that the browser has not reported yet.
    pub(super) fn claim_early(&mut self, guid: &str, tab: TabKey) {
        if self.claims.len() >= MAX_UNCLAIMED {
            self.claims.pop_front();
        }
        self.claims.push_back((guid.to_owned(), tab));
    }

    pub(super) fn take(&mut self, guid: &str) -> Option<UnclaimedDownload> {
        let mut downloads = self.downloads.iter();
        let at = downloads.position(|it| it.download.guid == guid)?;
        self.downloads.remove(at)
    }

    /// No tab has claimed this download in time.
    pub(crate) fn give_up(&mut self, guid: &str) -> Vec<DownloadEffect> {
        self.take(guid).into_iter().flat_map(given_up).collect()
    }

    /// Keeps the progress until the download is claimed. False: it is not among these.
    pub(super) fn progress(&mut self, guid: &str, progress: TransferProgress) -> bool {
        let mut downloads = self.downloads.iter_mut();
        let waiting = downloads.find(|it| it.download.guid == guid);
        waiting.map(|it| it.progress = Some(progress)).is_some()
    }

    pub(super) fn tab_ended(&mut self, tab: &TabKey) {
        self.claims.retain(|(_, claimant)| claimant != tab);
    }
}

fn given_up(unclaimed: UnclaimedDownload) -> [DownloadEffect; 2] {
    let guid = unclaimed.download.guid;
    let ended = unclaimed.progress.is_some_and(|it| it.end.is_some());
    let effect = if ended {
        DownloadEffect::Remove(guid)
    } else {
        DownloadEffect::Cancel(guid)
    };
    [effect, DownloadEffect::Dropped]
}
