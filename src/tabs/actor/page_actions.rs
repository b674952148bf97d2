//! Actions on the page, and steps through its history.

use std::sync::Arc;

use tokio::time::Instant;

use super::Actor;
use crate::tabs::active_command::Phase;
use crate::tabs::commands::travel::travel;
use crate::tabs::input_sent::InputSent;
use crate::tabs::message::Way;
use crate::tabs::page_actions::{PageActionError, PageOperation};
use crate::tabs::reply::AnswerKind;
use crate::tabs::unawaited::UNAWAITED_LIMIT;
use crate::timer::remaining;

impl Actor {
    pub(super) fn act(
        &self,
        operation: PageOperation,
        input_sent: InputSent,
        deadline: Instant,
    ) -> Option<Phase> {
        let driver = self.attached.as_ref()?.driver();
        let driver = driver.for_action(Arc::clone(&self.clipboard), input_sent);
        let acting = self.work.queries.begin(operation, &driver, deadline);
        Some(Phase::Acting(acting, driver))
    }

    pub(super) fn on_acted(&mut self, outcome: Result<AnswerKind, PageActionError>) {
        self.release_unattended_input();
        let awaited_answer = self.awaited_answer();
        if let Some(reply) = self.work.active.take().and_then(|it| it.command.reply) {
            let awaited_answer = awaited_answer.as_deref();
            reply.finish(self.tab.id, outcome, awaited_answer, self.session());
        }
    }

    pub(super) fn travel(&mut self, way: Way, deadline: Instant) -> Option<Phase> {
        let (scope, proxies) = (self.tab.scope.clone(), Arc::clone(&self.ctx.proxies));
        let attached = self.attached.as_mut()?;
        attached.enable_network();
        let session = attached.target.session.clone();
        let url = attached.page.url.clone();
        // As with a navigation, the actor's own deadline comes first.
        let limit = remaining(deadline) + UNAWAITED_LIMIT;
        let travelling = travel(session, way, url, proxies, scope, limit);
        Some(Phase::Navigating(Box::pin(travelling)))
    }
}
