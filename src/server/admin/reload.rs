//! Replaces clients and certificate while the server runs.

use std::sync::Arc;

use tokio_rustls::rustls;

use crate::operations::Scope;
use crate::server::edge::tls::{self, TlsError};
use crate::server::settings::TlsConfig;
use crate::server::settings::{Credentials, Listen};
use crate::server::state::ServerState;

/// The new clients or certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReplaceError {
    /// Without a token, other machines could connect.
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
    pub(crate) state: Arc<ServerState>,
}

/// Clients and certificate that were checked.
#[derive(Debug)]
#[must_use = "it has no effect until `put_in_force` is called"]
pub struct Replacement {
    state: Arc<ServerState>,
    credentials: Credentials,
    identity: Option<Arc<rustls::ServerConfig>>,
}

impl Replacer {
    /// Reads and checks the new credentials and certificate. The files are ignored where the server does not speak
    /// TLS.
    pub fn prepare(
        &self,
        credentials: impl Into<Credentials>,
        tls: Option<&TlsConfig>,
    ) -> Result<Replacement, ReplaceError> {
        let (state, credentials) = (&self.state, credentials.into());
        if credentials.is_open() && !state.settings.config.listen.is_local() {
            return Err(ReplaceError::Open {
                address: state.settings.config.listen.clone(),
            });
        }
        let tls = tls.filter(|_| state.tls.is_some());
        Ok(Replacement {
            identity: tls.map(tls::read).transpose()?,
            state: Arc::clone(state),
            credentials,
        })
    }
}

impl Replacement {
    /// Replaces all of it. Connections whose token or key is still valid stay, under the new limits; the others
    /// are closed. Sessions of removed clients end, and their tabs are closed.
    pub fn put_in_force(self) {
        let state = &self.state;
        if let (Some(port), Some(identity)) = (&state.tls, self.identity) {
            port.replace(identity);
        }
        for gone in state.auth.replace(&self.credentials) {
            state.operations().end_sessions_of(&gone);
            state.operations().close_tabs_of(&Scope::default_of(gone));
        }
    }
}
