//! Navigations that are under way: what is waited for is about the document that comes of them, and never
//! about the one that is being left.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::driver::PageDriver;
use super::error::PageActionError;
use super::hit_check::unless_navigating;

/// How long a page may take to tell that it has begun whatever it was about to begin. One that is busy for longer
/// is not waited for.
const PAGE_LIMIT: Duration = Duration::from_secs(1);

/// How long the browser may take to start a navigation that a page has asked for. It may also refuse it unseen.
const START_LIMIT: Duration = Duration::from_secs(1);

impl PageDriver {
    /// Waits until no navigation of the main frame is under way, those included that input of before has begun. The
    /// caller enforces the deadline.
    pub(super) async fn navigation_ended(&self, deadline: Instant) -> Result<(), PageActionError> {
        let world = self.main_world();
        let until = deadline.min(Instant::now() + PAGE_LIMIT);
        // A page reports the navigations that it asks for before it answers.
        let call = world.call_raw("afterTasks", &(), deadline);
        // If it cannot answer, it is about to have another document, or the wait fails by itself.
        let _ = timeout_at(until, unless_navigating(world, call)).await;
        let mut progress = self.location();
        let requested = progress.borrow().requested_since();
        if let Some(since) = requested {
            let until = deadline.min(since + START_LIMIT);
            let started = progress.wait_for(|it| it.requested_since() != requested);
            if let Ok(started) = timeout_at(until, started).await {
                started.map_err(|_| PageActionError::Replaced)?;
            }
        }
        let ended = progress.wait_for(|progress| !progress.is_leaving());
        ended.await.map_err(|_| PageActionError::Replaced)?;
        Ok(())
    }
}
