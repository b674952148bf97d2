//! Actions on the page, and steps through its history.

use std::sync::Arc;

use tokio::time::Instant;

use super::Actor;
use super::commands::UNAWAITED_LIMIT;
use crate::tabs::active_command::{ActiveCommand, Phase};
use crate::tabs::command_queue::TabCommand;
use crate::tabs::commands::travel::travel;
use crate::tabs::error::TabError;
use crate::tabs::message::Way;
use crate::tabs::page_actions::perform::perform;
use crate::tabs::page_actions::{Action, PageActionError};
use crate::tabs::reply::AnswerKind;
use crate::timer::remaining;

impl Actor {
    pub(super) fn act(&self, action: Action, deadline: Instant) -> Option<Phase> {
        let driver = self.attached.as_ref()?.driver().clone();
        let acting = perform(action, driver, deadline);
        Some(Phase::Acting(Box::pin(acting)))
    }

    pub(super) fn on_acted(&mut self, outcome: Result<AnswerKind, PageActionError>) {
        let Some(ActiveCommand {
            command: TabCommand::Act { reply, .. },
            ..
        }) = self.work.take_active()
        else {
            return;
        };
        match outcome {
            Ok(answer) => reply.answer(self.tab.id, answer),
            Err(error) => {
                let error = TabError::from_page_action(error, &reply);
                reply.fail(self.failure(error));
            }
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
