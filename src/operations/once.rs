//! Whole answers of a door that are made once for each idempotency key, on the same table as the requests of the protocol.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use cdp_bridge_protocol::IdempotencyKey;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::idempotency_table::{Begin, IdempotencyTable};
use super::settings::IdempotencyConfig;
use super::{CallId, CallerId};
use crate::lock::lock;
use crate::tabs::Scope;

/// Tells one request from another with the same key.
pub type RequestFingerprint = [u8; 32];

/// The keys of one door. `A` is its answer.
#[derive(Debug)]
pub struct OnceGuard<A> {
    config: IdempotencyConfig,
    table: Mutex<IdempotencyTable<oneshot::Sender<Arc<A>>, A>>,
}

/// What to do with a request that carries a key.
#[derive(Debug)]
pub enum Once<A> {
    /// Carry it out, and settle its answer.
    Lead(OnceLeader<A>),
    /// It runs already: its answer follows. An error says that it was refused before it began, or is lost.
    Wait(oneshot::Receiver<Arc<A>>),
    /// It was carried out before.
    Repeat(Arc<A>),
    /// The key belongs to another request.
    KeyReused,
    /// The memory of keys is full for this long.
    Full {
        /// How many are remembered.
        limit: usize,
        /// When the oldest is forgotten.
        retry_after: Duration,
    },
}

/// The request that is carried out for a key. Dropped unsettled, it frees the key.
#[derive(Debug)]
pub struct OnceLeader<A> {
    guard: Arc<OnceGuard<A>>,
    scope: Scope,
    key: IdempotencyKey,
    is_settled: bool,
}

impl<A> OnceGuard<A> {
    /// Without keys.
    pub fn new(config: IdempotencyConfig) -> Arc<Self> {
        Arc::new(Self {
            config,
            table: Mutex::new(IdempotencyTable::new(config)),
        })
    }

    /// A request of this scope arrives.
    pub fn begin(
        self: &Arc<Self>,
        scope: &Scope,
        key: &IdempotencyKey,
        print: RequestFingerprint,
        now: Instant,
    ) -> Once<A> {
        // Such a request is cancelled by no other, so that its call needs no name.
        let call = CallId {
            caller: CallerId(0),
            number: 0,
        };
        let (sender, receiver) = oneshot::channel();
        match self.table().begin(scope, key, print, call, sender, now) {
            Begin::Lead(_) => Once::Lead(OnceLeader {
                guard: Arc::clone(self),
                scope: scope.clone(),
                key: key.clone(),
                is_settled: false,
            }),
            Begin::Joined => Once::Wait(receiver),
            Begin::Answered(_, answer) => Once::Repeat(answer),
            Begin::KeyReused(_) => Once::KeyReused,
            Begin::Full(_, retry_after) => Once::Full {
                limit: self.config.keys,
                retry_after,
            },
        }
    }

    fn table(&self) -> MutexGuard<'_, IdempotencyTable<oneshot::Sender<Arc<A>>, A>> {
        lock(&self.table)
    }
}

impl<A> OnceLeader<A> {
    /// Gives the answer to those that wait, and keeps it with its size in bytes, if it is to be repeated.
    pub fn settle(mut self, answer: &Arc<A>, bytes: Option<usize>) {
        self.is_settled = true;
        let kept = bytes.map(|bytes| (Arc::clone(answer), bytes));
        self.finish(kept, Some(answer));
    }

    fn finish(&self, kept: Option<(Arc<A>, usize)>, answer: Option<&Arc<A>>) {
        let now = Instant::now();
        let waiting = self.guard.table().settle(&self.scope, &self.key, kept, now);
        for sender in waiting {
            if let Some(answer) = answer {
                // The receiver is gone where its client has hung up.
                let _ = sender.send(Arc::clone(answer));
            }
        }
    }
}

impl<A> Drop for OnceLeader<A> {
    fn drop(&mut self) {
        if !self.is_settled {
            self.finish(None, None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINT: RequestFingerprint = [1; 32];

    fn guard() -> Arc<OnceGuard<&'static str>> {
        OnceGuard::new(IdempotencyConfig {
            window: Duration::from_secs(10),
            keys: 2,
        })
    }

    fn begin(guard: &Arc<OnceGuard<&'static str>>, name: &str) -> Once<&'static str> {
        let key = IdempotencyKey::try_from(name).unwrap();
        guard.begin(&"a".into(), &key, PRINT, Instant::now())
    }

    fn lead(guard: &Arc<OnceGuard<&'static str>>, name: &str) -> OnceLeader<&'static str> {
        match begin(guard, name) {
            Once::Lead(leader) => leader,
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_is_carried_out_and_all_get_its_answer() {
        let guard = guard();
        let leader = lead(&guard, "k");
        let Once::Wait(second) = begin(&guard, "k") else {
            panic!("it runs")
        };
        leader.settle(&Arc::new("done"), Some(4));
        assert_eq!(*second.await.unwrap(), "done");
        assert!(matches!(begin(&guard, "k"), Once::Repeat(answer) if *answer == "done"));
        let key = IdempotencyKey::try_from("k").unwrap();
        let other = guard.begin(&"a".into(), &key, [2; 32], Instant::now());
        assert!(matches!(other, Once::KeyReused));
        let _second_key = lead(&guard, "l");
        assert!(matches!(begin(&guard, "m"), Once::Full { limit: 2, .. }));
        tokio::time::advance(Duration::from_secs(11)).await;
        drop(lead(&guard, "k"));
    }

    #[tokio::test]
    async fn an_answer_that_is_not_kept_or_lost_frees_the_key() {
        let guard = guard();
        let leader = lead(&guard, "k");
        let Once::Wait(second) = begin(&guard, "k") else {
            panic!("it runs")
        };
        leader.settle(&Arc::new("refused"), None);
        assert_eq!(*second.await.unwrap(), "refused");
        let leader = lead(&guard, "k");
        let Once::Wait(second) = begin(&guard, "k") else {
            panic!("it runs")
        };
        drop(leader);
        assert!(second.await.is_err());
        drop(lead(&guard, "k"));
    }
}
