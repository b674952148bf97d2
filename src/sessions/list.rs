//! Which sessions a list shows, page by page. The newest come first.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::options::BadOption;
use super::{SessionId, SessionStatus, SessionView};

/// The most sessions of one page.
pub const MAX_PAGE: usize = 100;

/// The sessions of one page, where the client does not say.
pub const PAGE: usize = 20;

/// Which statuses a list shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StatusFilter {
    /// What counts: everything of which something is left.
    #[default]
    Live,
    /// Ended ones too.
    All,
    /// This one.
    Only(SessionStatus),
}

impl FromStr for StatusFilter {
    type Err = BadOption;

    fn from_str(text: &str) -> Result<Self, BadOption> {
        if text == "all" {
            return Ok(Self::All);
        }
        let all = SessionStatus::ALL;
        let found = all.into_iter().find(|status| status.as_str() == text);
        found.map(Self::Only).ok_or_else(|| {
            let names = all.map(SessionStatus::as_str).join(", ");
            BadOption::new("status", format!("must be all, or one of: {names}"))
        })
    }
}

/// Where a page begins: opaque to clients. It stays valid whatever happens to the sessions before and after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(SessionId);

impl Cursor {
    fn after(view: &SessionView) -> Self {
        Self(view.id)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = self.0.to_string();
        f.write_str("c")?;
        id.chars()
            .filter(|char| *char != '-')
            .try_for_each(|it| write!(f, "{it}"))
    }
}

impl FromStr for Cursor {
    type Err = BadOption;

    fn from_str(text: &str) -> Result<Self, BadOption> {
        let bad = || BadOption::new("cursor", "must be the nextCursor of an earlier list");
        let digits = text.strip_prefix('c').ok_or_else(bad)?;
        if digits.len() != 32 || !digits.is_ascii() {
            return Err(bad());
        }
        let at = |from: usize, to: usize| &digits[from..to];
        let id = [at(0, 8), at(8, 12), at(12, 16), at(16, 20), at(20, 32)].join("-");
        id.parse().map(Self).map_err(|_| bad())
    }
}

/// Which sessions a list shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SessionFilter {
    pub status: StatusFilter,
    pub external_id: Option<String>,
    /// Each of these names has this value.
    pub metadata: BTreeMap<String, String>,
    /// From 1 to [`MAX_PAGE`]; otherwise [`PAGE`].
    pub limit: Option<usize>,
    pub cursor: Option<Cursor>,
}

/// What of a session a filter looks at.
pub(super) struct Listed<'a> {
    pub(super) id: SessionId,
    pub(super) status: SessionStatus,
    /// Whether nothing of it is left.
    pub(super) is_gone: bool,
    pub(super) external_id: Option<&'a str>,
    pub(super) metadata: &'a BTreeMap<String, String>,
}

impl SessionView {
    pub(super) fn listed(&self) -> Listed<'_> {
        Listed {
            id: self.id,
            status: self.status,
            is_gone: self.destroyed_at_ms.is_some(),
            external_id: self.external_id.as_deref(),
            metadata: &self.metadata,
        }
    }
}

impl SessionFilter {
    /// How many sessions a page has at most.
    pub(super) fn page(&self) -> usize {
        self.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE)
    }

    /// How many sessions have to be known to tell whether another page follows.
    pub fn most(&self) -> usize {
        self.page() + 1
    }

    /// Only sessions that were created before this one are shown.
    pub fn before(&self) -> Option<SessionId> {
        self.cursor.map(|cursor| cursor.0)
    }

    /// Whether sessions are shown of which nothing is left.
    pub fn shows_ended(&self) -> bool {
        match self.status {
            StatusFilter::Live => false,
            StatusFilter::All => true,
            StatusFilter::Only(status) => {
                matches!(status, SessionStatus::Destroyed | SessionStatus::Error)
            }
        }
    }

    /// Whether a session is shown.
    pub fn shows(&self, session: &SessionView) -> bool {
        self.admits(&session.listed())
    }

    pub(super) fn admits(&self, session: &Listed<'_>) -> bool {
        let of_status = match self.status {
            StatusFilter::Live => !session.is_gone,
            StatusFilter::All => true,
            StatusFilter::Only(status) => session.status == status,
        };
        let of_id = |id: &str| session.external_id == Some(id);
        of_status
            && self.cursor.is_none_or(|cursor| session.id < cursor.0)
            && self.external_id.as_deref().is_none_or(of_id)
            && self
                .metadata
                .iter()
                .all(|(name, value)| session.metadata.get(name) == Some(value))
    }
}

