//! TLS to the bridge.

use std::path::Path;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::address::{Address, Endpoint};
use super::error::ConnectError;

/// Performs the handshake, trusting the given CA certificate or the system's.
pub(super) async fn handshake<S>(
    stream: S,
    address: &Address,
    authority: Option<&Path>,
) -> Result<TlsStream<S>, ConnectError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let failed = |source| ConnectError::Tls {
        address: address.to_string(),
        source,
    };
    let host = match &address.place {
        Endpoint::Tcp(host, _) => host.clone(),
        Endpoint::Unix(_) => "localhost".to_owned(),
    };
    let roots = match authority {
        Some(path) => authority_of(path)?,
        None => system_authorities(address)?,
    };
    let name = ServerName::try_from(host).map_err(|error| failed(std::io::Error::other(error)))?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(std::io::Error::other(error)))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .map_err(failed)
}

/// Trusts only the given CA certificate.
fn authority_of(path: &Path) -> Result<RootCertStore, ConnectError> {
    let failed = |source: Box<dyn std::error::Error + Send + Sync>| ConnectError::Authority {
        path: path.to_owned(),
        source,
    };
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| failed(error.into()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| failed(error.into()))?;
        roots
            .add(certificate)
            .map_err(|error| failed(error.into()))?;
    }
    if roots.is_empty() {
        return Err(failed("it holds no certificate".into()));
    }
    Ok(roots)
}

/// Trusts the system's CA certificates; files that cannot be read are skipped.
fn system_authorities(address: &Address) -> Result<RootCertStore, ConnectError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        return Err(ConnectError::NoAuthorities {
            address: address.to_string(),
        });
    }
    Ok(roots)
}
