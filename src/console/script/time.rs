//! `200ms`, `10s`, `2m` (pure).

use std::time::Duration;

/// The text is not a valid time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid time `{0}`; expected one such as 200ms, 1.5s or 2m")]
pub struct NotATime(String);

/// Longer than any reasonable script, and small enough to be added to an `Instant`.
const MAX: Duration = Duration::from_hours(24);

pub(super) fn parse(text: &str) -> Result<Duration, NotATime> {
    let wrong = || NotATime(text.to_owned());
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        _ => return Err(wrong()),
    };
    let number: f64 = digits.parse().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(number * unit)
        .ok()
        .filter(|time| *time <= MAX)
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        for (text, ms) in [
            ("200ms", 200),
            ("10s", 10_000),
            ("1.5s", 1500),
            ("2m", 120_000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_times() {
        for text in ["", "5", "ms", "-1s", "1h", "s1", "NaNs", "1e9m", "99999m"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
