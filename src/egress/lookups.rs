//! Limits the look-ups of names that run at a time.
//!
//! A look-up blocks a thread for as long as the system's resolver waits for a server, which no time
//! limit ends. So a page that asks for names whose servers never answer could occupy all threads.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::Semaphore;

use super::resolve::Resolve;
use crate::fair_permits::FairPermits;

/// Look-ups of all clients together.
const LOOKUPS: usize = 128;

/// Those of one client.
const LOOKUPS_PER_CLIENT: usize = 48;

/// Those of one proxy, and so of one browser context.
const LOOKUPS_PER_PROXY: usize = 24;

/// The resolver, with the places that all clients share. Cheap to clone.
#[derive(Clone)]
pub(super) struct Lookups {
    resolver: Arc<dyn Resolve>,
    permits: FairPermits<Arc<str>>,
}

impl fmt::Debug for Lookups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lookups").finish_non_exhaustive()
    }
}

/// The look-ups of one proxy. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct ProxyLookups {
    lookups: Lookups,
    client: Arc<str>,
    own: Arc<Semaphore>,
}

impl Lookups {
    pub(super) fn new(resolver: Arc<dyn Resolve>) -> Self {
        Self {
            resolver,
            permits: FairPermits::new(LOOKUPS, LOOKUPS_PER_CLIENT),
        }
    }

    /// The look-ups of a proxy of this client.
    pub(super) fn of(&self, client: &Arc<str>) -> ProxyLookups {
        ProxyLookups {
            lookups: self.clone(),
            client: Arc::clone(client),
            own: Arc::new(Semaphore::new(LOOKUPS_PER_PROXY)),
        }
    }
}

impl ProxyLookups {
    /// Waits for a place, and looks the name up. A look-up that is given up keeps its place until the resolver is
    /// done with it.
    pub(super) async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let own = Arc::clone(&self.own).acquire_owned().await;
        let place = self.lookups.permits.acquire(&self.client, 1).await;
        let lookup = self.lookups.resolver.resolve(name);
        let lookup = tokio::spawn(async move {
            let _places = (own, place);
            lookup.await
        });
        lookup.await.map_err(io::Error::other)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;
    use futures::future::BoxFuture;
    use std::sync::Mutex;
    use std::time::Duration;
    use tokio::time::timeout;

    /// Answers no name but `good.test`.
    #[derive(Default)]
    struct Unanswered(Mutex<usize>);

    impl Resolve for Unanswered {
        fn resolve(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
            if name == "good.test" {
                return std::future::ready(Ok(Vec::new())).boxed();
            }
            *self.0.lock().unwrap() += 1;
            std::future::pending().boxed()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn names_that_are_never_answered_occupy_the_places_of_their_client_only() {
        let resolver = Arc::new(Unanswered::default());
        let lookups = Lookups::new(Arc::<Unanswered>::clone(&resolver));
        let (a, b) = (Arc::from("a"), Arc::from("b"));
        for _ in 0..36 {
            let proxy = lookups.of(&a);
            for _ in 0..40 {
                let proxy = proxy.clone();
                tokio::spawn(async move {
                    let lookup = proxy.resolve("hangs.test");
                    let _ = timeout(Duration::from_secs(10), lookup).await;
                });
            }
        }
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_eq!(
            *resolver.0.lock().unwrap(),
            LOOKUPS_PER_CLIENT,
            "also those that were given up"
        );
        let other = lookups.of(&b);
        let found = timeout(Duration::from_millis(1), other.resolve("good.test"));
        assert!(found.await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn one_proxy_of_a_client_leaves_places_to_its_others() {
        let lookups = Lookups::new(Arc::new(Unanswered::default()));
        let a = Arc::from("a");
        let proxy = lookups.of(&a);
        for _ in 0..LOOKUPS_PER_CLIENT {
            let proxy = proxy.clone();
            tokio::spawn(async move { proxy.resolve("hangs.test").await });
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        let other = lookups.of(&a);
        let found = timeout(Duration::from_millis(1), other.resolve("good.test"));
        assert!(found.await.is_ok());
    }
}
