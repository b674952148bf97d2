//! The tracker from the beginning of a download to its end.

use std::time::Duration;

use cdp_bridge_protocol::TabId;
use tokio::time::Instant;

use super::download::{
    DownloadEffect, DownloadError, DownloadLimits, DownloadOwner, NewDownload, TransferProgress,
};
use super::name::{MAX_NAME_CHARS, file_name};
use super::tracker::{DownloadTracker, STORM, STORM_WINDOW};
use super::unclaimed::MAX_UNCLAIMED;
use crate::tabs::fact::FactKind;
use crate::tabs::identity::TabKey;

const LIMITS: DownloadLimits = DownloadLimits {
    largest: 100,
    most: 3,
    bytes: 150,
};

fn owner(tab: u64) -> DownloadOwner {
    DownloadOwner {
        tab: TabId::new(tab),
        scope: "a".into(),
        keeps: true,
    }
}

fn new_download(guid: &str) -> NewDownload {
    NewDownload {
        guid: guid.to_owned(),
        url: "http://a.test/".to_owned(),
        name: format!("{guid}.txt"),
    }
}

fn received_so_far(received: u64) -> TransferProgress {
    TransferProgress {
        received,
        total: 0,
        end: None,
    }
}

fn ended(received: u64, is_complete: bool) -> TransferProgress {
    TransferProgress {
        end: Some(is_complete),
        ..received_so_far(received)
    }
}

#[test]
fn the_list_of_a_scope_has_what_is_kept_or_in_progress() {
    let mut tracker = DownloadTracker::new(LIMITS);
    let now = Instant::now();
    for (guid, tab) in [("a", 1), ("b", 2)] {
        tracker.begin(new_download(guid), owner(tab), now);
    }
    let other = DownloadOwner {
        scope: "b".into(),
        ..owner(3)
    };
    tracker.begin(new_download("c"), other, now);
    tracker.progress("a", ended(10, true), true);
    tracker.progress("b", received_so_far(5), true);
    let listed: Vec<_> = tracker
        .list(&"a".into())
        .into_iter()
        .map(|it| (it.id, it.tab, it.name, it.bytes, it.is_complete))
        .collect();
    let expected = [
        ("d1".to_owned(), TabId::new(1), "a.txt".to_owned(), 10, true),
        ("d2".to_owned(), TabId::new(2), "b.txt".to_owned(), 5, false),
    ];
    assert_eq!(listed, expected);
}

