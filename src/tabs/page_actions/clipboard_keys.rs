//! Key shortcuts of the clipboard. The bridge carries out pasting itself, with the clipboard of the
//! tab's scope ([`crate::tabs::clipboard`] says why).

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep};

use super::driver::PageDriver;
use super::error::PageActionError;
use super::held_input::besides;
use super::keyboard::PressedKeys;
use super::keys::{Chord, Key, modifier_mask};
use super::world::World;

const CONTROL: u8 = 2;
const META: u8 = 4;
const SHIFT: u8 = 8;

/// Virtual key codes.
const C: u32 = 67;
const V: u32 = 86;
const X: u32 = 88;
const INSERT: u32 = 45;
const DELETE: u32 = 46;

/// What a shortcut does in Chromium's editor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClipboardShortcut {
    /// Copies or cuts.
    Copy,
    Paste {
        /// Only the text.
        plain: bool,
    },
}

impl ClipboardShortcut {
    pub(super) fn of(chord: &Chord) -> Option<Self> {
        match (chord.key.key_code, modifier_mask(&chord.modifiers)) {
            (C | X | INSERT, CONTROL) | (DELETE, SHIFT) => Some(Self::Copy),
            (V, CONTROL) | (INSERT, SHIFT) => Some(Self::Paste { plain: false }),
            (V, mask) if mask == CONTROL | SHIFT => Some(Self::Paste { plain: true }),
            _ => None,
        }
    }
}

/// The editor command for a key on which Chromium would paste. It executes one command for a key: this one
/// is enabled in every document, and without a value it has no effect.
pub(super) const NO_PASTE: &[&str] = &["DefaultParagraphSeparator"];

/// Whether Chromium may paste on this key event, on any platform.
pub(super) fn may_paste(key: &Key, modifiers: u8) -> bool {
    match key.key_code {
        V => modifiers & (CONTROL | META) != 0,
        INSERT => modifiers & SHIFT != 0,
        _ => false,
    }
}

#[derive(Serialize)]
struct PasteArgs<'a> {
    /// `null` if the clipboard is empty.
    data: Option<&'a RawValue>,
    plain: bool,
}

#[derive(Deserialize)]
struct Pasted {}

#[derive(Deserialize)]
struct TakenCopy {
    #[serde(default)]
    copied: Option<Box<RawValue>>,
}

impl PageDriver {
    /// Presses a key while its modifiers are held besides those that are held already, for this long.
    pub(super) async fn press_chord(
        &self,
        chord: &Chord,
        duration: Duration,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        let held = self.held().modifiers();
        let chord = besides(chord, &held);
        let all = Chord {
            modifiers: [&held[..], &chord.modifiers].concat(),
            key: chord.key.clone(),
        };
        if chord.key.code == "Escape" && self.cancel_raw_drag(deadline).await? {
            return self.release_key(&chord.key, &held, deadline).await;
        }
        match ClipboardShortcut::of(&all) {
            None if held.is_empty() && duration.is_zero() => {
                self.press_keys(&chord, deadline).await
            }
            None => self.press_for(&chord, &held, duration, deadline).await,
            Some(ClipboardShortcut::Copy) => {
                let press = self.press_for(&chord, &held, duration, deadline);
                self.copying(press, deadline).await
            }
            Some(ClipboardShortcut::Paste { plain }) => {
                let down = self.press_down(&chord, &held, deadline);
                let up = async |pressed: PressedKeys| {
                    sleep(duration).await;
                    pressed.release(deadline).await
                };
                self.pasting(down, up, plain, deadline).await
            }
        }
    }

    /// Sends keys that copy. Copies of scripts are reported later, through the binding; this one is kept when the request
    /// ends, so that the next one can paste it.
    pub(super) async fn copying(
        &self,
        keys: impl Future<Output = Result<(), PageActionError>>,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        let world = self.focused_world(deadline).await?;
        keys.await?;
        let taken = world.call::<_, TakenCopy>("takeCopied", &(), deadline);
        if let Some(copied) = unless_page_left(taken.await)?.and_then(|taken| taken.copied) {
            self.clipboard.replace(copied);
        }
        Ok(())
    }

