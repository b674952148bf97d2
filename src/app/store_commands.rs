//! `cdp-bridge store`.

use super::kept::{self, KeptError};
use crate::config::Config;
use crate::store;

/// What a command prints, and whether all is well.
#[derive(Debug)]
pub struct StoreOutput {
    pub text: String,
    pub is_fine: bool,
}

/// Looks at the store without changing it.
pub async fn check(config: &Config) -> Result<StoreOutput, KeptError> {
    let report = store::check(&config.store, &kept::directory(config)?).await?;
    Ok(StoreOutput {
        text: report.to_string(),
        is_fine: report.is_fine(),
    })
}

/// Brings its schema up to date; a store that is not there is made.
pub async fn migrate(config: &Config) -> Result<StoreOutput, KeptError> {
    let applied = store::migrate(&config.store, &kept::made_directory(config)?).await?;
    let text = if applied.is_empty() {
        "nothing to do: the schema is up to date\n".to_owned()
    } else {
        let lines = applied.iter().map(|it| format!("applied migration {it}\n"));
        lines.collect()
    };
    Ok(StoreOutput {
        text,
        is_fine: true,
    })
}

/// Gives back the space of deleted rows.
pub async fn vacuum(config: &Config) -> Result<StoreOutput, KeptError> {
    let directory = kept::directory(config)?;
    let size = async || Some(store::check(&config.store, &directory).await.ok()?.bytes?);
    let before = size().await;
    store::vacuum(&config.store, &directory).await?;
    let text = match (before, size().await) {
        (Some(before), Some(after)) => format!("{before} bytes before, {after} now\n"),
        _ => "done\n".to_owned(),
    };
    Ok(StoreOutput {
        text,
        is_fine: true,
    })
}
