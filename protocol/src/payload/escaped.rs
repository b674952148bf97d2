//! Text as the content of a JSON string, still escaped.
//!
//! Chromium sends the page's HTML in this form, and a text message to a Coordinator needs the same form, so the bridge
//! splits the escaped text between characters instead of unescaping and escaping megabytes.

use std::sync::Arc;

use bytes::Bytes;

use super::escape::Escape;

/// Escaped text without the quotes. Lone surrogates, which HTML may contain but UTF-8 may not, are replaced by U+FFFD.
#[derive(Debug, Clone)]
pub struct EscapedText {
    raw: Bytes,
    decoded_len: usize,
    /// Offsets recorded during the scan, in order, so that the cuts are found without scanning again.
    marks: Arc<[Place]>,
}

/// An offset between two characters.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// Bytes of escaped text before it.
    raw: usize,
    /// The same in bytes of unescaped UTF-8.
    decoded: usize,
}

/// Approximate distance of the marks, in bytes of escaped text.
const MARK_EVERY: usize = 16 * 1024;

/// The bytes are not one JSON string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected one JSON string")]
pub struct NotAJsonString;

/// Replaces a lone surrogate; it has the same length as the escape.
const REPLACEMENT: &[u8; 6] = b"\\ufffd";

impl EscapedText {
    /// Takes a JSON string with its quotes. This is the only scan of a page's bytes in the bridge.
    pub fn from_json_string(quoted: &Bytes) -> Result<Self, NotAJsonString> {
        if quoted.len() < 2 || quoted[0] != b'"' || quoted[quoted.len() - 1] != b'"' {
            return Err(NotAJsonString);
        }
        let raw = quoted.slice(1..quoted.len() - 1);
        std::str::from_utf8(&raw).map_err(|_| NotAJsonString)?;
        let scanned = scan(&raw, Bare::Wrong)?;
        Ok(Self {
            raw: mend(raw, &scanned.lone),
            decoded_len: scanned.decoded,
            marks: scanned.marks.into(),
        })
    }

    /// Escapes text that is not JSON yet.
    pub fn from_text(text: &str) -> Self {
        #[expect(clippy::expect_used, reason = "every str is a JSON string")]
        let quoted = serde_json::to_vec(text).expect("a str serializes");
        let raw = Bytes::from(quoted);
        Self {
            raw: raw.slice(1..raw.len() - 1),
            decoded_len: text.len(),
            marks: Arc::default(),
        }
    }

    /// Puts pieces of one text together.
    pub fn join(pieces: &[Self]) -> Self {
        if let [whole] = pieces {
            return whole.clone();
        }
        let len = pieces.iter().map(|piece| piece.raw.len()).sum();
        let mut raw = Vec::with_capacity(len);
        let (mut marks, mut decoded) = (Vec::new(), 0);
        for piece in pieces {
            let start = Place {
                raw: raw.len(),
                decoded,
            };
            marks.push(start);
            marks.extend(piece.marks.iter().map(|mark| Place {
                raw: start.raw + mark.raw,
                decoded: start.decoded + mark.decoded,
            }));
            raw.extend_from_slice(&piece.raw);
            decoded += piece.decoded_len;
        }
        Self {
            raw: raw.into(),
            decoded_len: decoded,
            marks: marks.into(),
        }
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
        decode(&self.raw, self.decoded_len)
    }

