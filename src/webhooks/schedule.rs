//! When a webhook is tried again, and when it is given up (pure).

use std::time::Duration;

/// How much shorter or longer a wait may be, so that messages that failed together do not come together again.
const JITTER: f64 = 0.2;

/// When messages are tried.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    /// How long one attempt may take, from the look-up of the name to the head of the answer.
    pub attempt: Duration,
    /// How long after each failed attempt the next follows, before jitter. There is one attempt more than there are
    /// waits.
    pub waits: [Duration; 4],
    /// After this time since it was kept, a message is not tried any more.
    pub give_up: Duration,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            attempt: Duration::from_secs(10),
            waits: [
                Duration::from_secs(5),
                Duration::from_secs(30),
                Duration::from_mins(2),
                Duration::from_mins(5),
            ],
            give_up: Duration::from_mins(10),
        }
    }
}

impl Schedule {
    /// When the next attempt follows, in milliseconds since 1970, after so many have failed; `None` if none does. `asked`
    /// is how long the receiver wants to be left alone, and `random` a number from 0 to 1.
    pub fn next_ms(
        &self,
        attempts: u32,
        now_ms: u64,
        give_up_ms: u64,
        asked: Option<Duration>,
        random: f64,
    ) -> Option<u64> {
        let failed = usize::try_from(attempts.checked_sub(1)?).ok()?;
        let wait = self.waits.get(failed)?;
        let factor = 1.0 + JITTER * (2.0 * random.clamp(0.0, 1.0) - 1.0);
        let wait = wait.mul_f64(factor).max(asked.unwrap_or_default());
        let next = now_ms.saturating_add(millis(wait));
        (next < give_up_ms).then_some(next)
    }

    /// When a message that is kept now is given up.
    pub fn give_up_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_add(millis(self.give_up))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn five_attempts_fit_into_the_time_however_slow_the_receiver_is() {
        let schedule = Schedule::default();
        for random in [0.0, 0.5, 1.0] {
            let (mut now, give_up) = (1_000_000, schedule.give_up_ms(1_000_000));
            let mut attempts = 0;
            loop {
                attempts += 1;
                now += millis(schedule.attempt);
                match schedule.next_ms(attempts, now, give_up, None, random) {
                    Some(next) => now = next,
                    None => break,
                }
            }
            assert_eq!(attempts, 5, "{random}");
            assert!(now <= give_up, "{random}");
        }
    }

    #[test]
    fn a_receiver_may_ask_for_more_time_up_to_the_end() {
        let schedule = Schedule::default();
        let next_ms = |asked| schedule.next_ms(1, 0, 600_000, asked, 0.5);
        let minute = Some(Duration::from_mins(1));
        assert_eq!(next_ms(minute), Some(60_000));
        assert_eq!(next_ms(Some(Duration::from_hours(1))), None);
        assert_eq!(next_ms(Some(Duration::MAX)), None);
    }

    proptest! {
        #[test]
        fn the_next_attempt_is_later_and_before_the_end(
            attempts in 0..9_u32, now in 0..u64::MAX, give_up in 0..u64::MAX, random in -1.0..2.0_f64,
        ) {
            if let Some(next) = Schedule::default().next_ms(attempts, now, give_up, None, random) {
                prop_assert!(next > now && next < give_up);
                prop_assert!((1..5).contains(&attempts));
            }
        }
    }
}
