//! Probes Chromium; concurrent requests share one round trip.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use tokio::time::timeout;

use crate::lock::lock;
use crate::server::ports::{BrowserStatus, Probe};

/// How long a round trip may take before Chromium counts as down.
const DEADLINE: Duration = Duration::from_secs(1);

/// Shares one probe among concurrent requests.
#[derive(Debug)]
pub struct BrowserHealth {
    browser: Arc<dyn BrowserStatus>,
    running: Mutex<Option<Shared<BoxFuture<'static, Probe>>>>,
}

impl BrowserHealth {
    /// Probes this browser.
    pub fn new(browser: Arc<dyn BrowserStatus>) -> Self {
        Self {
            browser,
            running: Mutex::new(None),
        }
    }

    /// The result of the round trip in progress, or of a new one.
    pub async fn probe(&self) -> Probe {
        let probe = {
            let mut running = lock(&self.running);
            match running.as_ref().filter(|probe| probe.peek().is_none()) {
                Some(probe) => probe.clone(),
                None => running.insert(self.start()).clone(),
            }
        };
        probe.await
    }

    /// A probe in its own task, so that it goes on when a request is cancelled.
    fn start(&self) -> Shared<BoxFuture<'static, Probe>> {
        let probe = self.browser.probe();
        let version = self.browser.version();
        let task = tokio::spawn(timeout(DEADLINE, probe));
        async move {
            let reason = match task.await {
                Ok(Ok(probe)) => return probe,
                Ok(Err(_)) => format!("no answer within {} ms", DEADLINE.as_millis()),
                Err(_) => "the probe failed".to_owned(),
            };
            Probe {
                connected: true,
                version,
                reason: Some(reason),
                ..Probe::default()
            }
        }
        .boxed()
        .shared()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::time::sleep;

    #[derive(Debug)]
    struct Slow {
        probes: Arc<AtomicUsize>,
        takes: Duration,
    }

    impl BrowserStatus for Slow {
        fn probe(&self) -> BoxFuture<'static, Probe> {
            let (probes, takes) = (Arc::clone(&self.probes), self.takes);
            async move {
                probes.fetch_add(1, Ordering::Relaxed);
                sleep(takes).await;
                Probe {
                    connected: true,
                    round_trip: Some(takes),
                    ..Probe::default()
                }
            }
            .boxed()
        }

        fn is_up(&self) -> bool {
            true
        }

        fn version(&self) -> String {
            "Fake/1".to_owned()
        }
    }

    fn health(takes: Duration) -> (BrowserHealth, Arc<AtomicUsize>) {
        let probes = Arc::new(AtomicUsize::new(0));
        let browser = Slow {
            probes: Arc::clone(&probes),
            takes,
        };
        (BrowserHealth::new(Arc::new(browser)), probes)
    }

    #[tokio::test(start_paused = true)]
    async fn probes_at_the_same_time_share_one_round_trip_and_later_ones_make_their_own() {
        let (health, probes) = health(Duration::from_millis(5));
        let all = futures::future::join_all((0..20).map(|_| health.probe())).await;
        assert!(all.iter().all(|probe| probe.round_trip.is_some()));
        assert_eq!(probes.load(Ordering::Relaxed), 1);
        health.probe().await;
        assert_eq!(probes.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_browser_that_does_not_answer_within_a_second_has_no_round_trip() {
        let (health, _) = health(Duration::from_secs(9));
        let probe = health.probe().await;
        assert_eq!(probe.round_trip, None);
        assert!(probe.reason.unwrap().contains("1000 ms"));
    }
}