    /// The text itself in pieces of at most `max` bytes of UTF-8, none of which ends inside a character. Each is decoded
    /// when it is asked for, so that a large text needs memory for itself and one piece.
    pub fn into_decoded_pieces(self, max: usize) -> impl Iterator<Item = Bytes> + Send + 'static {
        let cuts = self.cuts(max);
        let is_plain = self.decoded_len == self.raw.len();
        let mut start = 0;
        cuts.into_iter().map(move |end| {
            let piece = self.raw.slice(start..end);
            start = end;
            if is_plain {
                piece
            } else {
                decode(&piece, piece.len())
            }
        })
    }

    /// Where to cut so that no piece has more than `max` bytes once it is unescaped: the end of
    /// each piece within the escaped text. A cut never falls inside a character, its escape, or
    /// a pair of surrogates.
    pub fn cuts(&self, max: usize) -> Vec<usize> {
        let max = max.max(4);
        let mut cuts = Vec::with_capacity(self.decoded_len / max + 1);
        let mut start = Place::default();
        while self.decoded_len - start.decoded > max {
            start = self.last_before(start, start.decoded + max);
            cuts.push(start.raw);
        }
        cuts.push(self.raw.len());
        cuts
    }

    /// The last place where the text may be cut that has no more than so many decoded bytes
    /// before it.
    fn last_before(&self, start: Place, decoded: usize) -> Place {
        let marks = self.marks.partition_point(|mark| mark.decoded <= decoded);
        let mark = self.marks[..marks].last().copied().unwrap_or_default();
        let mut at = if mark.raw > start.raw { mark } else { start };
        loop {
            let end = next_special(&self.raw, at.raw);
            let room = decoded - at.decoded;
            if end - at.raw > room {
                let end = char_boundary(&self.raw, at.raw, at.raw + room);
                return Place {
                    raw: end,
                    decoded: at.decoded + (end - at.raw),
                };
            }
            at.decoded += end - at.raw;
            at.raw = end;
            match self.raw.get(at.raw..).and_then(Escape::read) {
                Some(escape) if at.decoded + escape.decoded <= decoded => {
                    at.raw += escape.len;
                    at.decoded += escape.decoded;
                }
                _ => return at,
            }
        }
    }
}

/// Unescapes text that does not begin or end inside an escape.
fn decode(raw: &[u8], capacity: usize) -> Bytes {
    let mut text = Vec::with_capacity(capacity);
    let mut at = 0;
    while at < raw.len() {
        let end = next_special(raw, at);
        text.extend_from_slice(&raw[at..end]);
        at = end;
        if let Some(escape) = raw.get(at..).and_then(Escape::read) {
            let mut utf8 = [0; 4];
            text.extend_from_slice(escape.char.encode_utf8(&mut utf8).as_bytes());
            at += escape.len;
        }
    }
    text.into()
}

impl PartialEq for EscapedText {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl Eq for EscapedText {}

/// Replaces lone surrogates in the strings of a JSON document by U+FFFD: they are valid escapes, but most parsers refuse
/// them.
pub fn without_lone_surrogates(json: Bytes) -> Result<Bytes, NotAJsonString> {
    // Backslashes occur only in strings, so the document can be scanned like the content of one.
    let scanned = scan(&json, Bare::Right)?;
    Ok(mend(json, &scanned.lone))
}

/// The result of a scan.
struct Scanned {
    /// Length of the unescaped text, in bytes of UTF-8.
    decoded: usize,
    marks: Vec<Place>,
    /// Offsets of lone surrogates.
    lone: Vec<usize>,
}

/// How to treat unescaped quotes and control characters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bare {
    /// Allowed: a document has quotes around its strings, and line breaks.
    Right,
    /// An error inside a string.
    Wrong,
}

/// Scans the content of a JSON string, or a whole document.
fn scan(content: &[u8], bare: Bare) -> Result<Scanned, NotAJsonString> {
    let (mut marks, mut lone) = (Vec::new(), Vec::new());
    let mut at = Place::default();
    let mut next_mark = MARK_EVERY;
    loop {
        let run = next_special(content, at.raw) - at.raw;
        at.raw += run;
        at.decoded += run;
        if at.raw >= next_mark {
            marks.push(at);
            next_mark = at.raw + MARK_EVERY;
        }
        match content.get(at.raw..) {
            None | Some([]) => break,
            // The most frequent escapes: two bytes for one.
            Some([b'\\', letter, ..]) if Escape::is_short(*letter) => {
                at.raw += 2;
                at.decoded += 1;
            }
            Some(rest @ [b'\\', ..]) => {
                let escape = Escape::read(rest).ok_or(NotAJsonString)?;
                if escape.lone {
                    lone.push(at.raw);
                }
                at.raw += escape.len;
                at.decoded += escape.decoded;
            }
            Some(_) if bare == Bare::Wrong => return Err(NotAJsonString),
            Some(_) => {
                at.raw += 1;
                at.decoded += 1;
            }
        }
    }
    Ok(Scanned {
        decoded: at.decoded,
        marks,
        lone,
    })
}

