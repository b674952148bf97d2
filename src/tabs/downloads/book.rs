//! The book of downloads: whose each is, how far it is, and what is kept of a client. No I/O.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::DownloadState;
use tokio::time::Instant;

use crate::flow::RestartBudget;
use crate::tabs::fact::{Fact, FactKind};
use crate::tabs::identity::Scope;

/// How many downloads a tab may begin within [`STORM_WINDOW`]; those beyond are broken off untold.
const STORM: usize = 20;
const STORM_WINDOW: Duration = Duration::from_secs(10);

/// How many wait at a time until it is known whose they are.
const MOST_UNCLAIMED: usize = 64;

/// The most characters of a file's name, and of a URL.
const MOST_NAME_CHARS: usize = 255;
const MOST_URL_CHARS: usize = 1024;

/// What is kept of one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DownloadLimits {
    /// The most bytes of one download.
    pub largest: u64,
    /// The most downloads, those that are under way among them.
    pub most: usize,
    /// The most bytes of all of them.
    pub bytes: u64,
}

/// A download that Chromium has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Chromium's name for it, which is also the file's.
    pub guid: String,
    /// Where it comes from.
    pub url: String,
    /// The file's name.
    pub name: String,
}

/// How far Chromium is with one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes so far.
    pub received: u64,
    /// Bytes in all; 0 as long as they are not known.
    pub total: u64,
    /// Whether it has ended, and then whether it is whole.
    pub end: Option<bool>,
}

/// Whose a download is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The tab.
    pub tab: TabId,
    /// Its client.
    pub scope: Scope,
    /// Whether policy lets downloads of the client be kept.
    pub keeps: bool,
}

impl Owner {
    fn publish(&self, kind: FactKind) -> Effect {
        Effect::Publish(Fact::of_tab(&self.scope, self.tab, kind))
    }
}

/// What is to be done.
#[derive(Debug, Clone)]
pub enum Effect {
    /// A download has started or finished.
    Publish(Fact),
    /// Chromium breaks it off.
    Cancel(String),
    /// The file is removed.
    Remove(String),
    /// It is given up because there are too many of them.
    Dropped,
}

/// A download that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DownloadError {
    /// There is none of that name.
    #[error(
        "there is no download {id:?} of this tab: policy has none (policy.downloads), it was broken \
         off, or newer ones took its place (flow.kept_downloads, flow.kept_download_bytes)"
    )]
    Unknown {
        /// What was asked for.
        id: String,
    },
    /// It is still under way.
    #[error("the download {id:?} is still under way; downloadFinished says when it is there")]
    Unfinished {
        /// What was asked for.
        id: String,
    },
    /// Its file cannot be read.
    #[error("the download {id:?} cannot be read: {kind}")]
    Unreadable {
        /// What was asked for.
        id: String,
        /// What the operating system says.
        kind: std::io::ErrorKind,
    },
}

/// A download that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The file.
    pub guid: String,
    /// Its name for the client.
    pub name: String,
    /// How many bytes it has.
    pub bytes: u64,
}

#[derive(Debug)]
struct Entry {
    owner: Owner,
    guid: String,
    name: String,
    bytes: u64,
    /// All of it is there.
    is_whole: bool,
    /// Why it was broken off.
    verdict: Option<DownloadState>,
}

/// One of which it is not known yet whose it is.
#[derive(Debug)]
struct Unclaimed {
    begun: Begun,
    progress: Option<Progress>,
}

/// The book.
#[derive(Debug)]
pub struct Book {
    limits: DownloadLimits,
    last: u64,
    /// Oldest first.
    entries: BTreeMap<u64, Entry>,
    numbers: HashMap<String, u64>,
    unclaimed: VecDeque<Unclaimed>,
    /// Downloads that tabs have named before the browser did.
    claims: VecDeque<(String, TabId)>,
    storms: HashMap<TabId, RestartBudget>,
}

impl Book {
    /// Nothing was downloaded.
    pub fn new(limits: DownloadLimits) -> Self {
        Self {
            limits,
            last: 0,
            entries: BTreeMap::new(),
            numbers: HashMap::new(),
            unclaimed: VecDeque::new(),
            claims: VecDeque::new(),
            storms: HashMap::new(),
        }
    }