/// How many sessions a client has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SessionCounts {
    /// Those that its limit counts: of which something is left.
    pub live: usize,
    /// Requests that wait for a place.
    pub queued: usize,
    pub limit: usize,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionPage {
    /// The newest first.
    pub sessions: Vec<SessionView>,
    /// Where the next page begins; `None` after the last.
    pub next_cursor: Option<Cursor>,
    pub counts: SessionCounts,
}

impl SessionPage {
    /// A page of these sessions, of which there is one more than a page has if another page follows.
    pub(super) fn of(mut sessions: Vec<SessionView>, page: usize, counts: SessionCounts) -> Self {
        let has_more = sessions.len() > page;
        sessions.truncate(page);
        let next_cursor = sessions.last().filter(|_| has_more).map(Cursor::after);
        Self {
            sessions,
            next_cursor,
            counts,
        }
    }
}

impl SessionPage {
    /// The same page with further sessions that the filter shows, in their places.
    #[must_use]
    pub fn with(self, others: Vec<SessionView>, filter: &SessionFilter) -> Self {
        // Whether another page follows, it says by its cursor: the first session beyond it is not at hand.
        let follows = self.next_cursor.is_some();
        let (page, counts) = (filter.page(), self.counts);
        let last = self.sessions.last().map(|it| it.id);
        let mut sessions = self.sessions;
        let is_on_page = |it: &SessionView| !follows || last.is_none_or(|last| it.id > last);
        sessions.extend(others.into_iter().filter(is_on_page));
        sessions.sort_by_key(|it| std::cmp::Reverse(it.id));
        let mut merged = Self::of(sessions, page, counts);
        if follows && merged.next_cursor.is_none() {
            merged.next_cursor = merged.sessions.last().map(Cursor::after);
        }
        merged
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written_and_nothing_else_is_one() {
        let cursor = Cursor(SessionId::new(77, 0x1234_5678_9abc));
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for text in ["", "c", "cdefault", "x", "c0", &"cä".repeat(16)] {
            let error = text.parse::<Cursor>().unwrap_err();
            assert_eq!(error.field, "cursor", "{text}");
        }
    }

    fn session(number: u64) -> SessionView {
        use crate::sessions::{EndReason, KeptEnd, KeptSession, SessionOptions, SessionsConfig};
        let kept = KeptSession {
            id: SessionId::new(number, 0),
            client: "a".into(),
            options: SessionOptions::new(&SessionsConfig::default()),
            created_at_ms: number,
            last_active_ms: number,
            usage: crate::sessions::SessionUsage::default(),
            end: Some(KeptEnd {
                reason: EndReason::Idle,
                ended_at_ms: number + 1,
            }),
        };
        kept.view()
    }

    #[test]
    fn pages_with_sessions_of_two_sources_show_each_of_them_once_in_order() {
        let all: Vec<u64> = (1..=9).rev().collect();
        for known in 0_u32..1 << 9 {
            let is_known = |number: u64| known & 1 << (number - 1) != 0;
            let (mut shown, mut cursor) = (Vec::new(), None);
            loop {
                let filter = SessionFilter {
                    status: StatusFilter::All,
                    limit: Some(2),
                    cursor,
                    ..SessionFilter::default()
                };
                let of = |from_first: bool| {
                    let sessions = all.iter().filter(|it| is_known(**it) == from_first);
                    let sessions = sessions
                        .map(|it| session(*it))
                        .filter(|it| filter.shows(it));
                    sessions.take(filter.most()).collect::<Vec<_>>()
                };
                let counts = SessionCounts::default();
                let page = SessionPage::of(of(true), 2, counts).with(of(false), &filter);
                assert!(page.sessions.len() <= 2);
                shown.extend(page.sessions.iter().map(|it| it.created_at_ms));
                cursor = page.next_cursor;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(shown, all, "{known:b}");
        }
    }

    #[test]
    fn every_status_and_all_can_be_asked_for() {
        assert_eq!("all".parse(), Ok(StatusFilter::All));
        assert_eq!(
            "browserlost".parse::<StatusFilter>().unwrap_err().field,
            "status"
        );
        for status in SessionStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(StatusFilter::Only(status)));
        }
    }
}
