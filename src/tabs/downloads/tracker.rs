//! Which downloads there are, who owns each, how far it is, and what is kept of a client. No I/O.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use cdp_bridge_protocol::event::DownloadState;
use tokio::time::Instant;

use super::download::{
    DownloadEffect, DownloadError, DownloadLimits, DownloadOwner, KeptDownload, NewDownload,
    StoredDownload, TransferProgress,
};
use super::name::{MAX_URL_CHARS, cut, file_name, id_of, number_of};
use super::unclaimed::{UnclaimedDownload, UnclaimedDownloads};
use crate::flow::RestartBudget;
use crate::tabs::fact::FactKind;
use crate::tabs::identity::{ClientId, Scope, TabKey};

/// How many downloads a tab may start within [`STORM_WINDOW`]; the rest are cancelled unannounced.
pub(super) const STORM: usize = 20;
pub(super) const STORM_WINDOW: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct TrackedDownload {
    owner: DownloadOwner,
    guid: String,
    /// Its number among the downloads of its client, which its id states.
    number: u64,
    name: String,
    bytes: u64,
    is_complete: bool,
    /// How it ends, decided before Chromium has ended it.
    verdict: Option<DownloadState>,
}

#[derive(Debug)]
pub(crate) struct DownloadTracker {
    limits: DownloadLimits,
    /// The last entry's key.
    last: u64,
    /// The last number given to a download of each client.
    last_of: HashMap<ClientId, u64>,
    /// Oldest first.
    entries: BTreeMap<u64, TrackedDownload>,
    /// The entry of each guid.
    keys: HashMap<String, u64>,
    pub(crate) unclaimed: UnclaimedDownloads,
    storms: HashMap<TabKey, RestartBudget>,
}

impl DownloadTracker {
    pub(crate) fn new(limits: DownloadLimits) -> Self {
        Self {
            limits,
            last: 0,
            last_of: HashMap::new(),
            entries: BTreeMap::new(),
            keys: HashMap::new(),
            unclaimed: UnclaimedDownloads::default(),
            storms: HashMap::new(),
        }
    }

    /// Adds a download whose owner is known.
    pub(crate) fn begin(
        &mut self,
        download: NewDownload,
        owner: DownloadOwner,
        now: Instant,
    ) -> Vec<DownloadEffect> {
        let NewDownload { guid, url, name } = download;
        let budget = self.storms.entry(owner.tab_key());
        let budget = budget.or_insert_with(|| RestartBudget::new(STORM, STORM_WINDOW));
        if !budget.allow(now) {
            return vec![DownloadEffect::Cancel(guid), DownloadEffect::Dropped];
        }
        self.last += 1;
        let key = self.last;
        let number = self.last_of.entry(owner.scope.client.clone()).or_default();
        *number += 1;
        let number = *number;
        let name = file_name(&name);
        let started = FactKind::DownloadStarted {
            download_id: id_of(number),
            url: cut(&url, MAX_URL_CHARS),
            name: name.clone(),
        };
        let mut effects = vec![owner.publish(started)];
        let verdict = if !owner.keeps {
            Some(DownloadState::Denied)
        } else if self.make_place(&owner.scope, &mut effects) {
            None
        } else {
            effects.push(DownloadEffect::Cancel(guid.clone()));
            Some(DownloadState::TooMany)
        };
        self.keys.insert(guid.clone(), key);
        let entry = TrackedDownload {
            owner,
            guid,
            number,
            name,
            bytes: 0,
            is_complete: false,
            verdict,
        };
        self.entries.insert(key, entry);
        effects
    }

    /// A tab claims a download. False: it is not among the unclaimed ones; if the browser has not
    /// reported it yet, the claim is remembered.
    pub(crate) fn has_unclaimed(&mut self, guid: &str, tab: &TabKey) -> bool {
        let found = self.unclaimed.contains(guid);
        if !found && !self.keys.contains_key(guid) {
            self.unclaimed.claim_early(guid, tab.clone());
        }
        found
    }

