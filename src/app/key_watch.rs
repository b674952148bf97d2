//! Follows the API keys in the store, which the command line changes beside the running daemon.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};

use super::api_keys::StoredKey;
use super::clients_in_force::KnownKeys;
use super::kept::{Kept, KeptError};
use super::reload::ReloadError;
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

/// Passes changes of the keys to `put` as long as it runs, and keys that have expired. Without the store, the keys that are
/// known stay valid.
pub(super) async fn follow<F>(at_start: ReadKeys, put: impl Fn(KnownKeys) -> F)
where
    F: Future<Output = Result<(), ReloadError>>,
{
    let ReadKeys {
        keys: mut known,
        mut version,
        from: store,
    } = at_start;
    if !store.is_on() {
        return;
    }
    let (failed, mut due) = (LogLimit::default(), Instant::now());
    let mut expires_ms = next_expiry(&known);
    loop {
        due += POLL;
        sleep_until(due).await;
        due = due.max(Instant::now());
        let read = read(&store, version).await.unwrap_or_else(|error| {
            if let Some(left_out) = failed.admit() {
                tracing::warn!(%error, left_out, "the API keys cannot be read; those that are known stay valid");
            }
            None
        });
        let mut has_changed = expires_ms.is_some_and(|end| epoch_ms() >= end);
        if let Some((keys, at)) = read {
            version = Some(at);
            has_changed |= !is_same(&keys, &known);
            known = keys;
        }
        if !has_changed {
            continue;
        }
        expires_ms = next_expiry(&known);
        match put(known.clone()).await {
            Ok(()) => tracing::info!("changes of API keys are in force"),
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::mpsc;
    use tokio::time::advance;

    use super::*;
    use crate::store::fake::FakeBackend;
    use crate::store::{ApiKeyRow, Write};

    fn row(id: &str, expires_ms: Option<u64>) -> ApiKeyRow {
        ApiKeyRow {
            id: id.to_owned(),
            client: "a".to_owned(),
            secret_sha256: vec![0; 32],
            scopes: "rest".to_owned(),
            limits: None,
            created_ms: 1,
            expires_ms,
            last_used_day: None,
            revoked_ms: None,
        }
    }

    struct Watched {
        store: StoreHandle,
        backend: Arc<FakeBackend>,
        changes: mpsc::UnboundedReceiver<KnownKeys>,
    }

    impl Watched {
        async fn start(keys: &[ApiKeyRow]) -> Self {
            let backend = Arc::<FakeBackend>::default();
            let store = StoreHandle::start(Arc::clone(&backend) as _);
            let inserts = keys.iter().cloned().map(Write::InsertKey);
            store.write(inserts.collect()).await.unwrap();
            let read = at_start(&Config::default(), &store).await;
            let (sender, changes) = mpsc::unbounded_channel();
            tokio::spawn(follow(read, move |keys| {
                // The test is over where no receiver is left.
                let _ = sender.send(keys);
                std::future::ready(Ok(()))
            }));
            Self {
                store,
                backend,
                changes,
            }
        }

        /// Whether each key is valid, as it was put in force within a second of the clock that stands still.
        async fn within_a_second(&mut self) -> Vec<bool> {
            let keys = timeout(Duration::from_secs(1), self.changes.recv()).await;
            let keys = keys.expect("it is in force within a second").unwrap();
            let now_ms = epoch_ms();
            keys.keys.iter().map(|it| it.key.is_valid(now_ms)).collect()
        }

        async fn nothing_for(&mut self, time: Duration) {
            advance(Duration::ZERO).await;
            assert!(timeout(time, self.changes.recv()).await.is_err());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_that_is_added_or_revoked_is_in_force_within_a_second() {
        let mut watched = Watched::start(&[row("00000001", None)]).await;
        watched.nothing_for(Duration::from_secs(60)).await;
        let add = Write::InsertKey(row("00000002", None));
        watched.store.write(vec![add]).await.unwrap();
        assert_eq!(watched.within_a_second().await, [true, true]);
        let revoke = Write::RevokeKey {
            id: "00000001".to_owned(),
            at_ms: 1,
        };
        watched.store.write(vec![revoke]).await.unwrap();
        assert_eq!(watched.within_a_second().await, [false, true]);
        let used = Write::KeysUsed {
            ids: vec!["00000002".to_owned()],
            day: 3,
        };
        watched.store.write(vec![used]).await.unwrap();
        watched.nothing_for(Duration::from_secs(60)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn without_the_store_known_keys_stay_valid_until_they_expire() {
        let keys = [
            row("00000001", None),
            row("00000002", Some(epoch_ms() + 300)),
        ];
        let mut watched = Watched::start(&keys).await;
        let away = StoreError::Unavailable("it is away".to_owned());
        watched.backend.fail(Some(away));
        // The clock of the wall goes on while that of the test is asked again and again.
        let keys = watched.changes.recv().await.unwrap();
        assert_eq!(keys.keys.len(), 2);
        assert!(epoch_ms() >= keys.keys[1].key.expires_ms.unwrap());
        watched.backend.fail(None);
        let revoke = Write::RevokeKey {
            id: "00000001".to_owned(),
            at_ms: 1,
        };
        watched.store.write(vec![revoke]).await.unwrap();
        assert_eq!(watched.within_a_second().await, [false, false]);
    }

    #[tokio::test]
    async fn a_store_that_cannot_be_read_at_the_start_closes_the_bridge() {
        let backend = Arc::<FakeBackend>::default();
        let store = StoreHandle::start(Arc::clone(&backend) as _);
        let config = Config::default();
        assert!(!at_start(&config, &store).await.keys.require_credentials());
        backend.fail(Some(StoreError::Unavailable("it is away".to_owned())));
        assert!(at_start(&config, &store).await.keys.require_credentials());
        let off = at_start(&config, &StoreHandle::off()).await;
        assert!(!off.keys.require_credentials());
    }
}
