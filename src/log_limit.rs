//! Limits log lines that others can cause at will: the first is written, and then one now and again, with the
//! number of those left out. Metrics count all of them.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use crate::lock::lock;

/// Between two lines of one kind.
const INTERVAL: Duration = Duration::from_secs(10);

/// The lines of one kind.
#[derive(Debug, Default)]
pub(crate) struct LogLimit(Mutex<Lines>);

#[derive(Debug, Default)]
struct Lines {
    last: Option<Instant>,
    left_out: u64,
}

impl LogLimit {
    /// The number of lines that were left out since the last one, if this one is to be written.
    pub(crate) fn admit(&self) -> Option<u64> {
        lock(&self.0).admit(Instant::now())
    }
}

impl Lines {
    fn admit(&mut self, now: Instant) -> Option<u64> {
        if self.last.is_some_and(|last| now < last + INTERVAL) {
            self.left_out += 1;
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_written_and_later_ones_say_how_many_were_left_out() {
        let (mut lines, start) = (Lines::default(), Instant::now());
        assert_eq!(lines.admit(start), Some(0));
        for _ in 0..1000 {
            assert_eq!(lines.admit(start + INTERVAL / 2), None);
        }
        assert_eq!(lines.admit(start + INTERVAL), Some(1000));
        assert_eq!(lines.admit(start + INTERVAL), None);
        assert_eq!(lines.admit(start + INTERVAL * 3), Some(1));
    }
}
