//! Key names of the US keyboard layout.

use std::borrow::Cow;

use cdp_bridge_protocol::request::Modifier;

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
        return printable_key(c);
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
    by_code
        .map(|(_, plain, with_shift, _)| if shift { *with_shift } else { *plain })
        .and_then(printable_key)
}

fn shifted_char(c: char) -> char {
    let found = PRINTABLE.iter().find(|(_, plain, ..)| *plain == c);
    found.map_or(c, |(_, _, shifted, _)| *shifted)
}

fn printable_key(c: char) -> Option<Key> {
    let (code, _, with_shift, key_code) = PRINTABLE
        .iter()
        .find(|(_, plain, shifted, _)| *plain == c || *shifted == c)?;
    let text: Cow<'static, str> = Cow::Owned(c.to_string());
    Some(Key {
        key: text.clone(),
        code,
        key_code: *key_code,
        location: 0,
        text: Some(text),
        shift: *with_shift == c && c != ' ',
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
    }
}

/// `code`, character, character with Shift, key code.
const PRINTABLE: [(&str, char, char, u32); 48] = [
    ("Backquote", '`', '~', 192),
    ("Digit1", '1', '!', 49),
    ("Digit2", '2', '@', 50),
    ("Digit3", '3', '#', 51),
    ("Digit4", '4', '$', 52),
    ("Digit5", '5', '%', 53),
    ("Digit6", '6', '^', 54),
    ("Digit7", '7', '&', 55),
    ("Digit8", '8', '*', 56),
    ("Digit9", '9', '(', 57),
    ("Digit0", '0', ')', 48),
    ("Minus", '-', '_', 189),
    ("Equal", '=', '+', 187),
    ("Backslash", '\\', '|', 220),
    ("BracketLeft", '[', '{', 219),
    ("BracketRight", ']', '}', 221),
    ("Semicolon", ';', ':', 186),
    ("Quote", '\'', '"', 222),
    ("Comma", ',', '<', 188),
    ("Period", '.', '>', 190),
    ("Slash", '/', '?', 191),
    ("Space", ' ', ' ', 32),
    ("KeyA", 'a', 'A', 65),
    ("KeyB", 'b', 'B', 66),
    ("KeyC", 'c', 'C', 67),
    ("KeyD", 'd', 'D', 68),
    ("KeyE", 'e', 'E', 69),
    ("KeyF", 'f', 'F', 70),
    ("KeyG", 'g', 'G', 71),
    ("KeyH", 'h', 'H', 72),
    ("KeyI", 'i', 'I', 73),
    ("KeyJ", 'j', 'J', 74),
    ("KeyK", 'k', 'K', 75),
    ("KeyL", 'l', 'L', 76),
    ("KeyM", 'm', 'M', 77),
    ("KeyN", 'n', 'N', 78),
    ("KeyO", 'o', 'O', 79),
    ("KeyP", 'p', 'P', 80),
    ("KeyQ", 'q', 'Q', 81),
    ("KeyR", 'r', 'R', 82),
    ("KeyS", 's', 'S', 83),
    ("KeyT", 't', 'T', 84),
    ("KeyU", 'u', 'U', 85),
    ("KeyV", 'v', 'V', 86),
    ("KeyW", 'w', 'W', 87),
    ("KeyX", 'x', 'X', 88),
    ("KeyY", 'y', 'Y', 89),
    ("KeyZ", 'z', 'Z', 90),
];

/// `key`, `code`, key code, location, text.
const NAMED: [(&str, &str, u32, u8, Option<&str>); 29] = [
    ("Enter", "Enter", 13, 0, Some("\r")),
    ("Enter", "NumpadEnter", 13, 3, Some("\r")),
    ("Tab", "Tab", 9, 0, None),
    ("Backspace", "Backspace", 8, 0, None),
    ("Delete", "Delete", 46, 0, None),
    ("Escape", "Escape", 27, 0, None),
    ("ArrowLeft", "ArrowLeft", 37, 0, None),
    ("ArrowUp", "ArrowUp", 38, 0, None),
    ("ArrowRight", "ArrowRight", 39, 0, None),
    ("ArrowDown", "ArrowDown", 40, 0, None),
    ("Home", "Home", 36, 0, None),
    ("End", "End", 35, 0, None),
    ("PageUp", "PageUp", 33, 0, None),
    ("PageDown", "PageDown", 34, 0, None),
    ("Insert", "Insert", 45, 0, None),
    ("CapsLock", "CapsLock", 20, 0, None),
    ("NumLock", "NumLock", 144, 0, None),
    ("ScrollLock", "ScrollLock", 145, 0, None),
    ("Pause", "Pause", 19, 0, None),
    ("PrintScreen", "PrintScreen", 44, 0, None),
    ("ContextMenu", "ContextMenu", 93, 0, None),
    ("Shift", "ShiftLeft", 16, 1, None),
    ("Shift", "ShiftRight", 16, 2, None),
    ("Control", "ControlLeft", 17, 1, None),
    ("Control", "ControlRight", 17, 2, None),
    ("Alt", "AltLeft", 18, 1, None),
    ("Alt", "AltRight", 18, 2, None),
    ("Meta", "MetaLeft", 91, 1, None),
    ("Meta", "MetaRight", 92, 2, None),
];

const FUNCTION_KEYS: [&str; 24] = [
    "F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F11", "F12", "F13", "F14", "F15",
    "F16", "F17", "F18", "F19", "F20", "F21", "F22", "F23", "F24",
];

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
        ] {
            let found = chord(name).key;
            assert_eq!(
                (&*found.key, found.code, found.key_code),
                (key, code, key_code)
            );
        }
    }

    #[test]
    fn unknown_keys_are_refused_without_repeating_them() {
        for text in [
            "", "Entr", "F0", "F25", "F01", "Hyper+a", "hunter2", "ä", "Shift+",
        ] {
            let error = Chord::parse(text).unwrap_err().to_string();
            assert!(
                text.len() < 4 || text == "Shift+" || !error.contains(text),
                "{error}"
            );
        }
    }
}