    /// Sends keys that paste, pastes while they are down, and releases those that are not to stay down.
    pub(super) async fn pasting<T>(
        &self,
        down: impl Future<Output = Result<T, PageActionError>>,
        up: impl AsyncFnOnce(T) -> Result<(), PageActionError>,
        plain: bool,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        let world = self.focused_world(deadline).await?;
        let pressed = down.await?;
        let data = self.clipboard.data();
        let args = PasteArgs {
            data: data.as_deref(),
            plain,
        };
        let pasted = world.call::<_, Pasted>("paste", &args, deadline).await;
        up(pressed).await?;
        unless_page_left(pasted)?;
        Ok(())
    }

    /// The world of the focused frame, prepared for a shortcut.
    async fn focused_world(&self, deadline: Instant) -> Result<Arc<World>, PageActionError> {
        #[derive(Deserialize)]
        struct Prepared {
            #[serde(default)]
            hop: Option<u64>,
        }
        let mut world = Arc::clone(self.main_world());
        loop {
            let prepared: Prepared = world.call("prepareShortcut", &(), deadline).await?;
            match prepared.hop {
                Some(frame) => world = self.enter_frame(&world, frame, deadline).await?,
                None => return Ok(world),
            }
        }
    }
}

/// A page that navigates on the shortcut has received it.
fn unless_page_left<T>(outcome: Result<T, PageActionError>) -> Result<Option<T>, PageActionError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(PageActionError::PageLeft) => Ok(None),
        Err(PageActionError::Call(error)) if error.is_session_gone() => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cdp_bridge_protocol::request::Modifier;

    fn chord(text: &str) -> Chord {
        Chord::parse(text).unwrap()
    }

    #[test]
    fn shortcuts_of_the_editor_are_known() {
        for text in ["Control+c", "Control+X", "Control+Insert", "Shift+Delete"] {
            let known = ClipboardShortcut::of(&chord(text));
            assert_eq!(known, Some(ClipboardShortcut::Copy), "{text}");
        }
        for (text, plain) in [
            ("Control+v", false),
            ("Shift+Insert", false),
            ("Control+Shift+V", true),
        ] {
            let known = ClipboardShortcut::of(&chord(text));
            assert_eq!(known, Some(ClipboardShortcut::Paste { plain }), "{text}");
        }
        for text in [
            "c",
            "v",
            "Insert",
            "Alt+v",
            "Control+Alt+v",
            "Shift+v",
            "Control+b",
        ] {
            assert_eq!(ClipboardShortcut::of(&chord(text)), None, "{text}");
        }
    }

    #[test]
    fn every_chord_on_which_chromium_may_paste_is_withheld_from_its_editor() {
        for text in [
            "Control+v",
            "Control+Shift+V",
            "Shift+Insert",
            "Control+Shift+Insert",
            "Meta+v",
            "Control+Alt+v",
        ] {
            let chord = chord(text);
            let withheld = may_paste(&chord.key, modifier_mask(&chord.modifiers));
            assert!(withheld, "{text}");
        }
        for text in [
            "v",
            "Shift+v",
            "Alt+v",
            "Insert",
            "Control+Insert",
            "Control+c",
        ] {
            let chord = chord(text);
            let withheld = may_paste(&chord.key, modifier_mask(&chord.modifiers));
            assert!(!withheld, "{text}");
        }
    }

    #[test]
    fn the_modifier_bits_are_those_of_input_events() {
        for (modifier, bit) in [
            (Modifier::Control, CONTROL),
            (Modifier::Meta, META),
            (Modifier::Shift, SHIFT),
        ] {
            assert_eq!(modifier_mask(&[modifier]), bit);
        }
    }
}
