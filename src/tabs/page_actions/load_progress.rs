//! The load state of a tab's main document, from Chromium's events.

use std::time::Duration;

use cdp_bridge_protocol::request::{LoadState, WaitUntil};
use tokio::time::Instant;

use crate::cdp::RawEvent;
use crate::cdp::events::{
    EventKind, FrameNavigated, LifecycleEvent, NavigatedWithinDocument, OfFrame,
    RequestedNavigation, StartedNavigating,
};
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
    leaving: Leaving,
}

/// Whether the main frame is about to have another document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    No,
    /// The page has asked for a navigation then, which the browser may refuse unseen.
    Requested(Instant),
    Started,
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
            leaving: Leaving::No,
        }
    }

    /// Whether a navigation to another document has started and not ended. What is known of the document is
    /// about to be of the past.
    pub(super) fn is_leaving(&self) -> bool {
        self.leaving == Leaving::Started
    }

    /// Since when the page has asked for a navigation that has not started.
    pub(super) fn requested_since(&self) -> Option<Instant> {
        match self.leaving {
            Leaving::Requested(since) => Some(since),
            Leaving::No | Leaving::Started => None,
        }
    }

    /// How far the document is.
    pub(super) fn reached(&self) -> WaitUntil {
        if self.has_reached(LoadState::Load) {
            WaitUntil::Load
        } else if self.has_reached(LoadState::DomContentLoaded) {
            WaitUntil::DomContentLoaded
        } else {
            WaitUntil::Commit
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
            EventKind::FrameRequestedNavigation => {
                let requested = event.decode::<RequestedNavigation>();
                let is_here = |it: &RequestedNavigation| {
                    it.frame_id.as_str() == main_frame && it.disposition == "currentTab"
                };
                if requested.is_some_and(|it| is_here(&it)) && self.leaving != Leaving::Started {
                    self.leaving = Leaving::Requested(now);
                }
                false
            }
            EventKind::FrameStartedNavigating => {
                if let Some(started) = event.decode::<StartedNavigating>()
                    && started.frame_id.as_str() == main_frame
                    && !started.navigation_type.ends_with("ameDocument")
                {
                    self.leaving = Leaving::Started;
                }
                false
            }
            // A download takes the place of the document that was to come.
            EventKind::FrameStoppedLoading | EventKind::PageDownloadWillBegin => {
                let of_frame = event.decode::<OfFrame>();
                if of_frame.is_some_and(|it| it.frame_id.as_str() == main_frame) {
                    self.leaving = Leaving::No;
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

    fn of_frame(kind: EventKind, frame: &str, more: &[(&str, &str)]) -> RawEvent {
        let mut params = json!({"frameId": frame});
        for (name, value) in more {
            params[name] = json!(value);
        }
        event(kind, &params)
    }

    #[test]
    fn a_navigation_under_way_is_known_from_its_start_to_its_end() {
        use EventKind::{
            FrameRequestedNavigation as Requested, FrameStartedNavigating as Started,
            FrameStoppedLoading as Stopped, PageDownloadWillBegin as Download,
        };
        let now = Instant::now();
        let mut page = LoadProgress::new("about:blank".to_owned());
        let mut on = |event: &RawEvent| {
            page.on_event(event, "MAIN", now);
            (page.requested_since().is_some(), page.is_leaving())
        };
        let requested =
            |frame, disposition| of_frame(Requested, frame, &[("disposition", disposition)]);
        let started = |frame, kind| of_frame(Started, frame, &[("navigationType", kind)]);
        assert_eq!(on(&requested("MAIN", "newTab")), (false, false));
        assert_eq!(on(&requested("INNER", "currentTab")), (false, false));
        assert_eq!(on(&started("MAIN", "sameDocument")), (false, false));
        assert_eq!(on(&requested("MAIN", "currentTab")), (true, false));
        assert_eq!(on(&started("MAIN", "differentDocument")), (false, true));
        assert_eq!(on(&requested("MAIN", "currentTab")), (false, true));
        assert_eq!(on(&of_frame(Stopped, "INNER", &[])), (false, true));
        assert_eq!(on(&of_frame(Stopped, "MAIN", &[])), (false, false));
        assert_eq!(on(&started("MAIN", "reload")), (false, true));
        assert_eq!(on(&navigated("L1", "Navigation")), (false, false));
        on(&started("MAIN", "differentDocument"));
        assert_eq!(on(&of_frame(Download, "MAIN", &[])), (false, false));
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
