//! What a tab does about the events of its page.

use tokio::time::Instant;

use super::{Actor, End};
use crate::cdp::RawEvent;
use crate::cdp::ids::LoaderId;
use crate::clock::epoch_ms;
use crate::metrics;
use crate::policy::redact_url;
use crate::tabs::context_proxy::is_of_proxy;
use crate::tabs::error::TabError;
use crate::tabs::fact::{FactKind, Navigation};
use crate::tabs::live::Loss;
use crate::tabs::page::PageEvent;
use crate::tabs::running::Running;

impl Actor {
    /// Takes an event in, and tells whoever wants to know.
    pub(super) fn on_event(&mut self, event: &RawEvent) -> Option<End> {
        let live = self.live.as_mut()?;
        let event = live.page.on_event(event)?;
        if matches!(
            event,
            PageEvent::Loaded | PageEvent::Moved | PageEvent::Changed
        ) {
            live.read_title();
        }
        if matches!(event, PageEvent::Committed { .. }) && live.page.loading {
            live.committed(Instant::now());
        } else if !live.page.loading {
            // However it was that it stopped.
            live.listen();
        }
        self.update_view();
        match event {
            PageEvent::Committed { loader, status } => {
                self.heading = None;
                if let Some(denied) = self.refusal_of_commit(status) {
                    self.turned_away(&loader, denied);
                    return None;
                }
                self.must_leave = false;
                let navigation = self.navigation(status, false);
                if self.awaits(Some(&loader)) {
                    self.arrived(navigation);
                } else {
                    self.publish(FactKind::Navigated(navigation));
                }
            }
            PageEvent::Moved => {
                self.heading = None;
                let navigation = self.navigation(None, true);
                if self.awaits(None) {
                    self.arrived(navigation);
                } else {
                    self.publish(FactKind::Navigated(navigation));
                }
            }
            PageEvent::Failed { loader, net } => {
                self.heading = None;
                match self.reason_of_failure(net) {
                    Ok(denied) => self.turned_away(&loader, denied),
                    Err(net) => self.failed(&loader, net),
                }
            }
            PageEvent::Aborted { loader, net } => {
                // If the proxy failed it, its error page says for which URL.
                if self.awaits(Some(&loader)) && !self.travels() && !is_of_proxy(&net) {
                    self.not_arrived(|url| TabError::NavFailed {
                        url,
                        net,
                        is_download: false,
                    });
                }
            }
            PageEvent::Loaded => {
                let at_ms = epoch_ms();
                self.publish(FactKind::Loaded { at_ms });
            }
            PageEvent::Departs => self.live.as_mut()?.listen(),
            PageEvent::Changed => {}
            PageEvent::Dialog { kind, message } => return self.on_dialog(kind, message),
            PageEvent::FileChooser { multiple } => self.on_chooser(multiple),
            PageEvent::Download { guid } => self.around.supervisor.claim_download(guid, self.id),
            PageEvent::AuthRequired { request_id } => self.live.as_ref()?.cancel_auth(request_id),
            PageEvent::Paused { request_id } => self.live.as_ref()?.continue_request(request_id),
            PageEvent::Crashed => return self.on_crash(),
            PageEvent::CrashedSo(reason) => {
                metrics::tab_crashed(reason);
                return self.on_crash();
            }
        }
        None
    }

    /// The main frame shows an error page.
    fn failed(&mut self, loader: &LoaderId, net: String) {
        let failed = |url| TabError::NavFailed {
            url,
            net,
            is_download: false,
        };
        if self.awaits(Some(loader)) {
            return self.not_arrived(failed);
        }
        let url = self.live.as_ref().map(|live| redact_url(&live.page.url));
        let failure = self.failure(failed(url.unwrap_or_default()));
        self.publish(FactKind::NavigationFailed(failure));
    }

    /// The title has been read.
    pub(super) fn on_title(&mut self, title: Option<String>) {
        if let (Some(live), Some(title)) = (&mut self.live, title) {
            live.page.title = title;
            self.update_view();
        }
    }

    fn navigation(&self, status: Option<u16>, same_document: bool) -> Navigation {
        let url = self
            .live
            .as_ref()
            .map(|live| live.page.url.clone())
            .unwrap_or_default();
        Navigation {
            url,
            status,
            same_document,
        }
    }

    /// The page asks for files, and gets none.
    fn on_chooser(&mut self, multiple: bool) {
        if !self.choosers.allow(Instant::now()) {
            return metrics::dropped("fileChooser", "storm");
        }
        self.publish(FactKind::FileChooserOpened { multiple });
    }

    /// The renderer died. The calls that were pending have been failed by the connection; here
    /// the tab gets a new target, unless it has died too often.
    fn on_crash(&mut self) -> Option<End> {
        let live = self.live.as_mut()?;
        if !live.is_usable() {
            return None;
        }
        tracing::warn!(tab = %self.id, url = redact_url(&live.page.url), "a tab's renderer died");
        self.lose_page()
    }

    /// The page is lost, and the tab gets another.
    pub(super) fn lose_page(&mut self) -> Option<End> {
        let live = self.live.as_mut()?;
        live.loss = Some(Loss::Crashed);
        let url = live.page.url.clone();
        self.publish(FactKind::TabCrashed { url });
        let replaced = self.running.as_ref().is_some_and(Running::replaces_target);
        if replaced || self.closing.is_some() {
            // A new target is on its way already, or none is wanted. If that fails, it is healed.
            self.update_view();
            return None;
        }
        if let Some(reply) = self
            .running
            .take()
            .and_then(|running| running.goal.into_reply())
        {
            reply.fail(self.failure(TabError::Crashed));
        }
        self.update_view();
        self.heal()
    }
}
