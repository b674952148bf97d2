//! Key names of the US keyboard layout.

use std::borrow::Cow;

use cdp_bridge_protocol::request::Modifier;

use super::key_tables::{FUNCTION_KEYS, NAMED, NUMBER_PAD, PRINTABLE};

/// `KeyboardEvent.DOM_KEY_LOCATION_NUMPAD`.
const NUMBER_PAD_LOCATION: u8 = 3;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// `KeyboardEvent.key`.
    pub key: Cow<'static, str>,
    /// `KeyboardEvent.code`.
    pub code: &'static str,
    /// The Windows virtual key code.
    pub key_code: u32,
    /// `KeyboardEvent.location`.
    pub location: u8,
    /// The text that it produces.
    pub text: Option<Cow<'static, str>>,
    /// Whether Shift is needed to produce the text.
    pub shift: bool,
    /// Whether it was named by its place on the keyboard (`KeyA`), and not by a character.
    pub by_code: bool,
}

/// A key and the modifiers that are held meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chord {
    pub modifiers: Vec<Modifier>,
    pub key: Key,
}

/// The text is not the name of a key. The message does not repeat it: it may be a character of a
/// password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "key: expected a character, or a name of `KeyboardEvent.key` or `.code` such as Enter, ArrowDown, F5 \
     or KeyA, after modifiers such as Control+ or Shift+"
)]
pub struct NoSuchKey;

/// The modifier bit field of CDP's input events.
pub(super) fn modifier_mask(modifiers: &[Modifier]) -> u8 {
    modifiers.iter().fold(0, |mask, modifier| {
        mask | match modifier {
            Modifier::Alt => 1,
            Modifier::Control => 2,
            Modifier::Meta => 4,
            Modifier::Shift => 8,
        }
    })
}

/// The modifier that a key is.
pub(super) fn modifier_of(key: &Key) -> Option<Modifier> {
    match &*key.key {
        "Alt" => Some(Modifier::Alt),
        "Control" => Some(Modifier::Control),
        "Meta" => Some(Modifier::Meta),
        "Shift" => Some(Modifier::Shift),
        _ => None,
    }
}

/// The chord that selects everything in an editor.
pub(super) fn select_all() -> Chord {
    Chord {
        modifiers: vec![Modifier::Control],
        key: key_without_text("a", "KeyA", 65, 0),
    }
}

/// The key that deletes the selection.
pub(super) fn delete() -> Chord {
    Chord {
        modifiers: Vec::new(),
        key: key_without_text("Delete", "Delete", 46, 0),
    }
}

pub(super) fn modifier_key(modifier: Modifier) -> Key {
    let (name, code, key_code) = match modifier {
        Modifier::Alt => ("Alt", "AltLeft", 18),
        Modifier::Control => ("Control", "ControlLeft", 17),
        Modifier::Meta => ("Meta", "MetaLeft", 91),
        Modifier::Shift => ("Shift", "ShiftLeft", 16),
    };
    key_without_text(name, code, key_code, 1)
}

impl Chord {
    /// Parses `Enter`, `Control+A`, `Shift++`.
    pub fn parse(text: &str) -> Result<Self, NoSuchKey> {
        let mut modifiers = Vec::new();
        let mut rest = text;
        while let Some((name, key)) = rest.split_once('+') {
            let modifier = match name {
                "Alt" => Modifier::Alt,
                "Control" | "Ctrl" | "ControlOrMeta" => Modifier::Control,
                "Meta" => Modifier::Meta,
                "Shift" => Modifier::Shift,
                _ => break,
            };
            if key.is_empty() {
                return Err(NoSuchKey);
            }
            modifiers.push(modifier);
            rest = key;
        }
        let shift = modifiers.contains(&Modifier::Shift);
        let key = key_by_name(rest, shift).ok_or(NoSuchKey)?;
        Ok(Self { modifiers, key })
    }
}

impl Key {
    /// Parses the name of one key: `Enter`, `Shift`, `a`, `KeyA`.
    pub fn parse(name: &str) -> Result<Self, NoSuchKey> {
        key_by_name(name, false).ok_or(NoSuchKey)
    }

    /// The same key while Shift is held. One that was named by a character produces that character.
    pub(super) fn shifted(&self) -> Self {
        let row = PRINTABLE.iter().find(|(code, ..)| *code == self.code);
        let row = row.filter(|_| self.by_code);
        row.map_or_else(|| self.clone(), |row| printable_row(row, row.2))
    }
}

