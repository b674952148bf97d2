//! Follows the API keys in the store, which the command line changes beside the running daemon.

use std::io;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::api_keys::StoredKey;
use super::clients_in_force::KnownKeys;
use super::kept::{self, Kept, KeptError};
use super::reload::ReloadError;
use crate::clock::epoch_ms;
use crate::config::Config;
use crate::log_limit::LogLimit;
use crate::store::{StoreError, StoreHandle, StoreHealth, StoreUrl};

/// How often the store is asked whether keys have changed: a key that is revoked holds no second longer.
const POLL: Duration = Duration::from_millis(400);

/// How often a store is opened that could not be.
const REOPEN: Duration = Duration::from_secs(1);

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
    /// How that is opened once it can be.
    unopened: Option<Box<Config>>,
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
            Err(error) if may_be_there(config) => (StoreHandle::off(), Some(error.to_string())),
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
                    unopened: None,
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
        unopened: (!from.is_on()).then(|| Box::new(config.clone())),
        from,
    }
}

/// Whether there may be keys in a store that cannot be opened. Without a database there were never any.
fn may_be_there(config: &Config) -> bool {
    let file = match &config.store.url {
        StoreUrl::Off => return false,
        StoreUrl::Postgres(_) => return true,
        StoreUrl::Sqlite(file) => file,
    };
    let Ok(directory) = kept::directory(config) else {
        return file.is_absolute() && file.exists();
    };
    match directory.join(file).try_exists() {
        Ok(exists) => exists,
        Err(error) => error.kind() != io::ErrorKind::NotADirectory,
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
        from,
        unopened,
    } = at_start;
    let store = match unopened {
        Some(config) => opened(&config).await,
        None => from,
    };
    if !store.is_on() {
        return;
    }
    let (failed, mut due) = (LogLimit::default(), Instant::now());
    let mut expires_ms = next_expiry(&known);
    // What was rejected is tried again: a key that was revoked must not stay because of another one.
    let mut is_behind = false;
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
        let mut has_changed = is_behind || expires_ms.is_some_and(|end| epoch_ms() >= end);
        if let Some((keys, at)) = read {
            version = Some(at);
            has_changed |= !is_same(&keys, &known);
            known = keys;
        }
        if !has_changed {
            continue;
        }
        expires_ms = next_expiry(&known);
        let outcome = put(known.clone()).await;
        is_behind = outcome.is_err();
        match outcome {
            Ok(()) => tracing::info!("changes of API keys are in force"),
            Err(error) => {
                if let Some(left_out) = failed.admit() {
                    tracing::error!(
                        %error, left_out,
                        "changes of API keys are rejected, and tried again; the old ones stay in force"
                    );
                }
            }
        }
    }
}

/// The store, as soon as it can be opened: a database may come up later than the bridge.
async fn opened(config: &Config) -> StoreHandle {
    loop {
        sleep(REOPEN).await;
        match Kept::for_command(config).await {
            Ok(Kept { store, .. }) => return store,
            Err(error) => tracing::debug!(%error, "the API keys cannot be read yet"),
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
        changes: mpsc::Receiver<KnownKeys>,
    }

    impl Watched {
        async fn start(keys: &[ApiKeyRow]) -> Self {
            let backend = Arc::<FakeBackend>::default();
            let store = StoreHandle::start(Arc::clone(&backend) as _);
            let inserts = keys.iter().cloned().map(Write::InsertKey);
            store.write(inserts.collect()).await.unwrap();
            let read = at_start(&Config::default(), &store).await;
            let (sender, changes) = mpsc::channel(8);
            tokio::spawn(follow(read, move |keys| {
                // The test is over where no receiver is left.
                let _ = sender.try_send(keys);
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
        watched.nothing_for(Duration::from_mins(1)).await;
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
        watched.nothing_for(Duration::from_mins(1)).await;
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

    #[tokio::test(start_paused = true)]
    async fn what_was_rejected_is_put_in_force_as_soon_as_it_can_be() {
        let store = StoreHandle::start(Arc::<FakeBackend>::default());
        let read = at_start(&Config::default(), &store).await;
        let (sender, mut puts) = mpsc::channel(8);
        tokio::spawn(follow(read, move |keys| {
            // The test is over where no receiver is left.
            let _ = sender.try_send(keys.keys.len());
            std::future::ready(Err(ReloadError::SharedClipboard))
        }));
        let add = Write::InsertKey(row("00000001", None));
        store.write(vec![add]).await.unwrap();
        for _ in 0..2 {
            let put = timeout(Duration::from_secs(1), puts.recv()).await;
            assert_eq!(put.expect("within a second"), Some(1));
        }
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

    #[tokio::test]
    async fn keys_that_cannot_be_read_without_the_key_of_the_store_close_the_bridge() {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.store.directory = Some(dir.path().to_owned());
        let unusable = StoreHandle::unusable(&"its key cannot be read");
        let is_required = async |config: &Config| {
            let read = at_start(config, &unusable).await;
            read.keys.require_credentials()
        };
        std::fs::write(dir.path().join("state.key"), "no key").unwrap();
        assert!(!is_required(&config).await, "there was never a store");
        std::fs::write(dir.path().join("state.db"), "").unwrap();
        assert!(is_required(&config).await);
        config.store.directory = Some("/dev/null/nowhere".into());
        assert!(!is_required(&config).await);
        config.store.url = "postgres://a@127.0.0.1/b".parse().unwrap();
        assert!(is_required(&config).await);
    }

    #[tokio::test]
    async fn keys_are_read_as_soon_as_the_store_can_be_opened() {
        let dir = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.store.directory = Some(dir.path().to_owned());
        let Kept { store, .. } = Kept::for_command(&config).await.unwrap();
        let add = Write::InsertKey(row("00000001", None));
        store.write(vec![add]).await.unwrap();
        let (file, aside) = (dir.path().join("state.key"), dir.path().join("aside"));
        std::fs::rename(&file, &aside).unwrap();
        std::fs::write(&file, "no key").unwrap();
        let read = at_start(&config, &StoreHandle::unusable(&"its key cannot be read")).await;
        assert!(read.keys.require_credentials() && read.keys.keys.is_empty());
        std::fs::rename(&aside, &file).unwrap();
        let (sender, mut puts) = mpsc::channel(8);
        tokio::spawn(follow(read, move |keys| {
            // The test is over where no receiver is left.
            let _ = sender.try_send(keys.keys.len());
            std::future::ready(Ok(()))
        }));
        let put = timeout(Duration::from_secs(30), puts.recv()).await;
        assert_eq!(put.expect("it is opened again"), Some(1));
    }
}
