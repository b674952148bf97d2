//! Limits the screenshots that are taken at a time in the whole browser, because more make each of them
//! slower, and large ones take much memory.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::identity::ClientId;
use crate::fair_permits::{FairPermit, FairPermits};

/// Pictures of the usual size of all clients together: some places are left when one client has all it can.
const SMALL: usize = 12;

/// With eight, eight tabs get as many screenshots a second as Chromium can take, each within about
/// 110 ms on two cores; four gave 0.87 of that (performance: Capture).
const SMALL_PER_CLIENT: usize = 8;

/// The largest of them. Chromium needs about 11 bytes for each pixel of a picture that it takes and
/// encodes, and so about a gigabyte for all places together.
const SMALL_PIXELS: u64 = 8 << 20;

/// Larger pictures have places of their own, one for each [`SMALL_PIXELS`], so that they delay no small ones.
const LARGE: u8 = 8;

/// A picture that takes longer for each of its places is not drawn: its page draws no frames. Then it
/// costs nothing, and keeps no place from others.
const PATIENCE: Duration = Duration::from_secs(2);

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct CapturePermits {
    small: FairPermits<ClientId>,
    large: FairPermits<ClientId>,
}

impl Default for CapturePermits {
    fn default() -> Self {
        Self {
            small: FairPermits::new(SMALL, SMALL_PER_CLIENT),
            large: FairPermits::new(LARGE.into(), LARGE.into()),
        }
    }
}

/// The places that one client competes for. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ClientCapturePermits {
    permits: CapturePermits,
    client: ClientId,
}

impl CapturePermits {
    pub(super) fn of(&self, client: &ClientId) -> ClientCapturePermits {
        ClientCapturePermits {
            permits: self.clone(),
            client: client.clone(),
        }
    }
}

impl ClientCapturePermits {
    /// Takes a picture of so many pixels once there is place for it. `None` if there is none by the deadline.
    pub async fn run<T>(
        &self,
        pixels: u64,
        deadline: Instant,
        capture: impl Future<Output = T>,
    ) -> Option<T> {
        let places = places(pixels);
        let permit = self.acquire(places, deadline).await?;
        let mut capture = std::pin::pin!(capture);
        tokio::select! {
            biased;
            outcome = &mut capture => return Some(outcome),
            () = sleep(PATIENCE * u32::from(places)) => drop(permit),
        }
        Some(capture.await)
    }

    /// As [`Self::run`] for work that is never idle, however long it takes: it keeps its place.
    pub async fn run_to_end<T>(
        &self,
        pixels: u64,
        deadline: Instant,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        let _permit = self.acquire(places(pixels), deadline).await?;
        Some(work.await)
    }

    async fn acquire(&self, places: u8, deadline: Instant) -> Option<FairPermit<ClientId>> {
        let permits = if places == 1 {
            &self.permits.small
        } else {
            &self.permits.large
        };
        let permit = permits.acquire(&self.client, places.into());
        timeout_at(deadline, permit).await.ok()
    }
}

fn places(pixels: u64) -> u8 {
    let places = pixels.div_ceil(SMALL_PIXELS).clamp(1, u64::from(LARGE));
    u8::try_from(places).unwrap_or(LARGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    fn far() -> Instant {
        Instant::now() + Duration::from_mins(2)
    }

    fn of_two_clients() -> [ClientCapturePermits; 2] {
        let permits = CapturePermits::default();
        ["a", "b"].map(|name| permits.of(&name.into()))
    }

    #[tokio::test(start_paused = true)]
    async fn pages_that_draw_nothing_keep_no_place() {
        let [a, b] = of_two_clients();
        let start = Instant::now();
        for _ in 0..SMALL_PER_CLIENT {
            let a = a.clone();
            tokio::spawn(async move { a.run(1, far(), pending::<()>()).await });
        }
        tokio::task::yield_now().await;
        assert_eq!(b.run(1, far(), ready(1)).await, Some(1));
        assert_eq!(
            start.elapsed(),
            Duration::ZERO,
            "another client does not wait"
        );
        assert_eq!(a.run(1, far(), ready(2)).await, Some(2));
        assert_eq!(start.elapsed(), PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_picture_without_a_place_is_given_up_at_its_deadline() {
        let [a, b] = of_two_clients();
        let first = a.run(u64::MAX, far(), pending::<()>());
        let soon = Instant::now() + Duration::from_secs(1);
        let second = b.run(u64::MAX, soon, ready(()));
        tokio::select! {
            biased;
            _ = first => panic!("it never ends"),
            outcome = second => assert_eq!(outcome, None),
        }
        assert_eq!(
            b.run(1, far(), ready(())).await,
            Some(()),
            "small ones do not wait"
        );
    }

    #[test]
    fn large_pictures_take_more_places() {
        assert_eq!(places(1280 * 720), 1);
        assert_eq!(places(SMALL_PIXELS + 1), 2);
        assert_eq!(places(100_000_000), LARGE);
    }
}
