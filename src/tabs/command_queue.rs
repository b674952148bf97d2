//! The commands that wait on a tab, in order. No I/O.

use std::collections::VecDeque;

use cdp_bridge_protocol::TabId;
use cdp_bridge_protocol::request::WaitUntil;
use tokio::time::Instant;

use super::identity::CallId;
use super::message::Change;
use super::page_actions::PageOperation;
use super::reply::Reply;
use super::supervisor::RebuildPermit;

/// A command that changes a tab, with the reply it owes.
#[derive(Debug)]
pub struct TabCommand {
    pub kind: CommandKind,
    /// `None` for a command that no request waits for.
    pub reply: Option<Reply>,
}

#[derive(Debug)]
pub enum CommandKind {
    /// Opens the first target of the tab, to load this URL. With `until`, its request is answered when that has
    /// come so far.
    Create {
        url: String,
        until: Option<WaitUntil>,
    },
    /// Announces a popup, whose target is attached already.
    Adopt { opener: Option<TabId> },
    /// A navigation that was not requested as such: the first one, for which the request for the tab may wait, the
    /// one after a rebuild, or away from a denied page.
    Load { url: String, until: WaitUntil },
    /// A request of a client.
    Change(Change),
    /// An action on the page; `None` once it is running.
    Act(Option<PageOperation>),
    /// A new target for a tab that has lost its own.
    Rebuild {
        /// Held until the new target is open, to limit how many are opened at a time.
        turn: RebuildPermit,
    },
}

impl CommandKind {
    pub(super) fn is_set_logged_out(&self) -> bool {
        matches!(self, Self::Change(Change::SetLoggedOut { .. }))
    }

    /// A navigation that nothing waits for beyond its commit.
    pub(super) fn load(url: String) -> Self {
        let until = WaitUntil::Commit;
        Self::Load { url, until }
    }

    /// Of a navigation: how far its document shall be before the answer.
    pub(super) fn until(&self) -> WaitUntil {
        match self {
            Self::Load { until, .. }
            | Self::Change(Change::Navigate { until, .. } | Change::Travel(_, until)) => *until,
            _ => WaitUntil::Commit,
        }
    }
}

impl From<CommandKind> for TabCommand {
    /// A command that no request waits for.
    fn from(kind: CommandKind) -> Self {
        Self { kind, reply: None }
    }
}

/// A position in the order of commands. A capture records it on arrival and waits until every command
/// up to it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueuePosition(u64);

impl QueuePosition {
    /// Ahead of every request.
    pub const FIRST: Self = Self(0);
}

#[derive(Debug)]
pub struct TabCommandQueue {
    waiting: VecDeque<(QueuePosition, TabCommand)>,
    accepted: u64,
    capacity: usize,
}

