//! Which idempotency keys belong to which requests and their answers. No I/O.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::IdempotencyKey;
use tokio::time::Instant;

use super::settings::IdempotencyConfig;
use crate::tabs::{CallId, Scope};

/// Tells one request from another.
pub(super) type Fingerprint = [u8; 32];

/// The memory of one scope's keys is bounded by this many bytes times the most keys.
const BYTES_A_KEY: usize = 1024;

/// When to try again, where no key is about to expire.
const SOON: Duration = Duration::from_secs(1);

/// Bytes of an entry beside its key and its answer.
const OVERHEAD: usize = 256;

/// The keys of all scopes. `W` waits for an answer `A`.
#[derive(Debug)]
pub(super) struct IdempotencyTable<W, A> {
    config: IdempotencyConfig,
    scopes: HashMap<Scope, ScopeKeys<W, A>>,
    /// When scopes without keys are forgotten next.
    next_sweep: Option<Instant>,
}

#[derive(Debug)]
struct ScopeKeys<W, A> {
    entries: HashMap<IdempotencyKey, KeyEntry<W, A>>,
    /// Keys with an answer, oldest first, each with its expiry.
    answered: VecDeque<(Instant, IdempotencyKey)>,
    bytes: usize,
    /// Its session has ended: no answer is remembered any more.
    has_ended: bool,
}

#[derive(Debug)]
struct KeyEntry<W, A> {
    print: Fingerprint,
    bytes: usize,
    state: State<W, A>,
}

#[derive(Debug)]
enum State<W, A> {
    Running { leader: CallId, waiting: Vec<W> },
    Answered(Arc<A>),
}

/// What to do with a request that carries a key.
#[derive(Debug, PartialEq)]
pub(super) enum Begin<W, A> {
    /// Execute it, then [settle](IdempotencyTable::settle) its answer.
    Lead(W),
    /// Nothing: it waits for the answer of the leading request.
    Joined,
    /// Answer it with this.
    Answered(W, Arc<A>),
    /// Refuse it: the key belongs to another request.
    KeyReused(W),
    /// Refuse it: the scope's keys are full for this long.
    Full(W, Duration),
}

impl<W, A> IdempotencyTable<W, A> {
    pub(super) fn new(config: IdempotencyConfig) -> Self {
        Self {
            config,
            scopes: HashMap::new(),
            next_sweep: None,
        }
    }

    /// A caller sends a request with a key.
    pub(super) fn begin(
        &mut self,
        scope: &Scope,
        key: &IdempotencyKey,
        print: Fingerprint,
        call: CallId,
        waiter: W,
        now: Instant,
    ) -> Begin<W, A> {
        let limit = self.config.keys;
        self.sweep(now);
        let keys = self.scopes.entry(scope.clone()).or_default();
        keys.expire(now);
        if let Some(entry) = keys.entries.get_mut(key) {
            return match &mut entry.state {
                _ if entry.print != print => Begin::KeyReused(waiter),
                State::Running { waiting, .. } => {
                    waiting.push(waiter);
                    Begin::Joined
                }
                State::Answered(answer) => Begin::Answered(waiter, Arc::clone(answer)),
            };
        }
        if keys.entries.len() >= limit || keys.bytes >= limit.saturating_mul(BYTES_A_KEY) {
            let first = keys.answered.front();
            let after = first.map_or(SOON, |(until, _)| until.saturating_duration_since(now));
            return Begin::Full(waiter, after);
        }
        // The key is stored twice.
        let bytes = OVERHEAD + 2 * key.as_str().len();
        let state = State::Running {
            leader: call,
            waiting: Vec::new(),
        };
        keys.bytes += bytes;
        keys.entries.insert(
            key.clone(),
            KeyEntry {
                print,
                bytes,
                state,
            },
        );
        Begin::Lead(waiter)
    }

    /// Forgets scopes without keys, once in a window: sessions come and go.
    fn sweep(&mut self, now: Instant) {
        if self.next_sweep.is_some_and(|next| now < next) {
            return;
        }
        self.next_sweep = Some(now + self.config.window);
        self.scopes.retain(|_, keys| {
            keys.expire(now);
            !keys.entries.is_empty()
        });
    }

    /// The call that is carried out for a key now.
    pub(super) fn leader_of(&self, scope: &Scope, key: &IdempotencyKey) -> Option<CallId> {
        match self.scopes.get(scope)?.entries.get(key)?.state {
            State::Running { leader, .. } => Some(leader),
            State::Answered(_) => None,
        }
    }

    /// The session of this scope has ended: forgets its answers. Requests that still run are settled as before.
    pub(super) fn forget(&mut self, scope: &Scope) {
        let Some(keys) = self.scopes.get_mut(scope) else {
            return;
        };
        keys.has_ended = true;
        while let Some((_, key)) = keys.answered.pop_front() {
            keys.remove(&key);
        }
        if keys.entries.is_empty() {
            self.scopes.remove(scope);
        }
    }

    /// Ends the leading request of a key and returns those that joined it. An answer is remembered, with its
    /// size in bytes; without one the key is free again.
    pub(super) fn settle(
        &mut self,
        scope: &Scope,
        key: &IdempotencyKey,
        answer: Option<(Arc<A>, usize)>,
        now: Instant,
    ) -> Vec<W> {
        let until = now + self.config.window;
        let Some(keys) = self.scopes.get_mut(scope) else {
            return Vec::new();
        };
        let answer = answer.filter(|_| !keys.has_ended);
        let Some((answer, bytes)) = answer else {
            let waiting = match keys.remove(key) {
                Some(State::Running { waiting, .. }) => waiting,
                _ => Vec::new(),
            };
            if keys.has_ended && keys.entries.is_empty() {
                self.scopes.remove(scope);
            }
            return waiting;
        };
        let Some(entry) = keys.entries.get_mut(key) else {
            return Vec::new();
        };
        entry.bytes += bytes;
        keys.bytes += bytes;
        keys.answered.push_back((until, key.clone()));
        match std::mem::replace(&mut entry.state, State::Answered(answer)) {
            State::Running { waiting, .. } => waiting,
            State::Answered(_) => Vec::new(),
        }
    }
}

