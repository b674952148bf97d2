//! A transport over two channels, so that tests can pause the clock.

use bytes::Bytes;
use futures::channel::mpsc;
use futures::{SinkExt as _, StreamExt as _};

use super::pair::{CdpTransport, TransportError};

/// The end of a fake Chromium. Dropping it closes the connection.
#[derive(Debug)]
pub struct FarEnd {
    pub commands: mpsc::Receiver<Bytes>,
    pub frames: mpsc::Sender<Bytes>,
}

/// A transport that buffers this many frames in each direction.
pub fn pair(capacity: usize) -> (CdpTransport, FarEnd) {
    let (to_far, commands) = mpsc::channel(capacity);
    let (frames, from_far) = mpsc::channel(capacity);
    let transport = CdpTransport {
        sink: Box::pin(to_far.sink_map_err(|_| TransportError::HungUp)),
        stream: Box::pin(from_far.map(Ok)),
    };
    (transport, FarEnd { commands, frames })
}