    /// A download has begun whose owner is known.
    pub fn begin(&mut self, begun: Begun, owner: Owner, now: Instant) -> Vec<Effect> {
        let Begun { guid, url, name } = begun;
        let budget = self.storms.entry(owner.tab);
        let budget = budget.or_insert_with(|| RestartBudget::new(STORM, STORM_WINDOW));
        if !budget.allow(now) {
            return vec![Effect::Cancel(guid), Effect::Dropped];
        }
        self.last += 1;
        let number = self.last;
        let name = plain(&name);
        let started = FactKind::DownloadStarted {
            download_id: id_of(number),
            url: cut(&url, MOST_URL_CHARS),
            name: name.clone(),
        };
        let mut effects = vec![owner.publish(started)];
        let verdict = if !owner.keeps {
            Some(DownloadState::Denied)
        } else if self.has_place(&owner.scope, &mut effects) {
            None
        } else {
            effects.push(Effect::Cancel(guid.clone()));
            Some(DownloadState::TooMany)
        };
        self.numbers.insert(guid.clone(), number);
        let entry = Entry {
            owner,
            guid,
            name,
            bytes: 0,
            is_whole: false,
            verdict,
        };
        self.entries.insert(number, entry);
        effects
    }

    /// A download has begun, and it is not known whose it is. True: a tab has named it already.
    pub fn begin_unclaimed(&mut self, begun: Begun) -> (Option<TabId>, Vec<Effect>) {
        let claim = self.claims.iter().position(|(guid, _)| *guid == begun.guid);
        let claim = claim.and_then(|at| self.claims.remove(at));
        let unclaimed = Unclaimed {
            begun,
            progress: None,
        };
        // The newcomer goes, so that one page cannot take away what others wait for.
        if self.unclaimed.len() >= MOST_UNCLAIMED {
            return (None, given_up(unclaimed).into());
        }
        self.unclaimed.push_back(unclaimed);
        (claim.map(|(_, tab)| tab), Vec::new())
    }

    /// Whether it is not known yet whose this one is. If it has not even begun, it is remembered that
    /// this tab named it.
    pub fn is_unclaimed(&mut self, guid: &str, claimed_by: Option<TabId>) -> bool {
        let found = self.unclaimed.iter().any(|it| it.begun.guid == guid);
        if let Some(tab) = claimed_by.filter(|_| !found && !self.numbers.contains_key(guid)) {
            if self.claims.len() >= MOST_UNCLAIMED {
                self.claims.pop_front();
            }
            self.claims.push_back((guid.to_owned(), tab));
        }
        found
    }

    /// It is known now whose a download is.
    pub fn claim(&mut self, guid: &str, owner: Owner, now: Instant) -> Vec<Effect> {
        let at = self.unclaimed.iter().position(|it| it.begun.guid == guid);
        let Some(Unclaimed { begun, progress }) = at.and_then(|at| self.unclaimed.remove(at))
        else {
            return Vec::new();
        };
        let mut effects = self.begin(begun, owner, now);
        if let Some(progress) = progress {
            effects.extend(self.progress(guid, progress, true));
        }
        effects
    }

    /// Nobody knows whose it is.
    pub fn give_up(&mut self, guid: &str) -> Vec<Effect> {
        let at = self.unclaimed.iter().position(|it| it.begun.guid == guid);
        let given = at.and_then(|at| self.unclaimed.remove(at));
        given.into_iter().flat_map(given_up).collect()
    }

    /// Whose a download is.
    pub fn client_of(&self, guid: &str) -> Option<&Scope> {
        let entry = self.entries.get(self.numbers.get(guid)?)?;
        Some(&entry.owner.scope)
    }

    /// Chromium has come so far with one; `keeps` is what policy says by now.
    pub fn progress(&mut self, guid: &str, progress: Progress, keeps: bool) -> Vec<Effect> {
        if let Some(waiting) = self.unclaimed.iter_mut().find(|it| it.begun.guid == guid) {
            waiting.progress = Some(progress);
            return Vec::new();
        }
        let Some(number) = self.numbers.get(guid).copied() else {
            // Of a tab that is gone: it may have been done before it could be broken off.
            let is_whole = progress.end == Some(true);
            return is_whole
                .then(|| Effect::Remove(guid.to_owned()))
                .into_iter()
                .collect();
        };
        match progress.end {
            None => self.grown(number, progress),
            Some(is_whole) => self.ended(number, progress.received, is_whole, keeps),
        }
    }

