//! The requests that a tab carries out: commands one at a time, captures and queries beside them.

use std::borrow::Cow;

use cdp_bridge_protocol::RequestKind;
use futures::FutureExt as _;
use tokio::task::unconstrained;
use tokio::time::Instant;

use crate::cdp::ids::LoaderId;
use crate::tabs::active_command::{ActiveCommand, Phase, Step};
use crate::tabs::capture_permits::ClientCapturePermits;
use crate::tabs::captures::{CaptureContext, Captures};
use crate::tabs::command_queue::{CommandKind, QueuePosition, TabCommand, TabCommandQueue};
use crate::tabs::error::{Failure, TabError};
use crate::tabs::fact::Navigation;
use crate::tabs::identity::CallId;
use crate::tabs::message::Capture;
use crate::tabs::page_actions::PageOperation;
use crate::tabs::page_actions::query_queue::QueryQueue;
use crate::tabs::reply::Reply;
use crate::tabs::settings::TabSettings;

pub(super) struct Work {
    pub(super) queue: TabCommandQueue,
    pub(super) active: Option<ActiveCommand>,
    pub(super) captures: Captures,
    pub(super) queries: QueryQueue,
    max_waiting: usize,
}

impl Work {
    pub(super) fn new(
        settings: &TabSettings,
        permits: ClientCapturePermits,
        first: Option<TabCommand>,
    ) -> Self {
        let max_waiting = settings.max_waiting_changes;
        let mut queue = TabCommandQueue::new(max_waiting);
        if let Some(first) = first {
            queue.push_first(first);
        }
        Self {
            queue,
            active: None,
            captures: Captures::new(settings, permits),
            queries: QueryQueue::default(),
            max_waiting,
        }
    }

    /// Queues a command. A command that does not fit is refused.
    pub(super) fn push(&mut self, kind: CommandKind, reply: Reply) {
        let reply = Some(reply);
        let command = TabCommand { kind, reply };
        if let Err(refused) = self.queue.push(command)
            && let Some(reply) = refused.reply
        {
            let limit = self.max_waiting;
            reply.fail(TabError::QueueFull { limit });
        }
    }

    /// Queues a command without a request, ahead of every request.
    pub(super) fn push_first(&mut self, kind: CommandKind) {
        self.queue.push_first(kind.into());
    }

    pub(super) fn push_capture(&mut self, capture: Capture, reply: Reply, now: Instant) {
        self.captures.push(capture, self.queue.now(), reply, now);
    }

    pub(super) fn push_query(&mut self, look: PageOperation, reply: Reply) {
        self.queries.push(look, self.queue.now(), reply);
    }

    /// Takes the next command out of the queue, unless one is active.
    pub(super) fn pop(&mut self) -> Option<(QueuePosition, TabCommand)> {
        if self.active.is_some() {
            return None;
        }
        self.queue.pop()
    }

    pub(super) fn replaces_target(&self) -> bool {
        self.active
            .as_ref()
            .is_some_and(ActiveCommand::replaces_target)
    }

    pub(super) fn is_rebuilding(&self) -> bool {
        let mut active = self.active.iter();
        active.any(|it| {
            it.replaces_target() && matches!(it.command.kind, CommandKind::Rebuild { .. })
        })
    }

    /// Whether the active command waits for this commit, or, if `None`, for a navigation within
    /// the document.
    pub(super) fn awaits_commit(&self, loader: Option<&LoaderId>) -> bool {
        match self.active.as_ref().map(|it| &it.phase) {
            Some(Phase::Committing(awaited)) => awaited.as_ref() == loader,
            Some(Phase::Travelling) => true,
            _ => false,
        }
    }

    /// Whether the active navigation has committed, and its document loads.
    pub(super) fn is_loading(&self) -> bool {
        let phase = self.active.as_ref().map(|it| &it.phase);
        matches!(phase, Some(Phase::Loading { .. }))
    }

    /// The page has gone on to another document, or within the one that loads: the answer is about where it ends.
    pub(super) fn follow(&mut self, next: &Navigation) {
        if let Some(ActiveCommand {
            phase: Phase::Loading { navigation, .. },
            ..
        }) = &mut self.active
        {
            if next.same_document {
                navigation.url.clone_from(&next.url);
            } else {
                navigation.clone_from(next);
            }
        }
    }

    /// Whether the active command is a step through the history or a reload. A failure event does
    /// not say then which frame it concerns; failures of subframes look the same.
    pub(super) fn is_in_history(&self) -> bool {
        let phase = self.active.as_ref().map(|it| &it.phase);
        matches!(phase, Some(Phase::Travelling))
    }

    /// Since when the active command or the oldest capture has waited for the page.
    pub(super) fn awaiting_page_since(&self) -> Option<Instant> {
        let command = self
            .active
            .as_ref()
            .and_then(ActiveCommand::awaiting_page_since);
        let since = [command, self.captures.awaiting_page_since()];
        since.into_iter().flatten().min()
    }

