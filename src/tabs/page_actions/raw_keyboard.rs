//! `keyboard`: one event of the keyboard at a time, and text without keys.

use cdp_bridge_protocol::TypedText;

use super::clipboard_keys::ClipboardShortcut;
use super::held_input::besides;
use super::keys::{Chord, Key};
use super::operation::PageOperation;

impl PageOperation {
    /// `keyboard` with `down`.
    pub fn key_down(key: Key) -> Self {
        Self::action(async move |driver, deadline| {
            // An editor may still have to render what was typed before.
            driver.focused_editor(deadline).await;
            driver.report_copies(deadline).await;
            let held = driver.held().modifiers();
            let chord = Chord {
                modifiers: Vec::new(),
                key,
            };
            let key = besides(&chord, &held).key;
            let is_repeat = driver.held().key_down(&key);
            let held = driver.held().modifiers();
            if key.code == "Escape" && driver.cancel_raw_drag(deadline).await? {
                return Ok(());
            }
            let down = driver.hold_key(&key, &held, is_repeat, deadline);
            let pressed = Chord {
                modifiers: held.clone(),
                key: key.clone(),
            };
            match ClipboardShortcut::of(&pressed) {
                None => down.await,
                Some(ClipboardShortcut::Copy) => driver.copying(down, deadline).await,
                Some(ClipboardShortcut::Paste { plain }) => {
                    let stays_down = async |()| Ok(());
                    driver.pasting(down, stays_down, plain, deadline).await
                }
            }
        })
    }

    /// `keyboard` with `up`.
    pub fn key_up(key: Key) -> Self {
        Self::action(async move |driver, deadline| {
            let held = driver.held().modifiers();
            let chord = Chord {
                modifiers: Vec::new(),
                key,
            };
            let key = besides(&chord, &held).key;
            driver.held().key_up(&key);
            let held = driver.held().modifiers();
            driver.release_key(&key, &held, deadline).await
        })
    }

    /// `keyboard` with `insertText`.
    pub fn insert_text(text: TypedText) -> Self {
        Self::action(async move |driver, deadline| {
            driver.focused_editor(deadline).await;
            driver.insert(text.expose(), deadline).await
        })
    }
}