    fn grown(&mut self, number: u64, progress: Progress) -> Vec<Effect> {
        let mut effects = Vec::new();
        let Some(entry) = self.entries.get_mut(&number) else {
            return effects;
        };
        entry.bytes = progress.received;
        if entry.verdict.is_some() {
            return effects;
        }
        let scope = entry.owner.scope.clone();
        let fits = progress.received.max(progress.total) <= self.limits.largest
            && self.has_room(&scope, &mut effects);
        if !fits && let Some(entry) = self.entries.get_mut(&number) {
            entry.verdict = Some(DownloadState::TooLarge);
            effects.push(Effect::Cancel(entry.guid.clone()));
        }
        effects
    }

    fn ended(&mut self, number: u64, bytes: u64, is_whole: bool, keeps: bool) -> Vec<Effect> {
        let mut effects = Vec::new();
        let Some(entry) = self.entries.get_mut(&number) else {
            return effects;
        };
        entry.bytes = bytes;
        let scope = entry.owner.scope.clone();
        if is_whole && entry.verdict.is_none() {
            if !keeps {
                entry.verdict = Some(DownloadState::Denied);
            } else if bytes > self.limits.largest || !self.has_room(&scope, &mut effects) {
                self.judge(number, DownloadState::TooLarge);
            }
        }
        let Some(entry) = self.entries.get_mut(&number) else {
            return effects;
        };
        let state = match entry.verdict {
            Some(verdict) => verdict,
            None if is_whole => DownloadState::Completed,
            None => DownloadState::Canceled,
        };
        entry.is_whole = state == DownloadState::Completed;
        let finished = entry.owner.publish(FactKind::DownloadFinished {
            download_id: id_of(number),
            name: entry.name.clone(),
            bytes: if entry.is_whole { bytes } else { 0 },
            state,
        });
        if !entry.is_whole {
            let guid = self.forget(number);
            effects.extend(guid.filter(|_| is_whole).map(Effect::Remove));
        }
        effects.push(finished);
        effects
    }

    fn judge(&mut self, number: u64, verdict: DownloadState) {
        if let Some(entry) = self.entries.get_mut(&number) {
            entry.verdict = Some(verdict);
        }
    }

    /// A download that a tab asks for.
    pub fn find(&self, tab: TabId, id: &str) -> Result<Found, DownloadError> {
        let unknown = || DownloadError::Unknown { id: cut(id, 64) };
        let number = id.strip_prefix('d').and_then(|digits| digits.parse().ok());
        let number = number.filter(|number| id_of(*number) == id);
        let entry = number.and_then(|number| self.entries.get(&number));
        let entry = entry.filter(|entry| entry.owner.tab == tab && entry.verdict.is_none());
        let entry = entry.ok_or_else(unknown)?;
        if !entry.is_whole {
            return Err(DownloadError::Unfinished { id: id.to_owned() });
        }
        Ok(Found {
            guid: entry.guid.clone(),
            name: entry.name.clone(),
            bytes: entry.bytes,
        })
    }

    /// A tab is gone, and with it everything that it downloaded. Nobody is told what that was.
    pub fn tab_ended(&mut self, tab: TabId) -> Vec<Effect> {
        self.storms.remove(&tab);
        self.claims.retain(|(_, claimant)| *claimant != tab);
        let its = self.entries.iter();
        let its = its.filter(|(_, entry)| entry.owner.tab == tab);
        let its: Vec<_> = its
            .map(|(number, entry)| (*number, entry.is_whole))
            .collect();
        let effects = its.into_iter().filter_map(|(number, is_whole)| {
            let guid = self.forget(number)?;
            Some(if is_whole {
                Effect::Remove(guid)
            } else {
                Effect::Cancel(guid)
            })
        });
        effects.collect()
    }

