//! What the supervisor does about downloads: they are the browser's, and are told as the tabs'.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use cdp_bridge_protocol::TabId;
use tokio::time::Instant;

use super::jobs;
use super::task::Supervisor;
use crate::cdp::events::{DownloadProgress, DownloadWillBegin, EventKind, TargetInfo};
use crate::cdp::{BrowserContextId, RawEvent, TargetId};
use crate::metrics;
use crate::tabs::downloads::book::{Begun, Effect, Owner, Progress};
use crate::tabs::downloads::file;
use crate::tabs::error::TabError;
use crate::tabs::identity::Scope;
use crate::tabs::reply::Reply;

/// How many popups are remembered that may go away before they are tabs.
const POPUPS: usize = 64;

/// What one browser does with downloads.
#[derive(Debug)]
pub(super) struct Keeping {
    /// Where they are written, if anywhere.
    pub(super) files: Option<PathBuf>,
    /// Which contexts were told to keep them; none for the default one.
    told: HashMap<Option<BrowserContextId>, bool>,
    /// Whose tabs live in the default context.
    pub(super) default_client: Option<Scope>,
    /// Downloads that wait until the page they come from is a tab's.
    awaited: Vec<(String, TargetId)>,
    /// The latest popups, with the pages that opened them. Chromium closes one that turns out to be a
    /// download, maybe before it is a tab.
    popups: VecDeque<(TargetId, TargetId)>,
}

impl Keeping {
    /// A browser that has been told to keep none in its default context.
    pub(super) fn new(files: Option<PathBuf>) -> Self {
        Self {
            files,
            told: HashMap::from([(None, false)]),
            default_client: None,
            awaited: Vec::new(),
            popups: VecDeque::new(),
        }
    }

    /// A page has opened another.
    pub(super) fn popup(&mut self, popup: TargetId, opener: TargetId) {
        if self.popups.len() >= POPUPS {
            self.popups.pop_front();
        }
        self.popups.push_back((popup, opener));
    }

    fn opener_of(&self, popup: &TargetId) -> Option<&TargetId> {
        let known = self.popups.iter().find(|(known, _)| known == popup);
        known.map(|(_, opener)| opener)
    }

    /// A context was made, and told this.
    pub(super) fn made(&mut self, context: &BrowserContextId, keeps: bool) {
        self.told.insert(Some(context.clone()), keeps);
    }

    /// A context is gone.
    pub(super) fn gone(&mut self, context: &BrowserContextId) {
        self.told.remove(&Some(context.clone()));
    }
}

impl Supervisor {
    /// Takes an event of the browser itself.
    pub(super) fn on_browser_event(&mut self, event: &RawEvent) {
        match event.kind {
            EventKind::DownloadWillBegin => {
                if let Some(begins) = event.decode() {
                    self.download_begins(begins);
                }
            }
            EventKind::DownloadProgress => {
                if let Some(progress) = event.decode() {
                    self.download_goes_on(&progress);
                }
            }
            // Events of targets go to their sessions; nothing else concerns the tabs.
            _ => {}
        }
    }

    fn download_begins(&mut self, begins: DownloadWillBegin) {
        let DownloadWillBegin {
            frame_id,
            guid,
            url,
            suggested_filename: name,
        } = begins;
        if !file::is_name(&guid) {
            return tracing::warn!("Chromium has a strange name for a download");
        }
        let begun = Begun {
            guid: guid.clone(),
            url,
            name,
        };
        let frame = TargetId::from(frame_id.as_str());
        if let Some(owner) = self.owner_of_page(&frame) {
            let effects = self.book.begin(begun, owner, Instant::now());
            return self.apply(effects);
        }
        let (claimant, effects) = self.book.begin_unclaimed(begun);
        self.apply(effects);
        if let Some(tab) = claimant {
            return self.claim_download(&guid, tab);
        }
        if self.book.is_unclaimed(&guid, None)
            && let Some(running) = &mut self.browser
        {
            let find = jobs::find_page(running.browser.clone(), guid.clone(), frame);
            running.jobs.push(find);
            running.jobs.push(jobs::unclaimed(guid));
        }
    }

    fn download_goes_on(&mut self, progress: &DownloadProgress) {
        let end = match progress.state.as_str() {
            "completed" => Some(true),
            "canceled" => Some(false),
            _ => None,
        };
        let guid = &progress.guid;
        if !file::is_name(guid) {
            return;
        }
        let scope = self.book.client_of(guid).cloned();
        let keeps = scope.is_some_and(|scope| self.keeps_downloads(&scope));
        let progress = Progress {
            received: whole(progress.received_bytes),
            total: whole(progress.total_bytes),
            end,
        };
        let effects = self.book.progress(guid, progress, keeps);
        self.apply(effects);
    }

    /// A tab has heard that a download comes from a frame of its own.
    pub(super) fn claim_download(&mut self, guid: &str, tab: TabId) {
        if !self.book.is_unclaimed(guid, Some(tab)) {
            return;
        }
        if let Some(owner) = self.owner_of_tab(tab) {
            let effects = self.book.claim(guid, owner, Instant::now());
            self.apply(effects);
        }
    }

    /// The page that a download comes from has been found, or it has none of its own.
    pub(super) fn page_found(&mut self, guid: String, info: Option<TargetInfo>) {
        let Some(info) = info.filter(|_| self.book.is_unclaimed(&guid, None)) else {
            return;
        };
        if let Some(owner) = self.owner_of_page(&info.target_id) {
            let effects = self.book.claim(&guid, owner, Instant::now());
            self.apply(effects);
        } else if let Some(running) = &mut self.browser {
            running.keeping.awaited.push((guid, info.target_id));
        }
    }

