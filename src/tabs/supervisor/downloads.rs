//! The supervisor's part in downloads: the browser reports them, and each belongs to a tab.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;

use cdp_bridge_protocol::TabId;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::jobs;
use super::task::Supervisor;
use crate::cdp::events::{DownloadProgress, DownloadWillBegin, EventKind, whole};
use crate::cdp::{BrowserContextId, RawEvent, TargetId};
use crate::metrics;
use crate::tabs::cancellation::CancelReport;
use crate::tabs::downloads::download::{
    DownloadEffect, DownloadOwner, NewDownload, TransferProgress,
};
use crate::tabs::downloads::file::{self, RequestedFile};
use crate::tabs::error::TabError;
use crate::tabs::identity::{CallId, Scope, TabKey};
use crate::tabs::reply::Reply;

/// Popups whose opener is remembered, because they may close before they become tabs.
const MAX_POPUPS: usize = 64;

/// The state of one browser's downloads.
#[derive(Debug)]
pub(super) struct BrowserDownloads {
    /// The directory they are written to; `None` if downloads are disabled.
    pub(super) files: Option<PathBuf>,
    /// Whether each context keeps downloads; `None` is the default context.
    pub(super) keeps_in: HashMap<Option<BrowserContextId>, bool>,
    /// The client whose tabs run in the default context.
    pub(super) default_client: Option<Scope>,
    /// Downloads whose page is not a tab yet.
    awaited: Vec<(String, TargetId)>,
    /// The latest popups, with the pages that opened them. Chromium closes a popup that turns out to
    /// be a download, possibly before it is a tab.
    popups: VecDeque<(TargetId, TargetId)>,
}

impl BrowserDownloads {
    /// In a new browser, the default context denies downloads.
    pub(super) fn new(files: Option<PathBuf>) -> Self {
        Self {
            files,
            keeps_in: HashMap::from([(None, false)]),
            default_client: None,
            awaited: Vec::new(),
            popups: VecDeque::new(),
        }
    }

    pub(super) fn popup(&mut self, popup: TargetId, opener: TargetId) {
        if self.popups.len() >= MAX_POPUPS {
            self.popups.pop_front();
        }
        self.popups.push_back((popup, opener));
    }

    fn opener_of(&self, popup: &TargetId) -> Option<&TargetId> {
        let known = self.popups.iter().find(|(known, _)| known == popup);
        known.map(|(_, opener)| opener)
    }
}

impl Supervisor {
    pub(super) fn on_browser_event(&mut self, event: &RawEvent) {
        match event.kind {
            EventKind::DownloadWillBegin => {
                if let Some(begins) = event.decode() {
                    self.on_download_started(begins);
                }
            }
            EventKind::DownloadProgress => {
                if let Some(progress) = event.decode() {
                    self.on_download_progress(&progress);
                }
            }
            // Events of targets go to their sessions.
            _ => {}
        }
    }

    fn on_download_started(&mut self, event: DownloadWillBegin) {
        let guid = event.guid;
        if !file::is_guid(&guid) {
            return tracing::warn!(
                "Chromium reported a download whose guid is not a valid file name"
            );
        }
        let download = NewDownload {
            guid: guid.clone(),
            url: event.url,
            name: event.suggested_filename,
        };
        let frame = TargetId::from(event.frame_id.as_str());
        if let Some(owner) = self.owner_of_page(&frame) {
            let effects = self.downloads.begin(download, owner, Instant::now());
            return self.apply(effects);
        }
        let (claimant, effects) = self.downloads.unclaimed.push(download);
        self.apply(effects);
        if let Some(tab) = claimant {
            return self.claim_download(&guid, &tab);
        }
        if self.downloads.unclaimed.contains(&guid)
            && let Some(state) = &mut self.browser
        {
            state.start(jobs::find_page(state.browser.clone(), guid.clone(), frame));
            state.start(jobs::unclaimed(guid));
        }
    }

    fn on_download_progress(&mut self, progress: &DownloadProgress) {
        let end = match progress.state.as_str() {
            "completed" => Some(true),
            "canceled" => Some(false),
            _ => None,
        };
        let guid = &progress.guid;
        if !file::is_guid(guid) {
            return;
        }
        let scope = self.downloads.client_of(guid).cloned();
        let keeps = scope.is_some_and(|scope| self.keeps_downloads(&scope));
        let progress = TransferProgress {
            received: whole(progress.received_bytes),
            total: whole(progress.total_bytes),
            end,
        };
        let effects = self.downloads.progress(guid, progress, keeps);
        self.apply(effects);
    }

    /// A tab reports that a download comes from one of its frames.
    pub(super) fn claim_download(&mut self, guid: &str, tab: &TabKey) {
        if !self.downloads.has_unclaimed(guid, tab) {
            return;
        }
        if let Some(owner) = self.owner_of_tab(tab) {
            let effects = self.downloads.claim(guid, owner, Instant::now());
            self.apply(effects);
        }
    }

    /// The page that a download comes from is known. It may not be a tab yet.
    pub(super) fn page_found(&mut self, guid: String, page: TargetId) {
        if !self.downloads.unclaimed.contains(&guid) {
            return;
        }
        if let Some(owner) = self.owner_of_page(&page) {
            let effects = self.downloads.claim(&guid, owner, Instant::now());
            self.apply(effects);
        } else if let Some(state) = &mut self.browser {
            state.downloads.awaited.push((guid, page));
        }
    }

