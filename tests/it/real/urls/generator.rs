//! Hostile URLs: known parser bypasses, mixed and mutated. The same seed gives the same URLs.

use std::fmt::Write as _;

use fastrand::Rng;

/// Seeds of the mutations.
const CORPUS: [&str; 44] = [
    "http://example.com/",
    "https://www.example.com:8443/a/b?c=d#e",
    "http://user:secret@example.com/",
    "http://example.com@evil.test/",
    "http://example.com:80@evil.test:8080/",
    "http://evil.test\\@example.com/",
    "http://evil.test/@example.com",
    "http://evil.test?@example.com",
    "http://evil.test#@example.com",
    "http:\\\\evil.test\\example.com",
    "http:/\\evil.test/",
    "http:evil.test",
    "http:///evil.test",
    "https:////evil.test//example.com",
    "http://example.com.evil.test/",
    "http://example.com%2eevil.test/",
    "http://example.com%00.evil.test/",
    "http://example.com%252eevil.test/",
    "http://ev%69l.test/",
    "http://evil。test/",
    "http://ｅｖｉｌ．ｔｅｓｔ/",
    "http://ⓔⓧⓐⓜⓟⓛⓔ.com/",
    "http://exаmple.com/",
    "http://bücher.example/",
    "http://faß.example/",
    "http://xn--bcher-kva.example/",
    "http://xn--example-.com/",
    "http://xn--a.example.com/",
    "http://127.0.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://0x7f.1:80/",
    "http://1.2.3.4.5/",
    "http://256.256.256.256/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]:80/",
    "http://[fe80::1%25eth0]/",
    "http://[64:ff9b::7f00:1]/",
    "http://example.com./",
    "http://example.com../",
    "http://my_bucket.example.com/",
    "about:blank",
];

/// Fragments that are inserted.
const PIECES: [&str; 78] = [
    "http",
    "https",
    "HTTP",
    "ws",
    "ftp",
    "file",
    "javascript",
    "data",
    "blob",
    "about",
    "view-source",
    ":",
    "//",
    "/",
    "\\",
    "@",
    "?",
    "#",
    ".",
    "..",
    ";",
    ",",
    "&",
    "=",
    "+",
    "*",
    "!",
    "~",
    "|",
    "^",
    "'",
    "\"",
    "`",
    "<",
    ">",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "-",
    "--",
    "_",
    "%",
    "%2",
    "%2e",
    "%2f",
    "%5c",
    "%40",
    "%00",
    "%0a",
    "%20",
    "%25",
    "%e3%80%82",
    "%ef%bc%8e",
    "xn--",
    "xn--a",
    "example.com",
    "evil.test",
    "localhost",
    "127.0.0.1",
    "::1",
    "::ffff:",
    "0x",
    "0x7f",
    "017",
    "1e3",
    ":80",
    ":0443",
    ":65536",
    ":",
    "\t",
    "\n",
    "\r",
    " ",
    "\0",
    "\u{7f}",
];

/// Characters that one parser or another maps, drops or stumbles over.
const CHARACTERS: [char; 40] = [
    '\u{a0}',
    '\u{ad}',
    '\u{b7}',
    'ß',
    'ä',
    'İ',
    'ı',
    'ſ',
    '\u{130}',
    '\u{17f}',
    '\u{212a}',
    '\u{3c2}',
    '\u{430}',
    '\u{200b}',
    '\u{200c}',
    '\u{200d}',
    '\u{200e}',
    '\u{202e}',
    '\u{2024}',
    '\u{2025}',
    '\u{2044}',
    '\u{2100}',
    '\u{2105}',
    '\u{2215}',
    '\u{2260}',
    '\u{2488}',
    '\u{24d4}',
    '\u{3000}',
    '\u{3002}',
    '\u{fe0f}',
    '\u{fe52}',
    '\u{fe68}',
    '\u{feff}',
    '\u{ff05}',
    '\u{ff0e}',
    '\u{ff0f}',
    '\u{ff20}',
    '\u{ff3c}',
    '\u{ff61}',
    '\u{1d41a}',
];

/// A source of hostile URLs.
pub(super) struct Generator(Rng);

impl Generator {
    pub(super) fn new(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    /// The next URL.
    pub(super) fn next(&mut self) -> String {
        let mut url: Vec<char> = match self.0.u8(..8) {
            0 => self.address(),
            1 => self.heap(),
            _ => self.pick(&CORPUS).to_owned(),
        }
        .chars()
        .collect();
        for _ in 0..self.0.usize(..6) {
            self.mutate(&mut url);
        }
        url.into_iter().collect()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.0.usize(..from.len())]
    }