/// Each effect as a line.
fn words(effects: Vec<DownloadEffect>) -> Vec<String> {
    let word = |effect| match effect {
        DownloadEffect::Publish(fact) => match fact.kind {
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
        DownloadEffect::Cancel(guid) => format!("cancel {guid}"),
        DownloadEffect::Remove(guid) => format!("remove {guid}"),
        DownloadEffect::Dropped => "dropped".to_owned(),
    };
    effects.into_iter().map(word).collect()
}

fn key(tab: u64) -> TabKey {
    owner(tab).tab_key()
}

struct Fixture {
    tracker: DownloadTracker,
    now: Instant,
}

impl Fixture {
    fn new() -> Self {
        Self {
            tracker: DownloadTracker::new(LIMITS),
            now: Instant::now(),
        }
    }

    fn begin(&mut self, tab: u64, guid: &str) -> Vec<String> {
        words(self.tracker.begin(new_download(guid), owner(tab), self.now))
    }

    fn progress(&mut self, guid: &str, progress: TransferProgress) -> Vec<String> {
        words(self.tracker.progress(guid, progress, true))
    }

    fn download(&mut self, tab: u64, guid: &str, bytes: u64) {
        self.begin(tab, guid);
        self.progress(guid, ended(bytes, true));
    }

    fn has(&self, tab: u64, id: &str) -> bool {
        self.tracker.find(&key(tab), id).is_ok()
    }
}

#[test]
fn a_download_is_announced_kept_and_found_by_its_own_tab_only() {
    let mut fixture = Fixture::new();
    assert_eq!(fixture.begin(1, "x"), ["started d1 x.txt"]);
    assert!(fixture.progress("x", received_so_far(10)).is_empty());
    let unfinished = fixture.tracker.find(&key(1), "d1");
    assert!(matches!(unfinished, Err(DownloadError::Unfinished { .. })));
    assert_eq!(fixture.progress("x", ended(20, true)), ["d1 Completed 20"]);
    let found = fixture.tracker.find(&key(1), "d1").unwrap();
    assert_eq!((found.guid.as_str(), found.bytes), ("x", 20));
    for (tab, id) in [(2, "d1"), (1, "d2"), (1, "d01"), (1, "x"), (1, "")] {
        assert!(!fixture.has(tab, id), "{tab} {id}");
    }
}

#[test]
fn the_announced_name_is_a_file_name_without_a_path() {
    for (name, told) in [
        ("report final.pdf", "report final.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\x.dll", "x.dll"),
        ("a\n\u{7f}b\0c", "abc"),
        ("..", "download"),
        ("a/", "download"),
    ] {
        assert_eq!(file_name(name), told);
    }
    assert_eq!(file_name(&"x".repeat(1000)).len(), MAX_NAME_CHARS);
}

#[test]
fn a_cancelled_download_is_announced_and_not_kept() {
    let mut fixture = Fixture::new();
    fixture.begin(1, "x");
    assert_eq!(fixture.progress("x", ended(0, false)), ["d1 Canceled 0"]);
    assert!(!fixture.has(1, "d1"));
}

#[test]
fn a_download_that_policy_denies_ends_as_denied_whatever_chromium_did() {
    let mut fixture = Fixture::new();
    let denied = DownloadOwner {
        keeps: false,
        ..owner(1)
    };
    let told = fixture
        .tracker
        .begin(new_download("x"), denied.clone(), fixture.now);
    assert_eq!(words(told), ["started d1 x.txt"]);
    let told = fixture.tracker.progress("x", ended(0, false), false);
    assert_eq!(words(told), ["d1 Denied 0"]);
    // Policy has changed meanwhile.
    fixture.begin(1, "y");
    let told = fixture.tracker.progress("y", ended(5, true), false);
    assert_eq!(words(told), ["remove y", "d2 Denied 0"]);
    assert!(!fixture.has(1, "d2"));
}

#[test]
fn a_download_over_the_size_limit_is_cancelled_as_soon_as_that_is_known() {
    let mut fixture = Fixture::new();
    fixture.begin(1, "x");
    let announced = TransferProgress {
        total: 101,
        ..received_so_far(0)
    };
    assert_eq!(fixture.progress("x", announced), ["cancel x"]);
    assert!(
        fixture.progress("x", received_so_far(50)).is_empty(),
        "it is cancelled once"
    );
    assert_eq!(fixture.progress("x", ended(0, false)), ["d1 TooLarge 0"]);
    fixture.begin(1, "y");
    assert_eq!(fixture.progress("y", received_so_far(101)), ["cancel y"]);
    // It was complete before it could be cancelled.
    let told = fixture.progress("y", ended(101, true));
    assert_eq!(told, ["remove y", "d2 TooLarge 0"]);
}

#[test]
fn the_oldest_are_evicted_over_the_limit_of_number_or_bytes() {
    let mut fixture = Fixture::new();
    for guid in ["x", "y", "z"] {
        fixture.download(1, guid, 40);
    }
    assert_eq!(fixture.begin(1, "v"), ["started d4 v.txt", "remove x"]);
    assert!(!fixture.has(1, "d1") && fixture.has(1, "d2"));
    let told = fixture.progress("v", ended(80, true));
    assert_eq!(told, ["remove y", "d4 Completed 80"]);
    assert!(!fixture.has(1, "d2") && fixture.has(1, "d3") && fixture.has(1, "d4"));
}

#[test]
fn a_download_in_progress_is_not_evicted() {
    let mut fixture = Fixture::new();
    for guid in ["x", "y", "z"] {
        fixture.begin(1, guid);
    }
    assert_eq!(fixture.begin(1, "v"), ["started d4 v.txt", "cancel v"]);
    assert_eq!(fixture.progress("v", ended(0, false)), ["d4 TooMany 0"]);
    for guid in ["x", "y"] {
        assert!(fixture.progress(guid, received_so_far(70)).is_empty());
    }
    assert_eq!(fixture.progress("z", received_so_far(11)), ["cancel z"]);
}

#[test]
fn a_tab_that_starts_too_many_has_the_rest_cancelled_unannounced() {
    let mut fixture = Fixture::new();
    for number in 0..STORM {
        let guid = number.to_string();
        fixture.download(1, &guid, 1);
    }
    assert_eq!(fixture.begin(1, "x"), ["cancel x", "dropped"]);
    assert_eq!(fixture.progress("x", ended(5, true)), ["remove x"]);
    fixture.now += STORM_WINDOW + Duration::from_secs(1);
    assert_eq!(fixture.begin(1, "y").len(), 2, "announced, and one evicted");
}

#[test]
fn a_closed_tab_leaves_nothing_behind() {
    let mut fixture = Fixture::new();
    fixture.download(1, "x", 1);
    fixture.begin(1, "y");
    fixture.download(2, "z", 1);
    let mut effects = words(fixture.tracker.tab_ended(&key(1)));
    effects.sort();
    assert_eq!(effects, ["cancel y", "remove x"]);
    assert_eq!(fixture.progress("y", ended(9, true)), ["remove y"]);
    assert!(!fixture.has(1, "d1") && fixture.has(2, "d3"));
}

#[test]
fn everything_ends_with_the_browser() {
    let mut fixture = Fixture::new();
    fixture.download(1, "x", 1);
    fixture.begin(1, "y");
    assert_eq!(words(fixture.tracker.browser_ended()), ["d2 Canceled 0"]);
    assert!(!fixture.has(1, "d1"));
    assert_eq!(
        fixture.begin(1, "w"),
        ["started d3 w.txt"],
        "no id is used twice"
    );
}

#[test]
fn an_unclaimed_download_keeps_its_progress_until_it_is_claimed() {
    let mut fixture = Fixture::new();
    let (claim, effects) = fixture.tracker.unclaimed.push(new_download("x"));
    assert!(claim.is_none() && effects.is_empty());
    assert!(fixture.progress("x", ended(7, true)).is_empty());
    assert!(fixture.tracker.unclaimed.contains("x"));
    let told = fixture.tracker.claim("x", owner(1), fixture.now);
    assert_eq!(words(told), ["started d1 x.txt", "d1 Completed 7"]);
    assert!(!fixture.tracker.unclaimed.contains("x"));
    // The tab's claim arrives first.
    assert!(!fixture.tracker.has_unclaimed("y", &key(1)));
    let (claim, _) = fixture.tracker.unclaimed.push(new_download("y"));
    assert_eq!(claim, Some(key(1)));
}

#[test]
fn an_unclaimed_download_is_given_up() {
    let mut fixture = Fixture::new();
    for number in 0..=MAX_UNCLAIMED {
        let guid = number.to_string();
        let (_, effects) = fixture.tracker.unclaimed.push(new_download(&guid));
        assert_eq!(effects.is_empty(), number < MAX_UNCLAIMED);
    }
    fixture.progress("1", ended(7, true));
    assert_eq!(
        words(fixture.tracker.unclaimed.give_up("1")),
        ["remove 1", "dropped"]
    );
    assert_eq!(
        words(fixture.tracker.unclaimed.give_up("2")),
        ["cancel 2", "dropped"]
    );
    let newcomer = MAX_UNCLAIMED.to_string();
    assert!(
        fixture.tracker.unclaimed.give_up(&newcomer).is_empty(),
        "it was rejected"
    );
    assert!(fixture.tracker.unclaimed.give_up("2").is_empty());
}
