//! Decides when to ping a peer and when it has timed out. No I/O.

use std::time::Duration;

use tokio::time::Instant;

/// The ping state of one connection. Any message from the peer counts as a sign of life.
#[derive(Debug)]
pub struct KeepAlive {
    heard: Instant,
    next_ping: Instant,
    interval: Duration,
    timeout: Duration,
}

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepAliveAction {
    /// Nothing until this time.
    At(Instant),
    /// Send a ping.
    Ping,
    /// End the connection: the peer has timed out.
    Dead,
}

impl KeepAlive {
    /// A peer that has just connected.
    pub fn new(interval: Duration, timeout: Duration, now: Instant) -> Self {
        Self {
            heard: now,
            next_ping: now + interval,
            interval,
            timeout,
        }
    }

    /// A message arrived.
    pub fn heard(&mut self, now: Instant) {
        self.heard = now;
    }

    /// What to do now.
    pub fn due(&mut self, now: Instant) -> KeepAliveAction {
        let dead = self.heard + self.timeout;
        if now >= dead {
            KeepAliveAction::Dead
        } else if now >= self.next_ping {
            self.next_ping = now + self.interval;
            KeepAliveAction::Ping
        } else {
            KeepAliveAction::At(dead.min(self.next_ping))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn a_silent_peer_is_pinged_and_then_given_up_when_its_time_has_passed() {
        let start = Instant::now();
        let mut alive = KeepAlive::new(secs(20), secs(60), start + secs(1));
        assert_eq!(
            alive.due(start + secs(5)),
            KeepAliveAction::At(start + secs(21))
        );
        assert_eq!(alive.due(start + secs(21)), KeepAliveAction::Ping);
        assert_eq!(alive.due(start + secs(41)), KeepAliveAction::Ping);
        assert_eq!(
            alive.due(start + secs(42)),
            KeepAliveAction::At(start + secs(61))
        );
        assert_eq!(alive.due(start + secs(61)), KeepAliveAction::Dead);
    }

    #[test]
    fn a_peer_that_is_heard_lives_on() {
        let start = Instant::now();
        let mut alive = KeepAlive::new(secs(20), secs(60), start);
        alive.heard(start + secs(59));
        assert_eq!(alive.due(start + secs(60)), KeepAliveAction::Ping);
        assert_eq!(
            alive.due(start + secs(61)),
            KeepAliveAction::At(start + secs(80))
        );
    }
}
