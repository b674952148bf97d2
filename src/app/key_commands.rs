//! The commands about API keys: they write into the store, which a running daemon follows.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::api_keys::StoredKey;
use crate::audit::{self, Actor, AuditAction, AuditDetail, AuditEntry, AuditObject};
use crate::cli::{KeyLimit, KeysAddArgs};
use crate::clock::epoch_ms;
use crate::config::{Config, client_limit_out_of_range};
use crate::server::ClientLimitsConfig;
use crate::store::{ApiKeyRow, StoreError, StoreHandle, Write};
use crate::tokens::NewApiKey;
use crate::units::utc;

/// How often another id is tried where one is taken.
const TRIES: usize = 3;

/// Why a command about keys fails.
#[derive(Debug, thiserror::Error)]
pub enum KeyCommandError {
    #[error("no random bits for a key: {0}")]
    NoRandomness(getrandom::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "--limit: {0:?} is not a limit; expected tabs, max_inflight, rate_per_second, max_connections or sessions"
    )]
    UnknownLimit(String),
    #[error("--limit: {name}={value} is out of range; expected 1 to {most}")]
    LimitRange {
        name: String,
        value: u64,
        most: usize,
    },
    #[error("there is no key {0}; `cdp-bridge keys list` prints those there are")]
    Unknown(String),
}

impl KeyCommandError {
    /// Whether the command line is to blame.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::UnknownLimit(_) | Self::LimitRange { .. })
    }
}

/// A key that was made.
#[derive(Debug)]
pub struct AddedKey {
    /// With its text, which nothing else has.
    pub new: NewApiKey,
    /// What an operator should know, a sentence each.
    pub notes: Vec<String>,
    row: ApiKeyRow,
}

impl AddedKey {
    /// What is printed for programs.
    pub fn json(&self) -> Value {
        let mut object = shown(&self.row, epoch_ms());
        object["key"] = self.new.text.as_str().into();
        object
    }
}

/// Makes a key.
pub async fn add(
    store: &StoreHandle,
    config: &Config,
    asked: &KeysAddArgs,
) -> Result<AddedKey, KeyCommandError> {
    let limits = limits(&asked.limits)?;
    let mut tries = TRIES;
    loop {
        let added = try_add(store, config, asked, limits).await;
        tries -= 1;
        match added {
            Err(KeyCommandError::Store(StoreError::Conflict(_))) if tries > 0 => {}
            added => return added,
        }
    }
}

async fn try_add(
    store: &StoreHandle,
    config: &Config,
    asked: &KeysAddArgs,
    limits: ClientLimitsConfig,
) -> Result<AddedKey, KeyCommandError> {
    let new = NewApiKey::generate().map_err(KeyCommandError::NoRandomness)?;
    let now_ms = epoch_ms();
    let expires_ms = asked.expires.map(|expires| {
        let millis = u64::try_from(expires.as_millis()).unwrap_or(u64::MAX);
        // What a database holds as a signed number.
        now_ms.saturating_add(millis).min(i64::MAX as u64)
    });
    let has_limits = limits != ClientLimitsConfig::default();
    let row = ApiKeyRow {
        id: new.id.clone(),
        client: asked.client.clone(),
        secret_sha256: new.sha256.to_vec(),
        scopes: asked.scopes.to_string(),
        // Numbers always serialize.
        limits: has_limits.then(|| serde_json::to_string(&limits).unwrap_or_default()),
        created_ms: now_ms,
        expires_ms,
        last_used_day: None,
        revoked_ms: None,
    };
    let detail = AuditDetail {
        scopes: Some(row.scopes.clone()),
        expires_ms,
        limits: names(limits),
        ..AuditDetail::default()
    };
    let object = AuditObject::Key(row.id.clone());
    let entry = AuditEntry::new(Actor::Operator, AuditAction::KeyAdd, object)
        .of_client(&row.client)
        .with_detail(detail);
    let before = store.reads()?.keys().await?;
    store
        .write(vec![
            Write::InsertKey(row.clone()),
            audit::log::write(entry),
        ])
        .await?;
    let notes = notes(config, &row, limits, before.is_empty());
    Ok(AddedKey { new, notes, row })
}

fn notes(
    config: &Config,
    row: &ApiKeyRow,
    limits: ClientLimitsConfig,
    is_first: bool,
) -> Vec<String> {
    let mut notes = Vec::new();
    if is_first && config.auth.clients.is_empty() && !config.auth.required {
        notes.push(
            "this is the first key: from now on every client of this bridge needs a credential"
                .to_owned(),
        );
    }
    let configured = config.auth.clients.iter().find(|it| it.name == row.client);
    let of_config = configured.and_then(|it| it.limits).unwrap_or_default();
    let both = names(limits);
    for name in names(of_config).into_iter().filter(|it| both.contains(it)) {
        let client = &row.client;
        notes.push(format!(
            "auth.clients sets {name} for {client:?}, which this key does not change"
        ));
    }
    notes
}

