//! Navigations whose request waits beyond the commit, until the document has loaded as far as wanted; and the
//! request for a tab, which may wait for its first document.

use std::time::Duration;

use cdp_bridge_protocol::request::WaitUntil;
use futures::FutureExt as _;

use super::Actor;
use super::navigation::BLANK;
use crate::tabs::active_command::{ActiveCommand, Phase};
use crate::tabs::attached_target::AttachedTarget;
use crate::tabs::command_queue::{CommandKind, TabCommand};
use crate::tabs::commands::title_change::present_title;
use crate::tabs::error::TabError;
use crate::tabs::fact::{FactKind, Navigation};
use crate::tabs::page_actions::{PageActionError, PageDriver};
use crate::tabs::reply::Reply;
use crate::tabs::unawaited::UNAWAITED_LIMIT;

/// How long an answer waits for the title of a document that has loaded.
const TITLE_LIMIT: Duration = Duration::from_millis(300);

impl Actor {
    /// The active navigation has committed. Its request is answered now, or once the document is as far as it wants.
    /// `publishes`: the commit has not been published.
    pub(super) fn on_navigation_committed(&mut self, navigation: Navigation, publishes: bool) {
        let (Some(active), Some(attached)) = (&mut self.work.active, &self.attached) else {
            return;
        };
        let state = active.command.kind.until().load_state();
        let (Some(state), Some(reply)) = (state, &active.command.reply) else {
            return self.answer_navigation(navigation, publishes);
        };
        if publishes {
            self.tab.publish(FactKind::Navigated(navigation.clone()));
        }
        reply.input_sent.set();
        let driver = attached.driver().clone();
        // The actor's own deadline comes first, because it tells how far the document is.
        let deadline = active.deadline + UNAWAITED_LIMIT;
        let (session, frame) = (
            attached.target.session.clone(),
            attached.target.id.to_string(),
        );
        let loading = async move {
            driver.wait_load(state, deadline).await?;
            // After the answer the tab has the title of this document, also in the view of other clients.
            Ok(present_title(session, frame, TITLE_LIMIT).await)
        };
        active.phase = Phase::Loading {
            loading: loading.boxed(),
            navigation,
        };
    }

    /// The document of the active navigation, or the one that the page has gone on to, is as far as wanted.
    pub(super) fn on_loaded(&mut self, outcome: Result<Option<String>, PageActionError>) {
        if let (Ok(Some(title)), Some(attached)) = (&outcome, &mut self.attached) {
            attached.title_known(title.clone());
            self.on_title(Some(title.clone()));
        }
        let Some(active) = &mut self.work.active else {
            return;
        };
        match (&active.phase, outcome) {
            (Phase::Loading { navigation, .. }, Ok(_)) => {
                let navigation = navigation.clone();
                self.answer_navigation(navigation, false);
            }
            (_, Ok(_)) => {}
            (_, Err(error)) => {
                let awaited_answer = self.awaited_answer();
                if let Some(reply) = self.work.active.take().and_then(|it| it.command.reply) {
                    let awaited_answer = awaited_answer.as_deref();
                    reply.finish(self.tab.id, Err(error), awaited_answer, self.session());
                }
            }
        }
    }

    /// The time of the active navigation is over, while its document loads.
    pub(super) fn on_load_timeout(&mut self) {
        let Some(ActiveCommand { command, .. }) = self.work.active.take() else {
            return;
        };
        let driver = self.attached.as_ref().map(AttachedTarget::driver);
        let reached = driver.map_or(WaitUntil::Commit, PageDriver::reached);
        if let Some(reply) = command.reply {
            let error = TabError::NotLoaded {
                request: reply.kind,
                limit: reply.limit(),
                wanted: command.kind.until(),
                reached,
            };
            reply.fail(self.failure(error));
        }
    }

    /// The first target of the tab is open. The tab is announced; its request is answered now, or once the first
    /// document is as far as it wants.
    pub(super) fn on_created(
        &mut self,
        url: String,
        until: Option<WaitUntil>,
        reply: Option<Reply>,
    ) {
        let created = self.created(url.clone());
        match (until, reply) {
            (Some(until), Some(reply)) if url != BLANK => {
                self.tab.publish(created);
                // From here on a second request would open a second tab.
                reply.input_sent.set_opened(self.tab.id);
                self.work.queue.push_first(TabCommand {
                    kind: CommandKind::Load { url, until },
                    reply: Some(reply),
                });
            }
            (_, reply) => {
                self.tab.publish_and_answer(reply, created);
                self.load(url);
            }
        }
    }

    /// Answers the request for the tab, which has waited for the first document.
    pub(super) fn answer_created(&self, reply: Option<Reply>) {
        let created = self.created(self.page_url().unwrap_or(BLANK).to_owned());
        self.tab.answer(reply.into_iter().collect(), created, false);
    }

    fn created(&self, url: String) -> FactKind {
        FactKind::TabCreated {
            url,
            logged_out: self.is_logged_out(),
            opener: None,
        }
    }
}
