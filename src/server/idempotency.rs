//! Which idempotency keys stand for which requests and their answers. No I/O.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::{Event, IdempotencyKey};
use tokio::time::Instant;

use super::settings::Remember;
use crate::tabs::ClientId;

/// What tells one request from another.
pub type Fingerprint = [u8; 32];

/// What one key may cost on average, in bytes; the most keys times this is what all of a client's
/// may cost together.
const BYTES_A_KEY: usize = 1024;

/// When a place may be free, where that is not known more closely.
const SOON: Duration = Duration::from_secs(1);

/// What a key costs beside its own text and its answer.
const OVERHEAD: usize = 256;

/// The keys of all clients; `W` is whoever waits for an answer.
#[derive(Debug)]
pub struct Table<W> {
    remember: Remember,
    clients: HashMap<ClientId, Keys<W>>,
}

#[derive(Debug)]
struct Keys<W> {
    entries: HashMap<IdempotencyKey, Entry<W>>,
    /// Those that are answered, the oldest first, with the time until which they are remembered.
    answered: VecDeque<(Instant, IdempotencyKey)>,
    bytes: usize,
}

#[derive(Debug)]
struct Entry<W> {
    print: Fingerprint,
    bytes: usize,
    state: State<W>,
}

#[derive(Debug)]
enum State<W> {
    Running(Vec<W>),
    Answered(Arc<Event>),
}

/// What becomes of a request with a key.
#[derive(Debug, PartialEq)]
pub enum Begin<W> {
    /// It is carried out; its answer is to be [settled](Table::settle).
    First(W),
    /// It waits for the answer of the first.
    Joined,
    /// It has been answered.
    Answered(W, Arc<Event>),
    /// The key stands for another request.
    Other(W),
    /// No more keys are remembered before this time has passed.
    Full(W, Duration),
}

impl<W> Table<W> {
    /// No keys.
    pub fn new(remember: Remember) -> Self {
        Self {
            remember,
            clients: HashMap::new(),
        }
    }

    /// A client makes a request under a key.
    pub fn begin(
        &mut self,
        client: &ClientId,
        key: &IdempotencyKey,
        print: Fingerprint,
        who: W,
        now: Instant,
    ) -> Begin<W> {
        let most = self.remember.keys;
        let keys = self.clients.entry(client.clone()).or_default();
        keys.forget(now);
        if let Some(entry) = keys.entries.get_mut(key) {
            return match &mut entry.state {
                _ if entry.print != print => Begin::Other(who),
                State::Running(waiting) => {
                    waiting.push(who);
                    Begin::Joined
                }
                State::Answered(event) => Begin::Answered(who, Arc::clone(event)),
            };
        }
        if keys.entries.len() >= most || keys.bytes >= most.saturating_mul(BYTES_A_KEY) {
            let first = keys.answered.front();
            let after = first.map_or(SOON, |(until, _)| until.saturating_duration_since(now));
            return Begin::Full(who, after);
        }
        // The text stands in two tables.
        let bytes = OVERHEAD + 2 * key.as_str().len();
        let state = State::Running(Vec::new());
        keys.bytes += bytes;
        keys.entries.insert(
            key.clone(),
            Entry {
                print,
                bytes,
                state,
            },
        );
        Begin::First(who)
    }

    /// The first request of a key has been answered, with an event of so many bytes that is to be
    /// remembered, or with something that is not, which frees the key. Gives those that wait for
    /// the same answer.
    pub fn settle(
        &mut self,
        client: &ClientId,
        key: &IdempotencyKey,
        answer: Option<(Arc<Event>, usize)>,
        now: Instant,
    ) -> Vec<W> {
        let until = now + self.remember.window;
        let Some(keys) = self.clients.get_mut(client) else {
            return Vec::new();
        };
        let Some((event, bytes)) = answer else {
            return match keys.remove(key) {
                Some(State::Running(waiting)) => waiting,
                _ => Vec::new(),
            };
        };
        let Some(entry) = keys.entries.get_mut(key) else {
            return Vec::new();
        };
        entry.bytes += bytes;
        keys.bytes += bytes;
        keys.answered.push_back((until, key.clone()));
        match std::mem::replace(&mut entry.state, State::Answered(event)) {
            State::Running(waiting) => waiting,
            State::Answered(_) => Vec::new(),
        }
    }
}

impl<W> Default for Keys<W> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            answered: VecDeque::new(),
            bytes: 0,
        }
    }
}

impl<W> Keys<W> {
    fn forget(&mut self, now: Instant) {
        while let Some((_, key)) = self.answered.pop_front_if(|(until, _)| *until <= now) {
            self.remove(&key);
        }
    }

