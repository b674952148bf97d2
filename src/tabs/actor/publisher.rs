//! Publishes a tab's facts to listeners and callers, and its view to the registry.

use std::sync::Arc;

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::event::{RebuildReason, TabState};
use tokio::sync::watch;
use tokio::time::Instant;

use super::navigation::BLANK;
use crate::tabs::attached_target::AttachedTarget;
use crate::tabs::fact::{Fact, FactKind, FactSink, Navigation};
use crate::tabs::identity::{Scope, TabKey};
use crate::tabs::page_setup::PageSetup;
use crate::tabs::reply::{AnswerKind, Reply};
use crate::tabs::view::TabView;

pub(super) struct TabPublisher {
    pub(super) id: TabId,
    pub(super) scope: Scope,
    facts: Arc<dyn FactSink>,
    view: watch::Sender<TabView>,
}

impl TabPublisher {
    pub(super) fn new(view: watch::Sender<TabView>, facts: Arc<dyn FactSink>) -> Self {
        let (id, scope) = {
            let view = view.borrow();
            (view.id, view.scope.clone())
        };
        Self {
            id,
            scope,
            facts,
            view,
        }
    }

    pub(super) fn key(&self) -> TabKey {
        self.scope.tab(self.id)
    }

    fn fact(&self, kind: FactKind) -> Fact {
        Fact::of_tab(&self.scope, self.id, kind)
    }

    /// Publishes a fact that no call caused.
    pub(super) fn publish(&self, kind: FactKind) {
        self.facts.publish(self.fact(kind));
    }

    /// Publishes a fact, and answers the call that caused it, if there is one.
    pub(super) fn publish_and_answer(&self, reply: Option<Reply>, kind: FactKind) {
        self.answer(reply.into_iter().collect(), kind, true);
    }

    /// Answers calls with a fact, which the first of them caused. Publishes it before that, unless it has been
    /// published already, or the tab was never announced.
    pub(super) fn answer(&self, replies: Vec<Reply>, kind: FactKind, is_published: bool) {
        let mut fact = self.fact(kind);
        if let Some(first) = replies.first() {
            fact = fact.caused_by(first.call);
        }
        if is_published {
            self.facts.publish(fact.clone());
        }
        for reply in replies {
            reply.answer(self.id, AnswerKind::Fact(fact.clone()));
        }
    }

    /// A new target is at `about:blank`, but Chromium does not report that as a commit.
    pub(super) fn publish_blank(&self) {
        self.publish(FactKind::Navigated(Navigation {
            url: BLANK.to_owned(),
            status: None,
            same_document: false,
        }));
    }

    /// Updates the view without waking its receivers.
    pub(super) fn used(&self, now: Instant) {
        self.view.send_if_modified(|view| {
            view.last_used = now;
            false
        });
    }

    pub(super) fn activated(&self, activation: u64) {
        self.view.send_modify(|view| view.activated = activation);
    }

    /// What its documents start with has changed.
    pub(super) fn starts_with(&self, setup: &PageSetup) {
        self.view.send_modify(|view| {
            view.emulation = Arc::clone(&setup.emulation);
            view.scripts = setup.scripts.clone();
        });
    }

    pub(super) fn url(&self) -> String {
        self.view.borrow().url.clone()
    }

    pub(super) fn is_logged_out(&self) -> bool {
        self.view.borrow().logged_out
    }

    pub(super) fn update_view(
        &self,
        attached: Option<&AttachedTarget>,
        going_to: Option<&str>,
        is_rebuilding: bool,
    ) {
        let Some(attached) = attached else { return };
        let state = state(attached.loss, is_rebuilding, attached.page.loading);
        self.view.send_if_modified(|view| {
            let before = view.clone();
            view.target = Some(attached.target.id.clone());
            view.url.clone_from(&attached.page.url);
            view.going_to = going_to.map(str::to_owned);
            view.title.clone_from(&attached.page.title);
            view.logged_out = attached.target.own_context.is_some();
            view.state = state;
            *view != before
        });
    }
}

fn state(loss: Option<RebuildReason>, is_rebuilding: bool, is_loading: bool) -> TabState {
    match loss {
        Some(RebuildReason::Crashed) if !is_rebuilding => TabState::Crashed,
        loss if is_rebuilding || loss.is_some() => TabState::Rebuilding,
        _ if is_loading => TabState::Loading,
        _ => TabState::Ready,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cdp_bridge_protocol::RequestKind;
    use cdp_bridge_protocol::event::CloseReason;

    use super::super::test_support::{RecordedFacts, reply, view};
    use super::*;

    fn publisher() -> (TabPublisher, Arc<RecordedFacts>) {
        let facts = Arc::new(RecordedFacts::default());
        let (view, _) = watch::channel(view());
        (TabPublisher::new(view, facts.clone()), facts)
    }

    #[test]
    fn a_call_is_answered_with_the_fact_that_is_published() {
        let (publisher, facts) = publisher();
        let (reply, outcomes) = reply(RequestKind::ActivateTab, Duration::ZERO);
        let call = reply.call;
        publisher.publish_and_answer(Some(reply), FactKind::TabActivated);
        let facts = facts.take();
        assert_eq!(facts.len(), 1);
        assert_eq!(facts[0].cause, Some(call));
        let answer = outcomes.answer();
        assert!(matches!(answer, AnswerKind::Fact(fact) if fact.cause == Some(call)));
    }

    #[test]
    fn a_tab_that_was_never_announced_ends_silently() {
        let reason = CloseReason::Requested;
        for announced in [false, true] {
            let (publisher, facts) = publisher();
            let (reply, outcomes) = reply(RequestKind::CloseTab, Duration::ZERO);
            publisher.answer(vec![reply], FactKind::TabClosed { reason }, announced);
            assert_eq!(facts.take().len(), usize::from(announced));
            assert!(matches!(outcomes.answer(), AnswerKind::Fact(_)));
        }
    }

    #[test]
    fn the_state_says_how_far_the_tab_is() {
        assert_eq!(state(None, false, false), TabState::Ready);
        assert_eq!(state(None, false, true), TabState::Loading);
        assert_eq!(
            state(Some(RebuildReason::Crashed), false, true),
            TabState::Crashed
        );
        for loss in [
            RebuildReason::Crashed,
            RebuildReason::Detached,
            RebuildReason::BrowserExited,
        ] {
            assert_eq!(state(Some(loss), true, false), TabState::Rebuilding);
        }
        assert_eq!(
            state(Some(RebuildReason::Detached), false, true),
            TabState::Rebuilding
        );
    }
}