    /// Gives an unclaimed download to its owner.
    pub(crate) fn claim(
        &mut self,
        guid: &str,
        owner: DownloadOwner,
        now: Instant,
    ) -> Vec<DownloadEffect> {
        let Some(UnclaimedDownload { download, progress }) = self.unclaimed.take(guid) else {
            return Vec::new();
        };
        let mut effects = self.begin(download, owner, now);
        if let Some(progress) = progress {
            effects.extend(self.progress(guid, progress, true));
        }
        effects
    }

    pub(crate) fn client_of(&self, guid: &str) -> Option<&Scope> {
        let entry = self.entries.get(self.keys.get(guid)?)?;
        Some(&entry.owner.scope)
    }

    /// Takes a progress report; `keeps` is whether policy allows the client to keep downloads now.
    pub(crate) fn progress(
        &mut self,
        guid: &str,
        progress: TransferProgress,
        keeps: bool,
    ) -> Vec<DownloadEffect> {
        if self.unclaimed.progress(guid, progress) {
            return Vec::new();
        }
        let Some(key) = self.keys.get(guid).copied() else {
            // Its tab is gone, and it may have completed before it could be cancelled.
            let file = (progress.end == Some(true)).then(|| guid.to_owned());
            return file.map(DownloadEffect::Remove).into_iter().collect();
        };
        match progress.end {
            None => self.on_received(key, progress),
            Some(is_complete) => self.on_ended(key, progress.received, is_complete, keeps),
        }
    }

    fn on_received(&mut self, key: u64, progress: TransferProgress) -> Vec<DownloadEffect> {
        let mut effects = Vec::new();
        let Some(entry) = self.entries.get_mut(&key) else {
            return effects;
        };
        entry.bytes = progress.received;
        if entry.verdict.is_none() {
            let scope = entry.owner.scope.clone();
            let fits = progress.received.max(progress.total) <= self.limits.largest
                && self.make_room(&scope, &mut effects);
            if !fits && let Some(entry) = self.entries.get_mut(&key) {
                entry.verdict = Some(DownloadState::TooLarge);
                effects.push(DownloadEffect::Cancel(entry.guid.clone()));
            }
        }
        effects
    }

    fn on_ended(
        &mut self,
        key: u64,
        bytes: u64,
        is_complete: bool,
        keeps: bool,
    ) -> Vec<DownloadEffect> {
        let mut effects = Vec::new();
        let Some(entry) = self.entries.get_mut(&key) else {
            return effects;
        };
        entry.bytes = bytes;
        let (scope, verdict) = (entry.owner.scope.clone(), entry.verdict);
        let state = match verdict {
            Some(verdict) => verdict,
            None if !is_complete => DownloadState::Canceled,
            None if !keeps => DownloadState::Denied,
            None if bytes > self.limits.largest => DownloadState::TooLarge,
            None if !self.make_room(&scope, &mut effects) => DownloadState::TooLarge,
            None => DownloadState::Completed,
        };
        let Some(entry) = self.entries.get_mut(&key) else {
            return effects;
        };
        entry.is_complete = state == DownloadState::Completed;
        let finished = entry.owner.publish(FactKind::DownloadFinished {
            download_id: id_of(entry.number),
            name: entry.name.clone(),
            bytes: if entry.is_complete { bytes } else { 0 },
            state,
        });
        if !entry.is_complete {
            let guid = self.forget(key);
            effects.extend(guid.filter(|_| is_complete).map(DownloadEffect::Remove));
        }
        effects.push(finished);
        effects
    }

    /// Finds a complete download of this tab.
    pub(crate) fn find(&self, tab: &TabKey, id: &str) -> Result<StoredDownload, DownloadError> {
        let unknown = || DownloadError::Unknown { id: cut(id, 64) };
        let number = number_of(id).ok_or_else(unknown)?;
        let is_it = |entry: &&TrackedDownload| {
            entry.number == number && entry.owner.tab_key() == *tab && entry.verdict.is_none()
        };
        let entry = self.entries.values().find(is_it).ok_or_else(unknown)?;
        if !entry.is_complete {
            return Err(DownloadError::Unfinished { id: id.to_owned() });
        }
        Ok(StoredDownload {
            guid: entry.guid.clone(),
            name: entry.name.clone(),
            bytes: entry.bytes,
        })
    }

