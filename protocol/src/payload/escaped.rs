//! Text in the form in which it stands inside a JSON string: escaped.
//!
//! Chromium's answer already holds the page's HTML like this, and a text message to a
//! Coordinator needs it like this again, so the bridge cuts the escaped text at places where
//! it may be cut instead of unescaping megabytes and escaping them again.

use bytes::Bytes;
use memchr::memchr;

/// Escaped text, without its quotes. Its surrogates are paired: a lone one, which HTML may hold
/// but UTF-8 may not, is replaced by U+FFFD.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EscapedText {
    raw: Bytes,
    decoded_len: usize,
}

/// The bytes were not one JSON string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected one JSON string")]
pub struct NotAJsonString;

/// What stands in place of a lone surrogate; as long as the escape that it replaces.
const REPLACEMENT: &[u8; 6] = b"\\ufffd";

impl EscapedText {
    /// Takes over a JSON string with its quotes, as it was sliced out of a valid JSON document.
    pub fn from_json_string(quoted: &Bytes) -> Result<Self, NotAJsonString> {
        if quoted.len() < 2 || quoted[0] != b'"' || quoted[quoted.len() - 1] != b'"' {
            return Err(NotAJsonString);
        }
        let raw = quoted.slice(1..quoted.len() - 1);
        std::str::from_utf8(&raw).map_err(|_| NotAJsonString)?;
        Self::scan(raw)
    }

    /// Escapes text that is not JSON yet.
    pub fn from_text(text: &str) -> Self {
        #[expect(clippy::expect_used, reason = "every str is a JSON string")]
        let quoted = serde_json::to_vec(text).expect("a str serializes");
        let raw = Bytes::from(quoted);
        Self {
            raw: raw.slice(1..raw.len() - 1),
            decoded_len: text.len(),
        }
    }

    fn scan(raw: Bytes) -> Result<Self, NotAJsonString> {
        let mut decoded_len = 0;
        let mut lone = Vec::new();
        let mut at = 0;
        while at < raw.len() {
            let run = memchr(b'\\', &raw[at..]).unwrap_or(raw.len() - at);
            decoded_len += run;
            at += run;
            if at < raw.len() {
                let escape = Escape::read(&raw[at..]).ok_or(NotAJsonString)?;
                if escape.lone {
                    lone.push(at);
                }
                decoded_len += escape.decoded;
                at += escape.len;
            }
        }
        if lone.is_empty() {
            return Ok(Self { raw, decoded_len });
        }
        let mut mended = raw.to_vec();
        for at in lone {
            mended[at..at + REPLACEMENT.len()].copy_from_slice(REPLACEMENT);
        }
        Ok(Self {
            raw: mended.into(),
            decoded_len,
        })
    }

    /// The escaped text.
    pub fn as_bytes(&self) -> &Bytes {
        &self.raw
    }

    /// How many bytes of UTF-8 the text has once it is unescaped.
    pub fn decoded_len(&self) -> usize {
        self.decoded_len
    }

    /// The text itself, as UTF-8.
    pub fn decode(&self) -> Bytes {
        if self.decoded_len == self.raw.len() {
            return self.raw.clone();
        }
        let mut text = Vec::with_capacity(self.decoded_len);
        let mut at = 0;
        while at < self.raw.len() {
            let run = memchr(b'\\', &self.raw[at..]).unwrap_or(self.raw.len() - at);
            text.extend_from_slice(&self.raw[at..at + run]);
            at += run;
            if let Some(escape) = self.raw.get(at..).and_then(Escape::read) {
                let mut utf8 = [0; 4];
                text.extend_from_slice(escape.char.encode_utf8(&mut utf8).as_bytes());
                at += escape.len;
            }
        }
        text.into()
    }

