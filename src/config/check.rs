//! What the types alone cannot say: ranges of single values.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::error::ConfigError;
use super::origin::Origins;
use super::setting::bad_value;
use super::types::Config;
use crate::units::{byte_size, duration};

/// Checks values against their ranges, and names the origin of one that is outside.
struct Check<'a> {
    origins: &'a Origins,
}

/// Checks every value that has a range.
pub(crate) fn ranges(config: &Config, origins: &Origins) -> Result<(), ConfigError> {
    let check = Check { origins };
    check.browser(config)?;
    check.server(config)?;
    check.flow(config)?;
    check.clients(config)?;
    check.number("tabs.max", config.tabs.max, 1..=10_000)?;
    let year = Duration::from_hours(24 * 365);
    check.duration("tabs.idle_timeout", config.tabs.idle_timeout, SECOND..=year)?;
    let ten_minutes = Duration::from_mins(10);
    check.duration(
        "tabs.hang_timeout",
        config.tabs.hang_timeout,
        SECOND..=ten_minutes,
    )?;
    for (name, limit) in config.timeouts.entries() {
        let range = Duration::from_millis(100)..=Duration::from_mins(2);
        check.duration(&format!("timeouts.{name}"), limit, range)?;
    }
    Ok(())
}

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);

impl Check<'_> {
    fn browser(&self, config: &Config) -> Result<(), ConfigError> {
        let browser = &config.browser;
        for side in [browser.window_size.width, browser.window_size.height] {
            if !(1..=16_384).contains(&side) {
                let found = browser.window_size.to_string();
                return Err(self.outside("browser.window_size", &found, "sides from 1 to 16384"));
            }
        }
        if let Some(bytes) = browser.memory_max {
            self.bytes("browser.memory_max", bytes, 256 << 20..=1 << 44)?;
        }
        let ten_minutes = Duration::from_mins(10);
        self.duration(
            "browser.start_timeout",
            browser.start_timeout,
            SECOND..=ten_minutes,
        )?;
        let restart = &browser.restart;
        let millisecond = Duration::from_millis(1);
        self.duration(
            "browser.restart.initial_backoff",
            restart.initial_backoff,
            millisecond..=HOUR,
        )?;
        let longest = restart.initial_backoff..=HOUR;
        self.duration("browser.restart.max_backoff", restart.max_backoff, longest)?;
        self.duration("browser.restart.window", restart.window, SECOND..=HOUR * 24)
    }

    fn server(&self, config: &Config) -> Result<(), ConfigError> {
        let server = &config.server;
        self.number("server.max_connections", server.max_connections, 1..=65_536)?;
        self.number(
            "server.max_connections_per_address",
            server.max_connections_per_address,
            1..=65_536,
        )?;
        let ten_minutes = Duration::from_mins(10);
        self.duration(
            "server.header_timeout",
            server.header_timeout,
            SECOND..=ten_minutes,
        )?;
        self.bytes(
            "server.max_message_bytes",
            server.max_message_bytes,
            1 << 10..=256 << 20,
        )?;
        self.bytes(
            "server.outbound_bytes",
            server.outbound_bytes,
            64 << 10..=16 << 30,
        )?;
        self.duration(
            "server.resume_window",
            server.resume_window,
            Duration::ZERO..=HOUR,
        )?;
        self.bytes(
            "server.resume_bytes",
            server.resume_bytes,
            64 << 10..=1 << 30,
        )?;
        self.duration(
            "server.idempotency_window",
            server.idempotency_window,
            SECOND..=HOUR * 24,
        )?;
        self.number(
            "server.idempotency_keys",
            server.idempotency_keys,
            1..=1_000_000,
        )?;
        self.duration(
            "server.drain_timeout",
            server.drain_timeout,
            Duration::ZERO..=HOUR,
        )?;
        self.duration("server.ping_interval", server.ping_interval, SECOND..=HOUR)?;
        let after_a_ping = server.ping_interval + Duration::from_millis(1)..=HOUR * 24;
        self.duration("server.ping_timeout", server.ping_timeout, after_a_ping)
    }

    fn flow(&self, config: &Config) -> Result<(), ConfigError> {
        let flow = &config.flow;
        let debounce = Duration::from_millis(300)..=Duration::from_mins(1);
        self.duration("flow.snapshot_debounce", flow.snapshot_debounce, debounce)?;
        self.number(
            "flow.screenshot_max_fps",
            flow.screenshot_max_fps,
            1.0..=2.0,
        )?;
        self.number("flow.screenshot_queue", flow.screenshot_queue, 1..=64)?;
        self.bytes("flow.chunk_bytes", flow.chunk_bytes, 4 << 10..=64 << 20)?;
        self.number("flow.max_inflight", flow.max_inflight, 1..=4096)?;
        self.number(
            "flow.max_snapshot_nodes",
            flow.max_snapshot_nodes,
            1..=u32::MAX,
        )?;
        self.bytes(
            "flow.max_snapshot_bytes",
            flow.max_snapshot_bytes,
            64 << 10..=1 << 30,
        )?;
        self.number(
            "flow.max_screenshot_pixels",
            flow.max_screenshot_pixels,
            1..=u64::MAX,
        )?;
        self.bytes(
            "flow.max_download_bytes",
            flow.max_download_bytes,
            1 << 10..=1 << 30,
        )?;
        self.number("flow.kept_downloads", flow.kept_downloads, 1..=1024)?;
        self.bytes(
            "flow.kept_download_bytes",
            flow.kept_download_bytes,
            1 << 10..=64 << 30,
        )
    }

    fn clients(&self, config: &Config) -> Result<(), ConfigError> {
        for (index, client) in config.auth.clients.iter().enumerate() {
            let limits = client.limits.unwrap_or_default();
            for (name, value, most) in [
                ("tabs", limits.tabs, 10_000),
                ("max_inflight", limits.max_inflight, 4096),
                ("max_connections", limits.max_connections, 65_536),
            ] {
                if let Some(value) = value {
                    let key = format!("auth.clients[{index}].limits.{name}");
                    self.number(&key, value, 1..=most)?;
                }
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
        let (from, to) = (
            byte_size::text(*range.start()),
            byte_size::text(*range.end()),
        );
        Err(self.outside(
            key,
            &byte_size::text(value),
            &format!("a size from {from} to {to}"),
        ))
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
