//! The result of a navigation: commit, failure, or stop.

use tokio::time::Instant;

use super::Actor;
use super::navigation::BLANK;
use crate::cdp::CallError;
use crate::policy::redact_url;
use crate::tabs::active_command::{ActiveCommand, Phase};
use crate::tabs::command_queue::CommandKind;
use crate::tabs::commands::navigate::NavigationStart;
use crate::tabs::context_proxy::is_of_proxy;
use crate::tabs::error::TabError;
use crate::tabs::fact::{FactKind, Navigation};
use crate::tabs::message::Change;
use crate::tabs::reply::Reply;

impl Actor {
    /// Chromium has answered the call that started the active navigation.
    pub(super) fn on_navigation_started(&mut self, outcome: Result<NavigationStart, CallError>) {
        let (Some(active), Some(attached)) = (&mut self.work.active, &mut self.attached) else {
            return;
        };
        match outcome {
            Ok(NavigationStart::Document(loader))
                if attached.page.loader.as_ref() == Some(&loader) =>
            {
                // The commit event came before the answer, and has been published already.
                let navigation = self.navigation(None, false);
                self.on_navigation_committed(navigation, false);
            }
            Ok(NavigationStart::Document(loader)) => {
                active.phase = Phase::Committing(Some(loader));
            }
            Ok(NavigationStart::SameDocument) => active.phase = Phase::Committing(None),
            Ok(NavigationStart::AnyDocument) => active.phase = Phase::Travelling,
            Ok(NavigationStart::NoHistoryEntry) => self.on_navigation_failed(|_| TabError::NoEntry),
            Ok(NavigationStart::Denied(denied)) => {
                self.on_navigation_failed(|_| TabError::NavDenied(denied));
            }
            Ok(NavigationStart::Failed {
                loader: Some(loader),
                net,
                is_download: false,
            }) if is_of_proxy(&net) && attached.page.loader.as_ref() != Some(&loader) => {
                // After redirects the failed URL may be another one. The error page that follows has
                // the URL, and the proxy knows the cause.
                active.phase = Phase::Committing(Some(loader));
            }
            Ok(NavigationStart::Failed {
                loader,
                net,
                is_download,
            }) => {
                self.navigation.settle();
                attached.page.expect_error_page(loader);
                self.on_navigation_failed(|url| TabError::NavFailed {
                    url,
                    net,
                    is_download,
                });
            }
            Err(error) => {
                let kind = active.kind();
                let limit = active.deadline - Instant::now();
                self.on_navigation_failed(|_| TabError::of_call(error, kind, limit));
            }
        }
    }

    /// The active navigation is as far as it is wanted. Answers its request, if there is one, and publishes the
    /// navigation, unless that has been done.
    pub(super) fn answer_navigation(&mut self, navigation: Navigation, is_published: bool) {
        let Some(ActiveCommand { command, .. }) = self.work.active.take() else {
            return;
        };
        let navigated = FactKind::Navigated(navigation);
        if command.kind.is_set_logged_out() {
            self.tab.answer(Vec::new(), navigated, is_published);
            self.answer_logged_out_mode(command.reply);
        } else if matches!(command.kind, CommandKind::Load { .. }) {
            self.tab.answer(Vec::new(), navigated, is_published);
            self.answer_created(command.reply);
        } else {
            let replies = command.reply.into_iter().collect();
            self.tab.answer(replies, navigated, is_published);
        }
    }

    /// The active navigation has failed.
    pub(super) fn on_navigation_failed(&mut self, error: impl FnOnce(String) -> TabError) {
        let Some(ActiveCommand { command, .. }) = self.work.active.take() else {
            return;
        };
        let url = match &command.kind {
            CommandKind::Load { url, .. } | CommandKind::Change(Change::Navigate { url, .. }) => {
                redact_url(url)
            }
            _ => redact_url(&self.destination()),
        };
        let failure = self.failure(error(url));
        match command.reply {
            // The mode was set, as requested; that the page could not be loaded again is published
            // separately.
            reply if command.kind.is_set_logged_out() => {
                self.tab.publish(FactKind::NavigationFailed(failure));
                self.answer_logged_out_mode(reply);
            }
            Some(reply) => reply.fail(failure),
            None => self.tab.publish(FactKind::NavigationFailed(failure)),
        }
    }

    pub(super) fn answer_logged_out_mode(&self, reply: Option<Reply>) {
        let set = FactKind::LoggedOutModeSet {
            enabled: self.is_logged_out(),
            url: self.page_url().unwrap_or(BLANK).to_owned(),
        };
        self.tab.publish_and_answer(reply, set);
    }
}
