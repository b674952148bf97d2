//! Opens a TCP, TLS or unix socket to the bridge.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::address::{Address, Endpoint};
use super::error::ConnectError;
use super::tls;

/// Time limit of connecting; long enough for another continent, short enough at a prompt.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// A byte stream of any of these kinds.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Connects. `authority` is the CA certificate for TLS.
pub(crate) async fn open(
    address: &Address,
    authority: Option<&Path>,
) -> Result<Box<dyn Stream>, ConnectError> {
    let opening = async {
        let connected = connect(&address.place).await;
        let stream = connected.map_err(|source| ConnectError::NoDaemon {
            address: address.to_string(),
            source,
        })?;
        if !address.tls {
            return Ok(stream);
        }
        let stream = tls::handshake(stream, address, authority).await?;
        Ok(Box::new(stream) as Box<dyn Stream>)
    };
    match tokio::time::timeout(CONNECT_LIMIT, opening).await {
        Ok(opened) => opened,
        Err(_) => Err(ConnectError::NoAnswer {
            address: address.to_string(),
            limit: CONNECT_LIMIT,
        }),
    }
}

async fn connect(place: &Endpoint) -> io::Result<Box<dyn Stream>> {
    match place {
        Endpoint::Tcp(host, port) => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            // Requests are small and latency matters.
            stream.set_nodelay(true)?;
            Ok(Box::new(stream))
        }
        #[cfg(unix)]
        Endpoint::Unix(path) => Ok(Box::new(tokio::net::UnixStream::connect(path).await?)),
        #[cfg(not(unix))]
        Endpoint::Unix(_) => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "unix sockets are not available on this system",
        )),
    }
}
