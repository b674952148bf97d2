//! A connection to the fake in memory.

use std::sync::Arc;

use cdp_bridge::cdp::transport::CdpTransport;
use cdp_bridge::cdp::transport::memory::{FarEnd, pair};
use futures::{SinkExt as _, StreamExt as _};

use super::handle::Shared;

/// The most frames that wait in each direction.
const CAPACITY: usize = 64;

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
