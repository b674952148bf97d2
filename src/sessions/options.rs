//! What a session is created with.

use std::collections::BTreeMap;
use std::time::Duration;

use cdp_bridge_protocol::request::{Geolocation, Viewport};

use super::settings::SessionsConfig;
use crate::policy::{DownloadPolicy, UpstreamProxy};
use crate::tabs::UserPlace;

/// The shortest `maxDurationMs`.
pub const MIN_DURATION: Duration = Duration::from_mins(1);

/// The shortest and longest `idleTimeoutMs`.
pub const IDLE: [Duration; 2] = [Duration::from_secs(10), Duration::from_hours(1)];

/// The shortest and longest `heartbeatTimeoutMs`.
pub const HEARTBEAT: [Duration; 2] = [Duration::from_secs(1), Duration::from_hours(1)];

/// The most `metadata` of a session, and the most characters of each name and value.
pub const METADATA: usize = 16;
const METADATA_NAME: usize = 64;
const METADATA_VALUE: usize = 512;

/// The most characters of an `externalId`.
const EXTERNAL_ID: usize = 128;

/// The most entries of a session's `allowlist`.
const ALLOWLIST: usize = 256;

/// What a session is created with; every value in it is within its limits.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionOptions {
    /// How long it lives at most.
    pub max_duration: Duration,
    /// How long it lives without being used.
    pub idle_timeout: Duration,
    /// How long it lives without a heartbeat, where its client has promised to send some.
    pub heartbeat_timeout: Option<Duration>,
    /// The size of its tabs, where a request sets none.
    pub viewport: Option<Viewport>,
    /// Opened in it at once.
    pub start_url: Option<String>,
    /// Whether it begins without the logins of the browser's kept profile.
    pub logged_out: bool,
    /// Narrows the allowlist of its client.
    pub allowlist: Option<Vec<String>>,
    /// Whether downloads are kept, if its client's are.
    pub downloads: Option<DownloadPolicy>,
    /// Texts of the client, to find it by.
    pub metadata: BTreeMap<String, String>,
    /// The client's own name for it: there is only one live session with it.
    pub external_id: Option<String>,
    /// How long creating it may wait for a place; `None` for the configured time.
    pub queue_timeout: Option<Duration>,
    /// The proxy that its pages go through.
    pub proxy: Option<UpstreamProxy>,
    /// What its tabs start with, as `emulate` sets it.
    pub geolocation: Option<Geolocation>,
    /// The same.
    pub locale: Option<String>,
    /// The same.
    pub timezone_id: Option<String>,
    /// Whether it is kept beyond the process and comes back; not the one behind a single request, which ends with it.
    pub is_kept: bool,
    /// Receives the webhook of its end.
    pub webhook_url: Option<String>,
}

/// What a client changes in a session.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SessionUpdate {
    /// A new limit, counted from its creation.
    pub max_duration: Option<Duration>,
    /// A new limit, counted from its last use.
    pub idle_timeout: Option<Duration>,
    /// Replaces all of its metadata.
    pub metadata: Option<BTreeMap<String, String>>,
}

/// An option that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {rule}")]
pub struct BadOption {
    /// The field as it is named on the wire.
    pub field: String,
    /// What it has to be.
    pub rule: String,
}

impl BadOption {
    /// An option that breaks a rule.
    pub fn new(field: impl Into<String>, rule: impl Into<String>) -> Self {
        let (field, rule) = (field.into(), rule.into());
        Self { field, rule }
    }
}

impl SessionOptions {
    /// The options of a session for which its client asks nothing.
    pub fn new(config: &SessionsConfig) -> Self {
        Self {
            max_duration: config.default_duration,
            idle_timeout: config.default_idle_timeout,
            heartbeat_timeout: None,
            viewport: None,
            start_url: None,
            logged_out: true,
            allowlist: None,
            downloads: None,
            metadata: BTreeMap::new(),
            external_id: None,
            queue_timeout: None,
            proxy: None,
            geolocation: None,
            locale: None,
            timezone_id: None,
            is_kept: true,
            webhook_url: None,
        }
    }

    /// Where its user is, as its pages see it.
    pub fn place(&self) -> UserPlace {
        UserPlace {
            locale: self.locale.clone(),
            timezone_id: self.timezone_id.clone(),
            geolocation: self.geolocation,
        }
    }

