//! Ranges of single values, which the types cannot express.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::error::ConfigError;
use super::origin::Origins;
use super::setting::bad_value;
use super::types::Config;
use crate::server::ClientLimitsConfig;
use crate::units::{byte_size, duration};

/// Checks values in a table: a kind of value, its key, and its range. The key is also the path of fields.
macro_rules! ranges {
    ($check:ident, $config:ident: $($kind:ident $section:ident$(.$name:ident)+ in $range:expr;)*) => {
        $($check.$kind(
            concat!(stringify!($section), $(".", stringify!($name)),+),
            $config.$section$(.$name)+,
            $range,
        )?;)*
    };
}

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const TWO_MINUTES: Duration = Duration::from_mins(2);
const TEN_MINUTES: Duration = Duration::from_mins(10);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

/// A limit of a client that is not from 1 to `most`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LimitOutOfRange {
    pub(crate) name: &'static str,
    pub(crate) value: usize,
    pub(crate) most: usize,
}

/// The first limit of a client that is out of its range.
pub(crate) fn client_limit_out_of_range(limits: &ClientLimitsConfig) -> Option<LimitOutOfRange> {
    let all = [
        ("tabs", limits.tabs, 10_000),
        ("max_inflight", limits.max_inflight, 4096),
        ("max_connections", limits.max_connections, 65_536),
        ("sessions", limits.sessions, 1000),
    ];
    let set = all.into_iter().filter_map(|(name, value, most)| {
        let value = value?;
        Some(LimitOutOfRange { name, value, most })
    });
    let mut wrong = set.filter(|it| !(1..=it.most).contains(&it.value));
    wrong.next()
}

struct Check<'a> {
    origins: &'a Origins,
}

pub(crate) fn ranges(config: &Config, origins: &Origins) -> Result<(), ConfigError> {
    let check = Check { origins };
    check.browser(config)?;
    check.clients(config)?;
    for (name, limit) in config.timeouts.entries() {
        let range = MILLISECOND * 100..=TWO_MINUTES;
        check.duration(&format!("timeouts.{name}"), limit, range)?;
    }
    ranges! { check, config:
        duration browser.start_timeout in SECOND..=TEN_MINUTES;
        duration browser.restart.initial_backoff in MILLISECOND..=HOUR;
        duration browser.restart.max_backoff in config.browser.restart.initial_backoff..=HOUR;
        duration browser.restart.window in SECOND..=DAY;

        number server.max_connections in 1..=65_536;
        number server.max_connections_per_address in 1..=65_536;
        duration server.header_timeout in SECOND..=TEN_MINUTES;
        bytes server.max_message_bytes in 1 << 10..=256 << 20;
        bytes server.outbound_bytes in 64 << 10..=16 << 30;
        bytes server.outbound_bytes_of_client in 64 << 10..=1 << 40;
        duration server.resume_window in Duration::ZERO..=HOUR;
        bytes server.resume_bytes in 64 << 10..=1 << 30;
        duration server.idempotency_window in SECOND..=DAY;
        number server.idempotency_keys in 1..=1_000_000;
        duration server.drain_timeout in Duration::ZERO..=HOUR;
        duration server.ping_interval in SECOND..=HOUR;
        duration server.ping_timeout in config.server.ping_interval + MILLISECOND..=DAY;

        duration policy.answer_timeout in SECOND..=TEN_MINUTES;

        number tabs.max in 1..=10_000;
        duration tabs.idle_timeout in SECOND..=DAY * 365;
        duration tabs.hang_timeout in SECOND..=TEN_MINUTES;

        number sessions.max in 0..=1000;
        number sessions.max_per_client in 1..=1000;
        number sessions.creates_per_minute in 1..=10_000;
        number sessions.queue in 0..=1000;
        duration sessions.queue_timeout in Duration::ZERO..=TEN_MINUTES;
        duration sessions.max_duration in SECOND * 60..=DAY;
        duration sessions.default_duration in SECOND * 60..=config.sessions.max_duration;
        duration sessions.default_idle_timeout in SECOND * 10..=HOUR;
        duration sessions.retention in Duration::ZERO..=DAY;
        number sessions.kept_records in 1..=100_000;

        number store.history_days in 1..=3650;
        number store.sessions_days in 1..=3650;
        number store.audit_days in 1..=3650;
        number store.queue in 16..=65_536;

        duration flow.snapshot_debounce in MILLISECOND * 300..=SECOND * 60;
        number flow.screenshot_max_fps in 1.0..=2.0;
        number flow.screenshot_queue in 1..=64;
        bytes flow.chunk_bytes in 4 << 10..=64 << 20;
        number flow.max_inflight in 1..=4096;
        number flow.max_snapshot_nodes in 1..=u32::MAX;
        bytes flow.max_snapshot_bytes in 64 << 10..=1 << 30;
        number flow.max_screenshot_pixels in 1..=u64::MAX;
        bytes flow.max_download_bytes in 1 << 10..=1 << 30;
        number flow.kept_downloads in 1..=1024;
        bytes flow.kept_download_bytes in 1 << 10..=64 << 30;
        number flow.staged_files in 1..=1024;
        bytes flow.staged_file_bytes in 1 << 10..=16 << 30;
        bytes flow.staged_file_bytes_of_all in 1 << 10..=64 << 30;
        duration flow.staged_file_time in SECOND..=DAY;
    }
    Ok(())
}

