//! What a tab's page streams to subscribers: screencasts and console messages.

use std::sync::Arc;

use cdp_bridge_protocol::TabId;
use tokio::time::Instant;

use crate::tabs::fact::FactSink;
use crate::tabs::identity::{CallId, Scope};
use crate::tabs::page_console::ConsoleSubscriptions;
use crate::tabs::reply::Reply;
use crate::tabs::screencast::Screencasts;
use crate::tabs::supervisor::SupervisorHandle;
use crate::tabs::target::Target;

pub(super) struct Streams {
    pub(super) screencasts: Screencasts,
    pub(super) console: ConsoleSubscriptions,
}

impl Streams {
    pub(super) fn new(
        tab: TabId,
        scope: Scope,
        supervisor: &SupervisorHandle,
        facts: Arc<dyn FactSink>,
    ) -> Self {
        Self {
            screencasts: Screencasts::new(tab, supervisor.clone()),
            console: ConsoleSubscriptions::new(tab, scope, supervisor.clone(), facts),
        }
    }

    /// The tab has another target, in which every stream continues.
    pub(super) fn move_to(&mut self, target: &Target) {
        self.screencasts.moved(target);
        self.console.moved(target);
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let deadlines = [
            self.screencasts.next_deadline(),
            self.console.next_deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    pub(super) fn expire(&mut self, now: Instant) {
        self.screencasts.expire(now);
        self.console.expire(now);
    }

    /// Ends the subscription that this call is to make, unless it is confirmed, and returns its reply.
    pub(super) fn take(&mut self, call: CallId) -> Option<Reply> {
        let reply = self.screencasts.give_up(call);
        reply.or_else(|| self.console.give_up(call))
    }

    /// Ends every stream. Pending replies are left to [`take_pending`](Self::take_pending).
    pub(super) fn end(&mut self) {
        self.screencasts.end();
        self.console.end();
    }

    /// Ends the subscriptions that are not confirmed yet, and returns their replies. Confirmed ones
    /// continue.
    pub(super) fn take_pending(&mut self) -> Vec<Reply> {
        let mut replies = self.screencasts.give_up_waiting();
        replies.extend(self.console.give_up_waiting());
        replies
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cdp_bridge_protocol::RequestKind;

    use super::super::test_support::{FakeOutlets, Outcomes, RecordedFacts, reply, settings};
    use super::*;
    use crate::tabs::error::TabError;
    use crate::tabs::identity::CallerId;
    use crate::tabs::registry::Registry;
    use crate::tabs::screencast::{CastSpec, FrameSlot, Watcher};

    const SECOND: Duration = Duration::from_secs(1);

    fn streams() -> Streams {
        let facts = Arc::new(RecordedFacts::default());
        let (_, changes) = tokio::sync::watch::channel(());
        let proxies = FakeOutlets {
            changes,
            obstacle: None,
        };
        let (proxies, registry) = (Arc::new(proxies), Registry::default());
        let supervisor =
            SupervisorHandle::start(settings(), facts.clone(), proxies, registry.clone());
        Streams::new(TabId::new(1), "a".into(), &supervisor, facts)
    }

    fn watch(streams: &mut Streams, limit: Duration) -> Outcomes {
        let (reply, outcomes) = reply(RequestKind::StartScreencast, limit);
        let spec = CastSpec {
            quality: 50,
            max_width: None,
            max_height: None,
        };
        let watcher = Watcher {
            caller: CallerId(1),
            max_fps: None,
            slot: FrameSlot::new(Arc::default()),
        };
        streams.screencasts.subscribe(spec, watcher, reply, None);
        outcomes
    }

    #[tokio::test(start_paused = true)]
    async fn a_screencast_that_gets_no_page_times_out() {
        let mut streams = streams();
        let outcomes = watch(&mut streams, SECOND);
        let deadline = streams.next_deadline().unwrap();
        streams.expire(deadline);
        assert!(matches!(outcomes.error(), TabError::TimedOut { .. }));
        assert!(streams.take_pending().is_empty());
        assert_eq!(streams.next_deadline(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_returns_pending_replies_once() {
        let mut streams = streams();
        let outcomes = watch(&mut streams, SECOND);
        streams.end();
        let replies = streams.take_pending();
        assert_eq!(replies.len(), 1);
        for reply in replies {
            reply.fail(TabError::Closed);
        }
        assert!(matches!(outcomes.error(), TabError::Closed));
        assert!(streams.take_pending().is_empty());
    }
}