    /// Claims the downloads of pages that have become tabs since.
    pub(super) fn settle_downloads(&mut self) {
        if let Some(state) = &mut self.browser {
            for (guid, page) in std::mem::take(&mut state.downloads.awaited) {
                self.page_found(guid, page);
            }
        }
    }

    /// The time in which a tab could have claimed this download has passed.
    pub(super) fn cancel_unclaimed(&mut self, guid: &str) {
        let effects = self.downloads.unclaimed.give_up(guid);
        if !effects.is_empty() {
            tracing::warn!("a download that no tab claimed is cancelled");
        }
        self.apply(effects);
    }

    pub(super) fn cancel_download(&mut self, call: CallId, report: CancelReport) {
        if let Some(cancel) = self.reading.remove(&call) {
            // Dropped with a report, if the file was read meanwhile.
            let _ = cancel.send(report);
        }
    }

    pub(super) fn serve_download(&mut self, tab: TabKey, id: String, reply: Reply) {
        let files = self
            .browser
            .as_ref()
            .and_then(|it| it.downloads.files.clone());
        match (self.downloads.find(&tab, &id), files) {
            (Ok(found), Some(dir)) => {
                let permits = self.around.download_permits.clone();
                let (cancel, cancelled) = oneshot::channel();
                self.reading.retain(|_, cancel| !cancel.is_closed());
                self.reading.insert(reply.call, cancel);
                let requested = RequestedFile { tab, id, found };
                tokio::spawn(file::answer(permits, dir, requested, reply, cancelled));
            }
            (Ok(_), None) => reply.fail(TabError::BrowserDown {
                reason: self.down.clone(),
            }),
            (Err(error), _) => reply.fail(TabError::Download(error)),
        }
    }

    pub(super) fn drop_browser(&mut self) {
        self.browser = None;
        let effects = self.downloads.browser_ended();
        self.apply(effects);
    }

    /// Updates the contexts whose setting differs from what policy says now.
    pub(super) fn update_download_behavior(&mut self) {
        let Some(state) = &self.browser else {
            return;
        };
        let downloads = &state.downloads;
        let outdated = downloads.keeps_in.iter().filter_map(|(context, current)| {
            let scope = match context {
                Some(context) => state.contexts.owner(context).map(|owner| &owner.scope),
                None => downloads.default_client.as_ref(),
            };
            let keeps = self.keeps_downloads(scope?);
            (keeps != *current).then(|| (context.clone(), keeps))
        });
        let outdated: Vec<_> = outdated.collect();
        let Some(state) = &mut self.browser else {
            return;
        };
        for (context, keeps) in outdated {
            state.downloads.keeps_in.insert(context.clone(), keeps);
            let files = state.downloads.files.clone().filter(|_| keeps);
            let update = jobs::set_downloads(state.browser.clone(), context, files);
            state.start(update);
        }
    }

    /// Whether downloads of this client are kept.
    fn keeps_downloads(&self, scope: &Scope) -> bool {
        let state = self.browser.as_ref();
        state.is_some_and(|it| it.downloads.files.is_some())
            && self.around.proxies.keeps_downloads(scope)
    }

    fn owner_of_page(&self, target: &TargetId) -> Option<DownloadOwner> {
        let state = self.browser.as_ref()?;
        match state.tabs.get(target) {
            Some(tab) => self.owner_of_tab(tab),
            // A popup may be reported after its download.
            None => self.owner_of_page(state.downloads.opener_of(target)?),
        }
    }

    fn owner_of_tab(&self, tab: &TabKey) -> Option<DownloadOwner> {
        let handle = self.registry.find(tab)?;
        // A popup without a document was opened for the download, and closes after it.
        if let Some(Some(opener)) = self.popup_openers.get(tab)
            && handle.view().url == "about:blank"
            && let Some(opener) = self.registry.find(opener)
            && opener.scope == handle.scope
        {
            return Some(self.owner(opener.id, opener.scope));
        }
        Some(self.owner(handle.id, handle.scope))
    }

    fn owner(&self, tab: TabId, scope: Scope) -> DownloadOwner {
        let keeps = self.keeps_downloads(&scope);
        DownloadOwner { tab, scope, keeps }
    }

    pub(super) fn apply(&mut self, effects: Vec<DownloadEffect>) {
        for effect in effects {
            match effect {
                DownloadEffect::Publish(fact) => self.around.facts.publish(fact),
                DownloadEffect::Cancel(guid) => {
                    if let Some(state) = &mut self.browser {
                        // Events do not name the context. Where downloads are denied, Chromium has
                        // cancelled it already.
                        let keeping = state.downloads.keeps_in.iter().filter(|(_, keeps)| **keeps);
                        let contexts = keeping.map(|(context, _)| context.clone()).collect();
                        let browser = state.browser.clone();
                        state.start(jobs::cancel_download(browser, contexts, guid));
                    }
                }
                DownloadEffect::Remove(guid) => {
                    if let Some(state) = &mut self.browser
                        && let Some(dir) = state.downloads.files.clone()
                    {
                        state.start(jobs::remove_download(dir, guid));
                    }
                }
                DownloadEffect::Dropped => metrics::dropped("download", "storm"),
            }
        }
    }
}
