//! Limits the number of items per interval; the others are counted.

use std::time::Duration;

use tokio::time::Instant;

/// Passes up to `max` items per interval. Of those beyond that, the last one is returned at the end
/// of the interval, with the number of omitted ones.
#[derive(Debug)]
pub struct RateSummary<T> {
    interval: Duration,
    max: u32,
    /// The end of the current interval; `None` when quiet.
    end: Option<Instant>,
    passed: u32,
    /// The latest item beyond the limit.
    waiting: Option<T>,
    /// Items omitted since the last one that was returned.
    omitted: u64,
}

/// An item that passes, with the number of items omitted before it.
#[derive(Debug, PartialEq, Eq)]
pub struct Summary<T> {
    pub item: T,
    pub omitted: u64,
}

impl<T> RateSummary<T> {
    pub fn new(interval: Duration, max: u32) -> Self {
        Self {
            interval,
            max,
            end: None,
            passed: 0,
            waiting: None,
            omitted: 0,
        }
    }

    /// Returns the item if it passes now. Otherwise it replaces the one that waits for the end of
    /// the interval.
    pub fn add(&mut self, item: T, now: Instant) -> Option<Summary<T>> {
        if self.waiting.is_none() && self.end.is_none_or(|end| end <= now) {
            self.end = Some(now + self.interval);
            self.passed = 0;
        }
        if self.waiting.is_none() && self.passed < self.max {
            return Some(self.pass(item));
        }
        if self.waiting.replace(item).is_some() {
            self.omitted += 1;
        }
        None
    }

    /// Counts items that were lost before they got here.
    pub fn lost(&mut self, count: u64) {
        self.omitted += count;
    }

    /// The waiting item, once the interval is over.
    pub fn take_due(&mut self, now: Instant) -> Option<Summary<T>> {
        if self.end.is_none_or(|end| end > now) {
            return None;
        }
        let waiting = self.waiting.take();
        self.end = waiting.is_some().then_some(now + self.interval);
        self.passed = 0;
        waiting.map(|item| self.pass(item))
    }

    /// When [`take_due`](Self::take_due) will return an item.
    pub fn next_due(&self) -> Option<Instant> {
        self.end.filter(|_| self.waiting.is_some())
    }

    fn pass(&mut self, item: T) -> Summary<T> {
        self.passed += 1;
        let omitted = std::mem::take(&mut self.omitted);
        Summary { item, omitted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn summary(item: u32, omitted: u64) -> Summary<u32> {
        Summary { item, omitted }
    }

    #[test]
    fn items_within_the_limit_pass_at_once() {
        let (mut limiter, now) = (RateSummary::new(SECOND, 2), Instant::now());
        assert_eq!(limiter.add(1, now), Some(summary(1, 0)));
        assert_eq!(limiter.add(2, now + SECOND / 2), Some(summary(2, 0)));
        assert_eq!(limiter.next_due(), None);
        assert_eq!(
            limiter.add(3, now + SECOND),
            Some(summary(3, 0)),
            "a new interval"
        );
    }

    #[test]
    fn beyond_the_limit_the_latest_is_returned_with_the_number_of_omitted_ones() {
        let (mut limiter, now) = (RateSummary::new(SECOND, 2), Instant::now());
        for item in 1..=10 {
            let passed = limiter.add(item, now);
            assert_eq!(passed.is_some(), item <= 2);
        }
        assert_eq!(limiter.take_due(now), None);
        assert_eq!(limiter.next_due(), Some(now + SECOND));
        assert_eq!(limiter.take_due(now + SECOND), Some(summary(10, 7)));
        assert_eq!(
            limiter.add(11, now + SECOND),
            Some(summary(11, 0)),
            "one more is within the limit"
        );
        assert_eq!(limiter.add(12, now + SECOND), None);
        assert_eq!(limiter.take_due(now + 2 * SECOND), Some(summary(12, 0)));
        assert_eq!(limiter.take_due(now + 3 * SECOND), None);
        assert_eq!(limiter.next_due(), None);
    }

    #[test]
    fn a_waiting_item_is_replaced_by_a_later_one() {
        let (mut limiter, now) = (RateSummary::new(SECOND, 1), Instant::now());
        assert_eq!(limiter.add(1, now), Some(summary(1, 0)));
        assert_eq!(limiter.add(2, now), None);
        assert_eq!(limiter.add(3, now + 2 * SECOND), None);
        assert_eq!(limiter.take_due(now + 2 * SECOND), Some(summary(3, 1)));
    }

    #[test]
    fn lost_items_are_counted_as_omitted() {
        let (mut limiter, now) = (RateSummary::new(SECOND, 5), Instant::now());
        limiter.lost(4);
        assert_eq!(limiter.add(1, now), Some(summary(1, 4)));
        assert_eq!(limiter.add(2, now), Some(summary(2, 0)));
    }
}
