//! Keyboard input: `focus`, `type`, `press`; and the keys that stay down.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use cdp_bridge_protocol::TypedText;
use cdp_bridge_protocol::request::Modifier;
use futures::future::{BoxFuture, FutureExt as _};
use futures::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::action_mode::ActionMode;
use super::clipboard_keys::{NO_PASTE, may_paste};
use super::driver::PageDriver;
use super::error::PageActionError;
use super::fields::{NoResult, call_unless_left};
use super::keys::{Chord, Key, key_for_char, modifier_key, modifier_mask, modifier_of};
use super::world::{World, parse};
use crate::cdp::methods::EmptyResult;
use crate::cdp::page_methods::{DispatchKeyEvent, InsertText};
use crate::cdp::{CallError, TargetSession};
use crate::locator::Locator;
use crate::tabs::unawaited::send_unawaited;
use crate::timer::remaining;

/// The number of input commands that are sent before the first one has been acknowledged.
const MAX_IN_FLIGHT: usize = 32;

/// One keyboard input command.
enum KeyInput {
    Key(DispatchKeyEvent<'static>),
    /// Text that no key of the layout produces.
    Text(String),
}

#[derive(Serialize)]
struct Focus {
    /// Typing follows, which decides where the caret is placed.
    typing: bool,
}

#[derive(Deserialize)]
struct FocusResult {
    #[serde(default)]
    editor: bool,
    /// The focus is in this frame of another origin.
    #[serde(default)]
    hop: Option<u64>,
}

impl PageDriver {
    /// Focuses an element. `typing`: text input follows. Returns the world of the element if it is an editor.
    pub(super) async fn focus(
        &self,
        locator: &Locator,
        typing: bool,
        deadline: Instant,
    ) -> Result<Option<Arc<World>>, PageActionError> {
        let focus = Focus { typing };
        let focus = self.call_on_element("focus", locator, &focus, deadline);
        let (world, result) = focus.await?;
        let FocusResult { editor, .. } = parse(&result)?;
        Ok(editor.then_some(world))
    }

    /// Waits until an element could be focused.
    pub(super) async fn could_focus(
        &self,
        locator: &Locator,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        let mode = ActionMode::trial(true);
        let focus = self.call_on_element("focus", locator, &mode, deadline);
        focus.await.map(drop)
    }

    /// The world of the focused element if it is an editor. A page that cannot be asked has none.
    pub(super) async fn focused_editor(&self, deadline: Instant) -> Option<Arc<World>> {
        let mut world = Arc::clone(self.main_world());
        loop {
            let focused = world.call::<_, FocusResult>("prepareKeys", &(), deadline);
            match focused.await.ok()? {
                FocusResult {
                    hop: Some(frame), ..
                } => world = self.enter_frame(&world, frame, deadline).await.ok()?,
                FocusResult { editor, .. } => return editor.then_some(world),
            }
        }
    }

    /// Types with the modifiers that are held.
    pub(super) async fn type_text(
        &self,
        text: &TypedText,
        delay: Duration,
        editor: Option<Arc<World>>,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        let held = self.held().modifiers();
        let inputs = |text: &str| inputs(text, &held);
        self.input_sent.set();
        if delay.is_zero() {
            let Some(world) = editor else {
                return dispatch_keys(self.session(), inputs(text.expose()), deadline).await;
            };
            for (number, line) in text.expose().split_inclusive('\n').enumerate() {
                if number > 0 {
                    // Editors may render a new line only in the next frame.
                    let settle = call_unless_left::<_, NoResult>(&world, "settle", &(), deadline);
                    settle.await?;
                }
                dispatch_keys(self.session(), inputs(line), deadline).await?;
            }
            return Ok(());
        }
        for (number, c) in text.expose().chars().enumerate() {
            if number > 0 {
                sleep(delay).await;
            }
            dispatch_keys(self.session(), inputs(c.encode_utf8(&mut [0; 4])), deadline).await?;
        }
        Ok(())
    }

    /// Presses a key while its modifiers are held, and no others.
    pub(super) async fn press_keys(
        &self,
        chord: &Chord,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        self.input_sent.set();
        let events = downs(chord, &[]).into_iter().chain(ups(chord, &[]));
        let events = events.map(KeyInput::Key).collect();
        dispatch_keys(self.session(), events, deadline).await
    }

    /// Presses a key while its modifiers are held besides these, which are held already, for this long.
    pub(super) async fn press_for(
        &self,
        chord: &Chord,
        held: &[Modifier],
        duration: Duration,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        let pressed = self.press_down(chord, held, deadline).await?;
        sleep(duration).await;
        pressed.release(deadline).await
    }

    /// The first half of [`Self::press_for`]. The keys go up with what it returns, at the latest when that is dropped.
    pub(super) async fn press_down(
        &self,
        chord: &Chord,
        held: &[Modifier],
        deadline: Instant,
    ) -> Result<PressedKeys, PageActionError> {
        let pressed = PressedKeys {
            session: self.session().clone(),
            ups: ups(chord, held),
        };
        self.input_sent.set();
        let events = downs(chord, held).into_iter().map(KeyInput::Key).collect();
        dispatch_keys(self.session(), events, deadline).await?;
        Ok(pressed)
    }

