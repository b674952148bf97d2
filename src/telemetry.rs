//! Logs, on stderr.

use std::io::{self, IsTerminal as _};

use clap::ValueEnum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt as _, ParseError, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, Layer as _, fmt, registry};

/// What is logged to stderr, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// "error", "warn", "info", "debug", "trace" or "off"; also per part of the program, such as
    /// `"info,cdp_bridge::tabs=debug"`.
    pub level: String,
    /// "auto" (text on a terminal, else JSON), "text" or "json".
    pub format: LogFormat,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            format: LogFormat::Auto,
        }
    }
}

/// The form of a log line.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema, ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, else JSON.
    #[default]
    Auto,
    /// One line of text per event.
    Text,
    /// One JSON object per event.
    Json,
}

/// Why logging could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    #[error(
        "log.level: `{level}` is not a level: {source}; expected off, error, warn, info, debug or \
         trace, or directives such as `info,cdp_bridge::tabs=debug`"
    )]
    Level { level: String, source: ParseError },
    #[error("logging is set up already")]
    Twice(#[from] TryInitError),
}

/// Starts writing logs of this level and above to stderr.
pub fn init(level: &str, format: LogFormat) -> Result<(), TelemetryError> {
    let filter = filter(level)?.and(filter_fn(is_not_message_content));
    let terminal = io::stderr().is_terminal();
    let logs = fmt::layer().with_writer(io::stderr);
    let logs = if json(format, terminal) {
        logs.json().flatten_event(true).boxed()
    } else {
        let colours = terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        logs.with_ansi(colours).boxed()
    };
    registry().with(logs.with_filter(filter)).try_init()?;
    Ok(())
}

/// The WebSocket library logs whole messages at level `trace`, with all URLs, pages and cookies in them.
/// These are dropped at every configured level.
fn is_not_message_content(of: &Metadata<'_>) -> bool {
    let library = of.target().split("::").next();
    *of.level() < Level::TRACE || !matches!(library, Some("tungstenite" | "tokio_tungstenite"))
}

/// A bare level below `info` applies to the bridge only; otherwise its lines would be lost among those of
/// the libraries.
fn filter(level: &str) -> Result<EnvFilter, TelemetryError> {
    let level = level.trim();
    let directives = match level.to_ascii_lowercase().as_str() {
        fine @ ("debug" | "trace") => format!("info,cdp_bridge={fine}"),
        _ => level.to_owned(),
    };
    EnvFilter::try_new(directives).map_err(|source| TelemetryError::Level {
        level: level.to_owned(),
        source,
    })
}

fn json(format: LogFormat, terminal: bool) -> bool {
    match format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !terminal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_is_text_on_a_terminal_and_json_elsewhere() {
        assert!(!json(LogFormat::Auto, true));
        assert!(json(LogFormat::Auto, false));
        assert!(json(LogFormat::Json, true));
        assert!(!json(LogFormat::Text, false));
    }

    #[test]
    fn a_fine_level_is_for_the_bridge_and_directives_stay_as_they_are() {
        assert_eq!(
            filter("debug").unwrap().to_string(),
            "cdp_bridge=debug,info"
        );
        assert_eq!(filter("warn").unwrap().to_string(), "warn");
        assert_eq!(
            filter("warn,a::b=trace").unwrap().to_string(),
            "a::b=trace,warn"
        );
    }

    #[test]
    fn an_invalid_level_is_named_in_the_error() {
        let error = filter("a=loud").unwrap_err().to_string();
        assert!(
            error.contains("log.level") && error.contains("a=loud"),
            "{error}"
        );
    }
}
