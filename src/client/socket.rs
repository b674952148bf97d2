//! A byte stream to the bridge, whatever kind of socket it listens on.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::address::{Address, Place};
use super::error::ConnectError;
use super::tls;

/// Long enough for a bridge on another continent, short enough for a person.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// What both kinds of sockets can do.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Connects. `authority` is whom to trust where TLS is spoken.
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

async fn connect(place: &Place) -> io::Result<Box<dyn Stream>> {
    match place {
        Place::Tcp(host, port) => {
            let stream = TcpStream::connect((host.as_str(), *port)).await?;
            // Requests are small and a person waits for each.
            stream.set_nodelay(true)?;
            Ok(Box::new(stream))
        }
        #[cfg(unix)]
        Place::Unix(path) => Ok(Box::new(tokio::net::UnixStream::connect(path).await?)),
        #[cfg(not(unix))]
        Place::Unix(_) => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "unix sockets are not available on this system",
        )),
    }
}