    /// The browser is gone, and its files with it: what was under way has come to nothing.
    pub fn browser_ended(&mut self) -> Vec<Effect> {
        self.unclaimed.clear();
        self.claims.clear();
        self.numbers.clear();
        let entries = std::mem::take(&mut self.entries).into_iter();
        let unfinished = entries.filter(|(_, entry)| !entry.is_whole);
        let told = unfinished.map(|(number, entry)| {
            entry.owner.publish(FactKind::DownloadFinished {
                download_id: id_of(number),
                name: entry.name,
                bytes: 0,
                state: entry.verdict.unwrap_or(DownloadState::Canceled),
            })
        });
        told.collect()
    }

    /// Makes place for one more of this client; false if as many as may be are under way.
    fn has_place(&mut self, scope: &Scope, effects: &mut Vec<Effect>) -> bool {
        while self.of(scope).count() >= self.limits.most {
            if !self.drop_oldest(scope, effects) {
                return false;
            }
        }
        true
    }

    /// Makes room for what this client has by now; false if what is under way is too much by itself.
    fn has_room(&mut self, scope: &Scope, effects: &mut Vec<Effect>) -> bool {
        while self.of(scope).map(|(_, it)| it.bytes).sum::<u64>() > self.limits.bytes {
            if !self.drop_oldest(scope, effects) {
                return false;
            }
        }
        true
    }

    /// Those of a client that take up room.
    fn of(&self, scope: &Scope) -> impl Iterator<Item = (u64, &Entry)> {
        let entries = self.entries.iter();
        let its = entries
            .filter(move |(_, entry)| entry.owner.scope == *scope && entry.verdict.is_none());
        its.map(|(number, entry)| (*number, entry))
    }

    /// Lets go of what this client has had for the longest time. False: it has nothing.
    fn drop_oldest(&mut self, scope: &Scope, effects: &mut Vec<Effect>) -> bool {
        let oldest = self.of(scope).find(|(_, entry)| entry.is_whole);
        let Some(guid) = oldest
            .map(|(number, _)| number)
            .and_then(|number| self.forget(number))
        else {
            return false;
        };
        effects.push(Effect::Remove(guid));
        true
    }

    fn forget(&mut self, number: u64) -> Option<String> {
        let entry = self.entries.remove(&number)?;
        self.numbers.remove(&entry.guid);
        Some(entry.guid)
    }
}

fn given_up(unclaimed: Unclaimed) -> [Effect; 2] {
    let guid = unclaimed.begun.guid;
    let ended = unclaimed.progress.is_some_and(|it| it.end.is_some());
    let effect = if ended {
        Effect::Remove(guid)
    } else {
        Effect::Cancel(guid)
    };
    [effect, Effect::Dropped]
}

fn id_of(number: u64) -> String {
    format!("d{number}")
}

