//! When a session ends by itself. No I/O.

use std::time::Duration;

use tokio::time::Instant;

use super::EndReason;

/// A point in time by both clocks: the monotonic one, which decides, and the one that clients read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub at: Instant,
    /// Milliseconds since the epoch.
    pub ms: u64,
}

impl Moment {
    /// What the other clock showed at that time, or will show.
    pub(super) fn ms_at(self, at: Instant) -> u64 {
        let ahead = at.saturating_duration_since(self.at);
        let behind = self.at.saturating_duration_since(at);
        self.ms
            .saturating_add(whole_millis(ahead))
            .saturating_sub(whole_millis(behind))
    }
}

/// Whole milliseconds; as many as fit.
pub(super) fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The clocks of one session.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Clocks {
    created: Instant,
    max_duration: Duration,
    idle_timeout: Duration,
    /// The latest use, of those that are over.
    last_used: Instant,
    heartbeat: Option<Heartbeat>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Heartbeat {
    timeout: Duration,
    last: Instant,
}

impl Clocks {
    pub(super) fn new(
        max_duration: Duration,
        idle_timeout: Duration,
        heartbeat_timeout: Option<Duration>,
        now: Instant,
    ) -> Self {
        let heartbeat = heartbeat_timeout.map(|timeout| Heartbeat { timeout, last: now });
        Self {
            created: now,
            max_duration,
            idle_timeout,
            last_used: now,
            heartbeat,
        }
    }

    /// The clocks go on in another process, where nothing could be heard of a heartbeat so far.
    pub(super) fn resume(&mut self, last_used: Instant, now: Instant) {
        self.last_used = last_used.max(self.created);
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.last = now;
        }
    }

    pub(super) fn durations(&self) -> (Duration, Duration, Option<Duration>) {
        let heartbeat = self.heartbeat.map(|it| it.timeout);
        (self.max_duration, self.idle_timeout, heartbeat)
    }

    pub(super) fn change(&mut self, max_duration: Option<Duration>, idle: Option<Duration>) {
        self.max_duration = max_duration.unwrap_or(self.max_duration);
        self.idle_timeout = idle.unwrap_or(self.idle_timeout);
    }

    /// It was used now.
    pub(super) fn used(&mut self, now: Instant) {
        self.last_used = self.last_used.max(now);
    }

    /// A heartbeat came; it is a use, too.
    pub(super) fn heartbeat(&mut self, now: Instant) {
        self.used(now);
        if let Some(heartbeat) = &mut self.heartbeat {
            heartbeat.last = heartbeat.last.max(now);
        }
    }

    pub(super) fn last_used(&self) -> Instant {
        self.last_used
    }

    pub(super) fn expires(&self) -> Instant {
        self.created + self.max_duration
    }

    /// When it ends if it is not used and no heartbeat comes, at the latest when it expires. A session that `is_used` is as if it were used at every
    /// moment until now, but a heartbeat can be missed in it.
    pub(super) fn idle_expires(&self, is_used: bool, now: Instant) -> Instant {
        let last = if is_used { now } else { self.last_used };
        let idle = last + self.idle_timeout;
        let others = [self.heartbeat_due(), Some(self.expires())];
        others.into_iter().flatten().fold(idle, Instant::min)
    }

    fn heartbeat_due(&self) -> Option<Instant> {
        self.heartbeat.map(|it| it.last + it.timeout)
    }

    /// When it has to be looked at again; `None` never comes, since every session expires.
    pub(super) fn due(&self, is_used: bool) -> Instant {
        let idle = (!is_used).then(|| self.last_used + self.idle_timeout);
        let others = [idle, self.heartbeat_due()].into_iter().flatten();
        others.fold(self.expires(), Instant::min)
    }

    /// Why it ends now, if it does.
    pub(super) fn overdue(&self, is_used: bool, now: Instant) -> Option<EndReason> {
        if self.expires() <= now {
            return Some(EndReason::Expired);
        }
        (self.due(is_used) <= now).then_some(EndReason::Idle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn clocks(now: Instant) -> Clocks {
        Clocks::new(10 * SECOND, 4 * SECOND, None, now)
    }

    #[test]
    fn a_session_that_is_not_used_is_idle_and_one_that_is_expires() {
        let start = Instant::now();
        let mut clocks = clocks(start);
        let at = |seconds| start + seconds * SECOND;
        assert_eq!(clocks.overdue(false, at(3)), None);
        assert_eq!(clocks.overdue(false, at(4)), Some(EndReason::Idle));
        assert_eq!(clocks.overdue(true, at(4)), None, "held");
        clocks.used(at(3));
        assert_eq!(clocks.overdue(false, at(6)), None);
        assert_eq!(clocks.idle_expires(false, at(6)), at(7));
        assert_eq!(clocks.idle_expires(true, at(6)), at(10));
        assert_eq!(
            clocks.idle_expires(true, at(8)),
            at(10),
            "not beyond its end"
        );
        assert_eq!(clocks.overdue(true, at(10)), Some(EndReason::Expired));
        clocks.change(Some(20 * SECOND), None);
        assert_eq!(clocks.overdue(true, at(10)), None);
    }

    #[test]
    fn a_heartbeat_is_missed_whatever_else_goes_on() {
        let start = Instant::now();
        let mut clocks = Clocks::new(10 * SECOND, 4 * SECOND, Some(2 * SECOND), start);
        let at = |seconds| start + seconds * SECOND;
        clocks.used(at(1));
        assert_eq!(clocks.overdue(true, at(2)), Some(EndReason::Idle));
        clocks.heartbeat(at(1));
        assert_eq!(clocks.overdue(true, at(2)), None);
        assert_eq!(clocks.due(true), at(3));
    }

    #[test]
    fn times_are_shown_by_the_clock_that_clients_read() {
        let (at, ms) = (Instant::now(), 1_000_000);
        let created = Moment { at, ms };
        assert_eq!(created.ms_at(at + SECOND), 1_001_000);
        assert_eq!(created.ms_at(at - SECOND), 999_000);
    }

    proptest! {
        #[test]
        fn it_is_overdue_exactly_from_when_it_is_due(
            idle in 1_u32..20, beat in prop::option::of(1_u32..20), is_used: bool,
            uses in prop::collection::vec((0_u32..3, prop::bool::ANY), 0..10), look in 0_u32..40,
        ) {
            let start = Instant::now();
            let beat = beat.map(|beat| beat * SECOND);
            let mut clocks = Clocks::new(15 * SECOND, idle * SECOND, beat, start);
            let mut now = start;
            for (later, beats) in uses {
                now += later * SECOND;
                if beats { clocks.heartbeat(now) } else { clocks.used(now) }
            }
            let look = start + look * SECOND;
            let is_due = clocks.due(is_used) <= look;
            prop_assert_eq!(clocks.overdue(is_used, look).is_some(), is_due);
            prop_assert!(clocks.due(is_used) <= clocks.expires());
        }
    }
}
