//! TLS to upstream proxies with `https://`.

use std::fmt;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{IpAddr, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::policy::{Host, ProxyFault};

/// The most characters of an error that are shown.
const MAX_SHOWN: usize = 200;

/// TLS with the authorities that the system trusts. Clones share them.
#[derive(Clone, Default)]
pub(super) struct ProxyTls {
    config: Arc<OnceCell<Arc<ClientConfig>>>,
}

impl fmt::Debug for ProxyTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyTls").finish_non_exhaustive()
    }
}

impl ProxyTls {
    /// Trusts these authorities instead of the system's.
    #[cfg(test)]
    pub(super) fn trusting(roots: RootCertStore) -> Self {
        let config = config(roots).unwrap();
        Self {
            config: Arc::new(OnceCell::new_with(Some(config))),
        }
    }

    pub(super) async fn connect(
        &self,
        host: &Host,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, ProxyFault> {
        let config = self.config.get_or_try_init(of_system).await?;
        let name = match host {
            Host::Domain(name) => ServerName::try_from(name.clone()).map_err(fault)?,
            Host::Ipv4(address) => {
                ServerName::IpAddress(IpAddr::from(std::net::IpAddr::V4(*address)))
            }
            Host::Ipv6(address) => {
                ServerName::IpAddress(IpAddr::from(std::net::IpAddr::V6(*address)))
            }
        };
        let connector = TlsConnector::from(Arc::clone(config));
        connector.connect(name, stream).await.map_err(fault)
    }
}

/// Reads the system's authorities, of which files that cannot be read are skipped.
async fn of_system() -> Result<Arc<ClientConfig>, ProxyFault> {
    let found = spawn_blocking(|| rustls_native_certs::load_native_certs().certs);
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.await.map_err(fault)?);
    if roots.is_empty() {
        return Err(fault("this machine has no list of certificate authorities"));
    }
    config(roots).map_err(fault)
}

fn config(roots: RootCertStore) -> Result<Arc<ClientConfig>, tokio_rustls::rustls::Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn fault(error: impl fmt::Display) -> ProxyFault {
    ProxyFault::Tls {
        cause: error.to_string().chars().take(MAX_SHOWN).collect(),
    }
}