    /// A few pieces after a scheme.
    fn heap(&mut self) -> String {
        let mut url = self.pick(&["http://", "https://", "http:", ""]).to_owned();
        for _ in 0..self.0.usize(1..8) {
            url += self.pick(&PIECES);
        }
        url
    }

    /// An address in one of the many ways in which one can be written.
    fn address(&mut self) -> String {
        let mut url = self.pick(&["http://", "https://", "http://u@"]).to_owned();
        if self.0.bool() {
            let bytes = self.pick(&[
                "127.0.0.1",
                "10.0.0.1",
                "169.254.169.254",
                "8.8.8.8",
                "0.0.0.0",
            ]);
            let bytes: Vec<u32> = bytes.split('.').map(|it| it.parse().unwrap()).collect();
            // So many parts stand alone; the last one takes up the rest.
            let alone = self.0.usize(..4);
            for byte in &bytes[..alone] {
                self.number(&mut url, u64::from(*byte));
                url.push('.');
            }
            let rest = bytes[alone..]
                .iter()
                .fold(0, |sum, byte| sum << 8 | u64::from(*byte));
            let more = [0, 0, 0, 0, 1 << 32][self.0.usize(..5)];
            self.number(&mut url, rest + more);
        } else {
            url.push('[');
            for group in 0..self.0.usize(1..10) {
                if group > 0 || self.0.bool() {
                    url.push(':');
                }
                if self.0.u8(..3) > 0 {
                    // Writing to a string cannot fail.
                    let _ = write!(url, "{:x}", self.0.u16(..));
                }
            }
            url += self.pick(&[
                "",
                "",
                "::",
                ":127.0.0.1",
                "%25eth0",
                "%eth0",
                "::ffff:1.2.3.4",
            ]);
            url.push(']');
        }
        url += self.pick(&["", ".", "/", ":80/", ":/", "/x@y"]);
        url
    }

    fn number(&mut self, url: &mut String, number: u64) {
        // Writing to a string cannot fail.
        let _ = match self.0.u8(..5) {
            0 => write!(url, "0x{number:x}"),
            1 => write!(url, "0X{number:08X}"),
            2 => write!(url, "0{number:o}"),
            3 => write!(url, "000{number:o}"),
            _ => write!(url, "{number}"),
        };
    }

    fn mutate(&mut self, url: &mut Vec<char>) {
        let at = self.0.usize(..=url.len());
        let last = at.min(url.len().saturating_sub(1));
        match self.0.u8(..12) {
            0..=2 => {
                let piece = self.pick(&PIECES).chars();
                url.splice(at..at, piece);
            }
            3 | 4 => url.insert(at, CHARACTERS[self.0.usize(..CHARACTERS.len())]),
            5 if !url.is_empty() => {
                url.remove(last);
            }
            6 if !url.is_empty() => {
                let encoded = percent(url[last]);
                url.splice(last..=last, encoded.chars());
            }
            7 if !url.is_empty() => url[last] = full_width(url[last]),
            8 if !url.is_empty() => {
                url[last] = if url[last].is_ascii_uppercase() {
                    url[last].to_ascii_lowercase()
                } else {
                    url[last].to_ascii_uppercase()
                };
            }
            9 => {
                // The start of this one and the end of another.
                let other = self.pick(&CORPUS).chars();
                let skip = self.0.usize(..20);
                url.truncate(at);
                url.extend(other.skip(skip));
            }
            10 => {
                let userinfo =
                    self.pick(&["u@", "u:p@", "example.com@", "@", ":@", "a@b@", "%40@"]);
                let host = url.windows(2).position(|it| it == ['/', '/']);
                let host = host.map_or(0, |slash| slash + 2);
                url.splice(host..host, userinfo.chars());
            }
            _ => {
                let any = char::from_u32(self.0.u32(..0x11_0000)).unwrap_or('\u{fffd}');
                url.insert(at, any);
            }
        }
    }
}

fn percent(character: char) -> String {
    let mut bytes = [0; 4];
    let bytes = character.encode_utf8(&mut bytes).bytes();
    bytes.fold(String::new(), |text, byte| text + &format!("%{byte:02x}"))
}

/// The form of an ASCII character that East Asian text uses; IDNA maps it back.
fn full_width(character: char) -> char {
    match u32::from(character) {
        code @ 0x21..=0x7e => char::from_u32(code + 0xfee0).unwrap_or(character),
        _ => character,
    }
}

#[test]
fn a_seed_gives_the_same_urls_again_and_another_one_others() {
    let urls = |seed| {
        let mut generator = Generator::new(seed);
        (0..1_000).map(|_| generator.next()).collect::<Vec<_>>()
    };
    assert_eq!(urls(1), urls(1));
    assert_ne!(urls(1), urls(2));
}
