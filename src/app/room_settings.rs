//! What the server and the tabs are started with, from the sections of the configuration.

use std::sync::Arc;

use cdp_bridge_protocol::request::{TimeoutClass, Viewport};

use super::clients::{common_limits, credentials, session_limits, tab_shares};
use crate::config::Config;
use crate::operations::{OperationSettings, StagingLimits, Timeouts};
use crate::policy::PatternError;
use crate::sealing::MasterKey;
use crate::secret::Secret;
use crate::server::ServerSettings;
use crate::tabs::TabSettings;
use crate::tokens::TokenKeys;
use crate::webhooks::{BadSecret, Signer, WebhookRules};

/// How many commands wait on one tab.
const WAITING_CHANGES: usize = 64;

/// A value of the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// An entry of one of the policy's lists.
    #[error("{key}: {source}")]
    Policy { key: String, source: PatternError },
    /// The system has no random numbers.
    #[error("auth.session_secret: no secret can be made: {0}; set one")]
    NoRandomness(getrandom::Error),
    /// What signs webhooks.
    #[error("webhooks.secret: {0}")]
    WebhookSecret(BadSecret),
    /// The hash of a token.
    #[error("{key}: is not 64 hexadecimal digits")]
    TokenHash { key: String },
}

impl SettingsError {
    /// The key that it is about, such as `policy.allowlist[0]`.
    pub fn key(&self) -> &str {
        match self {
            Self::Policy { key, .. } | Self::TokenHash { key } => key,
            Self::NoRandomness(_) => "auth.session_secret",
            Self::WebhookSecret(_) => "webhooks.secret",
        }
    }
}

/// Which webhooks are sent, and what signs them; `None` if none are.
pub(super) fn webhooks(config: &Config) -> Result<Option<(WebhookRules, Signer)>, SettingsError> {
    let rules = WebhookRules::new(&config.webhooks).map_err(|(index, source)| {
        let key = format!("webhooks.allow[{index}]");
        SettingsError::Policy { key, source }
    })?;
    let (Some(rules), Some(secret)) = (rules, &config.webhooks.secret) else {
        return Ok(None);
    };
    let previous = config.webhooks.secret_previous.as_ref();
    let signer = Signer::new(secret.expose(), previous.map(Secret::expose));
    Ok(Some((rules, signer.map_err(SettingsError::WebhookSecret)?)))
}

pub(super) fn tabs(config: &Config) -> TabSettings {
    let size = config.browser.window_size;
    TabSettings {
        config: config.tabs.clone(),
        flow: config.flow.clone(),
        dialogs: config.policy.dialogs,
        http_auth: config.policy.http_auth,
        answer_timeout: config.policy.answer_timeout,
        popups: config.policy.popups,
        viewport: Viewport {
            width: size.width,
            height: size.height,
            device_scale_factor: None,
        },
        shares: tab_shares(config),
        max_waiting_changes: WAITING_CHANGES,
        use_default_context: config.browser.user_data_dir.is_some(),
        navigate_timeout: config.timeouts.navigate,
        open_timeout: config.timeouts.create,
    }
}

pub(super) fn operations(config: &Config) -> OperationSettings {
    let limits = &config.timeouts;
    OperationSettings {
        timeouts: Timeouts::by_class(|class| match class {
            TimeoutClass::Create => limits.create,
            TimeoutClass::Close => limits.close,
            TimeoutClass::Navigate => limits.navigate,
            TimeoutClass::Rebuild => limits.rebuild,
            TimeoutClass::Capture => limits.capture,
            TimeoutClass::Look => limits.look,
            TimeoutClass::Act => limits.act,
            TimeoutClass::Wait => limits.wait,
            TimeoutClass::Other => limits.other,
        }),
        idempotency: config.server.idempotency(),
        staging: StagingLimits {
            files: config.flow.staged_files,
            bytes: config.flow.staged_file_bytes as u64,
            bytes_of_all: config.flow.staged_file_bytes_of_all as u64,
            time: config.flow.staged_file_time,
        },
        logged_out_default: config.policy.logged_out_default,
        evaluate: config.policy.evaluate,
        permissions: config.policy.permissions.clone(),
        sessions: session_limits(config),
        on_disconnect: config.tabs.on_disconnect,
    }
}

/// What signs the tokens of sessions: the configured secret, else one that the key of the store gives, else one of this
/// process alone.
fn token_keys(config: &Config, key: Option<&MasterKey>) -> Result<TokenKeys, SettingsError> {
    let auth = &config.auth;
    let previous = auth.session_secret_previous.as_ref();
    let previous = previous.map(|secret| secret.expose().as_bytes());
    match &auth.session_secret {
        Some(secret) => Ok(TokenKeys::new(secret.expose().as_bytes(), previous)),
        None if let Some(key) = key => Ok(TokenKeys::new(&*key.derive("session tokens"), previous)),
        None => TokenKeys::random(previous).map_err(SettingsError::NoRandomness),
    }
}

/// Without API keys.
pub(crate) fn server(
    config: &Config,
    key: Option<&MasterKey>,
) -> Result<ServerSettings, SettingsError> {
    Ok(ServerSettings {
        config: config.server.clone(),
        flow: config.flow.clone(),
        limits: common_limits(config),
        protect_metrics: config.auth.protect_metrics,
        require_session_token: config.auth.require_session_token,
        token_keys: Arc::new(token_keys(config, key)?),
        credentials: credentials(config, config, &[])?,
    })
}
