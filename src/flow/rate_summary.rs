//! News that may come in floods: so many of them an interval are told, the rest are counted.

use std::time::Duration;

use tokio::time::Instant;

/// The ration of one stream of item. What is over it is told as the latest of it at the end of the
/// interval, with how many it stands for.
#[derive(Debug)]
pub struct RateSummary<T> {
    interval: Duration,
    most: u32,
    /// When the interval that runs is over; none in quiet times.
    end: Option<Instant>,
    told: u32,
    /// The latest item over the ration.
    waiting: Option<T>,
    /// How many before the next that is told were left out.
    omitted: u64,
}

/// News to be told now.
#[derive(Debug, PartialEq, Eq)]
pub struct Summary<T> {
    /// The item.
    pub item: T,
    /// How many right before it were left out.
    pub omitted: u64,
}

impl<T> RateSummary<T> {
    /// No item yet; `most` an interval are told.
    pub fn new(interval: Duration, most: u32) -> Self {
        Self {
            interval,
            most,
            end: None,
            told: 0,
            waiting: None,
            omitted: 0,
        }
    }

    /// Takes item in. It comes back if it is to be told now; otherwise it waits, and what waited
    /// before it is left out.
    pub fn add(&mut self, item: T, now: Instant) -> Option<Summary<T>> {
        if self.waiting.is_none() && self.end.is_none_or(|end| end <= now) {
            self.end = Some(now + self.interval);
            self.told = 0;
        }
        if self.waiting.is_none() && self.told < self.most {
            return Some(self.tell(item));
        }
        if self.waiting.replace(item).is_some() {
            self.omitted += 1;
        }
        None
    }

    /// So many item were lost before they came here.
    pub fn lost(&mut self, count: u64) {
        self.omitted += count;
    }

    /// What is to be told now that the interval is over.
    pub fn take_due(&mut self, now: Instant) -> Option<Summary<T>> {
        if self.end.is_none_or(|end| end > now) {
            return None;
        }
        let waiting = self.waiting.take();
        self.end = waiting.is_some().then_some(now + self.interval);
        self.told = 0;
        waiting.map(|item| self.tell(item))
    }

    /// When [`take_due`](Self::take_due) has something to say.
    pub fn next_due(&self) -> Option<Instant> {
        self.end.filter(|_| self.waiting.is_some())
    }

    fn tell(&mut self, item: T) -> Summary<T> {
        self.told += 1;
        let omitted = std::mem::take(&mut self.omitted);
        Summary { item, omitted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn due(item: u32, omitted: u64) -> Summary<u32> {
        Summary { item, omitted }
    }

    #[test]
    fn what_is_within_the_ration_is_told_at_once() {
        let (mut ration, now) = (RateSummary::new(SECOND, 2), Instant::now());
        assert_eq!(ration.add(1, now), Some(due(1, 0)));
        assert_eq!(ration.add(2, now + SECOND / 2), Some(due(2, 0)));
        assert_eq!(ration.next_due(), None);
        assert_eq!(
            ration.add(3, now + SECOND),
            Some(due(3, 0)),
            "a new interval"
        );
    }

    #[test]
    fn of_a_flood_the_latest_is_told_with_how_many_were_left_out() {
        let (mut ration, now) = (RateSummary::new(SECOND, 2), Instant::now());
        for item in 1..=10 {
            let told = ration.add(item, now);
            assert_eq!(told.is_some(), item <= 2);
        }
        assert_eq!(ration.take_due(now), None);
        assert_eq!(ration.next_due(), Some(now + SECOND));
        assert_eq!(ration.take_due(now + SECOND), Some(due(10, 7)));
        assert_eq!(
            ration.add(11, now + SECOND),
            Some(due(11, 0)),
            "one is left of it"
        );
        assert_eq!(ration.add(12, now + SECOND), None);
        assert_eq!(ration.take_due(now + 2 * SECOND), Some(due(12, 0)));
        assert_eq!(ration.take_due(now + 3 * SECOND), None);
        assert_eq!(ration.next_due(), None);
    }

    #[test]
    fn what_waits_is_told_before_what_comes_late() {
        let (mut ration, now) = (RateSummary::new(SECOND, 1), Instant::now());
        assert_eq!(ration.add(1, now), Some(due(1, 0)));
        assert_eq!(ration.add(2, now), None);
        assert_eq!(ration.add(3, now + 2 * SECOND), None);
        assert_eq!(ration.take_due(now + 2 * SECOND), Some(due(3, 1)));
    }

    #[test]
    fn what_was_lost_on_the_way_counts() {
        let (mut ration, now) = (RateSummary::new(SECOND, 5), Instant::now());
        ration.lost(4);
        assert_eq!(ration.add(1, now), Some(due(1, 4)));
        assert_eq!(ration.add(2, now), Some(due(2, 0)));
    }
}
