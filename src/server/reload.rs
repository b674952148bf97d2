//! Replaces, while the server runs, what it knows clients by and what it proves itself with.

use std::sync::Arc;

use cdp_bridge_protocol::event::CloseReason;
use tokio_rustls::rustls;

use super::settings::{ClientToken, Listen, TlsConfig};
use super::shared::Shared;
use super::tls::{self, TlsError};
use crate::tabs::{Scope, TabMessage};

/// Why nothing can be replaced.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// Everybody could connect.
    #[error(
        "no client token would be left, and {address} can be reached from other machines; keep one \
         in auth.clients"
    )]
    Open {
        /// Where the server listens.
        address: Listen,
    },
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Replaces clients and certificate of a running server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Replacer {
    pub(super) shared: Arc<Shared>,
}

/// Clients and certificate that can take the place of those in force.
#[derive(Debug)]
#[must_use = "nothing is replaced before it is put in force"]
pub struct Replacement {
    shared: Arc<Shared>,
    clients: Vec<ClientToken>,
    identity: Option<Arc<rustls::ServerConfig>>,
}

impl Replacer {
    /// Reads what shall be replaced, and finds out whether it can be. The files count only where
    /// the server speaks TLS already.
    pub fn prepare(
        &self,
        clients: Vec<ClientToken>,
        tls: Option<&TlsConfig>,
    ) -> Result<Replacement, ReplaceError> {
        let shared = &self.shared;
        if clients.is_empty() && !shared.settings.config.listen.is_local() {
            return Err(ReplaceError::Open {
                address: shared.settings.config.listen.clone(),
            });
        }
        let tls = tls.filter(|_| shared.tls.is_some());
        Ok(Replacement {
            identity: tls.map(tls::read).transpose()?,
            shared: Arc::clone(shared),
            clients,
        })
    }
}

impl Replacement {
    /// Replaces all of it. Connections whose token is still there stay, under the limits of now; the
    /// others are closed. A client that is no more loses its tabs.
    pub fn put_in_force(self) {
        let shared = &self.shared;
        if let (Some(port), Some(identity)) = (&shared.tls, self.identity) {
            port.replace(identity);
        }
        for gone in shared.auth.replace(&self.clients) {
            for tab in shared.deps.registry.of(&Scope::default_of(gone)) {
                tab.send(TabMessage::Close(CloseReason::Requested, None));
            }
        }
    }
}
