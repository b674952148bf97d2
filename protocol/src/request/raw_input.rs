//! The fields of the requests that operate the mouse and the keyboard one event at a time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::actions::{Modifier, MouseButton};
use super::parse::{FieldError, Validate, broken, within};
use crate::ids::TabRef;
use crate::typed_text::TypedText;

/// What the mouse does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MouseAction {
    /// It moves, with the buttons that are down.
    Move,
    /// A button goes down, and stays down.
    Down,
    /// A button goes up.
    Up,
    /// The wheel turns.
    Wheel,
}

/// Operates the mouse of a tab as a hand would: where it is and which buttons are down is kept until the tab has another
/// document or no client is left. Nothing is waited for, and no element is looked for. It answers once the page has
/// handled the event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {
        "required": ["action", "x", "y"],
        "properties": {
            "action": { "const": "move" },
            "x": { "type": "number" },
            "y": { "type": "number" },
            "button": { "type": "null" },
            "clickCount": { "type": "null" },
            "deltaX": { "type": "null" },
            "deltaY": { "type": "null" },
        },
    },
    {
        "required": ["action"],
        "properties": {
            "action": { "enum": ["down", "up"] },
            "x": { "type": "null" },
            "y": { "type": "null" },
            "deltaX": { "type": "null" },
            "deltaY": { "type": "null" },
            "steps": { "type": "null" },
        },
    },
    {
        "required": ["action", "x", "y"],
        "properties": {
            "action": { "enum": ["down", "up"] },
            "x": { "type": "number" },
            "y": { "type": "number" },
            "deltaX": { "type": "null" },
            "deltaY": { "type": "null" },
            "steps": { "type": "null" },
        },
    },
    {
        "required": ["action", "deltaX", "deltaY"],
        "properties": {
            "action": { "const": "wheel" },
            "x": { "type": "null" },
            "y": { "type": "null" },
            "deltaX": { "type": "number" },
            "deltaY": { "type": "number" },
            "button": { "type": "null" },
            "clickCount": { "type": "null" },
            "steps": { "type": "null" },
        },
    },
    {
        "required": ["action", "x", "y", "deltaX", "deltaY"],
        "properties": {
            "action": { "const": "wheel" },
            "x": { "type": "number" },
            "y": { "type": "number" },
            "deltaX": { "type": "number" },
            "deltaY": { "type": "number" },
            "button": { "type": "null" },
            "clickCount": { "type": "null" },
            "steps": { "type": "null" },
        },
    },
]))]
pub struct Mouse {
    /// The tab.
    pub tab_id: TabRef,
    /// What the mouse does.
    pub action: MouseAction,
    /// From the left of the page's visible part, in CSS pixels. `move` needs it; otherwise where the mouse is if absent,
    /// and if it is elsewhere, it moves here first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<f64>,
    /// From the top of the page's visible part, in CSS pixels; goes with `x`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<f64>,
    /// `down`, `up`: the button; `left` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button: Option<MouseButton>,
    /// `down`, `up`: 2 for the second click of a double click; 1 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3))]
    pub click_count: Option<u8>,
    /// `wheel`: how far to the right, in CSS pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta_x: Option<f64>,
    /// `wheel`: how far down, in CSS pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delta_y: Option<f64>,
    /// `move`: in how many equal steps, each of which the page sees; 1 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub steps: Option<u32>,
    /// Keys that count as held for this event, besides those that `keyboard` holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modifiers: Option<Vec<Modifier>>,
}

/// What the keyboard does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum KeyboardAction {
    /// A key goes down, and stays down.
    Down,
    /// A key goes up.
    Up,
    /// Text is inserted at the caret, without key events: `beforeinput` and `input` only.
    InsertText,
}

/// Operates the keyboard of a tab as a hand would, in the element that has the keyboard. A key that is down counts for
/// everything that follows, such as Shift for a `click`, until it goes up, the tab has another document, or no client is
/// left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {
        "required": ["action", "key"],
        "properties": {
            "action": { "enum": ["down", "up"] },
            "key": { "type": "string" },
            "text": { "type": "null" },
        },
    },
    {
        "required": ["action", "text"],
        "properties": {
            "action": { "const": "insertText" },
            "text": { "type": "string" },
            "key": { "type": "null" },
        },
    },
]))]
pub struct Keyboard {
    /// The tab.
    pub tab_id: TabRef,
    /// What the keyboard does.
    pub action: KeyboardAction,
    /// `down`, `up`: `Shift`, `Enter`, `a`, `KeyA`: one key, by a name of `KeyboardEvent.key` or `KeyboardEvent.code`. With
    /// Shift held, `KeyA` is a capital letter, and `a` stays a small one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<TypedText>,
    /// `insertText`: the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<TypedText>,
}

/// The most steps of one move.
const MAX_STEPS: u32 = 1000;

impl Validate for Mouse {
    fn validate(&self) -> Result<(), FieldError> {
        let (is_move, is_wheel) = match self.action {
            MouseAction::Move => (true, false),
            MouseAction::Wheel => (false, true),
            MouseAction::Down | MouseAction::Up => (false, false),
        };
        match (self.x, self.y) {
            (Some(_), None) => return broken("y", "x needs y"),
            (None, Some(_)) => return broken("x", "y needs x"),
            (None, None) if is_move => return broken("x", "expected where to move"),
            _ => {}
        }
        if is_wheel {
            if self.delta_x.is_none() {
                return broken("deltaX", "expected how far to turn the wheel");
            }
            if self.delta_y.is_none() {
                return broken("deltaY", "expected how far to turn the wheel");
            }
        } else if self.delta_x.is_some() {
            return broken("deltaX", "it goes with wheel");
        } else if self.delta_y.is_some() {
            return broken("deltaY", "it goes with wheel");
        }
        if is_move || is_wheel {
            if self.button.is_some() {
                return broken("button", "it goes with down and up");
            }
            if self.click_count.is_some() {
                return broken("clickCount", "it goes with down and up");
            }
        }
        if let Some(steps) = self.steps {
            if !is_move {
                return broken("steps", "they go with move");
            }
            within("steps", steps, 1, MAX_STEPS)?;
        }
        self.click_count
            .map_or(Ok(()), |count| within("clickCount", count, 1, 3))
    }
}

impl Validate for Keyboard {
    fn validate(&self) -> Result<(), FieldError> {
        match (self.action, &self.key, &self.text) {
            (KeyboardAction::InsertText, None, Some(_))
            | (KeyboardAction::Down | KeyboardAction::Up, Some(_), None) => Ok(()),
            (KeyboardAction::InsertText, Some(_), _) => broken("key", "it goes with down and up"),
            (KeyboardAction::InsertText, None, None) => broken("text", "expected the text"),
            (_, _, Some(_)) => broken("text", "it goes with insertText"),
            (_, None, None) => broken("key", "expected the name of a key"),
        }
    }
}