    /// Starts the captures and queries whose preceding commands are done. A capture of a target
    /// that is being replaced would be lost.
    pub(super) fn start_due(&mut self, context: &CaptureContext<'_>, now: Instant) {
        if self.replaces_target() {
            return;
        }
        let active = self.active.as_ref();
        let passable_at = active.and_then(ActiveCommand::passable_at);
        let is_passable = passable_at.is_some_and(|at| at <= now);
        let (queue, active) = (&self.queue, active.map(|it| it.position));
        let in_order = |after| queue.permits(after, active);
        // What only looks need not wait for actions that have had no effect.
        let permitted =
            |after| in_order(after) || is_passable && queue.is_behind_actions_only(after);
        self.captures.start_due(context, permitted, now);
        self.queries
            .start_due(context.driver, |after, kind| match kind {
                // It is about what comes of the action.
                RequestKind::WaitFor => in_order(after),
                _ => permitted(after),
            });
    }

    /// Takes out a request for a capture or a query, which waits or runs.
    pub(super) fn take_look(&mut self, call: CallId) -> Option<Reply> {
        let reply = self.captures.take(call);
        reply.or_else(|| self.queries.stop(call))
    }

    /// Chromium's answer to the active navigation, if it has arrived. The answer precedes the
    /// events that follow from it, but both may be ready at the same time; without the answer the
    /// tab would not know which commit it waits for.
    pub(super) fn navigation_answer(&mut self) -> Option<Step> {
        let active = self.active.as_mut()?;
        if !matches!(active.phase, Phase::Navigating(_)) {
            return None;
        }
        unconstrained(active.step()).now_or_never()
    }

    /// When something is due or times out.
    pub(super) fn next_wake(&self, now: Instant) -> Option<Instant> {
        let due = [
            self.active.as_ref().map(|it| it.deadline),
            self.active
                .as_ref()
                .and_then(ActiveCommand::passable_at)
                .filter(|at| *at > now),
            self.captures.next_wake(now),
            self.queries.next_deadline(),
            self.queue.next_deadline(),
        ];
        due.into_iter().flatten().min()
    }

    /// Fails the requests that have timed out, except the active command. `awaited_answer`: what they all wait for, if
    /// that is an answer of a client. True if a capture or query was running in the page.
    pub(super) fn expire(
        &mut self,
        now: Instant,
        session: Option<&str>,
        awaited_answer: Option<&str>,
    ) -> bool {
        let blocker =
            awaited_answer.map_or_else(|| self.blocker(), |answer| Cow::Owned(answer.to_owned()));
        for reply in self.queue.expire(now) {
            let error = reply.timed_out(blocker.clone());
            let session = session.map(str::to_owned);
            reply.fail(Failure { error, session });
        }
        // Not `||`: both must run.
        let captures = self.captures.expire(now, &blocker, awaited_answer);
        let queries = self.queries.expire(now, &blocker, awaited_answer);
        captures | queries
    }