/// The offset of the next backslash, quote or control character. Eight bytes are tested at once, since most runs are too
/// short for `memchr` to pay off.
fn next_special(bytes: &[u8], from: usize) -> usize {
    const LOW: u64 = u64::from_ne_bytes([0x01; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let mut at = from;
    // The lowest marked byte is exact; bytes above it may be marked falsely, by a borrow.
    let zero = |word: u64| word.wrapping_sub(LOW) & !word & HIGH;
    let below_space = |word: u64| word.wrapping_sub(LOW * 0x20) & !word & HIGH;
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let word = u64::from_le_bytes(*word);
        let found = zero(word ^ (LOW * u64::from(b'\\')))
            | zero(word ^ (LOW * u64::from(b'"')))
            | below_space(word);
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    let special = |byte: &u8| matches!(byte, b'\\' | b'"' | ..0x20);
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(special).unwrap_or(rest.len())
}

/// Replaces lone surrogates.
fn mend(raw: Bytes, lone: &[usize]) -> Bytes {
    if lone.is_empty() {
        return raw;
    }
    let mut mended = raw.to_vec();
    for at in lone {
        mended[*at..at + REPLACEMENT.len()].copy_from_slice(REPLACEMENT);
    }
    mended.into()
}

/// The last offset from `end` down to `start` that is not a UTF-8 continuation byte.
fn char_boundary(raw: &[u8], start: usize, end: usize) -> usize {
    let mut end = end;
    while end > start && raw[end] & 0xC0 == 0x80 {
        end -= 1;
    }
    end
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

    #[test]
    fn what_must_be_escaped_and_is_not_is_refused() {
        for byte in (0..0x20_u8).chain([b'"']) {
            for padding in 0..20 {
                let text = format!(
                    "\"{}{}{}\"",
                    "x".repeat(padding),
                    char::from(byte),
                    "y".repeat(20 - padding)
                );
                let refused = EscapedText::from_json_string(&Bytes::from(text));
                assert_eq!(refused, Err(NotAJsonString), "{byte} after {padding}");
            }
        }
    }

    #[test]
    fn pieces_of_a_text_are_cut_as_if_they_had_come_in_one() {
        let text = "Grüße \"aus\" 日本 😀 <p>\n".repeat(5000);
        let whole = EscapedText::from_text(&text);
        let (start, end) = text.split_at(text.char_indices().nth(40_001).unwrap().0);
        let read = |text: &str| {
            EscapedText::from_json_string(&serde_json::to_vec(text).unwrap().into()).unwrap()
        };
        let joined = EscapedText::join(&[read(start), read(end)]);
        assert_eq!(joined, whole);
        assert_eq!(joined.decoded_len(), text.len());
        for max in [4, 7, 1000, 16 * 1024, 65_536, 1 << 20] {
            assert_eq!(joined.cuts(max), whole.cuts(max), "{max}");
        }
    }

    proptest! {
        #[test]
        fn every_byte_that_needs_an_escape_is_found(bytes in prop::collection::vec(any::<u8>(), 0..40), from in 0_usize..40) {
            let from = from.min(bytes.len());
            let special = |byte: &u8| matches!(byte, b'\\' | b'"' | ..0x20);
            let expected = bytes[from..].iter().position(special).map_or(bytes.len(), |at| from + at);
            prop_assert_eq!(next_special(&bytes, from), expected);
        }

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
            let pieces: Vec<_> = escaped.into_decoded_pieces(max).collect();
            prop_assert!(pieces.iter().all(|piece| piece.len() <= max && std::str::from_utf8(piece).is_ok()));
            prop_assert_eq!(pieces.concat(), text.as_bytes());
        }

        #[test]
        fn text_that_is_escaped_to_the_last_character_survives_too(text in any::<String>(), max in 4_usize..40) {
            let units: Vec<_> = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            let all = units.concat();
            let escaped = EscapedText::from_json_string(&quoted(&all)).unwrap();
            let whole: Vec<u8> = pieces(&escaped, max)
                .into_iter()
                .flat_map(|piece| EscapedText::from_json_string(&quoted(std::str::from_utf8(&piece).unwrap())).unwrap().decode())
                .collect();
            prop_assert_eq!(whole, text.as_bytes());
        }
    }
}
