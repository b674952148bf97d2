//! Times of the wall clock as texts: `2026-11-30T18:37:44Z`.

/// A time in milliseconds since 1970, in UTC to the second.
pub(crate) fn text(at_ms: u64) -> String {
    let seconds = at_ms / 1000;
    let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
    let date = date(seconds / 86_400);
    format!("{date}T{hours:02}:{minutes:02}:{:02}Z", seconds % 60)
}

/// A day, counted from 1970, as a date.
pub(crate) fn date(day: u64) -> String {
    // Years begin in March here, so that a leap day is the last one of its year; 400 years are one period.
    let day = day + 719_468;
    let (period, of_period) = (day / 146_097, day % 146_097);
    let year = (of_period - of_period / 1460 + of_period / 36_524 - of_period / 146_096) / 365;
    let of_year = of_period - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = period * 400 + year + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc() {
        for (at_ms, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399_999, "2000-02-28T23:59:59Z"),
            (951_782_400_000, "2000-02-29T00:00:00Z"),
            (1_709_251_199_000, "2024-02-29T23:59:59Z"),
            (1_796_063_864_000, "2026-11-30T18:37:44Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(text(at_ms), expected);
        }
    }
}
