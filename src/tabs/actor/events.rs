//! Handles the events of the page.

use cdp_bridge_protocol::event::RebuildReason;
use tokio::time::Instant;

use super::navigation::LoadFailure;
use super::tab_updates::TabAddress;
use super::{Actor, End};
use crate::cdp::ids::LoaderId;
use crate::cdp::{RawEvent, TargetSession};
use crate::clock::epoch_ms;
use crate::metrics;
use crate::policy::redact_url;
use crate::tabs::attached_target::AttachedTarget;
use crate::tabs::context_proxy::is_of_proxy;
use crate::tabs::error::TabError;
use crate::tabs::fact::{FactKind, Navigation};
use crate::tabs::page::{FileInput, PageEvent};

impl Actor {
    pub(super) fn on_event(&mut self, event: &RawEvent) -> Option<End> {
        match self.update_page(event)? {
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
                let was_requested = self.work.awaits_commit(None);
                self.on_commit(None, navigation);
                if was_requested {
                    self.updates.settle();
                }
            }
            PageEvent::Failed { loader, net } => {
                self.navigation.settle();
                match self.failure_reason(net) {
                    Ok(denied) => self.on_denied_document(&loader, denied),
                    Err(failure) => self.failed(&loader, failure),
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
            PageEvent::Dialog(dialog) => return self.on_dialog(dialog),
            PageEvent::DialogClosed { accepted } => self.on_dialog_closed(accepted),
            PageEvent::AuthRequired(challenge) => {
                let session = self.attached.as_ref()?.target.session.clone();
                self.on_auth_required(&session, challenge);
            }
            PageEvent::FileChooser { multiple, input } => {
                let session = self.attached.as_ref()?.target.session.clone();
                self.on_chooser(&session, multiple, input);
            }
            PageEvent::Download { guid } => {
                self.ctx.supervisor.claim_download(guid, self.tab.key());
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

    /// Updates the state of the page, and what follows from it. `None` if the tab does not act on the event.
    fn update_page(&mut self, event: &RawEvent) -> Option<PageEvent> {
        let attached = self.attached.as_mut()?;
        let awaited_server = attached.page.awaits_server();
        let document = attached.page.loader.clone();
        let event = attached.page.on_event(event);
        if attached.page.loader != document {
            attached.document_replaced();
            self.updates.new_document();
        }
        if let Some(PageEvent::Committed { .. } | PageEvent::NavigatedWithinDocument) = event {
            attached.url_changed(Instant::now());
        }
        if awaited_server && !attached.page.awaits_server() {
            // It could not answer until now, and is not late before it has had its time.
            self.recovery.watchdog.answered(Instant::now());
        }
        if attached.page.loader != document {
            // What the document before has asked ends with it.
            self.dialogs_gone(false);
            self.auths_gone(false);
        }
        let event = event?;
        let is_commit = matches!(event, PageEvent::Committed { .. });
        let attached = self.attached.as_mut()?;
        // A document from the back/forward cache has loaded already.
        let has_title = match event {
            PageEvent::Loaded | PageEvent::NavigatedWithinDocument | PageEvent::Changed => true,
            _ => is_commit && !attached.page.loading,
        };
        if has_title {
            attached.read_title();
        }
        if is_commit && attached.page.loading {
            attached.committed(Instant::now());
        } else if !attached.page.loading {
            // Loading has ended, whether by completion or failure.
            attached.enable_network();
        }
        self.update_view();
        Some(event)
    }

    /// Publishes a commit, and advances the active command if it waits for this one.
    fn on_commit(&mut self, loader: Option<&LoaderId>, navigation: Navigation) {
        if self.work.awaits_commit(loader) {
            self.on_navigation_committed(navigation, true);
        } else {
            self.work.follow(&navigation);
            self.tab.publish(FactKind::Navigated(navigation));
        }
    }

    fn failed(&mut self, loader: &LoaderId, failure: LoadFailure) {
        let failed = |url| match failure {
            LoadFailure::Net(net) => TabError::nav_failed(url, net),
            LoadFailure::Proxy(failure) => TabError::ProxyFailed { url, failure },
        };
        if self.work.awaits_commit(Some(loader)) {
            return self.on_navigation_failed(failed);
        }
        let url = self.page_url().map(redact_url).unwrap_or_default();
        if self.work.is_loading() {
            // The page has gone on to what cannot be loaded.
            return self.on_navigation_failed(|_| failed(url));
        }
        let failure = self.failure(failed(url));
        self.tab.publish(FactKind::NavigationFailed(failure));
    }

    pub(super) fn on_title(&mut self, title: Option<String>) {
        if let (Some(attached), Some(title)) = (&mut self.attached, title) {
            attached.page.title = title;
            let has_loaded = !attached.page.loading;
            self.update_view();
            self.publish_update();
            if has_loaded {
                self.updates.loaded();
                self.watch_title();
            }
        }
    }

    pub(super) fn read_title(&mut self) {
        if let Some(attached) = &mut self.attached {
            attached.read_title();
        }
    }

    fn watch_title(&mut self) {
        if let Some(attached) = &mut self.attached {
            attached.watch_title();
        }
    }

    /// Publishes a change of URL or title, unless the one before it was too recent.
    pub(super) fn publish_update(&mut self) {
        if let Some(TabAddress { url, title }) = self.updates.take_due(Instant::now()) {
            self.tab.publish(FactKind::TabUpdated { url, title });
        }
    }

    pub(super) fn navigation(&self, status: Option<u16>, same_document: bool) -> Navigation {
        Navigation {
            url: self.page_url().unwrap_or_default().to_owned(),
            status,
            same_document,
        }
    }

    /// An event of a frame in another process.
    pub(super) fn on_frame_event(&mut self, session: &TargetSession, event: &RawEvent) {
        let event = self
            .attached
            .as_mut()
            .and_then(|attached| attached.page.on_event(event));
        match event {
            Some(PageEvent::FileChooser { multiple, input }) => {
                self.on_chooser(session, multiple, input);
            }
            Some(PageEvent::Download { guid }) => {
                self.ctx.supervisor.claim_download(guid, self.tab.key());
            }
            Some(PageEvent::Copied { report }) => self.clipboard.on_report(&report),
            Some(PageEvent::AuthRequired(challenge)) => self.on_auth_required(session, challenge),
            _ => {}
        }
    }

    /// A file chooser is only published. `upload` can name it to set the files of its input.
    fn on_chooser(&mut self, session: &TargetSession, multiple: bool, input: Option<FileInput>) {
        if !self.limits.choosers.allow(Instant::now()) {
            return metrics::dropped("fileChooser", "storm");
        }
        let driver = self.attached.as_ref().map(AttachedTarget::driver);
        let chooser = driver.and_then(|driver| Some(driver.chooser_opened(session, input?)));
        self.tab
            .publish(FactKind::FileChooserOpened { multiple, chooser });
    }

    /// The renderer died. The connection has failed its pending calls; the tab gets a new target,
    /// unless its renderer has died too often.
    fn on_crash(&mut self) -> Option<End> {
        let attached = self.attached.as_mut()?;
        if !attached.is_usable() {
            return None;
        }
        tracing::warn!(client = %self.tab.scope.client, tab = %self.tab.id, url = redact_url(&attached.page.url), "a tab's renderer died");
        self.on_page_lost()
    }

    /// Publishes the crash and recovers.
    pub(super) fn on_page_lost(&mut self) -> Option<End> {
        let attached = self.attached.as_mut()?;
        attached.loss = Some(RebuildReason::Crashed);
        let url = attached.page.url.clone();
        self.prompts_gone();
        self.tab.publish(FactKind::TabCrashed { url });
        self.update_view();
        if self.work.replaces_target() || self.closing.is_some() {
            // A new target is being opened, or the tab is closing. If that fails, it recovers then.
            return None;
        }
        self.fail_active(|_| TabError::Crashed)
    }
}
