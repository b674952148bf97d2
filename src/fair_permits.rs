//! Permits that several keys, such as clients, share fairly, to be awaited.

use std::hash::Hash;
use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

use crate::flow::FairShare;
use crate::lock::lock;

type Shares<K> = Mutex<FairShare<K, oneshot::Sender<FairPermit<K>>>>;

/// Like a semaphore, but the key that holds the fewest places is served first, and none can hold
/// all of them. Cheap to clone.
#[derive(Debug)]
pub(crate) struct FairPermits<K: Clone + Eq + Hash> {
    shares: Arc<Shares<K>>,
}

impl<K: Clone + Eq + Hash> Clone for FairPermits<K> {
    fn clone(&self) -> Self {
        Self {
            shares: Arc::clone(&self.shares),
        }
    }
}

/// Places that a key holds until this is dropped.
#[derive(Debug)]
pub(crate) struct FairPermit<K: Clone + Eq + Hash> {
    shares: Arc<Shares<K>>,
    key: K,
    /// None once they were returned.
    places: usize,
}

impl<K: Clone + Eq + Hash> FairPermits<K> {
    /// `per_key` is the most that one key holds.
    pub(crate) fn new(capacity: usize, per_key: usize) -> Self {
        Self {
            shares: Arc::new(Mutex::new(FairShare::new(capacity, per_key))),
        }
    }

    /// One place, if there is one now. It overtakes those that wait: use either this or [`FairPermits::acquire`].
    pub(crate) fn try_acquire(&self, key: &K) -> Option<FairPermit<K>> {
        let is_taken = lock(&self.shares).take(key, 1);
        is_taken.then(|| FairPermit {
            shares: Arc::clone(&self.shares),
            key: key.clone(),
            places: 1,
        })
    }

    /// Waits for so many places, at most what one key can hold. Cancel-safe.
    pub(crate) async fn acquire(&self, key: &K, places: usize) -> FairPermit<K> {
        loop {
            let (sender, permit) = oneshot::channel();
            {
                let mut shares = lock(&self.shares);
                shares.retain(|waiter| !waiter.is_closed());
                shares.push(key.clone(), places, sender);
            }
            grant(&self.shares);
            // A waiter is never dropped without a permit.
            if let Ok(permit) = permit.await {
                return permit;
            }
        }
    }
}

fn grant<K: Clone + Eq + Hash>(shares: &Arc<Shares<K>>) {
    loop {
        let Some((key, places, waiter)) = lock(shares).grant() else {
            return;
        };
        let permit = FairPermit {
            shares: Arc::clone(shares),
            key,
            places,
        };
        // A permit that is dropped grants its places again. That of a waiter that is gone is returned without
        // it: with each call within the last, thousands of them would need more than the stack.
        if let Err(mut refused) = waiter.send(permit) {
            refused.release();
        }
    }
}

impl<K: Clone + Eq + Hash> FairPermit<K> {
    /// Returns the places. False if it has none any more.
    fn release(&mut self) -> bool {
        let places = std::mem::take(&mut self.places);
        if places > 0 {
            lock(&self.shares).release(&self.key, places);
        }
        places > 0
    }
}

impl<K: Clone + Eq + Hash> Drop for FairPermit<K> {
    fn drop(&mut self) {
        if self.release() {
            grant(&self.shares);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    #[tokio::test]
    async fn a_client_that_holds_all_it_can_delays_no_other() {
        let permits = FairPermits::new(3, 2);
        let (a, b) = ("a", "b");
        let first = permits.acquire(&a, 1).await;
        let _second = permits.acquire(&a, 1).await;
        assert!(permits.acquire(&a, 1).now_or_never().is_none());
        let _other = permits.acquire(&b, 1).await;
        let third = permits.acquire(&a, 1);
        drop(first);
        third.await;
    }

    #[test]
    fn a_place_is_refused_at_once_where_the_key_or_all_have_none_left() {
        let permits = FairPermits::new(3, 2);
        let held: Vec<_> = (0..5).filter_map(|_| permits.try_acquire(&"a")).collect();
        assert_eq!(held.len(), 2);
        let _other = permits.try_acquire(&"b").unwrap();
        assert!(permits.try_acquire(&"c").is_none());
        drop(held);
        assert!(permits.try_acquire(&"c").is_some());
    }

    #[tokio::test]
    async fn a_waiter_that_is_gone_takes_no_place() {
        let permits = FairPermits::new(1, 1);
        let (a, b) = ("a", "b");
        let held = permits.acquire(&a, 1).await;
        for _ in 0..1000 {
            assert!(permits.acquire(&b, 1).now_or_never().is_none());
        }
        drop(held);
        let _held = permits.acquire(&b, 1).await;
    }

    #[test]
    fn many_waiters_that_went_together_are_passed_over_on_a_small_stack() {
        const STACK: usize = 256 * 1024;
        let work = || {
            let permits = FairPermits::new(1, 1);
            let held = permits.acquire(&0, 1).now_or_never().unwrap();
            let keys: Vec<_> = (0..3000).collect();
            let waiting = keys.iter().map(|key| Box::pin(permits.acquire(key, 1)));
            let mut waiting: Vec<_> = waiting.collect();
            for waiter in &mut waiting {
                assert!(waiter.as_mut().now_or_never().is_none());
            }
            drop(waiting);
            drop(held);
            assert!(permits.acquire(&1, 1).now_or_never().is_some());
        };
        let thread = std::thread::Builder::new().stack_size(STACK).spawn(work);
        thread.unwrap().join().unwrap();
    }
}
