//! Where the mouse of a page is, and which keys and buttons requests hold down. No I/O.

use std::fmt;
use std::sync::Arc;

use cdp_bridge_protocol::request::{Modifier, MouseButton, Point};
use serde_json::value::RawValue;

use super::keys::{Chord, Key, modifier_mask, modifier_of};
use super::pointer::button_mask;

/// How far the mouse must be from where the left button went down for Chromium to have decided whether that is a drag, in
/// CSS pixels. It decides at 40 for links, and earlier for all else.
const DRAG_DECIDED: f64 = 41.0;

/// What is held in a page until it is released. It ends with the document.
#[derive(Default)]
pub(super) struct HeldInput {
    /// In the order in which they went down; at most one for each `KeyboardEvent.code`.
    keys: Vec<Key>,
    /// In the order in which they went down.
    buttons: Vec<MouseButton>,
    mouse: Point,
    /// Where the left button went down, while a drag may start there.
    may_drag_from: Option<Point>,
    /// `Input.DragData` of the drag that goes on.
    drag: Option<Arc<RawValue>>,
}

/// The keys are not shown: they may spell a password.
impl fmt::Debug for HeldInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldInput").finish_non_exhaustive()
    }
}

/// What has to be released.
#[derive(Default)]
pub(super) struct Released {
    pub keys: Vec<Key>,
    pub buttons: Vec<MouseButton>,
    pub mouse: Point,
    pub drag: Option<Arc<RawValue>>,
}

impl HeldInput {
    /// The modifiers of the keys that are down.
    pub(super) fn modifiers(&self) -> Vec<Modifier> {
        let mut held = Vec::new();
        for modifier in self.keys.iter().filter_map(modifier_of) {
            if !held.contains(&modifier) {
                held.push(modifier);
            }
        }
        held
    }

    /// The modifier bits of a mouse event for which these keys count as held, too.
    pub(super) fn mask_with(&self, further: &[Modifier]) -> u8 {
        modifier_mask(&self.modifiers()) | modifier_mask(further)
    }

    /// `MouseEvent.buttons`.
    pub(super) fn buttons(&self) -> u8 {
        let bits = self.buttons.iter().map(|button| button_mask(*button));
        bits.fold(0, |mask, bit| mask | bit)
    }

    /// The button of a move: the one that went down last.
    pub(super) fn last_button(&self) -> Option<MouseButton> {
        self.buttons.last().copied()
    }

    pub(super) fn mouse(&self) -> Point {
        self.mouse
    }

    pub(super) fn move_to(&mut self, point: Point) {
        self.mouse = point;
    }

    /// True if it was down already.
    pub(super) fn key_down(&mut self, key: &Key) -> bool {
        let was_down = self.keys.iter().any(|held| held.code == key.code);
        self.keys.retain(|held| held.code != key.code);
        self.keys.push(key.clone());
        was_down
    }

    pub(super) fn key_up(&mut self, key: &Key) {
        self.keys.retain(|held| held.code != key.code);
    }

    pub(super) fn button_down(&mut self, button: MouseButton) {
        self.button_up(button);
        self.buttons.push(button);
        if button == MouseButton::Left {
            self.may_drag_from = Some(self.mouse);
        }
    }

    pub(super) fn button_up(&mut self, button: MouseButton) {
        self.buttons.retain(|held| *held != button);
        if button == MouseButton::Left {
            self.may_drag_from = None;
        }
    }

    /// Whether moving to this point may start a drag.
    pub(super) fn may_start_drag(&self) -> bool {
        self.may_drag_from.is_some() && self.last_button() == Some(MouseButton::Left)
    }

    /// The mouse has moved without starting a drag.
    pub(super) fn did_not_drag(&mut self) {
        let mouse = self.mouse;
        self.may_drag_from.take_if(|from| {
            (mouse.x - from.x).abs() >= DRAG_DECIDED || (mouse.y - from.y).abs() >= DRAG_DECIDED
        });
    }

    pub(super) fn drag_started(&mut self, data: Arc<RawValue>) {
        self.may_drag_from = None;
        self.drag = Some(data);
    }

    pub(super) fn drag(&self) -> Option<Arc<RawValue>> {
        self.drag.clone()
    }

    pub(super) fn take_drag(&mut self) -> Option<Arc<RawValue>> {
        self.drag.take()
    }

