//! Which message is tried next (pure): bounded, and shared by clients.

use std::collections::HashMap;

use super::message::Kept;

/// The most messages that wait or are being sent.
pub(super) const MOST: usize = 1000;

/// The most of one client, so that one whose receivers are dead leaves room for others.
const MOST_OF_CLIENT: usize = MOST / 2;

/// The most attempts at a time.
pub(super) const RUNNING: usize = 16;

/// The most at a time for one client, so that its slow receivers do not hold up those of others.
const RUNNING_OF_CLIENT: usize = 4;

/// The messages that wait, with how many are being sent.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Vec<Kept>,
    running: HashMap<String, usize>,
}

impl Queue {
    /// Takes a message. Gives it back if there is no room.
    pub(super) fn push(&mut self, kept: Kept) -> Result<(), Kept> {
        let of_client = self.waiting.iter().filter(|it| it.client == kept.client);
        let own = of_client.count() + self.running.get(&kept.client).copied().unwrap_or(0);
        if self.len() >= MOST || own >= MOST_OF_CLIENT {
            return Err(kept);
        }
        // One that is told of again after a restart is there already.
        self.waiting.retain(|it| it.id != kept.id);
        self.waiting.push(kept);
        Ok(())
    }

    /// The next one that is due and may be sent now; it counts as running.
    pub(super) fn take_due(&mut self, now_ms: u64) -> Option<Kept> {
        if self.running() >= RUNNING {
            return None;
        }
        let may_run = |it: &&Kept| {
            let own = self.running.get(&it.client).copied().unwrap_or(0);
            it.next_ms <= now_ms && own < RUNNING_OF_CLIENT
        };
        let due = self.waiting.iter().filter(may_run);
        let id = due.min_by_key(|it| it.next_ms).map(|it| it.id.clone())?;
        let index = self.waiting.iter().position(|it| it.id == id)?;
        let kept = self.waiting.swap_remove(index);
        *self.running.entry(kept.client.clone()).or_default() += 1;
        Some(kept)
    }

    /// An attempt for this client is over.
    pub(super) fn finished(&mut self, client: &str) {
        if let Some(running) = self.running.get_mut(client) {
            *running -= 1;
            if *running == 0 {
                self.running.remove(client);
            }
        }
    }

    /// When the next one is due that is not yet.
    pub(super) fn next_ms(&self, now_ms: u64) -> Option<u64> {
        let later = self.waiting.iter().map(|it| it.next_ms);
        later.filter(|at| *at > now_ms).min()
    }

    /// Whether something is being sent, or is to be sent now.
    pub(super) fn is_busy(&self, now_ms: u64) -> bool {
        self.running() > 0 || self.waiting.iter().any(|it| it.next_ms <= now_ms)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.running()
    }

    fn running(&self) -> usize {
        self.running.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhooks::WebhookEvent;

    fn kept(client: &str, object: usize, next_ms: u64) -> Kept {
        let event = WebhookEvent {
            client: client.to_owned(),
            url: String::new(),
            kind: "session.ended",
            object: object.to_string(),
            data: serde_json::Value::Null,
        };
        Kept::new(
            &event,
            &crate::webhooks::schedule::Schedule::default(),
            next_ms,
        )
    }

    #[test]
    fn what_is_due_first_is_sent_first_and_a_client_has_its_share() {
        let mut queue = Queue::default();
        for object in 0..9 {
            queue.push(kept("slow", object, 5)).unwrap();
        }
        queue.push(kept("other", 0, 7)).unwrap();
        queue.push(kept("other", 1, 99)).unwrap();
        let taken: Vec<_> = std::iter::from_fn(|| queue.take_due(10)).collect();
        let clients: Vec<_> = taken.iter().map(|it| it.client.as_str()).collect();
        assert_eq!(clients, ["slow", "slow", "slow", "slow", "other"]);
        assert_eq!(queue.next_ms(10), Some(99));
        queue.finished("slow");
        assert_eq!(queue.take_due(10).unwrap().client, "slow");
        assert!(queue.is_busy(10));
    }

    #[test]
    fn it_is_full_for_one_client_before_it_is_for_all() {
        let mut queue = Queue::default();
        for object in 0..MOST_OF_CLIENT {
            queue.push(kept("a", object, 5)).unwrap();
        }
        assert!(queue.push(kept("a", MOST, 5)).is_err());
        for object in 0..MOST_OF_CLIENT {
            queue.push(kept("b", object, 5)).unwrap();
        }
        assert!(queue.push(kept("c", 0, 5)).is_err());
        assert_eq!(queue.len(), MOST);
    }
}
