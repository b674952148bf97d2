//! One escape of a JSON string.

/// One escape, or one pair of surrogate escapes.
pub(super) struct Escape {
    /// Length of the escape, in bytes.
    pub(super) len: usize,
    /// Length of the unescaped character, in bytes of UTF-8.
    pub(super) decoded: usize,
    /// The unescaped character.
    pub(super) char: char,
    /// Whether it is a lone surrogate.
    pub(super) lone: bool,
}

impl Escape {
    /// Whether an escape with this letter is two bytes long.
    pub(super) fn is_short(letter: u8) -> bool {
        matches!(
            letter,
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't'
        )
    }

    /// Parses the escape at the start of `bytes`; `None` if it is invalid.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
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

/// The code unit of a `\uXXXX` at the start of `bytes`.
fn code_unit(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.get(..6)?.strip_prefix(b"\\u")?;
    digits.iter().try_fold(0, |number, digit| {
        Some(number * 16 + char::from(*digit).to_digit(16)?)
    })
}
