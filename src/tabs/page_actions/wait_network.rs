//! `waitFor` with `networkidle`. Chromium reports only of the main frame whether its network is idle, does not
//! report it again for requests that follow, and counts streams. So the requests are counted here, and only
//! while a request waits: Chromium reports each of them, which costs nearly as much as loading it.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cdp_bridge_protocol::request::LoadState;
use futures::future::FusedFuture as _;
use futures::stream::{BoxStream, SelectAll, unfold};
use futures::{FutureExt as _, StreamExt as _};
use tokio::time::Instant;

use super::driver::PageDriver;
use super::error::PageActionError;
use super::network_activity::NetworkActivity;
use crate::cdp::ids::SessionId;
use crate::cdp::methods::DisableNetwork;
use crate::cdp::{CallError, RawFrame, RawRouteEnd, RawRouteOptions, TargetSession};
use crate::runtime::spawn_from_drop;
use crate::tabs::commands::set_up::network;
use crate::timer::{remaining, sleep_until_opt};

/// The events of a page with hundreds of requests at a time.
const ROUTE: RawRouteOptions = RawRouteOptions {
    max_events: 8192,
    max_bytes: 32 * 1024 * 1024,
    with_children: false,
};

/// The time limit of a call that no request waits for.
const DISABLE_LIMIT: Duration = Duration::from_secs(5);

/// How many requests wait for the network. The `Network` domain stays enabled then.
#[derive(Debug, Default)]
pub(super) struct NetworkWaiters(AtomicUsize);

struct Waiting<'a>(&'a PageDriver);

impl<'a> Waiting<'a> {
    fn new(driver: &'a PageDriver) -> Self {
        driver
            .shared
            .network_waiters
            .0
            .fetch_add(1, Ordering::Relaxed);
        Self(driver)
    }
}

impl Drop for Waiting<'_> {
    /// The page's own session reports its requests anyway, but those of its frames do not.
    fn drop(&mut self) {
        let shared = &self.0.shared;
        let is_last = shared.network_waiters.0.fetch_sub(1, Ordering::Relaxed) == 1;
        // What is emulated of the network would end with it.
        if is_last && !shared.setup.current().emulation.needs_network() {
            for world in shared.frames.borrow().values() {
                let call = world.session.start_call(&DisableNetwork {}, DISABLE_LIMIT);
                spawn_from_drop(call.map(drop));
            }
        }
    }
}

impl PageDriver {
    /// Whether a request waits for the network.
    pub(crate) fn awaits_network(&self) -> bool {
        self.shared.network_waiters.0.load(Ordering::Relaxed) > 0
    }

    /// Waits until the page has loaded and no request is in flight in any of its frames, but not before `settled`
    /// ends. The caller enforces the deadline.
    pub(super) async fn wait_network_idle(
        &self,
        settled: impl Future<Output = Result<(), PageActionError>> + Clone,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        let _waiting = Waiting::new(self);
        while !self.watch_network(settled.clone(), deadline).await? {}
        Ok(())
    }

    /// Returns false if events were lost, so that it has to be called again.
    async fn watch_network(
        &self,
        settled: impl Future<Output = Result<(), PageActionError>>,
        deadline: Instant,
    ) -> Result<bool, PageActionError> {
        let mut settled = pin!(settled.fuse());
        let mut sources = Sources::default();
        let mut activity = NetworkActivity::new(self.main_frame().to_owned(), Instant::now());
        sources.add(self.session(), deadline).await?;
        let mut progress = self.progress(deadline).await?;
        self.frames_ready(deadline).await?;
        let mut frames = self.shared.frames.subscribe();
        loop {
            let worlds: Vec<_> = frames.borrow_and_update().values().cloned().collect();
            for world in worlds {
                // A frame that is gone has no requests.
                let _ = sources.add(&world.session, deadline).await;
            }
            let (has_loaded, was_idle) = {
                let progress = progress.borrow_and_update();
                let was_idle = progress.has_reached(LoadState::NetworkIdle);
                let has_loaded = !progress.is_leaving() && progress.has_reached(LoadState::Load);
                (has_loaded, was_idle)
            };
            let is_over = has_loaded && settled.is_terminated();
            let idle = activity.idle_at(was_idle).filter(|_| is_over);
            if idle.is_some_and(|idle| idle <= Instant::now()) {
                return Ok(true);
            }
            tokio::select! {
                biased;
                Some(event) = sources.events.next() => match event {
                    Ok(event) => {
                        let session = event.session.as_ref().map(SessionId::as_str);
                        activity.on_event(session, &event.method, &event.params, Instant::now());
                    }
                    Err(RawRouteEnd::Overflow) => return Ok(false),
                    Err(RawRouteEnd::Closed) => {}
                },
                outcome = &mut settled, if !settled.is_terminated() => outcome?,
                changed = progress.changed() => changed.map_err(|_| PageActionError::Replaced)?,
                changed = frames.changed() => changed.map_err(|_| PageActionError::Replaced)?,
                () = sleep_until_opt(idle) => {}
            }
        }
    }
}

/// The sessions of a page and its frames, each with a route of its own: one for all would not have those
/// that are attached already.
#[derive(Default)]
struct Sources {
    sessions: Vec<String>,
    events: SelectAll<BoxStream<'static, Result<RawFrame, RawRouteEnd>>>,
}

impl Sources {
    async fn add(&mut self, session: &TargetSession, deadline: Instant) -> Result<(), CallError> {
        let id = session.id().as_str();
        if self.sessions.iter().any(|known| known == id) {
            return Ok(());
        }
        self.sessions.push(id.to_owned());
        let route = session.open_raw_route(ROUTE).await;
        let events = unfold(Some(route), |route| async move {
            let mut route = route?;
            let event = route.next().await;
            let rest = event.is_ok().then_some(route);
            Some((event, rest))
        });
        self.events.push(events.boxed());
        session.call(network(), remaining(deadline)).await?;
        Ok(())
    }
}
