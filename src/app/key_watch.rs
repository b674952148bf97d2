//! Follows the API keys in the store, which the command line changes beside the running daemon.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};

use super::api_keys::StoredKey;
use super::clients_in_force::{ClientsInForce, KnownKeys};
use super::kept::{Kept, KeptError};
use crate::clock::epoch_ms;
use crate::config::Config;
use crate::log_limit::LogLimit;
use crate::store::{StoreError, StoreHandle, StoreHealth};

/// How often the store is asked whether keys have changed: a key that is revoked holds no second longer.
const POLL: Duration = Duration::from_millis(400);

/// How long a read may take before it counts as failed.
const PATIENCE: Duration = Duration::from_secs(5);

/// The keys as they were read.
#[derive(Debug, Default)]
pub(super) struct ReadKeys {
    pub(super) keys: KnownKeys,
    /// The version at which they were read.
    pub(super) version: Option<u64>,
    /// Where they are followed.
    pub(super) from: StoreHandle,
}

/// The keys at the start. Where there is a store that cannot be read, a credential is required until it can.
pub(super) async fn at_start(config: &Config, store: &StoreHandle) -> ReadKeys {
    let (from, error) = match store.health() {
        StoreHealth::Off => return ReadKeys::default(),
        // Another daemon may serve with it, or it has no room for more: its keys hold nevertheless.
        StoreHealth::Unusable(_) => match Kept::for_command(config).await {
            Ok(Kept { store, .. }) => (store, None),
            Err(KeptError::Store(error)) => (StoreHandle::off(), Some(error.to_string())),
            Err(error @ KeptError::OtherKey) => (StoreHandle::off(), Some(error.to_string())),
            // Without a directory there was never a store.
            Err(_) => return ReadKeys::default(),
        },
        StoreHealth::Ok | StoreHealth::Failing(_) => (store.clone(), None),
    };
    let error = match error {
        Some(error) => error,
        None => match read(&from, None).await {
            Ok(Some((keys, version))) => {
                let version = Some(version);
                return ReadKeys {
                    keys,
                    version,
                    from,
                };
            }
            Ok(None) => return ReadKeys::default(),
            Err(error) => error.to_string(),
        },
    };
    tracing::error!(
        error,
        "the API keys cannot be read; every client needs a credential until they can"
    );
    let keys = KnownKeys {
        keys: Vec::new(),
        are_unread: true,
    };
    ReadKeys {
        keys,
        version: None,
        from,
    }
}

/// Puts changes of the keys in force as long as it runs. Without the store, the keys that are known stay valid.
pub(super) async fn follow(
    store: StoreHandle,
    in_force: Arc<ClientsInForce>,
    mut version: Option<u64>,
) {
    if !store.is_on() {
        return;
    }
    let (failed, mut due) = (LogLimit::default(), Instant::now());
    let mut expires_ms = next_expiry(&in_force.keys().await);
    loop {
        due += POLL;
        sleep_until(due).await;
        due = due.max(Instant::now());
        let changed = match read(&store, version).await {
            Ok(read) => read,
            Err(error) => {
                if let Some(left_out) = failed.admit() {
                    tracing::warn!(%error, left_out, "the API keys cannot be read; those that are known stay valid");
                }
                None
            }
        };
        let has_expired = expires_ms.is_some_and(|end| epoch_ms() >= end);
        let known = in_force.keys().await;
        let keys = match changed {
            Some((keys, at)) => {
                version = Some(at);
                if is_same(&keys, &known) && !has_expired {
                    continue;
                }
                keys
            }
            None if has_expired => known,
            None => continue,
        };
        expires_ms = next_expiry(&keys);
        match in_force.put_keys(keys).await {
            Ok(()) => tracing::info!("API keys have changed"),
            Err(error) => {
                tracing::error!(%error, "changes of API keys are rejected; the old ones stay in force");
            }
        }
    }
}

/// The keys with their version, unless it is this one.
async fn read(
    store: &StoreHandle,
    before: Option<u64>,
) -> Result<Option<(KnownKeys, u64)>, StoreError> {
    let reading = async {
        let backend = store.reads()?;
        // Read first: a change between the two reads is seen at the next one.
        let version = backend.keys_version().await?;
        if before == Some(version) {
            return Ok(None);
        }
        let rows = backend.keys().await?;
        let keys = rows.into_iter().filter_map(|row| {
            StoredKey::of_row(row)
                .inspect_err(|error| tracing::error!(%error, "an API key is not admitted"))
                .ok()
        });
        let keys = KnownKeys {
            keys: keys.collect(),
            are_unread: false,
        };
        Ok(Some((keys, version)))
    };
    timeout(PATIENCE, reading).await.unwrap_or_else(|_| {
        let waited = format!("it did not answer within {} s", PATIENCE.as_secs());
        Err(StoreError::Unavailable(waited))
    })
}

fn is_same(read: &KnownKeys, known: &KnownKeys) -> bool {
    read.are_unread == known.are_unread
        && read.keys.len() == known.keys.len()
        && read.keys.iter().zip(&known.keys).all(|(a, b)| a.is_same(b))
}

fn next_expiry(keys: &KnownKeys) -> Option<u64> {
    let now_ms = epoch_ms();
    let valid = keys.keys.iter().filter(|it| it.key.is_valid(now_ms));
    valid.filter_map(|it| it.key.expires_ms).min()
}