/// The key that produces a character; `None` if the layout has none.
pub(super) fn key_for_char(c: char) -> Option<Key> {
    match c {
        '\n' | '\r' => key_by_name("Enter", false),
        '\t' => key_by_name("Tab", false),
        _ => printable_key(c),
    }
}

fn key_by_name(name: &str, shift: bool) -> Option<Key> {
    let mut chars = name.chars();
    if let (Some(c), None) = (chars.next(), chars.next()) {
        // The letter in `Control+A` names the key, not a capital letter; `Shift+a` is a capital letter.
        let c = if shift { shifted_char(c) } else { c };
        return printable_key(c).or_else(|| key_without_code(name));
    }
    if is_composed(name) {
        return key_without_code(name);
    }
    if let Some((code, c, key_code)) = NUMBER_PAD.iter().find(|(code, ..)| *code == name) {
        let text: Cow<'static, str> = Cow::Owned(c.to_string());
        return Some(Key {
            key: text.clone(),
            code,
            key_code: *key_code,
            location: NUMBER_PAD_LOCATION,
            text: Some(text),
            shift: false,
            by_code: true,
        });
    }
    if let Some(key) = NAMED
        .iter()
        .find(|(key, code, ..)| *key == name || *code == name)
    {
        let (key, code, key_code, location, text) = *key;
        return Some(Key {
            text: text.map(Cow::Borrowed),
            ..key_without_text(key, code, key_code, location)
        });
    }
    if let Some(number) = name.strip_prefix('F').and_then(|it| it.parse::<u32>().ok())
        && (1..=24).contains(&number)
        && !name.starts_with("F0")
    {
        let name = FUNCTION_KEYS[(number - 1) as usize];
        return Some(key_without_text(name, name, 111 + number, 0));
    }
    let by_code = PRINTABLE.iter().find(|(code, ..)| *code == name);
    by_code.map(|row| Key {
        by_code: true,
        ..printable_row(row, if shift { row.2 } else { row.1 })
    })
}

fn shifted_char(c: char) -> char {
    let found = PRINTABLE.iter().find(|(_, plain, ..)| *plain == c);
    found.map_or(c, |(_, _, shifted, _)| *shifted)
}

fn printable_key(c: char) -> Option<Key> {
    let row = PRINTABLE
        .iter()
        .find(|(_, plain, shifted, _)| *plain == c || *shifted == c)?;
    Some(printable_row(row, c))
}