    fn remove(&mut self, key: &IdempotencyKey) -> Option<State<W>> {
        let entry = self.entries.remove(key)?;
        self.bytes -= entry.bytes;
        Some(entry.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp_bridge_protocol::event::Pong;

    const REMEMBER: Remember = Remember {
        window: Duration::from_secs(10),
        keys: 2,
    };

    fn key(text: &str) -> IdempotencyKey {
        text.try_into().unwrap()
    }

    fn answer(ts: u64) -> Arc<Event> {
        Arc::new(Pong { ts }.into())
    }

    struct Case {
        table: Table<u8>,
        now: Instant,
    }

    impl Case {
        fn new() -> Self {
            Self {
                table: Table::new(REMEMBER),
                now: Instant::now(),
            }
        }

        fn begin(&mut self, text: &str, print: u8, who: u8) -> Begin<u8> {
            let client = "a".into();
            self.table
                .begin(&client, &key(text), [print; 32], who, self.now)
        }

        fn settle(&mut self, text: &str, answer: Option<Arc<Event>>) -> Vec<u8> {
            let answer = answer.map(|event| (event, 10));
            self.table.settle(&"a".into(), &key(text), answer, self.now)
        }
    }

    #[test]
    fn the_first_is_carried_out_and_the_others_get_its_answer() {
        let mut case = Case::new();
        assert_eq!(case.begin("k", 1, 1), Begin::First(1));
        assert_eq!(case.begin("k", 1, 2), Begin::Joined);
        assert_eq!(case.begin("k", 1, 3), Begin::Joined);
        assert_eq!(case.settle("k", Some(answer(5))), [2, 3]);
        assert_eq!(case.begin("k", 1, 4), Begin::Answered(4, answer(5)));
    }

    #[test]
    fn a_key_stands_for_one_request_of_one_client() {
        let mut case = Case::new();
        case.begin("k", 1, 1);
        assert_eq!(case.begin("k", 2, 2), Begin::Other(2));
        let (other, now) = ("b".into(), case.now);
        let begun = case.table.begin(&other, &key("k"), [2; 32], 3, now);
        assert_eq!(begun, Begin::First(3));
        case.settle("k", Some(answer(5)));
        assert_eq!(case.begin("k", 2, 4), Begin::Other(4));
    }

    #[test]
    fn an_answer_that_is_not_remembered_frees_the_key() {
        let mut case = Case::new();
        case.begin("k", 1, 1);
        case.begin("k", 1, 2);
        assert_eq!(case.settle("k", None), [2]);
        assert_eq!(case.begin("k", 2, 3), Begin::First(3));
    }

    #[test]
    fn a_key_is_forgotten_after_its_time_and_the_time_counts_from_the_answer() {
        let mut case = Case::new();
        case.begin("k", 1, 1);
        case.now += REMEMBER.window * 3;
        assert_eq!(case.begin("k", 1, 2), Begin::Joined);
        case.settle("k", Some(answer(5)));
        case.now += Duration::from_millis(9_999);
        assert_eq!(case.begin("k", 1, 3), Begin::Answered(3, answer(5)));
        case.now += Duration::from_millis(1);
        assert_eq!(case.begin("k", 2, 4), Begin::First(4));
    }

    #[test]
    fn one_key_more_than_is_remembered_is_refused_and_nothing_is_forgotten_early() {
        let mut case = Case::new();
        case.begin("j", 1, 1);
        case.settle("j", Some(answer(5)));
        case.begin("k", 1, 2);
        case.now += REMEMBER.window / 2;
        assert_eq!(case.begin("l", 1, 3), Begin::Full(3, REMEMBER.window / 2));
        assert_eq!(case.begin("j", 1, 4), Begin::Answered(4, answer(5)));
        case.now += REMEMBER.window / 2;
        assert_eq!(case.begin("l", 1, 5), Begin::First(5));
        assert_eq!(case.begin("m", 1, 6), Begin::Full(6, SOON));
    }

    #[test]
    fn long_answers_fill_the_memory_as_many_keys_do() {
        let mut case = Case::new();
        case.begin("j", 1, 1);
        let (client, now) = ("a".into(), case.now);
        let long = Some((answer(1), 2 * BYTES_A_KEY));
        case.table.settle(&client, &key("j"), long, now);
        assert!(matches!(case.begin("k", 1, 2), Begin::Full(2, _)));
        case.now += REMEMBER.window;
        assert_eq!(case.begin("k", 1, 3), Begin::First(3));
        assert_eq!(case.table.clients[&client].entries.len(), 1);
    }
}