    /// Where to cut so that no piece has more than `max` bytes once it is unescaped: the end of
    /// each piece within the escaped text. A cut never falls inside a character, its escape, or
    /// a pair of surrogates.
    pub fn cuts(&self, max: usize) -> Vec<usize> {
        let max = max.max(4);
        if self.decoded_len <= max {
            return vec![self.raw.len()];
        }
        let mut cuts = Vec::with_capacity(self.decoded_len / max + 1);
        let mut room = max;
        let mut at = 0;
        while at < self.raw.len() {
            let run = memchr(b'\\', &self.raw[at..]).unwrap_or(self.raw.len() - at);
            let mut left = run;
            while left > room {
                let step = char_boundary(&self.raw, at, at + room) - at;
                at += step;
                left -= step;
                cuts.push(at);
                room = max;
            }
            at += left;
            room -= left;
            if let Some(escape) = self.raw.get(at..).and_then(Escape::read) {
                if escape.decoded > room {
                    cuts.push(at);
                    room = max;
                }
                room -= escape.decoded;
                at += escape.len;
            }
        }
        cuts.push(self.raw.len());
        cuts
    }
}

/// A JSON document without lone surrogates in its strings, each replaced by U+FFFD: escaped they
/// are JSON, but most readers refuse them.
pub fn without_lone_surrogates(json: Bytes) -> Result<Bytes, NotAJsonString> {
    // Backslashes stand only in strings, so that the document can be read like the inside of one.
    EscapedText::scan(json).map(|text| text.raw)
}

/// The last place from `end` downwards that is no continuation byte, not before `start`.
fn char_boundary(raw: &[u8], start: usize, end: usize) -> usize {
    let mut end = end;
    while end > start && raw[end] & 0xC0 == 0x80 {
        end -= 1;
    }
    end
}

/// One escape, or one pair of surrogate escapes.
struct Escape {
    /// Bytes of the escape.
    len: usize,
    /// Bytes of UTF-8 that it stands for.
    decoded: usize,
    char: char,
    /// Half a surrogate pair without its other half.
    lone: bool,
}

impl Escape {
    /// Reads the escape at the start of these bytes; `None` if there is none.
    fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.first() != Some(&b'\\') {
            return None;
        }
        let char = match bytes.get(1)? {
            b'"' => '"',
            b'\\' => '\\',
            b'/' => '/',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return Self::read_unicode(bytes),
            _ => return None,
        };
        Some(Self {
            len: 2,
            decoded: 1,
            char,
            lone: false,
        })
    }

    fn read_unicode(bytes: &[u8]) -> Option<Self> {
        let first = code_unit(bytes)?;
        if let Some(char) = char::from_u32(first) {
            return Some(Self {
                len: 6,
                decoded: char.len_utf8(),
                char,
                lone: false,
            });
        }
        let second = code_unit(&bytes[6..]).filter(|unit| (0xDC00..0xE000).contains(unit));
        match second {
            Some(low) if first < 0xDC00 => {
                let code = 0x1_0000 + ((first - 0xD800) << 10) + (low - 0xDC00);
                let char = char::from_u32(code)?;
                Some(Self {
                    len: 12,
                    decoded: 4,
                    char,
                    lone: false,
                })
            }
            _ => Some(Self {
                len: 6,
                decoded: 3,
                char: char::REPLACEMENT_CHARACTER,
                lone: true,
            }),
        }
    }
}

