//! The options of a session as JSON, to be kept. They hold passwords of proxies and URLs with what clients have typed, so
//! that they are encrypted wherever they are written.

use std::collections::BTreeMap;
use std::time::Duration;

use cdp_bridge_protocol::TypedText;
use cdp_bridge_protocol::request::{Geolocation, UpstreamProxyOptions, Viewport};
use serde::{Deserialize, Serialize};

use super::clocks::whole_millis;
use super::{SessionOptions, upstream_proxy};
use crate::policy::{DownloadPolicy, UpstreamProxy};

/// The text is not the options of a session.
#[derive(Debug, thiserror::Error)]
pub enum NotOptions {
    #[error("the options of a kept session cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the options of a kept session cannot be used: {0}")]
    Option(#[from] super::BadOption),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    max_duration_ms: u64,
    idle_timeout_ms: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    heartbeat_timeout_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    viewport: Option<Viewport>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start_url: Option<String>,
    logged_out: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    allowlist: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    downloads: Option<DownloadPolicy>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    external_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue_timeout_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proxy: Option<UpstreamProxyOptions>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    geolocation: Option<Geolocation>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    locale: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timezone_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    webhook_url: Option<String>,
}

impl SessionOptions {
    /// The options as JSON.
    pub fn to_json(&self) -> Vec<u8> {
        // Named one by one: a field that is added has to be kept, too.
        let Self {
            max_duration,
            idle_timeout,
            heartbeat_timeout,
            viewport,
            start_url,
            logged_out,
            allowlist,
            downloads,
            metadata,
            external_id,
            queue_timeout,
            proxy,
            geolocation,
            locale,
            timezone_id,
            webhook_url,
            // Of what is kept it is true.
            is_kept: _,
        } = self.clone();
        let written = Written {
            max_duration_ms: whole_millis(max_duration),
            idle_timeout_ms: whole_millis(idle_timeout),
            heartbeat_timeout_ms: heartbeat_timeout.map(whole_millis),
            viewport,
            start_url,
            logged_out,
            allowlist,
            downloads,
            metadata,
            external_id,
            queue_timeout_ms: queue_timeout.map(whole_millis),
            proxy: proxy.as_ref().map(written_proxy),
            geolocation,
            locale,
            timezone_id,
            webhook_url,
        };
        // Numbers, texts and lists always serialize.
        serde_json::to_vec(&written).unwrap_or_default()
    }

    /// Options that were written by this or an earlier version.
    pub fn from_json(json: &[u8]) -> Result<Self, NotOptions> {
        let written: Written = serde_json::from_slice(json)?;
        let millis = Duration::from_millis;
        Ok(Self {
            max_duration: millis(written.max_duration_ms),
            idle_timeout: millis(written.idle_timeout_ms),
            heartbeat_timeout: written.heartbeat_timeout_ms.map(millis),
            viewport: written.viewport,
            start_url: written.start_url,
            logged_out: written.logged_out,
            allowlist: written.allowlist,
            downloads: written.downloads,
            metadata: written.metadata,
            external_id: written.external_id,
            queue_timeout: written.queue_timeout_ms.map(millis),
            proxy: written.proxy.as_ref().map(upstream_proxy).transpose()?,
            geolocation: written.geolocation,
            locale: written.locale,
            timezone_id: written.timezone_id,
            webhook_url: written.webhook_url,
            is_kept: true,
        })
    }
}

fn written_proxy(proxy: &UpstreamProxy) -> UpstreamProxyOptions {
    let credentials = proxy.credentials();
    UpstreamProxyOptions {
        server: proxy.server(),
        username: credentials.map(|it| it.username.clone()),
        password: credentials.map(|it| TypedText::from(it.password.expose())),
        bypass: proxy.bypass().iter().map(ToString::to_string).collect(),
        resolve: Some(proxy.resolution()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sessions::SessionsConfig;
    use proptest::prelude::*;

    fn full() -> SessionOptions {
        let proxy = serde_json::json!({
            "server": "socks5://[2001:db8::1]:1081", "username": "u", "password": "canary",
            "bypass": ["near.test", "=exact.test:8080", "10.0.0.1"], "resolve": "remote",
        });
        SessionOptions {
            max_duration: Duration::from_millis(61_001),
            idle_timeout: Duration::from_millis(10_001),
            heartbeat_timeout: Some(Duration::from_secs(2)),
            viewport: Some(Viewport {
                width: 500,
                height: 400,
                device_scale_factor: Some(1.5),
            }),
            start_url: Some("https://a.test/?q=canary".to_owned()),
            logged_out: false,
            allowlist: Some(vec!["a.test".to_owned()]),
            downloads: Some(DownloadPolicy::Deny),
            metadata: [("k".to_owned(), "v".to_owned())].into(),
            external_id: Some("e".to_owned()),
            queue_timeout: Some(Duration::from_secs(3)),
            proxy: Some(upstream_proxy(&serde_json::from_value(proxy).unwrap()).unwrap()),
            geolocation: Some(
                serde_json::from_str(r#"{"latitude": 1.5, "longitude": -2.25}"#).unwrap(),
            ),
            locale: Some("de-CH".to_owned()),
            timezone_id: Some("Europe/Zurich".to_owned()),
            webhook_url: Some("https://hooks.test/?key=canary".to_owned()),
            is_kept: true,
        }
    }

    #[test]
    fn every_option_is_read_as_it_was_written() {
        let read = SessionOptions::from_json(&full().to_json()).unwrap();
        assert!(read == full(), "{read:?}");
        let plain = SessionOptions::new(&SessionsConfig::default());
        let read = SessionOptions::from_json(&plain.to_json()).unwrap();
        assert!(read == plain, "{read:?}");
    }

    #[test]
    fn what_is_damaged_is_refused_and_not_shown() {
        let json = full().to_json();
        let mut damaged = String::from_utf8(json).unwrap();
        damaged = damaged.replace("socks5://", "ftp://");
        let error = SessionOptions::from_json(damaged.as_bytes()).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        assert!(SessionOptions::from_json(b"").is_err());
    }

    proptest! {
        #[test]
        fn any_text_of_a_client_is_read_as_it_was_written(
            name in ".{1,64}", value in ".{0,64}", url in ".{0,64}", max in 0_u64..1 << 50,
        ) {
            let options = SessionOptions {
                metadata: [(name, value.clone())].into(),
                external_id: Some(value),
                start_url: Some(url),
                max_duration: Duration::from_millis(max),
                ..full()
            };
            let read = SessionOptions::from_json(&options.to_json()).unwrap();
            prop_assert!(read == options);
        }
    }
}
