//! Replaces, while the server runs, what it knows clients by and what it proves itself with.

use std::collections::HashSet;
use std::sync::Arc;

use cdp_bridge_protocol::event::CloseReason;

use super::auth::DEFAULT_CLIENT;
use super::settings::{ClientToken, Listen};
use super::shared::Shared;
use super::tls::{self, TlsError, TlsFiles};
use crate::tabs::{ClientId, TabMessage};

/// Why nothing was replaced.
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

impl Replacer {
    /// Replaces all of it, or nothing if something of it is wrong. Connections whose token is
    /// still there stay; the others are closed. A client that is no more loses its tabs. The
    /// files count only where the server speaks TLS already.
    pub fn replace(
        &self,
        clients: Vec<ClientToken>,
        tls: Option<&TlsFiles>,
    ) -> Result<(), ReplaceError> {
        let shared = &self.shared;
        if clients.is_empty() && !shared.settings.listen.is_local() {
            return Err(ReplaceError::Open {
                address: shared.settings.listen.clone(),
            });
        }
        let identity = match (&shared.tls, tls) {
            (Some(port), Some(files)) => Some((port, tls::read(files)?)),
            _ => None,
        };
        if let Some((port, identity)) = identity {
            port.replace(identity);
        }
        let left = names(&clients);
        let before = names(&shared.auth.replace(clients));
        for gone in before.difference(&left) {
            for tab in shared.deps.registry.of(gone) {
                tab.send(TabMessage::Close(CloseReason::Requested, None));
            }
        }
        Ok(())
    }
}

/// The names of those who may connect.
fn names(clients: &[ClientToken]) -> HashSet<ClientId> {
    if clients.is_empty() {
        return HashSet::from([DEFAULT_CLIENT.into()]);
    }
    clients.iter().map(|client| client.name.clone()).collect()
}
