//! How a tab's page is acted on, and how a tab goes back, forward and anew.

use std::sync::Arc;

use tokio::time::Instant;

use super::Actor;
use super::steps::ASIDE_LIMIT;
use crate::tabs::changes::Goal;
use crate::tabs::commands::travel::travel;
use crate::tabs::error::TabError;
use crate::tabs::message::Way;
use crate::tabs::page_actions::perform::perform;
use crate::tabs::page_actions::{Action, PageActionError};
use crate::tabs::reply::AnswerKind;
use crate::tabs::running::{Phase, Running};
use crate::timer::remaining;

impl Actor {
    /// Does something to the page.
    pub(super) fn act(&self, action: Action, deadline: Instant) -> Option<Phase> {
        let driver = self.live.as_ref()?.driver().clone();
        let acting = perform(action, driver, deadline);
        Some(Phase::Acting(Box::pin(acting)))
    }

    /// It has been done, or not.
    pub(super) fn acted(&mut self, outcome: Result<AnswerKind, PageActionError>) {
        let Some(Running {
            goal: Goal::Act { reply, .. },
            ..
        }) = self.running.take()
        else {
            return;
        };
        match outcome {
            Ok(answer) => reply.answer(self.id, answer),
            Err(error) => {
                let error = TabError::from_page_action(error, &reply);
                reply.fail(self.failure(error));
            }
        }
    }

    /// Whether the tab is on its way back, forward or anew. Whose document it was that did not come is
    /// not known then: of a frame's it is told in the same way.
    pub(super) fn travels(&self) -> bool {
        let phase = self.running.as_ref().map(|running| &running.phase);
        matches!(phase, Some(Phase::Travelling))
    }

    /// Sends the main frame some way.
    pub(super) fn travel(&mut self, way: Way, deadline: Instant) -> Option<Phase> {
        let (scope, outlets) = (self.scope.clone(), Arc::clone(&self.around.outlets));
        let live = self.live.as_mut()?;
        live.listen();
        let session = live.target.session.clone();
        // As with a navigation, the actor's own deadline comes first.
        let limit = remaining(deadline) + ASIDE_LIMIT;
        let travelling = travel(session, way, outlets, scope, limit);
        Some(Phase::Navigating(Box::pin(travelling)))
    }
}
