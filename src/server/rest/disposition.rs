//! `Content-Disposition` (RFC 6266), from names that pages and servers chose. No I/O.

use std::fmt::Write as _;

use axum::http::HeaderValue;

/// The longest name, in characters.
const MAX_CHARS: usize = 255;

/// A file that a browser saves under this name, which is not taken as a path.
pub(crate) fn attachment(name: &str) -> HeaderValue {
    disposition("attachment", name)
}

/// The same for a file that a browser may show.
pub(crate) fn inline(name: &str) -> HeaderValue {
    disposition("inline", name)
}

fn disposition(kind: &str, name: &str) -> HeaderValue {
    let name = plain_name(name);
    let mut value = format!("{kind}; filename=\"{}\"", ascii(&name));
    if !name.is_ascii() || ascii(&name) != name {
        value += "; filename*=UTF-8''";
        encode(&mut value, &name);
    }
    // Everything else was replaced or percent-encoded, so that this cannot fail.
    HeaderValue::from_str(&value).unwrap_or(HeaderValue::from_static("attachment"))
}

/// The last part of a name, without control characters and without what reorders text on a screen.
pub(crate) fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let is_shown = |it: &char| !it.is_control() && !is_formatting(*it);
    let name: String = last.chars().filter(is_shown).take(MAX_CHARS).collect();
    match name.trim_matches([' ', '.']) {
        "" => "download".to_owned(),
        _ => name,
    }
}

/// Marks of direction and characters without a width: with them, `exe.txt` may be shown for `txt.exe`.
fn is_formatting(it: char) -> bool {
    matches!(it, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// For clients that know only `filename`.
fn ascii(name: &str) -> String {
    let plain = |it: char| match it {
        '"' | '\\' | '%' => '_',
        ' '..='~' => it,
        _ => '_',
    };
    name.chars().map(plain).collect()
}

/// RFC 5987: everything but `attr-char` is percent-encoded.
fn encode(value: &mut String, name: &str) {
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            value.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(value, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_plain_name_stands_as_it_is_and_another_one_twice() {
        let value = |name: &str| attachment(name).to_str().unwrap().to_owned();
        assert_eq!(value("a b.pdf"), "attachment; filename=\"a b.pdf\"");
        assert_eq!(
            value("Grüße.txt"),
            "attachment; filename=\"Gr__e.txt\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.txt"
        );
        assert_eq!(
            value("a\"b%20.txt"),
            "attachment; filename=\"a_b_20.txt\"; filename*=UTF-8''a%22b%2520.txt"
        );
        assert_eq!(inline("page.pdf"), "inline; filename=\"page.pdf\"");
    }

    #[test]
    fn a_name_is_no_path_and_no_header() {
        for (name, plain) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\windows\\x.exe", "x.exe"),
            ("a\r\nSet-Cookie: x=1", "aSet-Cookie: x=1"),
            ("..", "download"),
            ("", "download"),
            ("x/", "download"),
            ("txt\u{202e}exe.\0", "txtexe."),
        ] {
            assert_eq!(plain_name(name), plain, "{name:?}");
        }
    }

    proptest! {
        #[test]
        fn any_name_makes_one_quoted_string_and_one_encoded_word(name in any::<String>()) {
            let value = attachment(&name);
            let value = value.to_str().unwrap();
            let rest = value.strip_prefix("attachment; filename=\"").unwrap();
            let (plain, rest) = rest.split_once('"').unwrap();
            prop_assert!(!plain.is_empty() && !plain.contains(['/', '\\', '%']));
            if let Some(encoded) = rest.strip_prefix("; filename*=UTF-8''") {
                prop_assert!(!encoded.contains(['"', ';', ' ', '/', '\\']), "{}", encoded);
            } else {
                prop_assert_eq!(rest, "");
            }
        }
    }
}
