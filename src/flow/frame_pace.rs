//! Frame rate of a screencast: when each subscriber gets a frame, and when to request the next one.

use std::time::Duration;

use tokio::time::Instant;

/// How long before a frame is due the next one is requested: about the time that Chromium needs to
/// draw it.
const LEAD: Duration = Duration::from_millis(16);

/// The frame rates of all subscribers of one screencast. Latest wins: a subscriber that is slow or
/// wants fewer frames gets the newest frame when it is ready, and never a stale one.
#[derive(Debug)]
pub struct FramePace<K> {
    subscribers: Vec<(K, SubscriberPace)>,
    /// The number of the newest frame; 0 before the first.
    newest: u64,
    /// Chromium waits for the acknowledgement of the newest frame before it sends another.
    unacknowledged: bool,
}

#[derive(Debug)]
struct SubscriberPace {
    /// The shortest time between two frames.
    interval: Duration,
    /// When the next frame may be offered.
    due: Instant,
    /// The last frame that was offered.
    offered: u64,
    /// That frame has not been sent to the subscriber yet.
    waiting: bool,
}

impl<K> Default for FramePace<K> {
    fn default() -> Self {
        Self {
            subscribers: Vec::new(),
            newest: 0,
            unacknowledged: false,
        }
    }
}

impl<K: PartialEq + Clone> FramePace<K> {
    /// Adds a subscriber, who gets the newest frame at once if there is one.
    pub fn add(&mut self, key: K, max_fps: Option<u8>, now: Instant) {
        self.remove(&key);
        let interval = max_fps.map_or(Duration::ZERO, |fps| {
            Duration::from_secs(1) / u32::from(fps.max(1))
        });
        self.subscribers.push((
            key,
            SubscriberPace {
                interval,
                due: now,
                offered: 0,
                waiting: false,
            },
        ));
    }

    pub fn remove(&mut self, key: &K) {
        self.subscribers.retain(|(known, _)| known != key);
    }

    pub fn is_empty(&self) -> bool {
        self.subscribers.is_empty()
    }

    /// Chromium sent a new frame.
    pub fn arrived(&mut self) {
        self.newest += 1;
        self.unacknowledged = true;
    }

    /// The subscribers that get the newest frame now. It replaces an older frame that has not been
    /// sent yet.
    pub fn take_due(&mut self, now: Instant) -> Vec<K> {
        let newest = self.newest;
        let mut due = Vec::new();
        for (key, subscriber) in &mut self.subscribers {
            if subscriber.offered == newest || !(subscriber.waiting || subscriber.due <= now) {
                continue;
            }
            if !subscriber.waiting {
                // Relative to the time when it was due, so that one late frame does not delay all
                // that follow; `max(now)`, so that no burst follows a pause.
                subscriber.due = (subscriber.due + subscriber.interval).max(now);
                subscriber.waiting = true;
            }
            subscriber.offered = newest;
            due.push(key.clone());
        }
        due
    }

    /// The frame offered to a subscriber has been sent.
    pub fn left(&mut self, key: &K) {
        if let Some((_, subscriber)) = self.subscribers.iter_mut().find(|(known, _)| known == key) {
            subscriber.waiting = false;
        }
    }

    /// Whether to acknowledge the newest frame now, which makes Chromium send another. True once
    /// per frame.
    pub fn take_acknowledgement(&mut self, now: Instant) -> bool {
        let wanted = self.unacknowledged
            && self
                .subscribers
                .iter()
                .any(|(_, subscriber)| subscriber.wants_next(self.newest, now));
        if wanted {
            self.unacknowledged = false;
        }
        wanted
    }

    /// When the next frame or acknowledgement is due by time alone.
    pub fn next_due(&self, now: Instant) -> Option<Instant> {
        let ready = self
            .subscribers
            .iter()
            .map(|(_, subscriber)| subscriber)
            .filter(|it| !it.waiting);
        ready
            .flat_map(|subscriber| {
                let offer = (subscriber.offered < self.newest).then_some(subscriber.due);
                let ask = self.unacknowledged.then(|| subscriber.ask_at());
                [offer, ask]
            })
            .flatten()
            .filter(|due| *due > now)
            .min()
    }
}

impl SubscriberPace {
    fn wants_next(&self, newest: u64, now: Instant) -> bool {
        !self.waiting && self.offered == newest && self.ask_at() <= now
    }