    /// The downloads of a scope that are kept or in progress, oldest first.
    pub(crate) fn list(&self, scope: &Scope) -> Vec<KeptDownload> {
        let kept = self.of(scope).map(|(_, entry)| KeptDownload {
            tab: entry.owner.tab,
            id: id_of(entry.number),
            name: entry.name.clone(),
            bytes: entry.bytes,
            is_complete: entry.is_complete,
        });
        kept.collect()
    }

    /// Removes everything that a closed tab has downloaded, without an event for each.
    pub(crate) fn tab_ended(&mut self, tab: &TabKey) -> Vec<DownloadEffect> {
        self.storms.remove(tab);
        self.unclaimed.tab_ended(tab);
        let is_its = |_: &u64, entry: &mut TrackedDownload| entry.owner.tab_key() == *tab;
        let its = self.entries.extract_if(.., is_its);
        let effects = its.map(|(_, entry)| {
            self.keys.remove(&entry.guid);
            if entry.is_complete {
                DownloadEffect::Remove(entry.guid)
            } else {
                DownloadEffect::Cancel(entry.guid)
            }
        });
        effects.collect()
    }

    /// The browser is gone, and its files with it: downloads in progress end as cancelled.
    pub(crate) fn browser_ended(&mut self) -> Vec<DownloadEffect> {
        self.unclaimed = UnclaimedDownloads::default();
        self.keys.clear();
        let entries = std::mem::take(&mut self.entries).into_iter();
        let unfinished = entries.filter(|(_, entry)| !entry.is_complete);
        let told = unfinished.map(|(_, entry)| {
            entry.owner.publish(FactKind::DownloadFinished {
                download_id: id_of(entry.number),
                name: entry.name,
                bytes: 0,
                state: entry.verdict.unwrap_or(DownloadState::Canceled),
            })
        });
        told.collect()
    }

    /// Evicts until the client may have one more; false if too many are in progress.
    fn make_place(&mut self, scope: &Scope, effects: &mut Vec<DownloadEffect>) -> bool {
        while self.of(scope).count() >= self.limits.most {
            if !self.evict_oldest(scope, effects) {
                return false;
            }
        }
        true
    }

    /// Evicts until the client's bytes fit; false if those in progress are too many by themselves.
    fn make_room(&mut self, scope: &Scope, effects: &mut Vec<DownloadEffect>) -> bool {
        while self.of(scope).map(|(_, it)| it.bytes).sum::<u64>() > self.limits.bytes {
            if !self.evict_oldest(scope, effects) {
                return false;
            }
        }
        true
    }

    /// Those of a client that count towards its limits.
    fn of(&self, scope: &Scope) -> impl Iterator<Item = (u64, &TrackedDownload)> {
        let entries = self.entries.iter().map(|(key, entry)| (*key, entry));
        entries.filter(move |(_, it)| it.owner.scope == *scope && it.verdict.is_none())
    }

    /// Evicts the client's oldest complete download. False: it has none.
    fn evict_oldest(&mut self, scope: &Scope, effects: &mut Vec<DownloadEffect>) -> bool {
        let oldest = self.of(scope).find(|(_, entry)| entry.is_complete);
        let oldest = oldest.map(|(key, _)| key);
        let guid = oldest.and_then(|key| self.forget(key));
        let is_evicted = guid.is_some();
        effects.extend(guid.map(DownloadEffect::Remove));
        is_evicted
    }

    fn forget(&mut self, key: u64) -> Option<String> {
        let entry = self.entries.remove(&key)?;
        self.keys.remove(&entry.guid);
        Some(entry.guid)
    }
}
