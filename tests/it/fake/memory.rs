//! A transport over two channels, so that tests can pause the clock, and a connection to the fake over it.

use std::sync::Arc;

use bytes::Bytes;
use cdp_bridge::cdp::transport::{CdpTransport, TransportError};
use futures::channel::mpsc;
use futures::{SinkExt as _, StreamExt as _};

use super::handle::Shared;

/// The most frames that wait in each direction.
const CAPACITY: usize = 64;

/// The end of a fake Chromium. Dropping it closes the connection.
#[derive(Debug)]
pub(crate) struct FarEnd {
    pub(crate) commands: mpsc::Receiver<Bytes>,
    pub(crate) frames: mpsc::Sender<Bytes>,
}

/// A transport that buffers this many frames in each direction.
pub(crate) fn pair(capacity: usize) -> (CdpTransport, FarEnd) {
    let (to_far, commands) = mpsc::channel(capacity);
    let (frames, from_far) = mpsc::channel(capacity);
    let transport = CdpTransport {
        sink: Box::pin(to_far.sink_map_err(|_| TransportError::HungUp)),
        stream: Box::pin(from_far.map(Ok)),
    };
    (transport, FarEnd { commands, frames })
}

/// Connects a client to the fake.
pub(super) fn connect(shared: Arc<Shared>) -> CdpTransport {
    let (transport, far_end) = pair(CAPACITY);
    shared.connected();
    tokio::spawn(serve(shared, far_end));
    transport
}

/// Ends, and closes the connection, when the fake is stopped or its client is gone.
async fn serve(shared: Arc<Shared>, far_end: FarEnd) {
    let FarEnd {
        mut commands,
        mut frames,
    } = far_end;
    loop {
        for frame in shared.take_out() {
            if frames.send(frame).await.is_err() {
                return;
            }
        }
        if shared.has_hung_up() {
            return;
        }
        tokio::select! {
            command = commands.next() => match command {
                Some(command) => shared.frame(&command),
                None => return,
            },
            () = shared.stirred() => {}
        }
    }
}
