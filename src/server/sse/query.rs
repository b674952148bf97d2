//! What a request for an event stream asks for. No I/O.

use std::collections::HashSet;

use cdp_bridge_protocol::{Event, TabId};

use super::event_log::LoggedEvent;

/// The fields of a request for a stream.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct StreamQuery {
    /// The events that are wanted; all if absent.
    types: Option<HashSet<&'static str>>,
    /// The only page whose events may be seen, where the token is limited to one.
    pub(crate) only_page: Option<TabId>,
    /// The number of the last event that the client has.
    pub(crate) last_event_id: Option<u64>,
}

/// A field that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub(crate) struct BadStreamQuery {
    /// The field.
    pub(crate) field: &'static str,
    /// What is expected.
    problem: String,
}

impl StreamQuery {
    /// `types` is a list of events, separated by commas. The header `Last-Event-ID` goes before the query's
    /// `lastEventId`: a client that connects again sends the newer number there.
    pub(crate) fn read(
        types: Option<&str>,
        header: Option<&str>,
        query: Option<&str>,
    ) -> Result<Self, BadStreamQuery> {
        // An empty id is what a client has before the first event.
        let header = header.filter(|id| !id.is_empty());
        let (field, id) = match header {
            Some(id) => ("Last-Event-ID", Some(id)),
            None => ("lastEventId", query.filter(|id| !id.is_empty())),
        };
        let number = |id: &str| {
            let is_number = id.bytes().all(|byte| byte.is_ascii_digit());
            let number = is_number.then(|| id.parse().ok()).flatten();
            number.ok_or_else(|| BadStreamQuery {
                field,
                problem: "expected the id of an event of this stream, which is a number".to_owned(),
            })
        };
        Ok(Self {
            types: types.map(names).transpose()?,
            only_page: None,
            last_event_id: id.map(number).transpose()?,
        })
    }

    /// Whether an event is to be sent.
    pub(crate) fn wants(&self, event: &LoggedEvent) -> bool {
        let is_seen = match (self.only_page, event.tab) {
            (Some(only), Some(tab)) => only == tab,
            _ => true,
        };
        let types = self.types.as_ref();
        is_seen && types.is_none_or(|types| types.contains(event.name))
    }
}

fn names(list: &str) -> Result<HashSet<&'static str>, BadStreamQuery> {
    let known = |name: &str| {
        let found = Event::NAMES.iter().find(|known| **known == name);
        found.copied().ok_or_else(|| BadStreamQuery {
            field: "types",
            problem: format!(
                "there is no event {:?}; expected names such as navigated,tabClosed",
                name.chars().take(64).collect::<String>()
            ),
        })
    };
    list.split(',').map(|name| known(name.trim())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &'static str, tab: Option<u64>) -> LoggedEvent {
        LoggedEvent {
            name,
            tab: tab.map(TabId::new),
            data: bytes::Bytes::new(),
        }
    }

    #[test]
    fn without_fields_every_event_is_wanted_from_now_on() {
        let query = StreamQuery::read(None, None, None).unwrap();
        assert_eq!(query, StreamQuery::default());
        assert!(query.wants(&event("navigated", Some(1))));
    }

    #[test]
    fn the_header_goes_before_the_query() {
        let id = |header, query| StreamQuery::read(None, header, query).map(|it| it.last_event_id);
        assert_eq!(id(Some("7"), Some("3")), Ok(Some(7)));
        assert_eq!(id(Some(""), Some("3")), Ok(Some(3)));
        assert_eq!(id(None, Some("0")), Ok(Some(0)));
        for bad in ["x", "-1", "+1", "1.5", "99999999999999999999"] {
            assert_eq!(id(Some(bad), None).unwrap_err().field, "Last-Event-ID");
            assert_eq!(id(None, Some(bad)).unwrap_err().field, "lastEventId");
        }
    }

    #[test]
    fn a_token_of_one_page_shows_what_concerns_that_page() {
        let query = StreamQuery {
            only_page: Some(TabId::new(1)),
            ..StreamQuery::default()
        };
        assert!(query.wants(&event("navigated", Some(1))));
        assert!(query.wants(&event("sessionStateChanged", None)));
        assert!(!query.wants(&event("navigated", Some(2))));
    }

    #[test]
    fn types_are_events_of_the_protocol() {
        let read = |types| StreamQuery::read(Some(types), None, None);
        let query = read("navigated, tabClosed").unwrap();
        assert!(query.wants(&event("tabClosed", None)));
        assert!(!query.wants(&event("tabCreated", None)));
        for bad in ["", "navigated,", "nothing"] {
            assert_eq!(read(bad).unwrap_err().field, "types");
        }
    }
}
