//! Events since the last request, which `expect` may match (pure).

use std::collections::VecDeque;

use serde_json::Value;

use super::condition::Expectation;
use crate::console::text::shown;

/// Most events kept, so that a screencast or a page that never stops loading cannot exhaust the memory.
const MAX: usize = 4096;

/// The events since the last request.
///
/// Background requests form one batch with the request after them: the answer to the first may be received before the last
/// is sent, and must not be dropped then.
#[derive(Debug, Default)]
pub(super) struct RecentEvents {
    events: VecDeque<Value>,
    batch_goes_on: bool,
}

impl RecentEvents {
    /// Starts a new batch, unless the previous request was a background one.
    pub(super) fn request(&mut self, background: bool) {
        if !self.batch_goes_on {
            self.events.clear();
        }
        self.batch_goes_on = background;
    }

    /// Adds an event.
    pub(super) fn event(&mut self, event: Value) {
        if self.events.len() == MAX {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }

    /// The newest event that matches.
    pub(super) fn find(&self, expectation: &Expectation) -> Option<&Value> {
        let mut newest_first = self.events.iter().rev();
        newest_first.find(|event| expectation.matches(event))
    }

    /// For the error message: the events of that name if there are any, otherwise the names of all.
    pub(super) fn instead(&self, expectation: &Expectation) -> String {
        let name = |event: &Value| event["type"].as_str().unwrap_or("?").to_owned();
        let alike: Vec<_> = self
            .events
            .iter()
            .filter(|event| name(event) == expectation.event)
            .map(|event| shown(&event.to_string(), 300))
            .collect();
        if !alike.is_empty() {
            let last = alike.len().saturating_sub(5);
            return format!("received {}", alike[last..].join(" and "));
        }
        let mut names: Vec<_> = self.events.iter().map(name).collect();
        names.dedup();
        if names.is_empty() {
            return "nothing was received since the last request".to_owned();
        }
        format!("received only: {}", shown(&names.join(", "), 300))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::console::script::condition;
    use serde_json::json;

    fn pong(with: &str) -> Expectation {
        let words: Vec<_> = ["pong".to_owned()]
            .into_iter()
            .chain((!with.is_empty()).then(|| with.to_owned()))
            .collect();
        condition::parse(&words).unwrap()
    }

    #[test]
    fn a_request_starts_anew() {
        let mut seen = RecentEvents::default();
        seen.event(json!({"type": "pong"}));
        assert!(seen.find(&pong("")).is_some());
        seen.request(false);
        assert!(seen.find(&pong("")).is_none());
    }

    #[test]
    fn requests_in_the_background_and_the_one_after_them_are_one_batch() {
        let mut seen = RecentEvents::default();
        seen.event(json!({"type": "pong", "ts": 0}));
        seen.request(true);
        seen.event(json!({"type": "pong", "ts": 1}));
        seen.request(true);
        seen.request(false);
        assert!(seen.find(&pong("ts=0")).is_none());
        assert!(seen.find(&pong("ts=1")).is_some());
        seen.request(false);
        assert!(seen.find(&pong("ts=1")).is_none());
    }

    #[test]
    fn what_came_instead_is_told() {
        let mut seen = RecentEvents::default();
        let expected = pong("ts=2");
        assert!(seen.instead(&expected).contains("nothing was received"));
        seen.event(json!({"type": "tabs"}));
        seen.event(json!({"type": "tabs"}));
        assert_eq!(seen.instead(&expected), "received only: tabs");
        seen.event(json!({"type": "pong", "ts": 1}));
        assert_eq!(
            seen.instead(&expected),
            r#"received {"ts":1,"type":"pong"}"#
        );
    }

    #[test]
    fn no_more_is_remembered_than_the_bound() {
        let mut seen = RecentEvents::default();
        for ts in 0..=MAX {
            seen.event(json!({"type": "pong", "ts": ts}));
        }
        assert!(seen.find(&pong("ts=0")).is_none());
        assert!(seen.find(&pong("ts=1")).is_some());
    }
}