    /// Releases everything. The mouse stays where it is.
    pub(super) fn release(&mut self) -> Released {
        let mouse = self.mouse;
        let held = std::mem::take(self);
        self.mouse = mouse;
        Released {
            keys: held.keys,
            buttons: held.buttons,
            mouse,
            drag: held.drag,
        }
    }
}

/// What pressing a chord amounts to while these modifiers are held already: they are not pressed again, and Shift counts
/// for a key that is named by its place.
pub(super) fn besides(chord: &Chord, held: &[Modifier]) -> Chord {
    let key = if held.contains(&Modifier::Shift) {
        chord.key.shifted()
    } else {
        chord.key.clone()
    };
    let mut modifiers = chord.modifiers.clone();
    modifiers.retain(|modifier| !held.contains(modifier));
    Chord { modifiers, key }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::parse(name).unwrap()
    }

    fn at(x: f64, y: f64) -> Point {
        Point { x, y }
    }

    #[test]
    fn both_keys_of_a_modifier_are_one_modifier_until_both_are_up() {
        let mut held = HeldInput::default();
        assert!(!held.key_down(&key("ShiftLeft")));
        assert!(!held.key_down(&key("ShiftRight")));
        assert!(held.key_down(&key("Shift")), "it repeats");
        assert_eq!(held.modifiers(), [Modifier::Shift]);
        held.key_up(&key("Shift"));
        assert_eq!(held.mask_with(&[]), 8);
        held.key_up(&key("ShiftRight"));
        assert_eq!(held.mask_with(&[Modifier::Alt]), 1);
    }

    #[test]
    fn keys_that_are_down_are_as_many_as_a_keyboard_has() {
        let mut held = HeldInput::default();
        for c in ('a'..='z').chain('à'..='ÿ') {
            held.key_down(&key(&c.to_string()));
        }
        assert_eq!(held.release().keys.len(), 27);
    }

    #[test]
    fn the_last_button_that_is_still_down_moves_with_the_mouse() {
        let mut held = HeldInput::default();
        held.button_down(MouseButton::Left);
        held.button_down(MouseButton::Right);
        assert_eq!(held.buttons(), 3);
        assert_eq!(held.last_button(), Some(MouseButton::Right));
        assert!(!held.may_start_drag());
        held.button_up(MouseButton::Right);
        assert_eq!(held.last_button(), Some(MouseButton::Left));
        held.button_up(MouseButton::Middle);
        assert_eq!(held.buttons(), 1);
    }

    #[test]
    fn a_drag_may_start_until_the_mouse_is_far_from_where_the_button_went_down() {
        let mut held = HeldInput::default();
        held.move_to(at(10.0, 10.0));
        assert!(!held.may_start_drag());
        held.button_down(MouseButton::Left);
        for (x, may) in [(12.0, true), (50.0, true), (52.0, false), (10.0, false)] {
            held.move_to(at(x, 10.0));
            held.did_not_drag();
            assert_eq!(held.may_start_drag(), may, "{x}");
        }
        held.button_up(MouseButton::Left);
        held.button_down(MouseButton::Left);
        assert!(held.may_start_drag());
    }

    #[test]
    fn what_is_released_is_held_no_more_and_the_mouse_stays() {
        let mut held = HeldInput::default();
        held.move_to(at(3.0, 4.0));
        held.key_down(&key("a"));
        held.button_down(MouseButton::Left);
        let released = held.release();
        assert_eq!((released.keys.len(), released.buttons.len()), (1, 1));
        assert_eq!(held.mouse(), at(3.0, 4.0));
        assert!(held.buttons() == 0 && held.modifiers().is_empty());
        assert!(held.release().keys.is_empty());
    }

    #[test]
    fn modifiers_that_are_held_already_are_not_pressed_again() {
        let chord = Chord::parse("Control+Shift+a").unwrap();
        let left = besides(&chord, &[Modifier::Shift]);
        assert_eq!(left.modifiers, [Modifier::Control]);
        assert_eq!(left.key.key, "A");
        let placed = Chord::parse("Digit1").unwrap();
        assert_eq!(besides(&placed, &[Modifier::Shift]).key.key, "!");
        let plain = Chord::parse("1").unwrap();
        assert_eq!(besides(&plain, &[Modifier::Shift]), plain);
        assert_eq!(besides(&plain, &[Modifier::Alt]), plain);
    }

    #[test]
    fn held_keys_are_not_shown() {
        let mut held = HeldInput::default();
        held.key_down(&key("q"));
        assert_eq!(format!("{held:?}"), "HeldInput { .. }");
    }
}