fn printable_row(row: &(&'static str, char, char, u32), c: char) -> Key {
    let (code, _, with_shift, key_code) = *row;
    let text: Cow<'static, str> = Cow::Owned(c.to_string());
    Key {
        key: text.clone(),
        code,
        key_code,
        location: 0,
        text: Some(text),
        shift: with_shift == c && c != ' ',
        by_code: false,
    }
}

/// Whether it is one letter with combining accents.
fn is_composed(name: &str) -> bool {
    let is_accent = |c| ('\u{300}'..='\u{36f}').contains(&c);
    let mut chars = name.chars();
    chars.next().is_some_and(char::is_alphabetic) && chars.all(is_accent)
}

/// A character of another layout, whose key is unknown.
fn key_without_code(name: &str) -> Option<Key> {
    let text: Cow<'static, str> = Cow::Owned(name.to_owned());
    (!name.chars().any(char::is_control)).then(|| Key {
        key: text.clone(),
        code: "",
        key_code: 0,
        location: 0,
        text: Some(text),
        shift: false,
        by_code: false,
    })
}

fn key_without_text(key: &'static str, code: &'static str, key_code: u32, location: u8) -> Key {
    Key {
        key: Cow::Borrowed(key),
        code,
        key_code,
        location,
        text: None,
        shift: false,
        by_code: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chord(text: &str) -> Chord {
        Chord::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn every_printable_character_of_ascii_has_a_key() {
        for byte in 0x20..0x7f_u8 {
            let c = char::from(byte);
            let key = key_for_char(c).unwrap_or_else(|| panic!("{c:?} has a key"));
            assert_eq!(key.text.as_deref(), Some(c.to_string().as_str()));
        }
        assert_eq!(key_for_char('ä'), None);
        assert_eq!(key_for_char('\u{1f600}'), None);
        assert_eq!(key_for_char('\n').unwrap().text.as_deref(), Some("\r"));
    }

    #[test]
    fn a_capital_letter_takes_shift_and_has_the_code_of_its_key() {
        let (small, capital) = (key_for_char('a').unwrap(), key_for_char('A').unwrap());
        assert_eq!(
            (small.code, small.key_code, small.shift),
            ("KeyA", 65, false)
        );
        assert_eq!(
            (capital.code, capital.key_code, capital.shift),
            ("KeyA", 65, true)
        );
        assert_eq!(capital.key, "A");
        assert!(!key_for_char(' ').unwrap().shift);
    }

    #[test]
    fn chords_are_modifiers_and_a_key() {
        assert_eq!(chord("Control+A").modifiers, [Modifier::Control]);
        assert_eq!(chord("Control+A").key.code, "KeyA");
        assert_eq!(chord("Control+Shift+t").key.key, "T");
        assert_eq!(chord("Shift+1").key.key, "!");
        assert_eq!(chord("+").key.code, "Equal");
        assert_eq!(chord("Control++").key.key, "+");
        assert_eq!(chord("Shift+Tab").key.key_code, 9);
        assert_eq!(
            modifier_mask(&chord("Control+Alt+Meta+Shift+x").modifiers),
            15
        );
    }

    #[test]
    fn keys_are_found_by_key_and_by_code() {
        for (name, key, code, key_code) in [
            ("Enter", "Enter", "Enter", 13),
            ("NumpadEnter", "Enter", "NumpadEnter", 13),
            ("ArrowDown", "ArrowDown", "ArrowDown", 40),
            ("F1", "F1", "F1", 112),
            ("F24", "F24", "F24", 135),
            ("KeyQ", "q", "KeyQ", 81),
            ("Digit5", "5", "Digit5", 53),
            ("Space", " ", "Space", 32),
            ("ShiftRight", "Shift", "ShiftRight", 16),
            ("Numpad5", "5", "Numpad5", 101),
            ("NumpadAdd", "+", "NumpadAdd", 107),
            ("AltGraph", "AltGraph", "AltRight", 225),
            ("MediaPlayPause", "MediaPlayPause", "MediaPlayPause", 179),
            ("BrowserBack", "BrowserBack", "BrowserBack", 166),
            ("IntlBackslash", "\\", "IntlBackslash", 226),
        ] {
            let found = chord(name).key;
            assert_eq!(
                (&*found.key, found.code, found.key_code),
                (key, code, key_code)
            );
        }
    }

    #[test]
    fn a_character_of_another_layout_is_a_key_without_a_code() {
        let key = chord("à").key;
        assert_eq!((&*key.key, key.code, key.key_code), ("à", "", 0));
        assert_eq!(key.text.as_deref(), Some("à"));
        assert_eq!(chord("Shift+ä").key.key, "ä");
        assert_eq!(chord("a\u{300}").key.key, "a\u{300}");
    }

    #[test]
    fn a_key_that_is_named_by_its_place_is_shifted_by_a_held_shift() {
        for (name, shifted) in [
            ("a", "a"),
            ("A", "A"),
            ("KeyA", "A"),
            ("1", "1"),
            ("Digit1", "!"),
            (" ", " "),
            ("Enter", "Enter"),
            ("Numpad1", "1"),
            ("ä", "ä"),
        ] {
            let key = Key::parse(name).unwrap();
            assert_eq!(key.shifted().key, shifted, "{name}");
            assert_eq!(key.shifted().code, key.code, "{name}");
        }
        assert!(Key::parse("Control+A").is_err() && Key::parse("").is_err());
        assert_eq!(Key::parse("+").unwrap().code, "Equal");
    }

    #[test]
    fn a_key_of_the_number_pad_types_its_character() {
        let key = chord("Numpad7").key;
        assert_eq!((key.location, key.text.as_deref()), (3, Some("7")));
    }

    #[test]
    fn unknown_keys_are_refused_without_repeating_them() {
        for text in [
            "", "Entr", "F0", "F25", "F01", "Hyper+a", "hunter2", "äö", "\u{7}", "Shift+",
        ] {
            let error = Chord::parse(text).unwrap_err().to_string();
            assert!(
                text.len() < 4 || text == "Shift+" || !error.contains(text),
                "{error}"
            );
        }
    }
}
