//! Two channels instead of a socket, so that tests can pause the clock.

use bytes::Bytes;
use futures::channel::mpsc;
use futures::{SinkExt as _, StreamExt as _};

use super::pair::{Transport, TransportError};

/// The far end of a transport in memory: where a fake Chromium sits. Dropping it hangs up.
#[derive(Debug)]
pub struct FarEnd {
    /// Commands that the bridge sent.
    pub commands: mpsc::Receiver<Bytes>,
    /// Frames for the bridge.
    pub frames: mpsc::Sender<Bytes>,
}

/// A transport in memory that holds this many frames in each direction.
pub fn pair(capacity: usize) -> (Transport, FarEnd) {
    let (to_far, commands) = mpsc::channel(capacity);
    let (frames, from_far) = mpsc::channel(capacity);
    let transport = Transport {
        sink: Box::pin(to_far.sink_map_err(|_| TransportError::HungUp)),
        stream: Box::pin(from_far.map(Ok)),
    };
    (transport, FarEnd { commands, frames })
}
