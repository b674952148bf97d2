//! The connection over which plain requests are passed on, kept for the next one.

use std::net::IpAddr;

use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio_util::task::AbortOnDropHandle;

use super::dial::Dialled;
use crate::policy::Host;

/// The most headers of a response.
const HEADERS: usize = 256;

/// A connection to a server.
#[derive(Debug)]
pub(super) struct Upstream {
    host: Host,
    port: u16,
    /// The address that was checked.
    pub(super) address: IpAddr,
    pub(super) sender: SendRequest<Incoming>,
    /// Reads and writes; it ends with the connection to Chromium.
    _work: AbortOnDropHandle<()>,
}

impl Upstream {
    pub(super) async fn new(dialled: Dialled, host: Host, port: u16) -> Result<Self, hyper::Error> {
        let Dialled { stream, address } = dialled;
        let (sender, connection) = http1::Builder::new()
            .preserve_header_case(true)
            // As browsers do with what servers get wrong.
            .ignore_invalid_headers_in_responses(true)
            .allow_spaces_after_header_name_in_responses(true)
            .max_headers(HEADERS)
            .handshake(TokioIo::new(stream))
            .await?;
        let work = async move {
            if let Err(error) = connection.await {
                tracing::trace!(%error, "a connection to a server ended");
            }
        };
        Ok(Self {
            host,
            port,
            address,
            sender,
            _work: AbortOnDropHandle::new(tokio::spawn(work)),
        })
    }

    /// Whether it leads there and can take a request now.
    pub(super) fn serves(&self, host: &Host, port: u16) -> bool {
        self.host == *host && self.port == port && self.sender.is_ready()
    }
}