/// The number of a `\uXXXX` at the start of these bytes.
fn code_unit(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.get(..6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |number, digit| {
        Some(number * 16 + char::from(*digit).to_digit(16)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quoted(text: &str) -> Bytes {
        Bytes::copy_from_slice(format!("\"{text}\"").as_bytes())
    }

    fn pieces(text: &EscapedText, max: usize) -> Vec<Bytes> {
        let mut start = 0;
        let cuts = text.cuts(max);
        cuts.into_iter()
            .map(|end| {
                let piece = text.as_bytes().slice(start..end);
                start = end;
                piece
            })
            .collect()
    }

    #[test]
    fn a_document_keeps_everything_but_its_lone_surrogates() {
        let json = r#"{"\ud83d":["\ud83e\udd80","\ud83d","\udd80\n"],"n":1}"#;
        let mended = without_lone_surrogates(Bytes::from_static(json.as_bytes())).unwrap();
        let expected = r#"{"\ufffd":["\ud83e\udd80","\ufffd","\ufffd\n"],"n":1}"#;
        assert_eq!(mended, expected);
        assert_eq!(without_lone_surrogates(mended.clone()).unwrap(), mended);
    }

    #[test]
    fn every_escape_is_decoded() {
        let text = r#"a\"\\\/\b\f\n\r\té\u0041\u00e9\u20ac\ud83d\ude00"#;
        let escaped = EscapedText::from_json_string(&quoted(text)).unwrap();
        assert_eq!(
            &escaped.decode()[..],
            "a\"\\/\u{8}\u{c}\n\r\téAé€😀".as_bytes()
        );
        assert_eq!(escaped.decoded_len(), escaped.decode().len());
    }

    #[test]
    fn a_lone_surrogate_becomes_the_replacement_character() {
        for text in [
            r"x\ud83dy",
            r"\ude00",
            r"\ud83d\ud83d",
            r"\ud83dA",
            r"\ud83d\n",
        ] {
            let escaped = EscapedText::from_json_string(&quoted(text)).unwrap();
            let json = format!("\"{}\"", std::str::from_utf8(escaped.as_bytes()).unwrap());
            let read: String = serde_json::from_str(&json).unwrap();
            assert!(read.contains('\u{fffd}'), "{text}");
            assert_eq!(read.as_bytes(), &escaped.decode()[..]);
        }
    }

    #[test]
    fn what_is_no_json_string_is_refused() {
        for text in [
            "",
            "\"",
            "x",
            "null",
            "\"\\q\"",
            "\"\\\"",
            "\"\\u12\"",
            "\"\\u12g4\"",
        ] {
            let bytes = Bytes::copy_from_slice(text.as_bytes());
            assert_eq!(
                EscapedText::from_json_string(&bytes),
                Err(NotAJsonString),
                "{text}"
            );
        }
    }

    #[test]
    fn a_cut_never_falls_inside_a_pair_of_surrogates() {
        let escaped = EscapedText::from_json_string(&quoted(&r"\ud83d\ude00".repeat(5))).unwrap();
        let pieces = pieces(&escaped, 7);
        assert_eq!(pieces.len(), 5);
        assert!(pieces.iter().all(|piece| piece.len() == 12));
    }

    proptest! {
        #[test]
        fn any_text_is_the_sum_of_its_pieces_at_any_size(text in "\\PC*|[\\x00-\\x7f€é😀\"\\\\]*", max in 4_usize..40) {
            let escaped = EscapedText::from_text(&text);
            prop_assert_eq!(escaped.decoded_len(), text.len());
            let mut whole = Vec::new();
            for piece in pieces(&escaped, max) {
                let json = format!("\"{}\"", std::str::from_utf8(&piece).unwrap());
                let read: String = serde_json::from_str(&json).unwrap();
                prop_assert!(read.len() <= max);
                whole.extend_from_slice(read.as_bytes());
            }
            prop_assert_eq!(whole, text.as_bytes());
            prop_assert_eq!(&escaped.decode()[..], text.as_bytes());
        }

        #[test]
        fn text_that_is_escaped_to_the_last_character_survives_too(text in any::<String>(), max in 4_usize..40) {
            let units: Vec<_> = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            let all = units.concat();
            let escaped = EscapedText::from_json_string(&quoted(&all)).unwrap();
            let whole: Vec<u8> = pieces(&escaped, max)
                .into_iter()
                .flat_map(|piece| EscapedText::scan(piece).unwrap().decode())
                .collect();
            prop_assert_eq!(whole, text.as_bytes());
        }
    }
}