    fn ask_at(&self) -> Instant {
        self.due.checked_sub(LEAD).unwrap_or(self.due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_micros(16_667);

    /// Simulates ten seconds of a page with 60 frames per second. Each subscriber has a frame limit
    /// and a send time. Returns the frames that each received, and those that Chromium sent.
    fn play(subscribers: &[(Option<u8>, Duration)]) -> (Vec<u32>, u32) {
        let start = Instant::now();
        let mut pace = FramePace::default();
        for (key, (fps, _)) in subscribers.iter().enumerate() {
            pace.add(key, *fps, start);
        }
        let mut got = vec![0; subscribers.len()];
        let mut leaving: Vec<(Instant, usize)> = Vec::new();
        let (mut sent, mut asked) = (0, true);
        for tick in 0..10_000 {
            let now = start + Duration::from_millis(tick);
            let drawn = now - start >= FRAME * (sent + 1);
            if asked && drawn && tick % 17 == 0 {
                pace.arrived();
                (sent, asked) = (sent + 1, false);
            }
            for (_, key) in leaving.extract_if(.., |(when, _)| *when <= now) {
                pace.left(&key);
                got[key] += 1;
            }
            for key in pace.take_due(now) {
                if !leaving.iter().any(|(_, on_its_way)| *on_its_way == key) {
                    leaving.push((now + subscribers[key].1, key));
                }
            }
            asked |= pace.take_acknowledgement(now);
        }
        (got, sent)
    }

    #[test]
    fn a_subscriber_without_a_limit_gets_every_frame() {
        let (got, sent) = play(&[(None, Duration::ZERO)]);
        assert!(sent > 550, "{sent}");
        assert!(sent - got[0] <= 1, "{got:?} of {sent}");
    }

    #[test]
    fn a_limit_is_kept_and_nearly_reached() {
        let (got, sent) = play(&[(Some(10), Duration::ZERO)]);
        assert!((95..=101).contains(&got[0]), "{got:?}");
        assert!(
            sent <= 105,
            "no more frames are requested than needed: {sent}"
        );
    }

    #[test]
    fn a_slow_subscriber_slows_down_chromium_but_no_other_subscriber() {
        let (got, sent) = play(&[(None, Duration::from_millis(200))]);
        assert!(
            (45..=51).contains(&got[0]) && sent <= 52,
            "{got:?} of {sent}"
        );
        let slow = (None, Duration::from_millis(200));
        let (got, sent) = play(&[slow, (None, Duration::ZERO)]);
        assert!(got[1] > 550 && sent - got[1] <= 1, "{got:?} of {sent}");
        assert!((45..=51).contains(&got[0]), "{got:?}");
    }

    #[test]
    fn a_new_subscriber_gets_the_last_frame_of_a_static_page() {
        let now = Instant::now();
        let mut pace = FramePace::default();
        pace.add("first", None, now);
        pace.arrived();
        assert_eq!(pace.take_due(now), ["first"]);
        pace.left(&"first");
        assert!(pace.take_acknowledgement(now) && !pace.take_acknowledgement(now));
        pace.add("second", None, now);
        assert_eq!(pace.take_due(now), ["second"]);
        assert!(pace.take_due(now).is_empty());
    }

    #[test]
    fn an_unsent_frame_is_replaced_by_a_newer_one() {
        let now = Instant::now();
        let mut pace = FramePace::default();
        pace.add("slow", None, now);
        pace.add("fast", None, now);
        pace.arrived();
        assert_eq!(pace.take_due(now), ["slow", "fast"]);
        assert!(!pace.take_acknowledgement(now), "nothing has been sent yet");
        pace.left(&"fast");
        assert!(pace.take_acknowledgement(now));
        pace.arrived();
        assert_eq!(pace.take_due(now), ["slow", "fast"]);
    }

    #[test]
    fn a_removed_subscriber_is_not_waited_for() {
        let now = Instant::now();
        let mut pace = FramePace::default();
        pace.add(1, Some(1), now);
        pace.arrived();
        pace.take_due(now);
        pace.left(&1);
        let due = pace.next_due(now).unwrap();
        assert!(due < now + Duration::from_secs(1));
        pace.remove(&1);
        assert!(pace.is_empty() && pace.next_due(now).is_none());
        assert!(!pace.take_acknowledgement(due));
    }
}
