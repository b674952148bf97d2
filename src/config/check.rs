//! Ranges of single values, which the types cannot express.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::error::ConfigError;
use super::origin::Origins;
use super::setting::bad_value;
use super::types::Config;
use crate::units::{byte_size, duration};

/// Checks one value under its dotted key, both of which come from the same path of fields.
macro_rules! in_range {
    ($check:ident.$kind:ident, $config:ident.$section:ident$(.$name:ident)+, $range:expr) => {
        $check.$kind(
            concat!(stringify!($section), $(".", stringify!($name)),+),
            $config.$section$(.$name)+,
            $range,
        )?
    };
}

const SECOND: Duration = Duration::from_secs(1);
const TEN_MINUTES: Duration = Duration::from_mins(10);
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);

struct Check<'a> {
    origins: &'a Origins,
}

pub(crate) fn ranges(config: &Config, origins: &Origins) -> Result<(), ConfigError> {
    let check = Check { origins };
    check.browser(config)?;
    check.server(config)?;
    check.flow(config)?;
    check.clients(config)?;
    in_range!(check.number, config.tabs.max, 1..=10_000);
    in_range!(check.duration, config.tabs.idle_timeout, SECOND..=DAY * 365);
    in_range!(
        check.duration,
        config.tabs.hang_timeout,
        SECOND..=TEN_MINUTES
    );
    for (name, limit) in config.timeouts.entries() {
        let range = Duration::from_millis(100)..=Duration::from_mins(2);
        check.duration(&format!("timeouts.{name}"), limit, range)?;
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
        if let Some(bytes) = browser.memory_max {
            self.bytes("browser.memory_max", bytes, 256 << 20..=1 << 44)?;
        }
        let (first, millisecond) = (browser.restart.initial_backoff, Duration::from_millis(1));
        in_range!(
            self.duration,
            config.browser.start_timeout,
            SECOND..=TEN_MINUTES
        );
        in_range!(
            self.duration,
            config.browser.restart.initial_backoff,
            millisecond..=HOUR
        );
        in_range!(
            self.duration,
            config.browser.restart.max_backoff,
            first..=HOUR
        );
        in_range!(self.duration, config.browser.restart.window, SECOND..=DAY);
        Ok(())
    }

    fn server(&self, config: &Config) -> Result<(), ConfigError> {
        let after_a_ping = config.server.ping_interval + Duration::from_millis(1);
        in_range!(self.number, config.server.max_connections, 1..=65_536);
        in_range!(
            self.number,
            config.server.max_connections_per_address,
            1..=65_536
        );
        in_range!(
            self.duration,
            config.server.header_timeout,
            SECOND..=TEN_MINUTES
        );
        in_range!(
            self.bytes,
            config.server.max_message_bytes,
            1 << 10..=256 << 20
        );
        in_range!(
            self.bytes,
            config.server.outbound_bytes,
            64 << 10..=16 << 30
        );
        in_range!(
            self.duration,
            config.server.resume_window,
            Duration::ZERO..=HOUR
        );
        in_range!(self.bytes, config.server.resume_bytes, 64 << 10..=1 << 30);
        in_range!(
            self.duration,
            config.server.idempotency_window,
            SECOND..=DAY
        );
        in_range!(self.number, config.server.idempotency_keys, 1..=1_000_000);
        in_range!(
            self.duration,
            config.server.drain_timeout,
            Duration::ZERO..=HOUR
        );
        in_range!(self.duration, config.server.ping_interval, SECOND..=HOUR);
        in_range!(
            self.duration,
            config.server.ping_timeout,
            after_a_ping..=DAY
        );
        Ok(())
    }

    fn flow(&self, config: &Config) -> Result<(), ConfigError> {
        let debounce = Duration::from_millis(300)..=Duration::from_mins(1);
        in_range!(self.duration, config.flow.snapshot_debounce, debounce);
        in_range!(self.number, config.flow.screenshot_max_fps, 1.0..=2.0);
        in_range!(self.number, config.flow.screenshot_queue, 1..=64);
        in_range!(self.bytes, config.flow.chunk_bytes, 4 << 10..=64 << 20);
        in_range!(self.number, config.flow.max_inflight, 1..=4096);
        in_range!(self.number, config.flow.max_snapshot_nodes, 1..=u32::MAX);
        in_range!(
            self.bytes,
            config.flow.max_snapshot_bytes,
            64 << 10..=1 << 30
        );
        in_range!(self.number, config.flow.max_screenshot_pixels, 1..=u64::MAX);
        in_range!(
            self.bytes,
            config.flow.max_download_bytes,
            1 << 10..=1 << 30
        );
        in_range!(self.number, config.flow.kept_downloads, 1..=1024);
        in_range!(
            self.bytes,
            config.flow.kept_download_bytes,
            1 << 10..=64 << 30
        );
        Ok(())
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