/// The names of the limits that are set.
fn names(limits: ClientLimitsConfig) -> Vec<&'static str> {
    let all = [
        ("tabs", limits.tabs.is_some()),
        ("max_inflight", limits.max_inflight.is_some()),
        ("rate_per_second", limits.rate_per_second.is_some()),
        ("max_connections", limits.max_connections.is_some()),
        ("sessions", limits.sessions.is_some()),
    ];
    let set = all.into_iter().filter(|(_, is_set)| *is_set);
    set.map(|(name, _)| name).collect()
}

fn limits(asked: &[KeyLimit]) -> Result<ClientLimitsConfig, KeyCommandError> {
    let mut limits = ClientLimitsConfig::default();
    for KeyLimit { name, value } in asked {
        // Too large for this machine is out of every range.
        let number = usize::try_from(*value).unwrap_or(usize::MAX);
        match name.as_str() {
            "tabs" => limits.tabs = Some(number),
            "max_inflight" => limits.max_inflight = Some(number),
            "rate_per_second" => {
                let rate = u32::try_from(*value).map_err(|_| KeyCommandError::LimitRange {
                    name: name.clone(),
                    value: *value,
                    most: u32::MAX as usize,
                })?;
                limits.rate_per_second = Some(rate);
            }
            "max_connections" => limits.max_connections = Some(number),
            "sessions" => limits.sessions = Some(number),
            _ => return Err(KeyCommandError::UnknownLimit(name.clone())),
        }
        if let Some(wrong) = client_limit_out_of_range(&limits) {
            return Err(KeyCommandError::LimitRange {
                name: name.clone(),
                value: *value,
                most: wrong.most,
            });
        }
    }
    Ok(limits)
}

/// Makes a key void. It is no error that it was before.
pub async fn revoke(store: &StoreHandle, id: &str) -> Result<String, KeyCommandError> {
    let keys = store.reads()?.keys().await?;
    let row = keys.into_iter().find(|row| row.id == id);
    let row = row.ok_or_else(|| KeyCommandError::Unknown(id.to_owned()))?;
    if let Some(at_ms) = row.revoked_ms {
        return Ok(format!("key {id} was revoked at {}", utc::text(at_ms)));
    }
    let object = AuditObject::Key(id.to_owned());
    let entry =
        AuditEntry::new(Actor::Operator, AuditAction::KeyRevoke, object).of_client(&row.client);
    let revoke = Write::RevokeKey {
        id: id.to_owned(),
        at_ms: epoch_ms(),
    };
    store.write(vec![revoke, audit::log::write(entry)]).await?;
    Ok(format!("key {id} of client {:?} is revoked", row.client))
}

/// What is known of all keys, oldest first: as a table, or as JSON.
pub async fn list(store: &StoreHandle, as_json: bool) -> Result<String, KeyCommandError> {
    let mut rows = store.reads()?.keys().await?;
    rows.sort_by(|a, b| (a.created_ms, &a.id).cmp(&(b.created_ms, &b.id)));
    let now_ms = epoch_ms();
    if as_json {
        let rows: Vec<_> = rows.iter().map(|row| shown(row, now_ms)).collect();
        return Ok(format!("{:#}\n", Value::from(rows)));
    }
    if rows.is_empty() {
        return Ok("there is no key\n".to_owned());
    }
    let mut table = vec![
        [
            "ID",
            "CLIENT",
            "SCOPES",
            "CREATED",
            "EXPIRES",
            "LAST USED",
            "STATE",
        ]
        .map(str::to_owned),
    ];
    table.extend(rows.iter().map(|row| {
        [
            row.id.clone(),
            row.client.clone(),
            row.scopes.replace(' ', ","),
            utc::text(row.created_ms),
            row.expires_ms.map_or_else(|| "never".to_owned(), utc::text),
            row.last_used_day
                .map_or_else(|| "never".to_owned(), utc::date),
            state(row, now_ms).to_owned(),
        ]
    }));
    Ok(columns(&table))
}

fn columns<const N: usize>(table: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = table.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in table {
        let cells = row.iter().zip(widths);
        let line: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{}", line.join("  ").trim_end());
    }
    text
}

fn state(row: &ApiKeyRow, now_ms: u64) -> &'static str {
    match StoredKey::of_row(row.clone()) {
        Err(_) => "damaged",
        Ok(key) if key.key.is_revoked => "revoked",
        Ok(key) if key.key.has_expired(now_ms) => "expired",
        Ok(_) => "valid",
    }
}

