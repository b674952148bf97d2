//! The result of a navigation: commit, failure, or stop.

use tokio::time::Instant;

use super::Actor;
use super::commands::UNAWAITED_LIMIT;
use super::navigation::BLANK;
use crate::cdp::CallError;
use crate::policy::redact_url;
use crate::tabs::active_command::Phase;
use crate::tabs::command_queue::TabCommand;
use crate::tabs::commands::navigate::{NavigationStart, stop};
use crate::tabs::context_proxy::is_of_proxy;
use crate::tabs::error::TabError;
use crate::tabs::fact::{FactKind, Navigation};
use crate::tabs::reply::AnswerKind;

impl Actor {
    /// Chromium has answered the call that started the active navigation.
    pub(super) fn on_navigation_started(&mut self, outcome: Result<NavigationStart, CallError>) {
        let Some(active) = self.work.active_mut() else {
            return;
        };
        let Some(attached) = &mut self.attached else {
            return;
        };
        match outcome {
            Ok(NavigationStart::Document(loader))
                if attached.page.loader.as_ref() == Some(&loader) =>
            {
                // The commit event came before the answer, and has been published already.
                let url = attached.page.url.clone();
                match self.work.take_active().map(|active| active.command) {
                    Some(TabCommand::Navigate { reply, .. }) => {
                        let navigated = FactKind::Navigated(Navigation {
                            url,
                            status: None,
                            same_document: false,
                        });
                        let fact = self.tab.fact(navigated).caused_by(reply.call);
                        reply.answer(self.tab.id, AnswerKind::Fact(fact));
                    }
                    Some(command) => self.answer_logged_out_mode(command),
                    None => {}
                }
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
                let error =
                    TabError::of_ending(&error, kind, limit).unwrap_or(TabError::Refused(error));
                self.on_navigation_failed(|_| error);
            }
        }
    }

    /// The navigation that the active command waits for has committed.
    pub(super) fn on_navigated(&mut self, navigation: Navigation) {
        let navigated = FactKind::Navigated(navigation);
        match self.work.take_active().map(|active| active.command) {
            Some(TabCommand::Navigate { reply, .. } | TabCommand::Travel { reply, .. }) => {
                self.tab.publish_and_answer(reply, navigated);
            }
            Some(command @ TabCommand::SetLoggedOut { .. }) => {
                self.tab.publish(navigated);
                self.answer_logged_out_mode(command);
            }
            _ => self.tab.publish(navigated),
        }
    }

    /// The active navigation has failed.
    pub(super) fn on_navigation_failed(&mut self, error: impl FnOnce(String) -> TabError) {
        let Some(active) = self.work.take_active() else {
            return;
        };
        let url = match &active.command {
            TabCommand::Load { url } | TabCommand::Navigate { url, .. } => redact_url(url),
            _ => redact_url(&self.destination()),
        };
        let failure = self.failure(error(url));
        match active.command {
            TabCommand::Navigate { reply, .. } | TabCommand::Travel { reply, .. } => {
                reply.fail(failure);
            }
            // The mode was set, as requested; that the page could not be loaded again is published
            // separately.
            command @ TabCommand::SetLoggedOut { .. } => {
                self.tab.publish(FactKind::NavigationFailed(failure));
                self.answer_logged_out_mode(command);
            }
            _ => self.tab.publish(FactKind::NavigationFailed(failure)),
        }
    }

    pub(super) fn answer_logged_out_mode(&self, command: TabCommand) {
        let TabCommand::SetLoggedOut { reply, .. } = command else {
            return;
        };
        let url = self
            .attached
            .as_ref()
            .map_or_else(|| BLANK.to_owned(), |attached| attached.page.url.clone());
        let enabled = self.is_logged_out();
        self.tab
            .publish_and_answer(reply, FactKind::LoggedOutModeSet { enabled, url });
    }

    /// Stops a navigation that has timed out.
    pub(super) fn stop_loading(&self) {
        if let Some(attached) = &self.attached {
            stop(&attached.target.session, UNAWAITED_LIMIT);
        }
    }
}
