//! How a tab's navigation ends: it arrives, it fails, or it is stopped.

use tokio::time::Instant;

use super::Actor;
use super::steps::{ASIDE_LIMIT, BLANK};
use crate::cdp::CallError;
use crate::cdp::ids::LoaderId;
use crate::policy::redact_url;
use crate::tabs::changes::Goal;
use crate::tabs::commands::navigate::{NavigationStart, stop};
use crate::tabs::context_proxy::is_of_proxy;
use crate::tabs::error::TabError;
use crate::tabs::fact::{Fact, FactKind, Navigation};
use crate::tabs::reply::AnswerKind;
use crate::tabs::running::Phase;

impl Actor {
    /// Chromium has answered the navigation that is at work.
    pub(super) fn started(&mut self, outcome: Result<NavigationStart, CallError>) {
        let Some(running) = &mut self.running else {
            return;
        };
        let Some(live) = &mut self.live else { return };
        match outcome {
            Ok(NavigationStart::Document(loader)) if live.page.loader.as_ref() == Some(&loader) => {
                // The commit came before the answer, and has been told to everybody already.
                let url = live.page.url.clone();
                match self.running.take().map(|running| running.goal) {
                    Some(Goal::Navigate { reply, .. }) => {
                        let navigated = FactKind::Navigated(Navigation {
                            url,
                            status: None,
                            same_document: false,
                        });
                        let fact = Fact::of_tab(&self.scope, self.id, navigated);
                        let fact = fact.caused_by(reply.call);
                        reply.answer(self.id, AnswerKind::Fact(fact));
                    }
                    Some(goal) => self.answer_switch(goal),
                    None => {}
                }
            }
            Ok(NavigationStart::Document(loader)) => {
                running.phase = Phase::Committing(Some(loader));
            }
            Ok(NavigationStart::SameDocument) => running.phase = Phase::Committing(None),
            Ok(NavigationStart::AnyDocument) => running.phase = Phase::Travelling,
            Ok(NavigationStart::NoHistoryEntry) => self.not_arrived(|_| TabError::NoEntry),
            Ok(NavigationStart::Denied(denied)) => {
                self.not_arrived(|_| TabError::NavDenied(denied));
            }
            Ok(NavigationStart::Failed {
                loader: Some(loader),
                net,
                is_download: false,
            }) if is_of_proxy(&net) && live.page.loader.as_ref() != Some(&loader) => {
                // Redirects may have led elsewhere than where the proxy was asked to go: the error
                // page, which follows, says for which URL it is, and the proxy knows why.
                running.phase = Phase::Committing(Some(loader));
            }
            Ok(NavigationStart::Failed {
                loader,
                net,
                is_download,
            }) => {
                self.heading = None;
                live.page.expect_error_page(loader);
                self.not_arrived(|url| TabError::NavFailed {
                    url,
                    net,
                    is_download,
                });
            }
            Err(error) => {
                let kind = running.kind();
                let limit = running.deadline - Instant::now();
                let error =
                    TabError::of_ending(&error, kind, limit).unwrap_or(TabError::Refused(error));
                self.not_arrived(|_| error);
            }
        }
    }

    /// Whether the change at work waits for this commit; for a move within the document, if none.
    pub(super) fn awaits(&self, loader: Option<&LoaderId>) -> bool {
        let phase = self.running.as_ref().map(|running| &running.phase);
        match phase {
            Some(Phase::Committing(awaited)) => awaited.as_ref() == loader,
            Some(Phase::Travelling) => true,
            _ => false,
        }
    }

    /// The main frame is somewhere: the answer of the navigation that is at work, or an event.
    pub(super) fn arrived(&mut self, navigation: Navigation) {
        let navigated = FactKind::Navigated(navigation);
        match self.running.take().map(|running| running.goal) {
            Some(Goal::Navigate { reply, .. } | Goal::Travel { reply, .. }) => {
                self.publish_and_answer(reply, navigated);
            }
            Some(goal @ Goal::Switch { .. }) => {
                self.publish(navigated);
                self.answer_switch(goal);
            }
            _ => self.publish(navigated),
        }
    }

    /// The navigation that is at work failed.
    pub(super) fn not_arrived(&mut self, error: impl FnOnce(String) -> TabError) {
        let Some(running) = self.running.take() else {
            return;
        };
        let url = match &running.goal {
            Goal::Follow { url } | Goal::Navigate { url, .. } => redact_url(url),
            _ => redact_url(&self.destination()),
        };
        let failure = self.failure(error(url));
        match running.goal {
            Goal::Navigate { reply, .. } | Goal::Travel { reply, .. } => reply.fail(failure),
            // The mode is what was asked for, and it is set; that the page could not be loaded
            // again is a fact of its own.
            goal @ Goal::Switch { .. } => {
                self.publish(FactKind::NavigationFailed(failure));
                self.answer_switch(goal);
            }
            _ => self.publish(FactKind::NavigationFailed(failure)),
        }
    }

    pub(super) fn answer_switch(&self, goal: Goal) {
        let Goal::Switch { reply, .. } = goal else {
            return;
        };
        let url = self
            .live
            .as_ref()
            .map_or_else(|| BLANK.to_owned(), |live| live.page.url.clone());
        let enabled = self.is_logged_out();
        self.publish_and_answer(reply, FactKind::LoggedOutModeSet { enabled, url });
    }

    /// Ends a navigation that hangs.
    pub(super) fn stop_loading(&self) {
        if let Some(live) = &self.live {
            stop(&live.target.session, ASIDE_LIMIT);
        }
    }
}