impl<W, A> Default for ScopeKeys<W, A> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            answered: VecDeque::new(),
            bytes: 0,
            has_ended: false,
        }
    }
}

impl<W, A> ScopeKeys<W, A> {
    fn expire(&mut self, now: Instant) {
        while let Some((_, key)) = self.answered.pop_front_if(|(until, _)| *until <= now) {
            self.remove(&key);
        }
    }

    fn remove(&mut self, key: &IdempotencyKey) -> Option<State<W, A>> {
        let entry = self.entries.remove(key)?;
        self.bytes -= entry.bytes;
        Some(entry.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tabs::CallerId;

    const CONFIG: IdempotencyConfig = IdempotencyConfig {
        window: Duration::from_secs(10),
        keys: 2,
    };

    fn key(text: &str) -> IdempotencyKey {
        text.try_into().unwrap()
    }

    fn call(who: u8) -> CallId {
        CallId {
            caller: CallerId(1),
            number: who.into(),
        }
    }

    fn answer(ts: u64) -> Arc<u64> {
        Arc::new(ts)
    }

    struct Case {
        table: IdempotencyTable<u8, u64>,
        now: Instant,
    }

    impl Case {
        fn new() -> Self {
            Self {
                table: IdempotencyTable::new(CONFIG),
                now: Instant::now(),
            }
        }

        fn begin(&mut self, text: &str, print: u8, who: u8) -> Begin<u8, u64> {
            let client = "a".into();
            self.table
                .begin(&client, &key(text), [print; 32], call(who), who, self.now)
        }

        fn settle(&mut self, text: &str, answer: Option<Arc<u64>>) -> Vec<u8> {
            let answer = answer.map(|answer| (answer, 10));
            self.table.settle(&"a".into(), &key(text), answer, self.now)
        }
    }

    #[test]
    fn the_first_is_carried_out_and_the_others_get_its_answer() {
        let mut case = Case::new();
        assert_eq!(case.begin("k", 1, 1), Begin::Lead(1));
        assert_eq!(case.begin("k", 1, 2), Begin::Joined);
        assert_eq!(case.begin("k", 1, 3), Begin::Joined);
        let leader = |case: &Case| case.table.leader_of(&"a".into(), &key("k"));
        assert_eq!(leader(&case), Some(call(1)));
        assert_eq!(case.settle("k", Some(answer(5))), [2, 3]);
        assert_eq!(leader(&case), None);
        assert_eq!(case.begin("k", 1, 4), Begin::Answered(4, answer(5)));
    }

    #[test]
    fn scopes_without_keys_are_forgotten() {
        let mut case = Case::new();
        case.begin("k", 1, 1);
        case.settle("k", Some(answer(5)));
        case.now += CONFIG.window;
        let (other, now) = ("b".into(), case.now);
        case.table
            .begin(&other, &key("k"), [1; 32], call(2), 2, now);
        assert_eq!(case.table.scopes.keys().collect::<Vec<_>>(), [&other]);
    }

    #[test]
    fn a_key_stands_for_one_request_of_one_client() {
        let mut case = Case::new();
        case.begin("k", 1, 1);
        assert_eq!(case.begin("k", 2, 2), Begin::KeyReused(2));
        let (other, now) = ("b".into(), case.now);
        let begun = case
            .table
            .begin(&other, &key("k"), [2; 32], call(3), 3, now);
        assert_eq!(begun, Begin::Lead(3));
        case.settle("k", Some(answer(5)));
        assert_eq!(case.begin("k", 2, 4), Begin::KeyReused(4));
    }

    #[test]
    fn an_answer_that_is_not_remembered_frees_the_key() {
        let mut case = Case::new();
        case.begin("k", 1, 1);
        case.begin("k", 1, 2);
        assert_eq!(case.settle("k", None), [2]);
        assert_eq!(case.begin("k", 2, 3), Begin::Lead(3));
    }

    #[test]
    fn a_key_is_forgotten_after_its_time_and_the_time_counts_from_the_answer() {
        let mut case = Case::new();
        case.begin("k", 1, 1);
        case.now += CONFIG.window * 3;
        assert_eq!(case.begin("k", 1, 2), Begin::Joined);
        case.settle("k", Some(answer(5)));
        case.now += Duration::from_millis(9_999);
        assert_eq!(case.begin("k", 1, 3), Begin::Answered(3, answer(5)));
        case.now += Duration::from_millis(1);
        assert_eq!(case.begin("k", 2, 4), Begin::Lead(4));
    }

    #[test]
    fn one_key_more_than_is_remembered_is_refused_and_nothing_is_forgotten_early() {
        let mut case = Case::new();
        case.begin("j", 1, 1);
        case.settle("j", Some(answer(5)));
        case.begin("k", 1, 2);
        case.now += CONFIG.window / 2;
        assert_eq!(case.begin("l", 1, 3), Begin::Full(3, CONFIG.window / 2));
        assert_eq!(case.begin("j", 1, 4), Begin::Answered(4, answer(5)));
        case.now += CONFIG.window / 2;
        assert_eq!(case.begin("l", 1, 5), Begin::Lead(5));
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
        case.now += CONFIG.window;
        assert_eq!(case.begin("k", 1, 3), Begin::Lead(3));
        assert_eq!(case.table.scopes[&client].entries.len(), 1);
    }
}
