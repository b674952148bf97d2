//! Handles the events of the page.

use tokio::time::Instant;

use super::{Actor, End};
use crate::cdp::RawEvent;
use crate::cdp::ids::LoaderId;
use crate::clock::epoch_ms;
use crate::metrics;
use crate::policy::redact_url;
use crate::tabs::attached_target::LossReason;
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
                self.navigation.clear_policy_violation();
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
                    self.on_navigation_failed(|url| TabError::NavFailed {
                        url,
                        net,
                        is_download: false,
                    });
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
            PageEvent::AuthRequired { request_id } => {
                self.attached.as_ref()?.cancel_auth(request_id);
            }
            PageEvent::Paused { request_id } => {
                self.attached.as_ref()?.continue_request(request_id);
            }
            PageEvent::Crashed => return self.on_crash(),
            PageEvent::CrashedWith(reason) => {
                metrics::tab_crashed(reason);
                return self.on_crash();
            }
        }
        None
    }

    /// Publishes a commit, and answers the active command if it waits for this one.
    fn on_commit(&mut self, loader: Option<&LoaderId>, navigation: Navigation) {
        if self.work.awaits_commit(loader) {
            self.on_navigated(navigation);
        } else {
            self.tab.publish(FactKind::Navigated(navigation));
        }
    }

    fn failed(&mut self, loader: &LoaderId, net: String) {
        let failed = |url| TabError::NavFailed {
            url,
            net,
            is_download: false,
        };
        if self.work.awaits_commit(Some(loader)) {
            return self.on_navigation_failed(failed);
        }
        let url = self
            .attached
            .as_ref()
            .map(|attached| redact_url(&attached.page.url));
        let failure = self.failure(failed(url.unwrap_or_default()));
        self.tab.publish(FactKind::NavigationFailed(failure));
    }

    pub(super) fn on_title(&mut self, title: Option<String>) {
        if let (Some(attached), Some(title)) = (&mut self.attached, title) {
            attached.page.title = title;
            self.update_view();
        }
    }

    fn navigation(&self, status: Option<u16>, same_document: bool) -> Navigation {
        let url = self
            .attached
            .as_ref()
            .map(|attached| attached.page.url.clone())
            .unwrap_or_default();
        Navigation {
            url,
            status,
            same_document,
        }
    }

    /// A file chooser is never filled, only published.
    fn on_chooser(&mut self, multiple: bool) {
        if !self.limits.allow_file_chooser(Instant::now()) {
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
        attached.loss = Some(LossReason::Crashed);
        let url = attached.page.url.clone();
        self.tab.publish(FactKind::TabCrashed { url });
        if self.work.replaces_target() || self.closing.is_some() {
            // A new target is being opened, or the tab is closing. If that fails, it recovers then.
            self.update_view();
            return None;
        }
        if let Some(reply) = self
            .work
            .take_active()
            .and_then(|active| active.command.into_reply())
        {
            reply.fail(self.failure(TabError::Crashed));
        }
        self.update_view();
        self.recover()
    }
}
