//! Handles the events of the page.

use cdp_bridge_protocol::event::RebuildReason;
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
use crate::tabs::page::PageEvent;

impl Actor {
    pub(super) fn on_event(&mut self, event: &RawEvent) -> Option<End> {
        let attached = self.attached.as_mut()?;
        let event = attached.page.on_event(event)?;
        if matches!(
            event,
            PageEvent::Loaded | PageEvent::NavigatedWithinDocument | PageEvent::Changed
        ) {
            attached.read_title();
        }
        if matches!(event, PageEvent::Committed { .. }) && attached.page.loading {
            attached.committed(Instant::now());
        } else if !attached.page.loading {
            // Loading has ended, whether by completion or failure.
            attached.enable_network();
        }
        self.update_view();
        match event {
            PageEvent::Committed { loader, status } => {
                self.navigation.settle();
                if let Some(denied) = self.denial_of_commit(status) {
                    self.on_denied_document(&loader, denied);
                    return None;
                }
                self.navigation.policy_violation = false;
                let navigation = self.navigation(status, false);
                self.on_commit(Some(&loader), navigation);
            }
            PageEvent::NavigatedWithinDocument => {
                self.navigation.settle();
                let navigation = self.navigation(None, true);
                self.on_commit(None, navigation);
            }
            PageEvent::Failed { loader, net } => {
                self.navigation.settle();
                match self.failure_reason(net) {
                    Ok(denied) => self.on_denied_document(&loader, denied),
                    Err(net) => self.failed(&loader, net),
                }
            }
            PageEvent::Aborted { loader, net } => {
                // If the proxy failed, the error page that follows has the URL.
                if self.work.awaits_commit(Some(&loader))
                    && !self.work.is_in_history()
                    && !is_of_proxy(&net)
                {
                    self.on_navigation_failed(|url| TabError::nav_failed(url, net));
                }
            }
            PageEvent::Loaded => {
                let at_ms = epoch_ms();
                self.tab.publish(FactKind::Loaded { at_ms });
            }
            PageEvent::StartedNavigating => self.attached.as_mut()?.enable_network(),
            PageEvent::Changed => {}
            PageEvent::Dialog { kind, message } => return self.on_dialog(kind, message),
            PageEvent::FileChooser { multiple } => self.on_chooser(multiple),
            PageEvent::Download { guid } => {
                self.ctx.supervisor.claim_download(guid, self.tab.id);
            }
            PageEvent::Copied { report } => self.clipboard.on_report(&report),
            PageEvent::Crashed(reason) => {
                if let Some(reason) = reason {
                    metrics::tab_crashed(reason);
                }
                return self.on_crash();
            }
        }
        None
    }

    /// Publishes a commit, and answers the active command if it waits for this one.
    fn on_commit(&mut self, loader: Option<&LoaderId>, navigation: Navigation) {
        if self.work.awaits_commit(loader) {
            self.answer_navigation(FactKind::Navigated(navigation), true);
        } else {
            self.tab.publish(FactKind::Navigated(navigation));
        }
    }

    fn failed(&mut self, loader: &LoaderId, net: String) {
        let failed = |url| TabError::nav_failed(url, net);
        if self.work.awaits_commit(Some(loader)) {
            return self.on_navigation_failed(failed);
        }
        let url = self.page_url().map(redact_url).unwrap_or_default();
        let failure = self.failure(failed(url));
        self.tab.publish(FactKind::NavigationFailed(failure));
    }

    pub(super) fn on_title(&mut self, title: Option<String>) {
        if let (Some(attached), Some(title)) = (&mut self.attached, title) {
            attached.page.title = title;
            self.update_view();
        }
    }

    pub(super) fn navigation(&self, status: Option<u16>, same_document: bool) -> Navigation {
        Navigation {
            url: self.page_url().unwrap_or_default().to_owned(),
            status,
            same_document,
        }
    }

    /// A file chooser is never filled, only published.
    fn on_chooser(&mut self, multiple: bool) {
        if !self.limits.choosers.allow(Instant::now()) {
            return metrics::dropped("fileChooser", "storm");
        }
        self.tab.publish(FactKind::FileChooserOpened { multiple });
    }

    /// The renderer died. The connection has failed its pending calls; the tab gets a new target,
    /// unless its renderer has died too often.
    fn on_crash(&mut self) -> Option<End> {
        let attached = self.attached.as_mut()?;
        if !attached.is_usable() {
            return None;
        }
        tracing::warn!(tab = %self.tab.id, url = redact_url(&attached.page.url), "a tab's renderer died");
        self.on_page_lost()
    }

    /// Publishes the crash and recovers.
    pub(super) fn on_page_lost(&mut self) -> Option<End> {
        let attached = self.attached.as_mut()?;
        attached.loss = Some(RebuildReason::Crashed);
        let url = attached.page.url.clone();
        self.tab.publish(FactKind::TabCrashed { url });
        self.update_view();
        if self.work.replaces_target() || self.closing.is_some() {
            // A new target is being opened, or the tab is closing. If that fails, it recovers then.
            return None;
        }
        self.fail_active(|_| TabError::Crashed)
    }
}
