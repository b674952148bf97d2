//! Events as they came, for subscribers that want more than the typed events of an inbox. No I/O.
//!
//! A raw route is bounded in events and in bytes. The connection's task never waits for its reader:
//! at the first event that does not fit, the route ends with [`RawRouteEnd::Overflow`].

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::ids::SessionId;

/// What a raw route takes, and of which sessions.
#[derive(Debug, Clone, Copy)]
pub struct RawRouteOptions {
    /// How many events may be queued; at least one.
    pub max_events: usize,
    /// How many bytes of frames may be queued. A larger frame is accepted if nothing else is queued.
    pub max_bytes: usize,
    /// Whether sessions that are attached through this one from now on are routed here, too.
    pub with_children: bool,
}

/// An event as it came, whether the bridge has a type for it or not.
#[derive(Debug, Clone)]
pub struct RawFrame {
    /// `None` for the root session.
    pub session: Option<SessionId>,
    /// Such as `Page.frameNavigated`.
    pub method: Box<str>,
    /// A slice of `frame`.
    pub params: Bytes,
    /// The whole message.
    pub frame: Bytes,
}

/// Why a raw route ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RawRouteEnd {
    /// The reader was too slow.
    #[error("CDP events came faster than they were read, and the route's queue overflowed")]
    Overflow,
    /// The session or the connection ended.
    #[error("the CDP session or the connection to Chromium ended")]
    Closed,
}

/// The reading end of a raw route. Dropping it removes the route.
#[derive(Debug)]
pub struct RawRoute {
    queue: mpsc::Receiver<RawFrame>,
    state: Arc<RouteState>,
}

impl RawRoute {
    /// The next event. After an overflow, what was queued before it is still read.
    pub async fn next(&mut self) -> Result<RawFrame, RawRouteEnd> {
        let Some(frame) = self.queue.recv().await else {
            return Err(*self.state.end.get().unwrap_or(&RawRouteEnd::Closed));
        };
        let bytes = frame.frame.len();
        self.state.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
        Ok(frame)
    }
}

#[derive(Debug, Default)]
struct RouteState {
    queued_bytes: AtomicUsize,
    end: OnceLock<RawRouteEnd>,
}

/// The writing end; a clone for each session that is routed here.
#[derive(Debug, Clone)]
pub(super) struct RawSender {
    queue: mpsc::Sender<RawFrame>,
    state: Arc<RouteState>,
    pub(super) options: RawRouteOptions,
}

impl RawSender {
    pub(super) fn new(options: RawRouteOptions) -> (Self, RawRoute) {
        let (queue, receiver) = mpsc::channel(options.max_events.max(1));
        let state = Arc::<RouteState>::default();
        let events = RawRoute {
            queue: receiver,
            state: Arc::clone(&state),
        };
        let sender = Self {
            queue,
            state,
            options,
        };
        (sender, events)
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.queue.same_channel(&other.queue)
    }

    /// Queues an event. An error means that the route is over and its senders must be dropped.
    pub(super) fn send(&self, frame: RawFrame) -> Result<(), RawRouteEnd> {
        let RouteState { queued_bytes, end } = &*self.state;
        let bytes = frame.frame.len();
        let Ok(place) = self.queue.try_reserve() else {
            if self.queue.is_closed() {
                return Err(RawRouteEnd::Closed);
            }
            return Err(*end.get_or_init(|| RawRouteEnd::Overflow));
        };
        // Only the connection's task adds to this, so that it cannot grow in between.
        let queued = queued_bytes.load(Ordering::Relaxed);
        if queued > 0 && queued + bytes > self.options.max_bytes {
            return Err(*end.get_or_init(|| RawRouteEnd::Overflow));
        }
        queued_bytes.fetch_add(bytes, Ordering::Relaxed);
        place.send(frame);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(max_events: usize, max_bytes: usize) -> (RawSender, RawRoute) {
        RawSender::new(RawRouteOptions {
            max_events,
            max_bytes,
            with_children: false,
        })
    }

    fn frame(bytes: usize) -> RawFrame {
        RawFrame {
            session: None,
            method: "New.thing".into(),
            params: Bytes::new(),
            frame: vec![b'x'; bytes].into(),
        }
    }

    #[tokio::test]
    async fn the_bytes_of_what_was_read_are_free_again() {
        let (sender, mut events) = route(10, 100);
        for _ in 0..5 {
            sender.send(frame(60)).unwrap();
            assert!(events.next().await.is_ok());
        }
        sender.send(frame(60)).unwrap();
        assert_eq!(sender.send(frame(60)), Err(RawRouteEnd::Overflow));
        drop(sender);
        assert!(events.next().await.is_ok());
        assert_eq!(events.next().await.unwrap_err(), RawRouteEnd::Overflow);
    }

    #[tokio::test]
    async fn a_frame_larger_than_the_limit_is_accepted_alone() {
        let (sender, mut events) = route(10, 100);
        sender.send(frame(1000)).unwrap();
        assert_eq!(sender.send(frame(1)), Err(RawRouteEnd::Overflow));
        assert!(events.next().await.is_ok());
    }

    #[tokio::test]
    async fn too_many_events_overflow_and_a_route_without_a_reader_is_closed() {
        let (sender, events) = route(1, 100);
        sender.send(frame(1)).unwrap();
        assert_eq!(sender.send(frame(1)), Err(RawRouteEnd::Overflow));
        drop(events);
        assert_eq!(sender.send(frame(1)), Err(RawRouteEnd::Closed));
    }
}