/// A name without anything that could lead elsewhere where a client writes a file of that name.
fn plain(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain = last.chars().filter(|it| !it.is_control());
    let plain: String = plain.take(MOST_NAME_CHARS).collect();
    match plain.as_str() {
        "" | "." | ".." => "download".to_owned(),
        _ => plain,
    }
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: DownloadLimits = DownloadLimits {
        largest: 100,
        most: 3,
        bytes: 150,
    };

    fn owner(tab: u64) -> Owner {
        Owner {
            tab: TabId::new(tab),
            scope: "a".into(),
            keeps: true,
        }
    }

    fn begun(guid: &str) -> Begun {
        Begun {
            guid: guid.to_owned(),
            url: "http://a.test/".to_owned(),
            name: format!("{guid}.txt"),
        }
    }

    fn so_far(received: u64) -> Progress {
        Progress {
            received,
            total: 0,
            end: None,
        }
    }

    fn ended(received: u64, is_whole: bool) -> Progress {
        Progress {
            end: Some(is_whole),
            ..so_far(received)
        }
    }

    /// The effects in a word each.
    fn words(effects: Vec<Effect>) -> Vec<String> {
        let word = |effect| match effect {
            Effect::Publish(fact) => match fact.kind {
                FactKind::DownloadStarted {
                    download_id, name, ..
                } => format!("started {download_id} {name}"),
                FactKind::DownloadFinished {
                    download_id,
                    state,
                    bytes,
                    ..
                } => format!("{download_id} {state:?} {bytes}"),
                kind => format!("{kind:?}"),
            },
            Effect::Cancel(guid) => format!("cancel {guid}"),
            Effect::Remove(guid) => format!("remove {guid}"),
            Effect::Dropped => "dropped".to_owned(),
        };
        effects.into_iter().map(word).collect()
    }

    struct Desk {
        book: Book,
        now: Instant,
    }

    impl Desk {
        fn new() -> Self {
            Self {
                book: Book::new(LIMITS),
                now: Instant::now(),
            }
        }

        fn begin(&mut self, tab: u64, guid: &str) -> Vec<String> {
            words(self.book.begin(begun(guid), owner(tab), self.now))
        }

        fn progress(&mut self, guid: &str, progress: Progress) -> Vec<String> {
            words(self.book.progress(guid, progress, true))
        }

        fn download(&mut self, tab: u64, guid: &str, bytes: u64) {
            self.begin(tab, guid);
            self.progress(guid, ended(bytes, true));
        }

        fn has(&self, tab: u64, id: &str) -> bool {
            self.book.find(TabId::new(tab), id).is_ok()
        }
    }

    #[test]
    fn a_download_is_told_kept_and_found_by_its_own_tab_only() {
        let mut desk = Desk::new();
        assert_eq!(desk.begin(1, "x"), ["started d1 x.txt"]);
        assert!(desk.progress("x", so_far(10)).is_empty());
        let unfinished = desk.book.find(TabId::new(1), "d1");
        assert!(matches!(unfinished, Err(DownloadError::Unfinished { .. })));
        assert_eq!(desk.progress("x", ended(20, true)), ["d1 Completed 20"]);
        let found = desk.book.find(TabId::new(1), "d1").unwrap();
        assert_eq!((found.guid.as_str(), found.bytes), ("x", 20));
        for (tab, id) in [(2, "d1"), (1, "d2"), (1, "d01"), (1, "x"), (1, "")] {
            assert!(!desk.has(tab, id), "{tab} {id}");
        }
    }

    #[test]
    fn the_name_that_is_told_is_a_name_and_no_path() {
        for (name, told) in [
            ("report final.pdf", "report final.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\Windows\\x.dll", "x.dll"),
            ("a\n\u{7f}b\0c", "abc"),
            ("..", "download"),
            ("a/", "download"),
        ] {
            assert_eq!(plain(name), told);
        }
        assert_eq!(plain(&"x".repeat(1000)).len(), MOST_NAME_CHARS);
    }

    #[test]
    fn one_that_breaks_off_is_told_and_not_kept() {
        let mut desk = Desk::new();
        desk.begin(1, "x");
        assert_eq!(desk.progress("x", ended(0, false)), ["d1 Canceled 0"]);
        assert!(!desk.has(1, "d1"));
    }

    #[test]
    fn what_policy_denies_is_told_as_denied_whatever_chromium_did() {
        let mut desk = Desk::new();
        let denied = Owner {
            keeps: false,
            ..owner(1)
        };
        let told = desk.book.begin(begun("x"), denied.clone(), desk.now);
        assert_eq!(words(told), ["started d1 x.txt"]);
        let told = desk.book.progress("x", ended(0, false), false);
        assert_eq!(words(told), ["d1 Denied 0"]);
        // Policy became another one meanwhile.
        desk.begin(1, "y");
        let told = desk.book.progress("y", ended(5, true), false);
        assert_eq!(words(told), ["remove y", "d2 Denied 0"]);
        assert!(!desk.has(1, "d2"));
    }

    #[test]
    fn one_that_is_too_large_is_broken_off_as_soon_as_that_is_known() {
        let mut desk = Desk::new();
        desk.begin(1, "x");
        let announced = Progress {
            total: 101,
            ..so_far(0)
        };
        assert_eq!(desk.progress("x", announced), ["cancel x"]);
        assert!(desk.progress("x", so_far(50)).is_empty(), "it is said once");
        assert_eq!(desk.progress("x", ended(0, false)), ["d1 TooLarge 0"]);
        desk.begin(1, "y");
        assert_eq!(desk.progress("y", so_far(101)), ["cancel y"]);
        // It was whole before it could be broken off.
        let told = desk.progress("y", ended(101, true));
        assert_eq!(told, ["remove y", "d2 TooLarge 0"]);
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_or_too_much() {
        let mut desk = Desk::new();
        for guid in ["x", "y", "z"] {
            desk.download(1, guid, 40);
        }
        assert_eq!(desk.begin(1, "v"), ["started d4 v.txt", "remove x"]);
        assert!(!desk.has(1, "d1") && desk.has(1, "d2"));
        let told = desk.progress("v", ended(80, true));
        assert_eq!(told, ["remove y", "d4 Completed 80"]);
        assert!(!desk.has(1, "d2") && desk.has(1, "d3") && desk.has(1, "d4"));
    }

    #[test]
    fn what_is_under_way_takes_no_others_place() {
        let mut desk = Desk::new();
        for guid in ["x", "y", "z"] {
            desk.begin(1, guid);
        }
        assert_eq!(desk.begin(1, "v"), ["started d4 v.txt", "cancel v"]);
        assert_eq!(desk.progress("v", ended(0, false)), ["d4 TooMany 0"]);
        for guid in ["x", "y"] {
            assert!(desk.progress(guid, so_far(70)).is_empty());
        }
        assert_eq!(desk.progress("z", so_far(11)), ["cancel z"]);
    }

    #[test]
    fn of_a_storm_only_the_beginning_is_told() {
        let mut desk = Desk::new();
        for number in 0..STORM {
            let guid = number.to_string();
            desk.download(1, &guid, 1);
        }
        assert_eq!(desk.begin(1, "x"), ["cancel x", "dropped"]);
        assert_eq!(desk.progress("x", ended(5, true)), ["remove x"]);
        desk.now += STORM_WINDOW + Duration::from_secs(1);
        assert_eq!(desk.begin(1, "y").len(), 2, "told, and one made place");
    }

    #[test]
    fn a_tab_that_goes_leaves_nothing_behind() {
        let mut desk = Desk::new();
        desk.download(1, "x", 1);
        desk.begin(1, "y");
        desk.download(2, "z", 1);
        let mut effects = words(desk.book.tab_ended(TabId::new(1)));
        effects.sort();
        assert_eq!(effects, ["cancel y", "remove x"]);
        assert_eq!(desk.progress("y", ended(9, true)), ["remove y"]);
        assert!(!desk.has(1, "d1") && desk.has(2, "d3"));
    }

    #[test]
    fn a_browser_that_goes_takes_everything_with_it() {
        let mut desk = Desk::new();
        desk.download(1, "x", 1);
        desk.begin(1, "y");
        assert_eq!(words(desk.book.browser_ended()), ["d2 Canceled 0"]);
        assert!(!desk.has(1, "d1"));
        assert_eq!(
            desk.begin(1, "w"),
            ["started d3 w.txt"],
            "no name comes twice"
        );
    }

    #[test]
    fn one_of_which_it_is_not_known_whose_it_is_waits_with_all_that_happens_to_it() {
        let mut desk = Desk::new();
        let (claim, effects) = desk.book.begin_unclaimed(begun("x"));
        assert!(claim.is_none() && effects.is_empty());
        assert!(desk.progress("x", ended(7, true)).is_empty());
        assert!(desk.book.is_unclaimed("x", None));
        let told = desk.book.claim("x", owner(1), desk.now);
        assert_eq!(words(told), ["started d1 x.txt", "d1 Completed 7"]);
        assert!(!desk.book.is_unclaimed("x", None));
        // Here the tab is first.
        assert!(!desk.book.is_unclaimed("y", Some(TabId::new(1))));
        let (claim, _) = desk.book.begin_unclaimed(begun("y"));
        assert_eq!(claim, Some(TabId::new(1)));
    }

    #[test]
    fn one_that_nobody_claims_is_given_up() {
        let mut desk = Desk::new();
        for number in 0..=MOST_UNCLAIMED {
            let guid = number.to_string();
            let (_, effects) = desk.book.begin_unclaimed(begun(&guid));
            assert_eq!(effects.is_empty(), number < MOST_UNCLAIMED);
        }
        desk.progress("1", ended(7, true));
        assert_eq!(words(desk.book.give_up("1")), ["remove 1", "dropped"]);
        assert_eq!(words(desk.book.give_up("2")), ["cancel 2", "dropped"]);
        let newcomer = MOST_UNCLAIMED.to_string();
        assert!(
            desk.book.give_up(&newcomer).is_empty(),
            "it was not taken in"
        );
        assert!(desk.book.give_up("2").is_empty());
    }
}