    /// What the requests that have not been started wait for.
    fn blocker(&self) -> Cow<'static, str> {
        let active = self.active.as_ref();
        match active.map(|active| (active.kind(), active.command.reply.is_some())) {
            // One that a client has asked for can be ended by a client.
            Some((kind, true)) => Cow::Owned(format!(
                "it waited behind the tab's `{}`, which `cancel` would end",
                kind.as_str()
            )),
            Some((kind, false)) => Cow::Owned(format!(
                "it waited behind the tab's own `{}`",
                kind.as_str()
            )),
            None => Cow::Borrowed("it waited for its turn"),
        }
    }

    pub(super) fn is_active_overdue(&self, now: Instant) -> bool {
        self.active.as_ref().is_some_and(|it| it.deadline <= now)
    }

    /// Gives up what runs in a page that is lost, and returns the replies. A navigation away from
    /// that page is queued again.
    pub(super) fn abandon_page(&mut self) -> Vec<Reply> {
        if let Some(active) = self.active.take_if(|it| it.can_restart()) {
            self.queue.put_back(active.position, active.command);
        }
        let mut replies = self.captures.abandon();
        replies.extend(self.queries.abandon());
        replies
    }

    /// Gives up everything that is active or waits, and returns the replies.
    pub(super) fn drain(&mut self) -> Vec<Reply> {
        let active = self.active.take().and_then(|it| it.command.reply);
        let mut replies: Vec<_> = active.into_iter().collect();
        replies.extend(self.queue.drain());
        replies.extend(self.captures.drain());
        replies.extend(self.queries.drain());
        replies
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cdp_bridge_protocol::request::{SnapshotFormat, WaitUntil};

    use super::super::test_support::{Outcomes, reply, settings};
    use super::*;
    use crate::tabs::capture_permits::CapturePermits;
    use crate::tabs::message::Change;

    const SECOND: Duration = Duration::from_secs(1);

    fn to(url: String) -> Change {
        let until = WaitUntil::Commit;
        Change::Navigate { url, until }
    }

    fn work(first: TabCommand) -> Work {
        let permits = CapturePermits::default().of(&"a".into());
        Work::new(&settings(), permits, Some(first))
    }

    fn navigate(work: &mut Work, limit: Duration) -> Outcomes {
        let (reply, outcomes) = reply(RequestKind::Navigate, limit);
        let url = "http://a.test/".to_owned();
        work.push(CommandKind::Change(to(url)), reply);
        outcomes
    }

    fn begin(work: &mut Work, phase: Phase) {
        let (position, command) = work.pop().unwrap();
        let since = Instant::now();
        let reply = command.reply.as_ref();
        let deadline = reply.map_or(since + SECOND, |reply| reply.deadline);
        work.active = Some(ActiveCommand::new(position, command, phase, deadline));
    }

    /// Work with an active navigation, a waiting one, and a waiting capture and query.
    fn busy() -> (Work, Vec<Outcomes>) {
        let (first, active) = reply(RequestKind::Navigate, 4 * SECOND);
        let url = "http://first.test/".to_owned();
        let mut work = work(TabCommand {
            kind: CommandKind::Change(to(url)),
            reply: Some(first),
        });
        begin(&mut work, Phase::Committing(None));
        let waiting = navigate(&mut work, SECOND);
        let (reply_to_capture, capture) = reply(RequestKind::GetDomSnapshot, 2 * SECOND);
        let format = SnapshotFormat::Html;
        let now = Instant::now();
        work.push_capture(Capture::Snapshot { format }, reply_to_capture, now);
        let (reply_to_query, query) = reply(RequestKind::WaitFor, 3 * SECOND);
        work.push_query(PageOperation::list_frames(), reply_to_query);
        (work, vec![active, waiting, capture, query])
    }

    #[tokio::test(start_paused = true)]
    async fn drain_returns_every_reply_once() {
        let (mut work, outcomes) = busy();
        let replies = work.drain();
        assert_eq!(replies.len(), outcomes.len());
        for reply in replies {
            reply.fail(TabError::Closed);
        }
        for outcomes in outcomes {
            assert!(matches!(outcomes.error(), TabError::Closed));
            assert!(outcomes.is_over());
        }
        assert!(work.drain().is_empty() && work.active.is_none());
        assert_eq!(work.next_wake(Instant::now()), None);
    }

    #[tokio::test(start_paused = true)]
    async fn each_request_times_out_by_itself() {
        let (mut work, outcomes) = busy();
        let start = Instant::now();
        for (elapsed, expired) in [(1, 1), (2, 2), (3, 3)] {
            let now = start + SECOND * elapsed;
            assert_eq!(work.next_wake(start), Some(now));
            let is_page_late = work.expire(now, Some("S"), None);
            assert!(!is_page_late, "nothing was started in the page");
            let TabError::TimedOut { waiting_for, .. } = outcomes[expired].error() else {
                panic!("it has timed out");
            };
            assert!(
                waiting_for.contains("behind the tab's `navigate`"),
                "{waiting_for}"
            );
        }
        let now = start + 4 * SECOND;
        assert!(!work.is_active_overdue(now - SECOND) && work.is_active_overdue(now));
        assert_eq!(work.drain().len(), 1, "the active command");
    }

    #[tokio::test(start_paused = true)]
    async fn a_navigation_away_from_a_lost_page_starts_over() {
        let (mut work, _outcomes) = busy();
        assert!(work.abandon_page().is_empty());
        assert!(work.active.is_none());
        let (_, next) = work.pop().unwrap();
        let CommandKind::Change(Change::Navigate { url, .. }) = next.kind else {
            panic!("not the navigation");
        };
        assert_eq!(url, "http://first.test/");
    }

    #[tokio::test(start_paused = true)]
    async fn one_command_is_active_at_a_time() {
        let mut work = work(CommandKind::Adopt { opener: None }.into());
        let _outcomes = navigate(&mut work, SECOND);
        let (_, first) = work.pop().unwrap();
        assert!(matches!(first.kind, CommandKind::Adopt { .. }));
        assert!(work.queue.navigates_next());
        begin(&mut work, Phase::Committing(Some("L".into())));
        let _outcomes = navigate(&mut work, SECOND);
        assert!(work.pop().is_none());
        assert!(work.awaits_commit(Some(&"L".into())) && !work.awaits_commit(None));
        work.active = None;
        assert!(work.pop().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_command_too_many_is_refused() {
        let mut work = work(CommandKind::Adopt { opener: None }.into());
        work.pop();
        let accepted: Vec<_> = (0..settings().max_waiting_changes)
            .map(|_| navigate(&mut work, SECOND))
            .collect();
        let refused = navigate(&mut work, SECOND);
        assert!(matches!(refused.error(), TabError::QueueFull { .. }));
        assert_eq!(work.drain().len(), accepted.len());
    }
}
