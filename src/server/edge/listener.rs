//! The listening socket.

use std::io;
use std::net::IpAddr;

#[cfg(unix)]
use std::path::{Path, PathBuf};
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::net::{TcpListener, TcpStream};

use crate::server::edge::tls::TlsError;
use crate::server::settings::Listen;

/// The most unsent bytes that the kernel may buffer for a connection.
#[cfg(any(target_os = "linux", target_os = "android"))]
const UNSENT_BYTES: u32 = 128 * 1024;

/// Why the server cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// Another process listens there.
    #[error(
        "{address} is in use by another process; stop it, or set server.listen (or WS_PORT) to \
         another address"
    )]
    InUse {
        /// Where the server was to listen.
        address: Listen,
    },
    /// Without a token, other machines could connect.
    #[error(
        "{address} can be reached from other machines, and no client token is set; add one to \
         auth.clients, or listen on a loopback address or a unix socket"
    )]
    Open {
        /// Where the server was to listen.
        address: Listen,
    },
    /// A file that is not a socket has the path.
    #[error(
        "{address} exists and is not a socket; remove it, or set server.listen to another path"
    )]
    NotASocket {
        /// Where the server was to listen.
        address: Listen,
    },
    /// The TLS files cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The operating system refused.
    #[error("cannot listen on {address}: {source}; check server.listen (or WS_PORT)")]
    Io {
        /// Where the server was to listen.
        address: Listen,
        /// What the system said.
        source: io::Error,
    },
}

/// A socket that listens.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix {
        socket: UnixListener,
        #[expect(dead_code, reason = "the file is removed when this is dropped")]
        file: SocketFile,
    },
}

/// A socket that was accepted.
pub(crate) enum Accepted {
    Tcp(TcpStream, IpAddr),
    #[cfg(unix)]
    Unix(tokio::net::UnixStream),
}

impl Listener {
    /// Listens; returns the bound address, with the port that the system chose.
    pub(crate) async fn bind(listen: &Listen) -> Result<(Self, Listen), BindError> {
        let failed = |error| named(listen, error);
        match listen {
            Listen::Tcp(address) => {
                let listener = TcpListener::bind(address).await.map_err(failed)?;
                let bound = Listen::Tcp(listener.local_addr().map_err(failed)?);
                Ok((Self::Tcp(listener), bound))
            }
            #[cfg(unix)]
            Listen::Unix(path) => {
                let address = listen.clone();
                if !free(path).await.map_err(failed)? {
                    return Err(BindError::NotASocket { address });
                }
                let (socket, file) = unix(path).map_err(failed)?;
                Ok((Self::Unix { socket, file }, address))
            }
            #[cfg(not(unix))]
            Listen::Unix(_) => Err(failed(io::ErrorKind::Unsupported.into())),
        }
    }

    /// The next connection.
    pub(crate) async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // Small answers must not wait for more data (Nagle).
                if let Err(error) = stream.set_nodelay(true) {
                    // The peer may have disconnected already.
                    tracing::debug!(%error, "TCP_NODELAY could not be set");
                }
                limit_unsent(&stream);
                Ok(Accepted::Tcp(stream, peer.ip()))
            }
            #[cfg(unix)]
            Self::Unix { socket, .. } => Ok(Accepted::Unix(socket.accept().await?.0)),
        }
    }
}

/// Limits what the kernel buffers: a small answer cannot overtake the part of a large payload that the kernel
/// has already. The rest stays in the send queue.
fn limit_unsent(stream: &TcpStream) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Err(error) = socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT_BYTES) {
        tracing::debug!(%error, "TCP_NOTSENT_LOWAT could not be set");
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = stream;
}

fn named(listen: &Listen, source: io::Error) -> BindError {
    let address = listen.clone();
    match source.kind() {
        io::ErrorKind::AddrInUse => BindError::InUse { address },
        _ => BindError::Io { address, source },
    }
}

/// Whether the path is free: it does not exist, or is a socket that nothing listens on, left behind by a
/// bridge that did not shut down cleanly.
#[cfg(unix)]
async fn free(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::FileTypeExt as _;

    let found = match tokio::fs::symlink_metadata(path).await {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    if !found.file_type().is_socket() {
        return Ok(false);
    }
    match tokio::net::UnixStream::connect(path).await {
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(true),
        Err(error) => Err(error),
    }
}

/// Binds in a directory that only this user can enter, sets the socket's mode, and then moves it into place, so
/// that other users can never connect.
#[cfg(unix)]
fn unix(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    use std::os::unix::fs::PermissionsExt as _;

    let parent = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    // Short, because the path of a socket is limited to about a hundred bytes.
    let private = tempfile::Builder::new().prefix(".cb").tempdir_in(parent)?;
    let inside = private.path().join("s");
    let listener = UnixListener::bind(&inside)?;
    std::fs::set_permissions(&inside, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&inside, path)?;
    Ok((listener, SocketFile(path.to_owned())))
}

/// The file of a unix socket, which is removed at the end.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct SocketFile(PathBuf);

#[cfg(unix)]
impl Drop for SocketFile {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::debug!(%error, path = %self.0.display(), "a socket file cannot be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_port_in_use_is_named_with_what_to_do() {
        let (first, bound) = Listener::bind(&Listen::Tcp("127.0.0.1:0".parse().unwrap()))
            .await
            .unwrap();
        let error = Listener::bind(&bound).await.unwrap_err();
        assert!(matches!(error, BindError::InUse { .. }));
        let text = error.to_string();
        assert!(
            text.contains(&bound.to_string()) && text.contains("WS_PORT"),
            "{text}"
        );
        drop(first);
    }

    #[cfg(unix)]
    mod unix {
        use super::*;
        use std::os::unix::fs::PermissionsExt as _;

        #[tokio::test]
        async fn a_socket_is_for_its_user_alone_and_is_removed_at_the_end() {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("bridge.sock");
            let listen = Listen::Unix(path.clone());
            let (listener, _) = Listener::bind(&listen).await.unwrap();
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            let files = std::fs::read_dir(dir.path()).unwrap().count();
            assert_eq!(files, 1, "no temporary directory is left");
            drop(listener);
            assert!(!path.exists());
        }

        #[tokio::test]
        async fn a_socket_that_answers_is_in_use_and_a_stale_one_is_replaced() {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("bridge.sock");
            let listen = Listen::Unix(path.clone());
            let other = std::os::unix::net::UnixListener::bind(&path).unwrap();
            let error = Listener::bind(&listen).await.unwrap_err();
            assert!(matches!(error, BindError::InUse { .. }), "{error}");
            drop(other);
            assert!(path.exists(), "a dropped listener leaves its file");
            Listener::bind(&listen).await.unwrap();
        }

        #[tokio::test]
        async fn a_file_that_is_no_socket_is_left_alone() {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("notes.txt");
            std::fs::write(&path, "mine").unwrap();
            let error = Listener::bind(&Listen::Unix(path.clone()))
                .await
                .unwrap_err();
            assert!(matches!(error, BindError::NotASocket { .. }), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        }
    }
}