impl Check<'_> {
    fn browser(&self, config: &Config) -> Result<(), ConfigError> {
        let browser = &config.browser;
        for side in [browser.window_size.width, browser.window_size.height] {
            if !(1..=16_384).contains(&side) {
                let found = browser.window_size.to_string();
                return Err(self.outside("browser.window_size", &found, "sides from 1 to 16384"));
            }
        }
        match browser.memory_max {
            Some(bytes) => self.bytes("browser.memory_max", bytes, 256 << 20..=1 << 44),
            None => Ok(()),
        }
    }

    fn clients(&self, config: &Config) -> Result<(), ConfigError> {
        for (index, client) in config.auth.clients.iter().enumerate() {
            let limits = client.limits.unwrap_or_default();
            if let Some(LimitOutOfRange { name, value, most }) = client_limit_out_of_range(&limits)
            {
                let key = format!("auth.clients[{index}].limits.{name}");
                self.number(&key, value, 1..=most)?;
            }
        }
        Ok(())
    }

    fn number<T: PartialOrd + Display + Copy>(
        &self,
        key: &str,
        value: T,
        range: RangeInclusive<T>,
    ) -> Result<(), ConfigError> {
        if range.contains(&value) {
            return Ok(());
        }
        let expected = format!("a number from {} to {}", range.start(), range.end());
        Err(self.outside(key, &value.to_string(), &expected))
    }

    fn duration(
        &self,
        key: &str,
        value: Duration,
        range: RangeInclusive<Duration>,
    ) -> Result<(), ConfigError> {
        if range.contains(&value) {
            return Ok(());
        }
        let (from, to) = (duration::text(*range.start()), duration::text(*range.end()));
        let expected = format!("a duration from {from} to {to}");
        Err(self.outside(key, &duration::text(value), &expected))
    }

    fn bytes(
        &self,
        key: &str,
        value: usize,
        range: RangeInclusive<usize>,
    ) -> Result<(), ConfigError> {
        if range.contains(&value) {
            return Ok(());
        }
        let [from, to] = [range.start(), range.end()].map(|bytes| byte_size::text(*bytes));
        let expected = format!("a size from {from} to {to}");
        Err(self.outside(key, &byte_size::text(value), &expected))
    }

    fn outside(&self, key: &str, found: &str, expected: &str) -> ConfigError {
        let problem = format!("{found} is out of range; expected {expected}");
        bad_value(self.origins.get(key), key, problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The message about a default configuration that was changed, if there is one.
    fn message(change: impl FnOnce(&mut Config)) -> Option<String> {
        let mut config = Config::default();
        change(&mut config);
        ranges(&config, &Origins::default())
            .err()
            .map(|error| error.to_string())
    }

    #[test]
    fn the_defaults_are_within_their_ranges() {
        assert_eq!(message(|_| {}), None);
    }

    #[test]
    fn a_value_outside_its_range_is_named_with_the_range() {
        assert_eq!(
            message(|config| config.flow.screenshot_max_fps = 5.0).unwrap(),
            "default: flow.screenshot_max_fps: 5 is out of range; expected a number from 1 to 2"
        );
        assert_eq!(
            message(|config| config.flow.snapshot_debounce = Duration::from_millis(299)).unwrap(),
            "default: flow.snapshot_debounce: 299ms is out of range; \
             expected a duration from 300ms to 1min"
        );
        assert_eq!(
            message(|config| config.flow.chunk_bytes = 4095).unwrap(),
            "default: flow.chunk_bytes: 4095 is out of range; expected a size from 4KiB to 64MiB"
        );
        assert_eq!(
            message(|config| config.timeouts.navigate = Duration::from_secs(121)).unwrap(),
            "default: timeouts.navigate: 121s is out of range; expected a duration from 100ms to 2min"
        );
    }

    #[test]
    fn no_number_at_all_is_outside_every_range() {
        assert!(message(|config| config.flow.screenshot_max_fps = f64::NAN).is_some());
    }

    #[test]
    fn the_longest_backoff_is_not_shorter_than_the_first() {
        let message =
            message(|config| config.browser.restart.max_backoff = Duration::from_millis(1));
        assert!(
            message
                .unwrap()
                .contains("expected a duration from 250ms to 1h")
        );
    }

    #[test]
    fn a_window_has_two_sides() {
        assert!(message(|config| config.browser.window_size.height = 0).is_some());
    }
}
