//! The load state of a tab's main document, from Chromium's events.

use std::time::Duration;

use cdp_bridge_protocol::request::LoadState;
use tokio::time::Instant;

use crate::cdp::RawEvent;
use crate::cdp::events::{EventKind, FrameNavigated, LifecycleEvent, NavigatedWithinDocument};
use crate::cdp::ids::LoaderId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LoadProgress {
    pub url: String,
    /// The loader of the document, once a navigation has been seen.
    pub loader: Option<LoaderId>,
    parsed: bool,
    loaded: bool,
    idle: bool,
    /// When the document committed, if that was seen.
    committed: Option<Instant>,
}

/// The network is idle after this long without requests. An earlier report is about the document before:
/// Chromium repeats it when its events are switched on, with the identifiers of this one.
const QUIET: Duration = Duration::from_millis(500);

impl LoadProgress {
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            loader: None,
            parsed: false,
            loaded: false,
            idle: false,
            committed: None,
        }
    }

    /// Returns true if the main frame has a new document.
    pub(super) fn on_event(&mut self, event: &RawEvent, main_frame: &str, now: Instant) -> bool {
        match event.kind {
            EventKind::FrameNavigated => {
                let Some(FrameNavigated { frame, r#type }) = event.decode() else {
                    return false;
                };
                if frame.parent_id.is_some() || frame.id.as_str() != main_frame {
                    return false;
                }
                let url = frame.url + frame.url_fragment.as_deref().unwrap_or_default();
                *self = Self::new(url);
                self.loader = Some(frame.loader_id);
                self.committed = Some(now);
                if r#type == "BackForwardCacheRestore" {
                    (self.parsed, self.loaded, self.idle) = (true, true, true);
                }
                true
            }
            EventKind::NavigatedWithinDocument => {
                if let Some(NavigatedWithinDocument { frame_id, url }) = event.decode()
                    && frame_id.as_str() == main_frame
                {
                    self.url = url;
                }
                false
            }
            EventKind::LifecycleEvent => {
                if let Some(event) = event.decode::<LifecycleEvent>() {
                    self.lifecycle(&event, main_frame, now);
                }
                false
            }
            _ => false,
        }
    }

    fn lifecycle(&mut self, event: &LifecycleEvent, main_frame: &str, now: Instant) {
        let of_this = self.loader.as_ref().is_none_or(|it| *it == event.loader_id);
        if event.frame_id.as_str() != main_frame || !of_this {
            return;
        }
        match event.name.as_str() {
            "DOMContentLoaded" => self.parsed = true,
            "load" => self.loaded = true,
            "networkIdle" => {
                let age = self
                    .committed
                    .map(|then| now.saturating_duration_since(then));
                self.idle = age.is_none_or(|age| age >= QUIET);
            }
            _ => {}
        }
    }

    pub(super) fn has_reached(&self, state: LoadState) -> bool {
        match state {
            LoadState::DomContentLoaded => self.parsed,
            LoadState::Load => self.loaded,
            // Chromium may report network idle before images are requested.
            LoadState::NetworkIdle => self.idle && self.loaded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use serde_json::{Value, json};

    fn event(kind: EventKind, params: &Value) -> RawEvent {
        RawEvent {
            kind,
            params: Bytes::from(params.to_string()),
        }
    }

    fn lifecycle(loader: &str, frame: &str, name: &str) -> RawEvent {
        let params = json!({"frameId": frame, "loaderId": loader, "name": name, "timestamp": 1.0});
        event(EventKind::LifecycleEvent, &params)
    }

    fn navigated(loader: &str, kind: &str) -> RawEvent {
        let frame =
            json!({"id": "MAIN", "loaderId": loader, "url": "http://a/", "urlFragment": "#b"});
        event(
            EventKind::FrameNavigated,
            &json!({"frame": frame, "type": kind}),
        )
    }

    #[test]
    fn a_new_document_resets_the_load_state_until_its_own_events_arrive() {
        let mut page = LoadProgress::new("about:blank".to_owned());
        let start = Instant::now();
        let late = start + QUIET;
        assert!(page.on_event(&navigated("L1", "Navigation"), "MAIN", start));
        assert_eq!(page.url, "http://a/#b");
        assert!(!page.has_reached(LoadState::Load));
        page.on_event(&lifecycle("L0", "MAIN", "load"), "MAIN", late);
        page.on_event(&lifecycle("L1", "INNER", "load"), "MAIN", late);
        assert!(
            !page.has_reached(LoadState::Load),
            "another document has loaded"
        );
        page.on_event(&lifecycle("L1", "MAIN", "DOMContentLoaded"), "MAIN", late);
        assert!(page.has_reached(LoadState::DomContentLoaded));
        page.on_event(&lifecycle("L1", "MAIN", "networkIdle"), "MAIN", late);
        assert!(
            !page.has_reached(LoadState::NetworkIdle),
            "it is still loading"
        );
        page.on_event(&lifecycle("L1", "MAIN", "load"), "MAIN", late);
        assert!(page.has_reached(LoadState::NetworkIdle) && page.has_reached(LoadState::Load));
        page.on_event(&navigated("L2", "Navigation"), "MAIN", start);
        assert!(!page.has_reached(LoadState::DomContentLoaded));
    }

    #[test]
    fn a_document_from_the_back_forward_cache_is_loaded() {
        let mut page = LoadProgress::new("about:blank".to_owned());
        let start = Instant::now();
        page.on_event(&navigated("L1", "BackForwardCacheRestore"), "MAIN", start);
        assert!(page.has_reached(LoadState::NetworkIdle));
    }

    #[test]
    fn a_network_that_was_idle_before_the_document_is_not_taken_for_its_own() {
        let mut page = LoadProgress::new("about:blank".to_owned());
        let start = Instant::now();
        page.on_event(&navigated("L1", "Navigation"), "MAIN", start);
        page.on_event(&lifecycle("L1", "MAIN", "load"), "MAIN", start);
        page.on_event(&lifecycle("L1", "MAIN", "networkIdle"), "MAIN", start);
        assert!(!page.has_reached(LoadState::NetworkIdle));
        let late = start + QUIET;
        page.on_event(&lifecycle("L1", "MAIN", "networkIdle"), "MAIN", late);
        assert!(page.has_reached(LoadState::NetworkIdle));
    }
}