    /// Sends the `keydown` of a key that stays down, with all modifiers that are held by then.
    pub(super) async fn hold_key(
        &self,
        key: &Key,
        held: &[Modifier],
        is_repeat: bool,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        self.input_sent.set();
        let event = DispatchKeyEvent {
            auto_repeat: is_repeat,
            ..down(key, modifier_mask(held))
        };
        let events = vec![KeyInput::Key(event)];
        dispatch_keys(self.session(), events, deadline).await
    }

    /// Sends the `keyup` of a key, with the modifiers that are still held.
    pub(super) async fn release_key(
        &self,
        key: &Key,
        held: &[Modifier],
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        self.input_sent.set();
        let events = vec![KeyInput::Key(up(key, modifier_mask(held)))];
        dispatch_keys(self.session(), events, deadline).await
    }

    /// Inserts text into the focused element with one command.
    pub(super) async fn insert(
        &self,
        text: &str,
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        self.input_sent.set();
        let input = vec![KeyInput::Text(text.to_owned())];
        dispatch_keys(self.session(), input, deadline).await
    }
}

/// The keys of a chord that are down.
pub(super) struct PressedKeys {
    session: TargetSession,
    ups: Vec<DispatchKeyEvent<'static>>,
}

impl PressedKeys {
    pub(super) async fn release(mut self, deadline: Instant) -> Result<(), PageActionError> {
        let ups = std::mem::take(&mut self.ups).into_iter();
        dispatch_keys(&self.session, ups.map(KeyInput::Key).collect(), deadline).await
    }
}

/// A request that was cancelled, or has run out of time, leaves no key down.
impl Drop for PressedKeys {
    fn drop(&mut self) {
        for up in self.ups.drain(..) {
            send_unawaited(&self.session, &up);
        }
    }
}

/// The events that release these keys, the last one first.
pub(super) fn key_ups(keys: &[Key]) -> Vec<DispatchKeyEvent<'static>> {
    let still_down = |below: usize| {
        let modifiers = keys[..below].iter().filter_map(modifier_of);
        modifier_mask(&modifiers.collect::<Vec<_>>())
    };
    let keys = keys.iter().enumerate().rev();
    keys.map(|(below, key)| up(key, still_down(below)))
        .collect()
}

/// The events that press a chord while other modifiers are held. A modifier key counts as held from its own `keydown` on.
fn downs(chord: &Chord, held: &[Modifier]) -> Vec<DispatchKeyEvent<'static>> {
    let mut events = Vec::new();
    let mut held = held.to_vec();
    for modifier in &chord.modifiers {
        held.push(*modifier);
        events.push(down(&modifier_key(*modifier), modifier_mask(&held)));
    }
    let own = modifier_of(&chord.key).filter(|own| !held.contains(own));
    held.extend(own);
    events.push(down(&chord.key, modifier_mask(&held)));
    events
}

/// The events that release it.
fn ups(chord: &Chord, held: &[Modifier]) -> Vec<DispatchKeyEvent<'static>> {
    let mut down = [held, &chord.modifiers].concat();
    let mut events = vec![up(&chord.key, modifier_mask(&down))];
    for modifier in chord.modifiers.iter().rev() {
        down.pop();
        events.push(up(&modifier_key(*modifier), modifier_mask(&down)));
    }
    events
}

/// The input commands for a text, while these modifiers are held. Consecutive characters without a key are inserted with
/// one command.
fn inputs(text: &str, held: &[Modifier]) -> Vec<KeyInput> {
    let mut inputs = Vec::with_capacity(text.len() * 2);
    let mut keyless = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        // CRLF is one line break.
        if c == '\r' && chars.peek() == Some(&'\n') {
            continue;
        }
        let Some(key) = key_for_char(c) else {
            keyless.push(c);
            continue;
        };
        if !keyless.is_empty() {
            inputs.push(KeyInput::Text(std::mem::take(&mut keyless)));
        }
        let shift = if key.shift {
            &[Modifier::Shift][..]
        } else {
            &[]
        };
        let modifiers = modifier_mask(held) | modifier_mask(shift);
        inputs.push(KeyInput::Key(down(&key, modifiers)));
        inputs.push(KeyInput::Key(up(&key, modifiers)));
    }
    if !keyless.is_empty() {
        inputs.push(KeyInput::Text(keyless));
    }
    inputs
}

/// A `keyDown` event. With Alt, Control or Meta a key is a shortcut and produces no text.
fn down(key: &Key, modifiers: u8) -> DispatchKeyEvent<'static> {
    let commands = modifier_mask(&[Modifier::Alt, Modifier::Control, Modifier::Meta]);
    let text = key.text.clone().filter(|_| modifiers & commands == 0);
    DispatchKeyEvent {
        r#type: if text.is_some() {
            "keyDown"
        } else {
            "rawKeyDown"
        },
        unmodified_text: text.clone(),
        text,
        ..event(key, modifiers)
    }
}

fn up(key: &Key, modifiers: u8) -> DispatchKeyEvent<'static> {
    event(key, modifiers)
}

