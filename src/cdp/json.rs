//! Parses JSON from Chromium. Text of a page may contain lone surrogates; Chromium writes them as escapes,
//! which JSON parsers reject.

use std::borrow::Cow;

use memchr::{memchr, memmem};
use serde::de::DeserializeOwned;

/// The escape of U+FFFD; it has the same length as the one that it replaces.
const REPLACEMENT: &[u8; 6] = b"\\ufffd";

/// Parses a value. Lone surrogates become U+FFFD.
pub fn parse<T: DeserializeOwned>(json: &[u8]) -> serde_json::Result<T> {
    serde_json::from_slice(&without_lone_surrogates(json))
}

/// Replaces lone surrogates in the strings of a JSON document.
pub(super) fn without_lone_surrogates(json: &[u8]) -> Cow<'_, [u8]> {
    // Chromium writes the hexadecimal digits of an escape in lower case, other writers in upper case.
    let has_surrogates = |escape| memmem::find(json, escape).is_some();
    if !has_surrogates(b"\\ud") && !has_surrogates(b"\\uD") {
        return Cow::Borrowed(json);
    }
    let mut replaced = Cow::Borrowed(json);
    let mut at = 0;
    while let Some(found) = memchr(b'\\', &json[at..]) {
        at += found;
        let is_high = |unit| (0xd800..0xdc00).contains(&unit);
        let is_low = |unit| (0xdc00..0xe000).contains(&unit);
        at += match (unicode_escape(json, at), unicode_escape(json, at + 6)) {
            (Some(first), Some(second)) if is_high(first) && is_low(second) => 12,
            (Some(unit), _) => {
                if is_high(unit) || is_low(unit) {
                    replaced.to_mut()[at..at + 6].copy_from_slice(REPLACEMENT);
                }
                6
            }
            (None, _) => 2,
        };
        at = at.min(json.len());
    }
    replaced
}

/// The UTF-16 code unit of the escape at this offset; `None` if there is no such escape.
fn unicode_escape(json: &[u8], at: usize) -> Option<u32> {
    let digits = json.get(at..at + 6)?.strip_prefix(b"\\u")?;
    let digits = std::str::from_utf8(digits).ok()?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn lone_surrogates_become_replacement_characters() {
        for (written, expected) in [
            (r#""a\ud800b""#, json!("a\u{fffd}b")),
            (r#""\uDFFF""#, json!("\u{fffd}")),
            (
                r#"["\ud83d\ude00", "\ud83d\ud83d\ude00"]"#,
                json!(["\u{1f600}", "\u{fffd}\u{1f600}"]),
            ),
            (r#""\\ud800""#, json!("\\ud800")),
            (r#""\\\ud800""#, json!("\\\u{fffd}")),
            (r#"{"\ud800": "x\u00e9"}"#, json!({"\u{fffd}": "x\u{e9}"})),
        ] {
            assert_eq!(
                parse::<Value>(written.as_bytes()).unwrap(),
                expected,
                "{written}"
            );
        }
    }

    #[test]
    fn a_document_without_lone_surrogates_is_not_copied() {
        for json in [r#"{"a":"\n"}"#, r#""\ud83d\ude00""#, ""] {
            let read = without_lone_surrogates(json.as_bytes());
            assert!(matches!(read, Cow::Borrowed(_)), "{json}");
        }
    }

    #[test]
    fn invalid_json_is_an_error() {
        for json in ["", "{", r#""\ud800"#, r#""\"#, r#""\ud8"#, r#""\ud80g""#] {
            assert!(parse::<Value>(json.as_bytes()).is_err(), "{json}");
        }
    }
}
