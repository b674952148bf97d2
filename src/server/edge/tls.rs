//! TLS in front of HTTP, where the operator configures a certificate.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;

use crate::lock::lock;
use crate::server::settings::TlsConfig;

/// The TLS files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate cannot be read.
    #[error(
        "server.tls.certificate: {}: {source}; expected a readable file with certificates in PEM",
        path.display()
    )]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: pem::Error,
    },
    /// The file has no certificate.
    #[error(
        "server.tls.certificate: {} holds no certificate; expected one in PEM, before those of its \
         authorities", path.display()
    )]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// The key cannot be read.
    #[error(
        "server.tls.key: {}: {source}; expected a readable file with a private key in PEM, without \
         a passphrase", path.display()
    )]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: pem::Error,
    },
    /// Certificate and key do not fit together.
    #[error(
        "server.tls: {} and {} cannot be used together: {source}; is it the key of this certificate?",
        files.certificate.display(),
        files.key.display()
    )]
    Identity {
        /// The files.
        files: TlsConfig,
        /// What is wrong.
        source: rustls::Error,
    },
}

/// Reads and checks the files.
pub(crate) fn read(files: &TlsConfig) -> Result<Arc<ServerConfig>, TlsError> {
    let certificates = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|source| TlsError::Key {
        path: files.key.clone(),
        source,
    })?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| {
            builder
                .with_no_client_auth()
                .with_single_cert(certificates, key)
        })
        .map_err(|source| TlsError::Identity {
            files: files.clone(),
            source,
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |source| TlsError::Certificate {
        path: path.to_owned(),
        source,
    };
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .map_err(failed)?
        .collect::<Result<_, _>>()
        .map_err(failed)?;
    if found.is_empty() {
        return Err(TlsError::NoCertificate {
            path: path.to_owned(),
        });
    }
    Ok(found)
}

/// A TLS handshake failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HandshakeFailed {
    /// The peer speaks plain HTTP, or something else.
    #[error("it does not speak TLS; use wss:// or https://")]
    Plaintext,
    /// It took too long.
    #[error("the TLS handshake took too long")]
    TooLong,
    /// It failed.
    #[error("the TLS handshake failed: {0}")]
    Broken(#[source] io::Error),
}

impl HandshakeFailed {
    /// The label of its counter.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Plaintext => "tls_plaintext",
            Self::TooLong => "tls_timeout",
            Self::Broken(_) => "tls_handshake",
        }
    }
}

/// Accepts TLS connections with the certificate in force. Open connections keep the one they began with.
#[derive(Debug)]
pub(crate) struct TlsPort {
    current: Mutex<Arc<ServerConfig>>,
}

impl TlsPort {
    pub(crate) fn new(config: Arc<ServerConfig>) -> Self {
        Self {
            current: Mutex::new(config),
        }
    }

    /// Replaces the certificate for new connections.
    pub(crate) fn replace(&self, config: Arc<ServerConfig>) {
        *lock(&self.current) = config;
    }

    /// Performs the handshake within a time limit.
    pub(crate) async fn accept(
        &self,
        socket: TcpStream,
        limit: Duration,
    ) -> Result<TlsStream<TcpStream>, HandshakeFailed> {
        /// The first byte of every TLS connection: a record that belongs to a handshake.
        const HANDSHAKE: u8 = 22;

        let current = Arc::clone(&*lock(&self.current));
        let handshake = async {
            let mut first = [0];
            let seen = socket.peek(&mut first).await;
            if seen.map_err(HandshakeFailed::Broken)? > 0 && first != [HANDSHAKE] {
                return Err(HandshakeFailed::Plaintext);
            }
            let accepted = TlsAcceptor::from(current).accept(socket).await;
            accepted.map_err(HandshakeFailed::Broken)
        };
        timeout(limit, handshake)
            .await
            .unwrap_or(Err(HandshakeFailed::TooLong))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn file(&self, name: &str, text: &str) -> PathBuf {
            let path = self.0.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        }
    }

    fn identity() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    fn message(certificate: PathBuf, key: PathBuf) -> String {
        read(&TlsConfig { certificate, key })
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_certificate_and_its_key_are_read() {
        let folder = Folder::new();
        let (certificate, key) = identity();
        let files = TlsConfig {
            certificate: folder.file("c.pem", &certificate),
            key: folder.file("k.pem", &key),
        };
        assert!(read(&files).is_ok());
    }

    #[test]
    fn what_is_wrong_with_the_files_is_said_and_no_key_is_shown() {
        let folder = Folder::new();
        let (certificate, key) = identity();
        let (good, good_key) = (
            folder.file("c.pem", &certificate),
            folder.file("k.pem", &key),
        );
        let other_key = folder.file("other.pem", &identity().1);
        let missing = folder.0.path().join("missing.pem");
        let cut = folder.file("cut.pem", &key.replace("-----END", "-----EN"));
        for (text, words) in [
            (
                message(missing.clone(), good_key.clone()),
                "server.tls.certificate: ",
            ),
            (message(good_key.clone(), good_key), "holds no certificate"),
            (message(good.clone(), missing), "server.tls.key: "),
            (message(good.clone(), good.clone()), "a private key in PEM"),
            (message(good.clone(), cut), "server.tls.key: "),
            (message(good, other_key), "the key of this certificate?"),
        ] {
            assert!(text.contains(words), "{text}");
            for line in key.lines().filter(|line| !line.starts_with('-')) {
                assert!(!text.contains(line), "{text}");
            }
        }
    }
}