fn event(key: &Key, modifiers: u8) -> DispatchKeyEvent<'static> {
    DispatchKeyEvent {
        r#type: "keyUp",
        modifiers,
        key: Cow::clone(&key.key),
        code: key.code,
        windows_virtual_key_code: key.key_code,
        location: key.location,
        is_keypad: key.location == 3,
        auto_repeat: false,
        commands: if may_paste(key, modifiers) {
            NO_PASTE
        } else {
            &[]
        },
        text: None,
        unmodified_text: None,
    }
}

/// Sends input commands in order, and waits until the page has handled all of them.
async fn dispatch_keys(
    session: &TargetSession,
    inputs: Vec<KeyInput>,
    deadline: Instant,
) -> Result<(), PageActionError> {
    let limit = remaining(deadline);
    // A call is sent when it is first polled, and `buffered` polls in order.
    let mut sent = stream::iter(inputs)
        .map(|input| -> BoxFuture<'_, Result<EmptyResult, CallError>> {
            match input {
                KeyInput::Key(event) => session.call(event, limit).boxed(),
                KeyInput::Text(text) => {
                    let text = Cow::Owned(text);
                    session.call(InsertText { text }, limit).boxed()
                }
            }
        })
        .buffered(MAX_IN_FLIGHT);
    while let Some(outcome) = sent.next().await {
        let EmptyResult {} = outcome?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> String {
        line_with(text, &[])
    }

    fn line_with(text: &str, held: &[Modifier]) -> String {
        let words = inputs(text, held).into_iter().map(|input| match input {
            KeyInput::Key(event) => format!("{} {}", event.r#type, event.code),
            KeyInput::Text(text) => format!("insert {text}"),
        });
        words.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn characters_without_a_key_are_inserted() {
        assert_eq!(line("a"), "keyDown KeyA, keyUp KeyA");
        assert_eq!(line("äö\u{1f600}"), "insert äö\u{1f600}");
        assert_eq!(line("äa"), "insert ä, keyDown KeyA, keyUp KeyA");
        assert_eq!(line("\r\n"), "keyDown Enter, keyUp Enter");
        assert_eq!(line("\t"), "rawKeyDown Tab, keyUp Tab");
    }

    #[test]
    fn a_modifier_key_counts_as_held_from_its_own_keydown_on() {
        let masks = |text: &str| {
            let chord = Chord::parse(text).unwrap();
            let events = downs(&chord, &[]).into_iter().chain(ups(&chord, &[]));
            let masks = events.map(|event| (event.r#type, event.modifiers));
            masks.collect::<Vec<_>>()
        };
        let (control, shift) = (2, 8);
        assert_eq!(masks("Meta"), [("rawKeyDown", 4), ("keyUp", 0)]);
        assert_eq!(masks("ShiftRight"), [("rawKeyDown", shift), ("keyUp", 0)]);
        assert_eq!(
            masks("Control+Shift"),
            [
                ("rawKeyDown", control),
                ("rawKeyDown", control | shift),
                ("keyUp", control),
                ("keyUp", 0)
            ]
        );
    }

    #[test]
    fn text_is_typed_with_the_modifiers_that_are_held() {
        let typed = |held: &[Modifier]| {
            let KeyInput::Key(down) = inputs("a", held).swap_remove(0) else {
                panic!("it has a key");
            };
            (down.modifiers, down.text.map(Cow::into_owned))
        };
        assert_eq!(typed(&[]), (0, Some("a".to_owned())));
        assert_eq!(typed(&[Modifier::Shift]), (8, Some("a".to_owned())));
        assert_eq!(typed(&[Modifier::Control]), (2, None));
        assert_eq!(line_with("ä", &[Modifier::Shift]), "insert ä");
    }

    #[test]
    fn modifiers_that_are_held_stay_held_by_a_press() {
        let (control, shift) = (Modifier::Control, Modifier::Shift);
        let chord = Chord::parse("Control+a").unwrap();
        let masks = |events: Vec<DispatchKeyEvent<'static>>| -> Vec<u8> {
            events.into_iter().map(|event| event.modifiers).collect()
        };
        assert_eq!(masks(downs(&chord, &[shift])), [10, 10]);
        assert_eq!(masks(ups(&chord, &[shift])), [10, 8]);
        let keys = [modifier_key(shift), modifier_key(control), chord.key];
        assert_eq!(masks(key_ups(&keys)), [10, 8, 0]);
    }

    #[test]
    fn chromium_does_not_act_on_a_key_that_would_paste_its_own_clipboard() {
        let withheld = |text: &str| {
            let events = downs(&Chord::parse(text).unwrap(), &[]);
            !events.last().unwrap().commands.is_empty()
        };
        assert!(withheld("Control+v") && withheld("Shift+Insert"));
        assert!(!withheld("Control+c") && !withheld("v"));
    }

    #[test]
    fn a_key_with_a_command_modifier_produces_no_text() {
        let key = key_for_char('a').unwrap();
        assert_eq!(down(&key, modifier_mask(&[Modifier::Control])).text, None);
        assert!(down(&key, modifier_mask(&[Modifier::Shift])).text.is_some());
    }
}
