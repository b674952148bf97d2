//! The kept-alive connection over which plain requests are forwarded, to the server or to an upstream proxy.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio_util::task::AbortOnDropHandle;

use super::dial::{Dialled, RequestForm};
use super::route::ConnectionPath;
use crate::policy::{Host, UpstreamProxy};

/// The most headers of a response.
const MAX_HEADERS: usize = 256;

#[derive(Debug)]
pub(super) struct ServerConnection {
    host: Host,
    port: u16,
    pub(super) path: ConnectionPath,
    form: RequestForm,
    pub(super) sender: SendRequest<Incoming>,
    /// Drives the connection; ends with the connection from Chromium.
    _work: AbortOnDropHandle<()>,
}

impl ServerConnection {
    pub(super) async fn new(dialled: Dialled, host: Host, port: u16) -> Result<Self, hyper::Error> {
        let Dialled { stream, path, form } = dialled;
        let (sender, connection) = http1::Builder::new()
            .preserve_header_case(true)
            // Browsers tolerate these mistakes of servers too.
            .ignore_invalid_headers_in_responses(true)
            .allow_spaces_after_header_name_in_responses(true)
            .max_headers(MAX_HEADERS)
            .handshake(TokioIo::new(stream))
            .await?;
        let work = async move {
            if let Err(error) = connection.await {
                tracing::trace!(%error, "connection to the server failed");
            }
        };
        Ok(Self {
            host,
            port,
            path,
            form,
            sender,
            _work: AbortOnDropHandle::new(tokio::spawn(work)),
        })
    }

    /// The proxy at the other end that requests are written for, if it is not the server.
    pub(super) fn forwarding_proxy(&self) -> Option<Arc<UpstreamProxy>> {
        let upstream = self.path.upstream.as_ref()?;
        (self.form == RequestForm::Absolute).then(|| Arc::clone(&upstream.proxy))
    }

    /// Whether it goes to this server and can take a request now.
    pub(super) fn serves(&self, host: &Host, port: u16) -> bool {
        self.host == *host && self.port == port && self.sender.is_ready()
    }
}
