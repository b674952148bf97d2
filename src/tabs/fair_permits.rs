//! Permits that clients share fairly, to be awaited.

use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;

use super::identity::ClientId;
use crate::flow::FairShare;
use crate::lock::lock;

type Shares = Mutex<FairShare<ClientId, oneshot::Sender<FairPermit>>>;

/// Like a semaphore, but the client that holds the fewest places is served first, and none can hold
/// all of them. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct FairPermits {
    shares: Arc<Shares>,
}

/// Places that a client holds until this is dropped.
#[derive(Debug)]
pub(super) struct FairPermit {
    shares: Arc<Shares>,
    client: ClientId,
    places: usize,
}

impl FairPermits {
    /// `per_client` is the most that one client holds.
    pub(super) fn new(capacity: usize, per_client: usize) -> Self {
        Self {
            shares: Arc::new(Mutex::new(FairShare::new(capacity, per_client))),
        }
    }

    /// Waits for so many places, at most what one client can hold. Cancel-safe.
    pub(super) async fn acquire(&self, client: &ClientId, places: usize) -> FairPermit {
        loop {
            let (sender, permit) = oneshot::channel();
            {
                let mut shares = lock(&self.shares);
                shares.retain(|waiter| !waiter.is_closed());
                shares.push(client.clone(), places, sender);
            }
            grant(&self.shares);
            // A waiter is never dropped without a permit.
            if let Ok(permit) = permit.await {
                return permit;
            }
        }
    }
}

fn grant(shares: &Arc<Shares>) {
    loop {
        let Some((client, places, waiter)) = lock(shares).next() else {
            return;
        };
        let permit = FairPermit {
            shares: Arc::clone(shares),
            client,
            places,
        };
        // The permit of a waiter that is gone is dropped, and its places are granted again.
        drop(waiter.send(permit));
    }
}

impl Drop for FairPermit {
    fn drop(&mut self) {
        lock(&self.shares).release(&self.client, self.places);
        grant(&self.shares);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    #[tokio::test]
    async fn a_client_that_holds_all_it_can_delays_no_other() {
        let permits = FairPermits::new(3, 2);
        let (a, b) = (ClientId::from("a"), ClientId::from("b"));
        let first = permits.acquire(&a, 1).await;
        let _second = permits.acquire(&a, 1).await;
        assert!(permits.acquire(&a, 1).now_or_never().is_none());
        let _other = permits.acquire(&b, 1).await;
        let third = permits.acquire(&a, 1);
        drop(first);
        third.await;
    }

    #[tokio::test]
    async fn a_waiter_that_is_gone_takes_no_place() {
        let permits = FairPermits::new(1, 1);
        let (a, b) = (ClientId::from("a"), ClientId::from("b"));
        let held = permits.acquire(&a, 1).await;
        for _ in 0..1000 {
            assert!(permits.acquire(&b, 1).now_or_never().is_none());
        }
        drop(held);
        let _held = permits.acquire(&b, 1).await;
    }
}