    /// Whether all of it is within its limits.
    pub fn check(&self, config: &SessionsConfig) -> Result<(), BadOption> {
        check_duration(self.max_duration, config)?;
        within("idleTimeoutMs", self.idle_timeout, IDLE)?;
        if let Some(timeout) = self.heartbeat_timeout {
            within("heartbeatTimeoutMs", timeout, HEARTBEAT)?;
        }
        if let Some(timeout) = self.queue_timeout {
            within(
                "queueTimeoutMs",
                timeout,
                [Duration::ZERO, config.max_queue_timeout()],
            )?;
        }
        if let Some(id) = &self.external_id {
            let chars = id.chars().count();
            if !(1..=EXTERNAL_ID).contains(&chars) {
                let rule = format!("must have 1 to {EXTERNAL_ID} characters");
                return Err(BadOption::new("externalId", rule));
            }
        }
        if self
            .allowlist
            .as_ref()
            .is_some_and(|list| list.len() > ALLOWLIST)
        {
            let rule = format!("must have at most {ALLOWLIST} entries");
            return Err(BadOption::new("allowlist", rule));
        }
        check_metadata(&self.metadata)
    }
}

impl SessionUpdate {
    /// Whether all of it is within its limits.
    pub fn check(&self, config: &SessionsConfig) -> Result<(), BadOption> {
        if let Some(duration) = self.max_duration {
            check_duration(duration, config)?;
        }
        if let Some(timeout) = self.idle_timeout {
            within("idleTimeoutMs", timeout, IDLE)?;
        }
        self.metadata.as_ref().map_or(Ok(()), check_metadata)
    }
}

fn check_duration(duration: Duration, config: &SessionsConfig) -> Result<(), BadOption> {
    within(
        "maxDurationMs",
        duration,
        [MIN_DURATION, config.max_duration],
    )
}

fn within(field: &str, value: Duration, [min, max]: [Duration; 2]) -> Result<(), BadOption> {
    if (min..=max).contains(&value) {
        return Ok(());
    }
    let (min, max) = (min.as_millis(), max.as_millis());
    Err(BadOption::new(
        field,
        format!("must be from {min} to {max}"),
    ))
}

fn check_metadata(metadata: &BTreeMap<String, String>) -> Result<(), BadOption> {
    if metadata.len() > METADATA {
        let rule = format!("must have at most {METADATA} entries");
        return Err(BadOption::new("metadata", rule));
    }
    for (name, value) in metadata {
        if !(1..=METADATA_NAME).contains(&name.chars().count()) {
            let rule = format!("each name must have 1 to {METADATA_NAME} characters");
            return Err(BadOption::new("metadata", rule));
        }
        if value.chars().count() > METADATA_VALUE {
            let rule = format!("each value must have at most {METADATA_VALUE} characters");
            return Err(BadOption::new("metadata", rule));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut SessionOptions)) -> String {
        let config = SessionsConfig::default();
        let mut options = SessionOptions::new(&config);
        options.check(&config).unwrap();
        change(&mut options);
        options.check(&config).unwrap_err().to_string()
    }

    #[test]
    fn an_option_out_of_its_limits_names_its_field_and_the_rule() {
        let second = Duration::from_secs(1);
        assert_eq!(
            refused(|it| it.max_duration = second),
            "maxDurationMs: must be from 60000 to 86400000"
        );
        assert_eq!(
            refused(|it| it.idle_timeout = second),
            "idleTimeoutMs: must be from 10000 to 3600000"
        );
        assert_eq!(
            refused(|it| it.heartbeat_timeout = Some(Duration::ZERO)),
            "heartbeatTimeoutMs: must be from 1000 to 3600000"
        );
        assert!(refused(|it| it.external_id = Some(String::new())).starts_with("externalId: "));
        assert!(
            refused(|it| it.queue_timeout = Some(Duration::MAX)).starts_with("queueTimeoutMs: ")
        );
        let many = (0..17).map(|number| (number.to_string(), String::new()));
        assert_eq!(
            refused(|it| it.metadata = many.collect()),
            "metadata: must have at most 16 entries"
        );
        let long = (String::new(), String::new());
        assert!(refused(|it| it.metadata = [long].into()).contains("each name"));
        let long = ("a".to_owned(), "x".repeat(513));
        assert!(refused(|it| it.metadata = [long].into()).contains("each value"));
        let list = vec!["a.test".to_owned(); 257];
        assert!(refused(|it| it.allowlist = Some(list)).starts_with("allowlist: "));
    }
}
