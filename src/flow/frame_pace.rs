//! When which watcher of a screencast gets the newest frame, and when the next one is asked for.

use std::time::Duration;

use tokio::time::Instant;

/// How long before it is due the next frame is asked for: about as long as Chromium takes to
/// draw one, so that it is there in time.
const LEAD: Duration = Duration::from_millis(16);

/// The pace of all watchers of one screencast. Newest wins: a watcher that is slow, or wants
/// fewer frames, gets the latest one when it is ready, and never one that is out of date.
#[derive(Debug)]
pub struct FramePace<K> {
    watchers: Vec<(K, Watcher)>,
    /// Number of the newest frame; 0 before the first.
    newest: u64,
    /// Chromium waits to be told that the newest frame was used, before it sends another.
    unacknowledged: bool,
}

#[derive(Debug)]
struct Watcher {
    /// The shortest time between two frames.
    interval: Duration,
    /// When the next frame may be offered.
    due: Instant,
    /// The last frame that was offered.
    offered: u64,
    /// That frame has not left for the watcher yet.
    waiting: bool,
}

impl<K> Default for FramePace<K> {
    fn default() -> Self {
        Self {
            watchers: Vec::new(),
            newest: 0,
            unacknowledged: false,
        }
    }
}

impl<K: PartialEq + Clone> FramePace<K> {
    /// Adds a watcher, who gets the newest frame at once if there is one.
    pub fn add(&mut self, key: K, max_fps: Option<u8>, now: Instant) {
        self.remove(&key);
        let interval = max_fps.map_or(Duration::ZERO, |fps| {
            Duration::from_secs(1) / u32::from(fps.max(1))
        });
        self.watchers.push((
            key,
            Watcher {
                interval,
                due: now,
                offered: 0,
                waiting: false,
            },
        ));
    }

    /// Removes a watcher.
    pub fn remove(&mut self, key: &K) {
        self.watchers.retain(|(known, _)| known != key);
    }

    /// Whether nobody watches.
    pub fn is_empty(&self) -> bool {
        self.watchers.is_empty()
    }

    /// Chromium sent a frame.
    pub fn arrived(&mut self) {
        self.newest += 1;
        self.unacknowledged = true;
    }

    /// The watchers that are to be offered the newest frame now. One to whom an older frame is
    /// still on its way gets this one in its place.
    pub fn take_due(&mut self, now: Instant) -> Vec<K> {
        let newest = self.newest;
        let mut due = Vec::new();
        for (key, watcher) in &mut self.watchers {
            if watcher.offered == newest || !(watcher.waiting || watcher.due <= now) {
                continue;
            }
            if !watcher.waiting {
                // Counted from when it was due, so that a frame that came a little late does not
                // slow all that follow; but a pause is not made up for by a burst.
                watcher.due = (watcher.due + watcher.interval).max(now);
                watcher.waiting = true;
            }
            watcher.offered = newest;
            due.push(key.clone());
        }
        due
    }

    /// The frame offered to a watcher has left for its socket.
    pub fn left(&mut self, key: &K) {
        if let Some((_, watcher)) = self.watchers.iter_mut().find(|(known, _)| known == key) {
            watcher.waiting = false;
        }
    }

    /// Whether Chromium is to be asked for another frame now; it is asked once.
    pub fn take_acknowledgement(&mut self, now: Instant) -> bool {
        let wanted = self.unacknowledged
            && self
                .watchers
                .iter()
                .any(|(_, watcher)| watcher.wants_next(self.newest, now));
        if wanted {
            self.unacknowledged = false;
        }
        wanted
    }

    /// When something is due next by time alone.
    pub fn next_due(&self, now: Instant) -> Option<Instant> {
        let ready = self
            .watchers
            .iter()
            .map(|(_, watcher)| watcher)
            .filter(|it| !it.waiting);
        ready
            .flat_map(|watcher| {
                let offer = (watcher.offered < self.newest).then_some(watcher.due);
                let ask = self.unacknowledged.then(|| watcher.ask_at());
                [offer, ask]
            })
            .flatten()
            .filter(|due| *due > now)
            .min()
    }
}

impl Watcher {
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

    /// Runs a page that draws 60 times a second for ten seconds, and watchers whose frames need
    /// so long to leave. Counts the frames each got, and those that Chromium sent.
    fn play(watchers: &[(Option<u8>, Duration)]) -> (Vec<u32>, u32) {
        let start = Instant::now();
        let mut pace = FramePace::default();
        for (key, (fps, _)) in watchers.iter().enumerate() {
            pace.add(key, *fps, start);
        }
        let mut got = vec![0; watchers.len()];
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
                    leaving.push((now + watchers[key].1, key));
                }
            }
            asked |= pace.take_acknowledgement(now);
        }
        (got, sent)
    }

    #[test]
    fn a_watcher_without_a_limit_gets_every_frame() {
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
            "Chromium is asked for no more than is needed: {sent}"
        );
    }

    #[test]
    fn a_slow_reader_slows_chromium_and_nobody_else() {
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
    fn who_comes_later_gets_the_last_frame_of_a_page_that_stands_still() {
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
    fn a_frame_on_its_way_is_replaced_by_a_newer_one() {
        let now = Instant::now();
        let mut pace = FramePace::default();
        pace.add("slow", None, now);
        pace.add("fast", None, now);
        pace.arrived();
        assert_eq!(pace.take_due(now), ["slow", "fast"]);
        assert!(!pace.take_acknowledgement(now), "nothing has left yet");
        pace.left(&"fast");
        assert!(pace.take_acknowledgement(now));
        pace.arrived();
        assert_eq!(pace.take_due(now), ["slow", "fast"]);
    }

    #[test]
    fn a_watcher_that_left_is_not_waited_for() {
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
