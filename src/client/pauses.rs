//! How long to wait before a connection is tried again (pure).

use std::time::Duration;

use tokio::time::Instant;

/// The pause before a second attempt; it doubles from one to the next.
const FIRST: Duration = Duration::from_millis(50);
/// The longest pause between attempts.
const LONGEST: Duration = Duration::from_secs(2);

/// The pauses between attempts. The first attempt is made at once; a bridge that accepts a
/// connection only to close it is an attempt that failed, like one that is not there.
#[derive(Debug, Default)]
pub(super) struct Pauses {
    next: Duration,
    /// Since when the session goes on, where it does.
    going: Option<Instant>,
}

impl Pauses {
    /// The session goes on.
    pub(super) fn go_on(&mut self, now: Instant) {
        self.going = Some(now);
    }

    /// The connection was cut. Only a session that went on for a while is come back to at once: one
    /// that is closed as soon as it is resumed would be resumed without end.
    pub(super) fn cut(&mut self, now: Instant) {
        if let Some(since) = self.going.take()
            && now.duration_since(since) >= LONGEST
        {
            self.next = Duration::ZERO;
        }
    }

    /// The pause before the attempt that is made next. `random` is from 0 to 1: Coordinators of one
    /// bridge that went away shall not all come back in one moment.
    pub(super) fn next(&mut self, random: f64) -> Duration {
        let pause = self.next.mul_f64(0.5 + random);
        self.next = (self.next * 2).clamp(FIRST, LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The next pauses in milliseconds, without chance.
    fn next(pauses: &mut Pauses, count: usize) -> Vec<u128> {
        let next = || pauses.next(0.5).as_millis();
        std::iter::repeat_with(next).take(count).collect()
    }

    #[test]
    fn pauses_grow_from_none_to_the_longest() {
        let expected = [0, 50, 100, 200, 400, 800, 1600, 2000, 2000];
        assert_eq!(next(&mut Pauses::default(), 9), expected);
    }

    #[test]
    fn chance_makes_a_pause_half_as_long_or_half_as_long_again() {
        for (random, expected) in [(0.0, 25), (1.0, 75)] {
            let mut pauses = Pauses::default();
            pauses.next(random);
            assert_eq!(pauses.next(random).as_millis(), expected);
        }
    }

    #[test]
    fn only_a_session_that_went_on_for_a_while_is_come_back_to_at_once() {
        let now = Instant::now();
        let mut pauses = Pauses::default();
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
