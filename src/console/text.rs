//! Text and numbers for a terminal (pure).

use std::time::Duration;

/// Sanitized text: on one line, truncated, and with control characters escaped, so that a page cannot send escape
/// sequences to the terminal.
pub(super) fn shown(text: &str, max: usize) -> String {
    let mut line = String::new();
    for (count, c) in text.chars().enumerate() {
        if count == max {
            line.push('…');
            break;
        }
        if c.is_control() || is_direction(c) {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

/// The beginning of a document, with white space collapsed.
pub(super) fn beginning(text: &str, max: usize) -> String {
    // One character beyond the limit tells whether the text is truncated.
    let mut folded = String::new();
    let mut count = 0;
    for word in text.split_whitespace() {
        if count > max {
            break;
        }
        if count > 0 {
            folded.push(' ');
            count += 1;
        }
        let part: String = word.chars().take(max + 1 - count.min(max)).collect();
        count += part.chars().count();
        folded.push_str(&part);
    }
    shown(&folded, max)
}

/// Unicode's bidirectional controls (`Bidi_Control`), with which a text could look like another.
fn is_direction(c: char) -> bool {
    matches!(
        c,
        '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
    )
}

/// `218,433`.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `34 ms`, or `1.2 s` from one second on.
pub(super) fn duration(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_page_cannot_write_to_the_terminal() {
        assert_eq!(
            shown("a\u{1b}[2Jb\r\n\u{202e}c", 50),
            r"a\u{1b}[2Jb\r\n\u{202e}c"
        );
        // Unicode's `Bidi_Control`.
        let marks = ['\u{61c}', '\u{200e}', '\u{200f}'];
        for mark in marks
            .into_iter()
            .chain('\u{202a}'..='\u{202e}')
            .chain('\u{2066}'..='\u{2069}')
        {
            let text = shown(&mark.to_string(), 50);
            assert!(text.is_ascii() && !text.is_empty(), "{mark:?}");
        }
    }

    #[test]
    fn long_text_is_cut_and_says_so() {
        assert_eq!(shown("äöü", 3), "äöü");
        assert_eq!(shown("äöüß", 3), "äöü…");
        assert_eq!(beginning(" <a>\n\t <b>  c ", 20), "<a> <b> c");
        assert_eq!(beginning("one two three", 7), "one two…");
    }

    #[test]
    fn numbers_and_times_are_readable() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(duration(Duration::from_millis(34)), "34 ms");
        assert_eq!(duration(Duration::from_millis(1250)), "1.2 s");
    }

    proptest! {
        #[test]
        fn what_is_shown_is_one_line_without_control_characters(text in any::<String>(), max in 0_usize..40) {
            for line in [shown(&text, max), beginning(&text, max)] {
                prop_assert!(!line.chars().any(char::is_control));
            }
        }
    }
}