impl TabCommandQueue {
    pub fn new(capacity: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            accepted: 0,
            capacity,
        }
    }

    /// Adds a request at the end, or returns it if the queue is full.
    pub fn push(&mut self, command: TabCommand) -> Result<(), Box<TabCommand>> {
        if self.waiting.len() >= self.capacity {
            return Err(Box::new(command));
        }
        self.accepted += 1;
        self.waiting
            .push_back((QueuePosition(self.accepted), command));
        Ok(())
    }

    /// Adds a command ahead of every request.
    pub fn push_first(&mut self, command: TabCommand) {
        self.waiting.push_front((QueuePosition::FIRST, command));
    }

    /// Returns the command that was taken last, to be started again.
    pub fn put_back(&mut self, position: QueuePosition, command: TabCommand) {
        self.waiting.push_front((position, command));
    }

    /// Whether the next command is a navigation that a client requested.
    pub fn navigates_next(&self) -> bool {
        let next = self.waiting.front().map(|(_, command)| &command.kind);
        matches!(next, Some(CommandKind::Change(Change::Navigate { .. })))
    }

    pub fn pop(&mut self) -> Option<(QueuePosition, TabCommand)> {
        self.waiting.pop_front()
    }

    /// The position of a capture that arrives now.
    pub fn now(&self) -> QueuePosition {
        QueuePosition(self.accepted)
    }

    /// Whether a capture at that position may start while this command is active.
    pub fn permits(&self, capture: QueuePosition, running: Option<QueuePosition>) -> bool {
        let next = running.or_else(|| self.waiting.front().map(|(position, _)| *position));
        next.is_none_or(|next| next > capture)
    }

    /// Whether nothing but actions on the page precedes a capture at that position. None of them has begun.
    pub fn is_behind_actions_only(&self, capture: QueuePosition) -> bool {
        let mut before = self.waiting.iter().take_while(|(it, _)| *it <= capture);
        before.all(|(_, command)| matches!(command.kind, CommandKind::Act(_)))
    }

    /// Takes out a request.
    pub fn take(&mut self, call: CallId) -> Option<TabCommand> {
        let is_it = |reply: &Reply| reply.call == call;
        let mut commands = self.waiting.iter();
        let at = commands.position(|(_, it)| it.reply.as_ref().is_some_and(is_it))?;
        let (_, command) = self.waiting.remove(at)?;
        Some(command)
    }

    /// When the first request times out.
    pub fn next_deadline(&self) -> Option<Instant> {
        let replies = self.waiting.iter().filter_map(|(_, it)| it.reply.as_ref());
        replies.map(|reply| reply.deadline).min()
    }

    /// Takes out the requests that have timed out.
    pub fn expire(&mut self, now: Instant) -> Vec<Reply> {
        let mut expired = Vec::new();
        self.waiting.retain_mut(|(_, command)| {
            let reply = command.reply.take_if(|reply| reply.deadline <= now);
            let is_kept = reply.is_none();
            expired.extend(reply);
            is_kept
        });
        expired
    }

    pub fn drain(&mut self) -> Vec<Reply> {
        let waiting = self.waiting.drain(..);
        waiting.filter_map(|(_, command)| command.reply).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tabs::identity::CallerId;
    use cdp_bridge_protocol::RequestKind;
    use std::time::Duration;

    fn navigate(limit_ms: u64) -> TabCommand {
        let now = Instant::now();
        let deadline = now + Duration::from_millis(limit_ms);
        let kind = RequestKind::Navigate;
        let call = CallId {
            caller: CallerId(1),
            number: 1,
        };
        let reply = Reply::new(kind, call, true, now, deadline, |_| {});
        let url = "about:blank".to_owned();
        TabCommand {
            kind: CommandKind::Change(Change::Navigate {
                url,
                until: WaitUntil::Commit,
            }),
            reply: Some(reply),
        }
    }

    #[test]
    fn a_capture_waits_for_the_changes_before_it_and_for_no_others() {
        let mut queue = TabCommandQueue::new(8);
        let before = queue.now();
        queue.push(navigate(1000)).unwrap();
        let after = queue.now();
        queue.push(navigate(1000)).unwrap();
        assert!(queue.permits(before, None) && !queue.permits(after, None));
        let (running, _) = queue.pop().unwrap();
        assert!(queue.permits(before, Some(running)) && !queue.permits(after, Some(running)));
        assert!(queue.permits(after, None), "the first change is done");
    }

    #[test]
    fn a_capture_behind_nothing_but_actions_is_told_from_others() {
        let mut queue = TabCommandQueue::new(8);
        assert!(queue.is_behind_actions_only(queue.now()));
        let act = TabCommand {
            kind: CommandKind::Act(None),
            ..navigate(1000)
        };
        queue.push(act).unwrap();
        let early = queue.now();
        queue.push(navigate(1000)).unwrap();
        assert!(queue.is_behind_actions_only(early));
        assert!(!queue.is_behind_actions_only(queue.now()));
    }

    #[test]
    fn a_request_is_taken_out_of_the_middle() {
        let mut queue = TabCommandQueue::new(8);
        for number in 1..=3 {
            let mut command = navigate(1000);
            command.reply.as_mut().unwrap().call.number = number;
            queue.push(command).unwrap();
        }
        let call = |number| CallId {
            caller: CallerId(1),
            number,
        };
        assert_eq!(queue.take(call(2)).unwrap().reply.unwrap().call, call(2));
        assert!(queue.take(call(2)).is_none());
        let left = queue.drain().into_iter().map(|reply| reply.call.number);
        assert_eq!(left.collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn what_is_put_first_holds_every_capture_up() {
        let mut queue = TabCommandQueue::new(8);
        let early = queue.now();
        let url = "about:blank".to_owned();
        queue.push_first(CommandKind::load(url).into());
        assert!(!queue.permits(early, None));
        queue.pop();
        assert!(queue.permits(early, None));
    }

    #[test]
    fn a_full_queue_gives_the_request_back() {
        let mut queue = TabCommandQueue::new(1);
        queue.push(navigate(1000)).unwrap();
        assert!(queue.push(navigate(1000)).is_err());
    }

    #[test]
    fn requests_run_out_of_time_while_they_wait() {
        let mut queue = TabCommandQueue::new(8);
        queue.push(navigate(30)).unwrap();
        queue.push(navigate(10)).unwrap();
        let first = queue.next_deadline().unwrap();
        assert_eq!(queue.expire(first).len(), 1);
        assert_eq!(queue.drain().len(), 1);
        assert_eq!(queue.next_deadline(), None);
    }
}
