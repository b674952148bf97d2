//! The state machine of a stream: its confirmed and waiting members, and the next step. No I/O.

use tokio::time::Instant;

/// A subscription, as far as the state machine looks at it.
pub(super) trait Member: Clone {
    /// The deadline of the request that subscribed; `None` once that has been answered.
    fn deadline(&self) -> Option<Instant>;

    fn is_over(&self) -> bool;
}

/// What the task of the feed has to do.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FeedStep<M> {
    /// Open the stream.
    Open,
    /// Close the stream, or give up opening it.
    Close,
    /// Answer this member's request if it is still open: it is a listener now.
    Confirm(M),
    /// Answer this member's request: its deadline has passed.
    Expire(M),
    /// This member has left, or was ended.
    Remove(M),
    /// Nothing, until something happens or this time has come.
    Sleep(Option<Instant>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FeedPhase {
    Closed,
    Opening,
    Open,
    /// Opening failed. It is retried at this time, or when another member joins.
    Pausing(Instant),
}

#[derive(Debug)]
pub(super) struct ListenerSet<M> {
    phase: FeedPhase,
    confirmed: Vec<M>,
    /// Members that have joined and are not confirmed yet.
    waiting: Vec<M>,
}

impl<M: Member> ListenerSet<M> {
    pub(super) fn new() -> Self {
        Self {
            phase: FeedPhase::Closed,
            confirmed: Vec::new(),
            waiting: Vec::new(),
        }
    }

    pub(super) fn confirmed(&self) -> &[M] {
        &self.confirmed
    }

    pub(super) fn is_open(&self) -> bool {
        self.phase == FeedPhase::Open
    }

    pub(super) fn join(&mut self, member: M) {
        self.waiting.push(member);
    }

    pub(super) fn opened(&mut self) {
        self.phase = FeedPhase::Open;
    }

    /// Opening failed and is tried again at `until`.
    pub(super) fn pause(&mut self, until: Instant) {
        self.phase = FeedPhase::Pausing(until);
    }

    /// The waiting members, to be refused.
    pub(super) fn take_waiting(&mut self) -> Vec<M> {
        std::mem::take(&mut self.waiting)
    }

    /// The next step. The owner carries it out and asks again, until it is [`FeedStep::Sleep`].
    pub(super) fn next(&mut self, now: Instant) -> FeedStep<M> {
        for members in [&mut self.confirmed, &mut self.waiting] {
            if let Some(at) = members.iter().position(Member::is_over) {
                return FeedStep::Remove(members.remove(at));
            }
        }
        let is_due = |member: &M| member.deadline().is_some_and(|it| it <= now);
        if let Some(at) = self.waiting.iter().position(is_due) {
            return FeedStep::Expire(self.waiting.remove(at));
        }
        // A member that was confirmed at an earlier page has nothing to wait for.
        let is_open = self.is_open();
        let may_confirm = |member: &M| is_open || member.deadline().is_none();
        if let Some(at) = self.waiting.iter().position(may_confirm) {
            let member = self.waiting.remove(at);
            self.confirmed.push(member.clone());
            return FeedStep::Confirm(member);
        }
        let is_empty = self.confirmed.is_empty() && self.waiting.is_empty();
        match self.phase {
            FeedPhase::Closed if is_empty => FeedStep::Sleep(None),
            _ if is_empty => {
                self.phase = FeedPhase::Closed;
                FeedStep::Close
            }
            FeedPhase::Closed => self.open(),
            FeedPhase::Pausing(until) if until <= now || !self.waiting.is_empty() => self.open(),
            FeedPhase::Pausing(until) => FeedStep::Sleep(Some(until)),
            FeedPhase::Opening | FeedPhase::Open => {
                FeedStep::Sleep(self.waiting.iter().filter_map(Member::deadline).min())
            }
        }
    }

    fn open(&mut self) -> FeedStep<M> {
        self.phase = FeedPhase::Opening;
        FeedStep::Open
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;
    use std::time::Duration;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[derive(Debug, Clone)]
    struct Fake {
        deadline: Option<Instant>,
        is_over: Rc<Cell<bool>>,
    }

    impl PartialEq for Fake {
        fn eq(&self, other: &Self) -> bool {
            Rc::ptr_eq(&self.is_over, &other.is_over)
        }
    }

    impl Member for Fake {
        fn deadline(&self) -> Option<Instant> {
            self.deadline
        }

        fn is_over(&self) -> bool {
            self.is_over.get()
        }
    }

    fn fake(deadline: Option<Instant>) -> Fake {
        Fake {
            deadline,
            is_over: Rc::default(),
        }
    }

    /// A set whose stream is being opened for a first member with this deadline.
    fn opening(deadline: Instant, now: Instant) -> (ListenerSet<Fake>, Fake) {
        let (mut set, first) = (ListenerSet::new(), fake(Some(deadline)));
        assert_eq!(set.next(now), FeedStep::Sleep(None));
        set.join(first.clone());
        assert_eq!(set.next(now), FeedStep::Open);
        assert_eq!(set.next(now), FeedStep::Sleep(Some(deadline)));
        (set, first)
    }

    #[test]
    fn members_that_join_while_the_stream_is_opened_are_confirmed_together() {
        let now = Instant::now();
        let (mut set, first) = opening(now + SECOND, now);
        let second = fake(Some(now + 2 * SECOND));
        set.join(second.clone());
        assert_eq!(set.next(now), FeedStep::Sleep(Some(now + SECOND)));
        set.opened();
        assert_eq!(set.next(now), FeedStep::Confirm(first.clone()));
        assert_eq!(set.next(now), FeedStep::Confirm(second.clone()));
        assert_eq!(set.next(now), FeedStep::Sleep(None));
        assert_eq!(set.confirmed(), [first, second]);
    }

    #[test]
    fn the_stream_is_closed_when_the_last_member_leaves_while_it_is_opened() {
        let now = Instant::now();
        let (mut set, first) = opening(now + SECOND, now);
        first.is_over.set(true);
        assert_eq!(set.next(now), FeedStep::Remove(first));
        assert_eq!(set.next(now), FeedStep::Close);
        assert_eq!(set.next(now), FeedStep::Sleep(None));
        set.join(fake(Some(now + SECOND)));
        assert_eq!(set.next(now), FeedStep::Open);
    }

    #[test]
    fn the_stream_stays_open_if_another_joins_before_it_is_closed() {
        let now = Instant::now();
        let (mut set, first) = opening(now + SECOND, now);
        set.opened();
        assert_eq!(set.next(now), FeedStep::Confirm(first.clone()));
        first.is_over.set(true);
        let second = fake(Some(now + SECOND));
        set.join(second.clone());
        assert_eq!(set.next(now), FeedStep::Remove(first));
        assert_eq!(set.next(now), FeedStep::Confirm(second));
        assert_eq!(set.next(now), FeedStep::Sleep(None));
    }

    #[test]
    fn each_member_waits_until_its_own_deadline() {
        let now = Instant::now();
        let (mut set, first) = opening(now + SECOND, now);
        let second = fake(Some(now + 3 * SECOND));
        set.join(second.clone());
        assert_eq!(set.next(now + SECOND), FeedStep::Expire(first));
        let due = now + 3 * SECOND;
        assert_eq!(set.next(now + SECOND), FeedStep::Sleep(Some(due)));
        assert_eq!(set.next(due), FeedStep::Expire(second));
        assert_eq!(set.next(due), FeedStep::Close);
    }

    #[test]
    fn a_second_subscription_takes_the_place_of_the_first() {
        let now = Instant::now();
        let (mut set, first) = opening(now + SECOND, now);
        let again = fake(Some(now + SECOND));
        first.is_over.set(true);
        set.join(again.clone());
        assert_eq!(set.next(now), FeedStep::Remove(first));
        set.opened();
        assert_eq!(set.next(now), FeedStep::Confirm(again.clone()));
        let last = fake(Some(now + SECOND));
        again.is_over.set(true);
        set.join(last.clone());
        assert_eq!(set.next(now), FeedStep::Remove(again));
        assert_eq!(set.next(now), FeedStep::Confirm(last.clone()));
        assert_eq!(set.confirmed(), [last]);
    }

    #[test]
    fn a_failed_stream_is_opened_again_after_the_pause_or_for_the_next_to_join() {
        let now = Instant::now();
        let mut set = ListenerSet::new();
        let confirmed = fake(None);
        set.join(confirmed.clone());
        assert_eq!(set.next(now), FeedStep::Confirm(confirmed));
        assert_eq!(set.next(now), FeedStep::Open);
        set.join(fake(Some(now + SECOND)));
        assert_eq!(set.take_waiting().len(), 1, "only those who wait");
        set.pause(now + SECOND);
        assert_eq!(set.next(now), FeedStep::Sleep(Some(now + SECOND)));
        assert_eq!(set.next(now + SECOND), FeedStep::Open);
        set.pause(now + 9 * SECOND);
        set.join(fake(Some(now + 2 * SECOND)));
        assert_eq!(set.next(now + SECOND), FeedStep::Open);
    }

    #[test]
    fn a_failed_stream_that_has_no_listeners_is_not_opened_again() {
        let now = Instant::now();
        let (mut set, _) = opening(now + SECOND, now);
        set.take_waiting();
        set.pause(now + SECOND);
        assert_eq!(set.next(now), FeedStep::Close);
        assert_eq!(set.next(now + SECOND), FeedStep::Sleep(None));
    }

    #[test]
    fn members_that_are_over_are_removed_before_anything_else() {
        let now = Instant::now();
        let (mut set, first) = opening(now + SECOND, now);
        let second = fake(Some(now + SECOND));
        set.join(second.clone());
        set.opened();
        first.is_over.set(true);
        assert_eq!(set.next(now), FeedStep::Remove(first));
        assert_eq!(set.next(now), FeedStep::Confirm(second.clone()));
        second.is_over.set(true);
        assert_eq!(set.next(now), FeedStep::Remove(second));
        assert_eq!(set.next(now), FeedStep::Close);
    }
}