fn shown(row: &ApiKeyRow, now_ms: u64) -> Value {
    let limits = row.limits.as_deref();
    let limits: Option<Value> = limits.and_then(|it| serde_json::from_str(it).ok());
    json!({
        "id": row.id,
        "client": row.client,
        "scopes": row.scopes.split(' ').collect::<Vec<_>>(),
        "limits": limits,
        "createdAt": row.created_ms,
        "expiresAt": row.expires_ms,
        "lastUsed": row.last_used_day.map(utc::date),
        "revokedAt": row.revoked_ms,
        "state": state(row, now_ms),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::store::fake::FakeBackend;
    use crate::tokens::claims::TokenScopes;

    fn asked(client: &str, limits: &[(&str, u64)]) -> KeysAddArgs {
        let limits = limits.iter().map(|(name, value)| KeyLimit {
            name: (*name).to_owned(),
            value: *value,
        });
        KeysAddArgs {
            client: client.to_owned(),
            scopes: TokenScopes::all(),
            expires: Some(Duration::from_hours(1)),
            limits: limits.collect(),
            json: false,
        }
    }

    fn store() -> (StoreHandle, Arc<FakeBackend>) {
        let backend = Arc::<FakeBackend>::default();
        (StoreHandle::start(Arc::clone(&backend) as _), backend)
    }

    #[tokio::test]
    async fn a_key_is_stored_with_its_row_of_the_audit_and_without_its_secret() {
        use crate::store::Backend as _;

        let (store, backend) = store();
        let (config, first) = (Config::default(), asked("a", &[("tabs", 3)]));
        let added = add(&store, &config, &first).await.unwrap();
        assert!(added.notes[0].contains("first key"), "{:?}", added.notes);
        assert_eq!(added.json()["key"], added.new.text);
        let again = add(&store, &config, &asked("a", &[])).await;
        assert_eq!(again.unwrap().notes, Vec::<String>::new());
        let revoked = revoke(&store, &added.new.id).await.unwrap();
        assert!(revoked.ends_with("is revoked"), "{revoked}");
        let twice = revoke(&store, &added.new.id).await.unwrap();
        assert!(twice.contains("was revoked at"), "{twice}");
        let rows = backend.audit(0, 9).await.unwrap();
        let actions: Vec<_> = rows.iter().map(|it| it.row.action.as_str()).collect();
        assert_eq!(actions, ["key.add", "key.add", "key.revoke"]);
        let detail = rows[0].row.detail.as_deref().unwrap();
        assert!(detail.contains(r#""limits":["tabs"]"#), "{detail}");
        let listed = list(&store, true).await.unwrap() + &list(&store, false).await.unwrap();
        let kept = format!("{:?}{rows:?}{listed}", backend.keys().await.unwrap());
        assert!(!kept.contains(&added.new.text[13..]));
        assert!(
            listed.contains("revoked") && listed.contains("valid"),
            "{listed}"
        );
    }

    #[tokio::test]
    async fn what_cannot_be_done_is_said() {
        let (store, backend) = store();
        let config = Config::default();
        for limit in [
            ("windows", 1),
            ("tabs", 0),
            ("sessions", 5000),
            ("rate_per_second", 1 << 40),
        ] {
            let refused = add(&store, &config, &asked("a", &[limit]))
                .await
                .unwrap_err();
            assert!(refused.is_usage(), "{refused}");
        }
        let unknown = revoke(&store, "00000000").await.unwrap_err();
        assert!(matches!(unknown, KeyCommandError::Unknown(_)));
        let away = StoreError::Unavailable("it is away".to_owned());
        backend.fail(Some(away.clone()));
        let failed = add(&store, &config, &asked("a", &[])).await.unwrap_err();
        assert!(matches!(failed, KeyCommandError::Store(error) if error == away));
    }

    #[tokio::test]
    async fn a_limit_that_the_configuration_sets_is_pointed_out() {
        let (store, _backend) = store();
        let mut config = Config::default();
        config.auth.clients = vec![crate::server::ClientConfig {
            name: "a".to_owned(),
            token: None,
            token_sha256: None,
            token_file: None,
            policy: None,
            limits: Some(ClientLimitsConfig {
                tabs: Some(1),
                ..ClientLimitsConfig::default()
            }),
        }];
        let limits = asked("a", &[("tabs", 3), ("sessions", 2)]);
        let added = add(&store, &config, &limits).await.unwrap();
        assert_eq!(added.notes.len(), 1);
        assert!(added.notes[0].contains("sets tabs"), "{:?}", added.notes);
    }
}
