//! Opens what outlives the process: the state directory, its key, and the store.

use std::io;
use std::path::PathBuf;

use super::master_key::{self, KeyError};
use super::state_directory;
use crate::config::Config;
use crate::sealing::MasterKey;
use crate::store::{self, Sealed, StoreError, StoreHandle, StoreUrl, StoreUse, Write};

/// The setting that shows whether a store was written with this key.
const KEY_CHECK: &str = "key check";

/// The store with the key that texts in it are encrypted with.
#[derive(Debug, Clone)]
pub struct Kept {
    pub store: StoreHandle,
    /// `Some` wherever the store is on.
    pub master_key: Option<MasterKey>,
}

/// Why nothing can be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// The environment names no directory.
    #[error(
        "there is no state directory: set store.directory, or HOME, or store.url = \"\" to keep nothing"
    )]
    NoDirectory,
    /// The directory cannot be made.
    #[error(
        "store.directory: {} cannot be made: {source}; name another, or set store.url = \"\" to keep nothing",
        path.display()
    )]
    Directory { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store was written with another key.
    #[error(
        "the store was written with another key: put back store.key, store.key_file or state.key as they were, or \
         begin with another store"
    )]
    OtherKey,
}

impl Kept {
    /// Opens it to serve. Where it is not required, a failure is logged, and nothing is kept.
    pub(crate) async fn to_serve(config: &Config) -> Result<Self, KeptError> {
        match Self::open(config, StoreUse::Serve).await {
            Err(error) if !config.store.required => {
                tracing::warn!(
                    %error,
                    "the store cannot be used, and nothing is kept; store.required = true refuses to start then"
                );
                Ok(Self {
                    store: StoreHandle::unusable(&error),
                    master_key: None,
                })
            }
            opened => opened,
        }
    }

    /// Opens it for a command, also beside a daemon. Without a store it is [`StoreError::Off`].
    pub async fn for_command(config: &Config) -> Result<Self, KeptError> {
        if config.store.url == StoreUrl::Off {
            return Err(StoreError::Off.into());
        }
        Self::open(config, StoreUse::Command).await
    }

    async fn open(config: &Config, purpose: StoreUse) -> Result<Self, KeptError> {
        if config.store.url == StoreUrl::Off {
            return Ok(Self {
                store: StoreHandle::off(),
                master_key: None,
            });
        }
        let directory = made_directory(config)?;
        let key = master_key::load(config.store.key.as_ref(), &directory)?;
        let store = store::open(&config.store, &directory, purpose).await?;
        check_key(&store, &key).await?;
        Ok(Self {
            store,
            master_key: Some(key),
        })
    }
}

/// The state directory.
pub fn directory(config: &Config) -> Result<PathBuf, KeptError> {
    let variable = |name: &str| std::env::var(name).ok();
    let configured = config.store.directory.as_deref();
    state_directory::find(configured, &variable).ok_or(KeptError::NoDirectory)
}

/// The state directory, which is made where it is not there.
pub(super) fn made_directory(config: &Config) -> Result<PathBuf, KeptError> {
    let directory = directory(config)?;
    match state_directory::make(&directory) {
        Ok(()) => Ok(directory),
        Err(source) => Err(KeptError::Directory {
            path: directory,
            source,
        }),
    }
}

/// Refuses a store whose texts this key does not open, before anything is read or written with it.
async fn check_key(store: &StoreHandle, key: &MasterKey) -> Result<(), KeptError> {
    let (sealer, place) = (key.sealer(KEY_CHECK), "settings/key check");
    let known = store.reads()?.setting(KEY_CHECK.to_owned()).await?;
    if let Some(Sealed(known)) = known {
        let opened = sealer.open(place, &known);
        return opened.map(drop).map_err(|_| KeptError::OtherKey);
    }
    let value = sealer.seal(place, b"").map_err(KeyError::NoRandomness)?;
    let written = store.write(vec![Write::PutSetting {
        name: KEY_CHECK.to_owned(),
        value: Sealed(value),
    }]);
    Ok(written.await?)
}