    /// Gives tabs the downloads that began before they were tabs.
    pub(super) fn settle_downloads(&mut self) {
        let Some(running) = &mut self.browser else {
            return;
        };
        if running.keeping.awaited.is_empty() {
            return;
        }
        for (guid, target) in std::mem::take(&mut running.keeping.awaited) {
            if let Some(owner) = self.owner_of_page(&target) {
                let effects = self.book.claim(&guid, owner, Instant::now());
                self.apply(effects);
            } else if self.book.is_unclaimed(&guid, None)
                && let Some(running) = &mut self.browser
            {
                running.keeping.awaited.push((guid, target));
            }
        }
    }

    /// Nobody has claimed this download for so long that nobody will.
    pub(super) fn give_download_up(&mut self, guid: &str) {
        let effects = self.book.give_up(guid);
        if !effects.is_empty() {
            tracing::warn!("a download comes from no tab, and is broken off");
        }
        self.apply(effects);
    }

    /// Somebody asks for what a tab has downloaded.
    pub(super) fn serve_download(&self, tab: TabId, id: String, reply: Reply) {
        let files = self
            .browser
            .as_ref()
            .and_then(|it| it.keeping.files.clone());
        match (self.book.find(tab, &id), files) {
            (Ok(found), Some(dir)) => {
                let turns = Arc::clone(&self.around.download_permits);
                tokio::spawn(file::answer(turns, dir, tab, id, found, reply));
            }
            (Ok(_), None) => reply.fail(TabError::BrowserDown {
                reason: self.down.clone(),
            }),
            (Err(error), _) => reply.fail(TabError::Download(error)),
        }
    }

    /// The browser is gone, and what it has downloaded.
    pub(super) fn lose_browser(&mut self) {
        self.browser = None;
        let effects = self.book.browser_ended();
        self.apply(effects);
    }

    /// Tells contexts what policy says now of downloads, where they have been told otherwise.
    pub(super) fn renew_downloads(&mut self) {
        let Some(running) = &self.browser else {
            return;
        };
        let keeping = &running.keeping;
        let outdated = keeping.told.iter().filter_map(|(context, told)| {
            let scope = match context {
                Some(context) => running.contexts.owner(context).map(|owner| &owner.scope),
                None => keeping.default_client.as_ref(),
            };
            let keeps = self.keeps_downloads(scope?);
            (keeps != *told).then(|| (context.clone(), keeps))
        });
        let outdated: Vec<_> = outdated.collect();
        let Some(running) = &mut self.browser else {
            return;
        };
        for (context, keeps) in outdated {
            running.keeping.told.insert(context.clone(), keeps);
            let files = running.keeping.files.as_deref().filter(|_| keeps);
            let told = jobs::set_downloads(running.browser.clone(), context, files);
            running.jobs.push(told);
        }
    }

    /// Whether what the pages of a client hand out is kept.
    fn keeps_downloads(&self, scope: &Scope) -> bool {
        let running = self.browser.as_ref();
        running.is_some_and(|it| it.keeping.files.is_some())
            && self.around.outlets.keeps_downloads(scope)
    }

    fn owner_of_page(&self, target: &TargetId) -> Option<Owner> {
        let running = self.browser.as_ref()?;
        match running.tabs.get(target) {
            Some(tab) => self.owner_of_tab(*tab),
            // Of a popup that is no tab yet, it is the first thing that comes.
            None => self.owner_of_page(running.keeping.opener_of(target)?),
        }
    }

    fn owner_of_tab(&self, tab: TabId) -> Option<Owner> {
        let handle = self.registry.find(tab)?;
        // A popup that never had a page was opened for the download, and goes away after it.
        if let Some(opener) = self.openers.get(&tab)
            && handle.view().url == "about:blank"
            && let Some(opener) = self.registry.find(*opener)
            && opener.scope == handle.scope
        {
            return Some(self.owner(opener.id, opener.scope));
        }
        Some(self.owner(tab, handle.scope))
    }

    fn owner(&self, tab: TabId, scope: Scope) -> Owner {
        let keeps = self.keeps_downloads(&scope);
        Owner { tab, scope, keeps }
    }

    pub(super) fn apply(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Publish(fact) => self.around.facts.publish(fact),
                Effect::Cancel(guid) => {
                    if let Some(running) = &mut self.browser {
                        // Events do not say in which context it is; where nothing is kept, Chromium has
                        // broken it off already.
                        let keeping = running.keeping.told.iter().filter(|(_, keeps)| **keeps);
                        let contexts: Vec<_> =
                            keeping.map(|(context, _)| context.clone()).collect();
                        if !contexts.is_empty() {
                            let browser = running.browser.clone();
                            let cancel = jobs::cancel_download(browser, contexts, guid);
                            running.jobs.push(cancel);
                        }
                    }
                }
                Effect::Remove(guid) => {
                    if let Some(running) = &mut self.browser
                        && let Some(dir) = running.keeping.files.clone()
                    {
                        running.jobs.push(jobs::remove_download(dir, guid));
                    }
                }
                Effect::Dropped => metrics::dropped("download", "storm"),
            }
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates"
)]
fn whole(bytes: f64) -> u64 {
    bytes as u64
}
