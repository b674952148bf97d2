//! Exponential backoff between attempts to reconnect (pure).

use std::time::Duration;

use tokio::time::Instant;

/// The pause before the second attempt; it doubles with each further one.
const FIRST: Duration = Duration::from_millis(50);
/// The longest pause between attempts.
const LONGEST: Duration = Duration::from_secs(2);

/// The pauses between attempts. The first attempt is immediate. A connection that is closed before the session is stable
/// counts as a failed attempt, like a refused one.
#[derive(Debug, Default)]
pub(super) struct ReconnectBackoff {
    next: Duration,
    /// When the session was resumed, while the connection lasts.
    going: Option<Instant>,
}

impl ReconnectBackoff {
    /// The session is resumed.
    pub(super) fn go_on(&mut self, now: Instant) {
        self.going = Some(now);
    }

    /// The connection was lost. The backoff is reset only if the session had lasted for a while; otherwise one that is
    /// closed right after resuming would be resumed in a tight loop.
    pub(super) fn cut(&mut self, now: Instant) {
        if let Some(since) = self.going.take()
            && now.duration_since(since) >= LONGEST
        {
            self.next = Duration::ZERO;
        }
    }

    /// The pause before the next attempt. `random` (0 to 1) is jitter, so that the clients of a restarted bridge do not all
    /// reconnect at the same time.
    pub(super) fn next(&mut self, random: f64) -> Duration {
        let pause = self.next.mul_f64(0.5 + random);
        self.next = (self.next * 2).clamp(FIRST, LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The next pauses in milliseconds, without jitter.
    fn next(pauses: &mut ReconnectBackoff, count: usize) -> Vec<u128> {
        let next = || pauses.next(0.5).as_millis();
        std::iter::repeat_with(next).take(count).collect()
    }

    #[test]
    fn pauses_grow_from_none_to_the_longest() {
        let expected = [0, 50, 100, 200, 400, 800, 1600, 2000, 2000];
        assert_eq!(next(&mut ReconnectBackoff::default(), 9), expected);
    }

    #[test]
    fn chance_makes_a_pause_half_as_long_or_half_as_long_again() {
        for (random, expected) in [(0.0, 25), (1.0, 75)] {
            let mut pauses = ReconnectBackoff::default();
            pauses.next(random);
            assert_eq!(pauses.next(random).as_millis(), expected);
        }
    }

    #[test]
    fn only_a_session_that_went_on_for_a_while_is_come_back_to_at_once() {
        let now = Instant::now();
        let mut pauses = ReconnectBackoff::default();
        assert_eq!(next(&mut pauses, 3), [0, 50, 100]);
        pauses.cut(now);
        assert_eq!(next(&mut pauses, 1), [200], "it never went on");
        pauses.go_on(now);
        pauses.cut(now + LONGEST / 2);
        assert_eq!(next(&mut pauses, 1), [400], "it was closed soon");
        pauses.cut(now + LONGEST * 2);
        assert_eq!(next(&mut pauses, 1), [800], "it did not go on again");
        pauses.go_on(now);
        pauses.cut(now + LONGEST);
        assert_eq!(next(&mut pauses, 2), [0, 50]);
    }
}
