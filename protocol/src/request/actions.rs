//! The fields of the requests that act on a page.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::parse::{FieldError, Validate, broken, within};
use super::waiting::{ActionWait, WaitUntil, check_action};
use crate::ids::TabRef;
use crate::typed_text::TypedText;

/// A point, or a distance, in CSS pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Point {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

/// A button of the mouse.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MouseButton {
    /// The main one.
    #[default]
    Left,
    /// The wheel.
    Middle,
    /// The one that opens context menus.
    Right,
}

impl MouseButton {
    /// The name as it stands on the wire and in CDP.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Middle => "middle",
            Self::Right => "right",
        }
    }
}

/// A key that is held while something else is pressed. Names are those of `KeyboardEvent.key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Modifier {
    /// Alt, or Option.
    Alt,
    /// Control.
    Control,
    /// Command, or the Windows key.
    Meta,
    /// Shift.
    Shift,
}

/// Clicks an element, or a point of the visible part of the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {
        "required": ["selector"],
        "properties": {
            "selector": { "type": "string" },
            "x": { "type": "null" },
            "y": { "type": "null" },
        },
    },
    {
        "required": ["x", "y"],
        "properties": {
            "x": { "type": "number" },
            "y": { "type": "number" },
            "selector": { "type": "null" },
            "position": { "type": "null" },
        },
    },
]))]
pub struct Click {
    /// The tab.
    pub tab_id: TabRef,
    /// The element; without it, `x` and `y` say where.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// From the left of the page's visible part, in CSS pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<f64>,
    /// From the top of the page's visible part, in CSS pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<f64>,
    /// The button; `left` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub button: Option<MouseButton>,
    /// 2 for a double click; 1 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 3))]
    pub click_count: Option<u8>,
    /// Keys that are held meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modifiers: Option<Vec<Modifier>>,
    /// Where on the element, from the top left of its box; its middle if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Point>,
    /// Whether it is only checked that it would work, without sending any input; `false` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trial: Option<bool>,
    /// Whether it is done even if the element is disabled, moves or is covered; `false` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
    /// What is waited for afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<ActionWait>,
}

/// Requests about one element. Those that act like a click take what a click takes.
macro_rules! on_one_element {
    ($($(#[$doc:meta])* $name:ident { $($(#[$of_field:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
            #[serde(rename_all = "camelCase", deny_unknown_fields)]
            pub struct $name {
                /// The tab.
                pub tab_id: TabRef,
                /// The element.
                pub selector: String,
                $(
                    $(#[$of_field])*
                    #[serde(skip_serializing_if = "Option::is_none")]
                    pub $field: Option<$type>,
                )*
            }
        )*
    };
}

on_one_element! {
    /// Moves the mouse over an element.
    Hover {
        /// Whether it is only checked that it would work, without sending any input; `false` if absent.
        trial: bool,
        /// Whether it is done even if the element moves or is covered; `false` if absent.
        force: bool,
        /// What is waited for afterwards.
        wait_for: ActionWait,
    }
    /// Gives an element the keyboard.
    Focus {
        /// Whether it is only checked that it would work; `false` if absent.
        trial: bool,
    }
    /// Has a checkbox, a radio button or a switch be on.
    Check {
        /// Whether it is only checked that it would work, without sending any input; `false` if absent.
        trial: bool,
        /// Whether it is done even if the element is disabled, moves or is covered; `false` if absent.
        force: bool,
        /// What is waited for afterwards.
        wait_for: ActionWait,
    }
    /// Has a checkbox or a switch be off.
    Uncheck {
        /// Whether it is only checked that it would work, without sending any input; `false` if absent.
        trial: bool,
        /// Whether it is done even if the element is disabled, moves or is covered; `false` if absent.
        force: bool,
        /// What is waited for afterwards.
        wait_for: ActionWait,
    }
    /// Scrolls until an element is in sight.
    ScrollIntoView {}
}

macro_rules! travels {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
            #[serde(rename_all = "camelCase", deny_unknown_fields)]
            pub struct $name {
                /// The tab.
                pub tab_id: TabRef,
                /// How far the document shall be before the answer; `commit` if absent.
                #[serde(skip_serializing_if = "Option::is_none")]
                pub wait_until: Option<WaitUntil>,
            }

            impl Validate for $name {}
        )*
    };
}

travels! {
    /// Goes one entry back in the tab's history. Answered by `navigated`.
    GoBack,
    /// Goes one entry forward in the tab's history. Answered by `navigated`.
    GoForward,
    /// Loads the page again. Answered by `navigated`.
    Reload,
}

/// Replaces the content of a field; fires `input` and `change`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fill {
    /// The tab.
    pub tab_id: TabRef,
    /// An `<input>`, a `<textarea>` or something `contenteditable`.
    pub selector: String,
    /// The new content. Of a date, a colour, a range and their like in the form that HTML has
    /// for their values.
    pub value: TypedText,
    /// Whether it is only checked that it would work, without sending any input; `false` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trial: Option<bool>,
    /// Whether it is done even if the element is disabled, moves or is covered; `false` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
    /// What is waited for afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<ActionWait>,
}

/// Types text key by key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Type {
    /// The tab.
    pub tab_id: TabRef,
    /// The element that is given the keyboard first; if absent, what has it is typed into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// The text.
    pub text: TypedText,
    /// Milliseconds between two keys; 0 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1000))]
    pub delay_ms: Option<u32>,
    /// Whether it is only checked that it would work, without sending any input; `false` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trial: Option<bool>,
    /// What is waited for afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<ActionWait>,
}

/// Presses a key, or keys together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Press {
    /// The tab.
    pub tab_id: TabRef,
    /// The element that is given the keyboard first; if absent, what has it gets the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// `Enter`, `a`, `F5`, `Control+A`, `Shift+Tab`: names are those of `KeyboardEvent.key` or
    /// `KeyboardEvent.code`.
    pub key: String,
    /// Whether it is only checked that it would work, without sending any input; `false` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trial: Option<bool>,
    /// What is waited for afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<ActionWait>,
    /// How long the keys stay down, in milliseconds; 0 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 60000))]
    pub hold_ms: Option<u32>,
}

/// The longest that keys are held down by one request, in milliseconds.
const MAX_HOLD_MS: u32 = 60_000;

/// One option of a `<select>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected an option's value or label as a string, or its index as an integer"
)]
pub enum Choice {
    /// The option's place, from 0.
    Index(u32),
    /// The option's value or, if no option has that value, its label.
    Text(String),
}

/// Chooses options of a `<select>`; those that are not named are not chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Select {
    /// The tab.
    pub tab_id: TabRef,
    /// The `<select>`.
    pub selector: String,
    /// The options: one, or any number where the `<select>` is `multiple`.
    pub values: Vec<Choice>,
    /// Whether it is only checked that it would work, without sending any input; `false` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trial: Option<bool>,
    /// Whether it is done even if the element is disabled, moves or is covered; `false` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
    /// What is waited for afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<ActionWait>,
}

/// An end of the way that may be scrolled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Edge {
    /// The beginning.
    Top,
    /// The end.
    Bottom,
}

/// Where to scroll.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected \"top\", \"bottom\" or a point {x, y}")]
pub enum ScrollTo {
    /// To one end.
    Edge(Edge),
    /// To this position.
    Point(Point),
}

/// Scrolls the page, or an element that scrolls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {
        "required": ["by"],
        "properties": { "by": { "type": "object" }, "to": { "type": "null" } },
    },
    {
        "required": ["to"],
        "properties": { "to": { "not": { "type": "null" } }, "by": { "type": "null" } },
    },
]))]
pub struct Scroll {
    /// The tab.
    pub tab_id: TabRef,
    /// The element. If absent, the page, or what scrolls in the middle of a page that does not scroll
    /// itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub selector: Option<String>,
    /// How far, from where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<Point>,
    /// Where to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<ScrollTo>,
    /// Whether it moves there instead of jumping; `false` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smooth: Option<bool>,
}

/// An element, or a point of the visible part of the page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "expected a locator as a string, or a point {x, y}"
)]
pub enum Spot {
    /// The middle of an element.
    Element(String),
    /// A point, in CSS pixels.
    Point(Point),
}

/// Drags one thing to another with the mouse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Drag {
    /// The tab.
    pub tab_id: TabRef,
    /// Where the button goes down.
    pub from: Spot,
    /// Where it goes up.
    pub to: Spot,
    /// Whether it is only checked that it would work, without sending any input; `false` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trial: Option<bool>,
    /// Whether it is done even if the element is disabled, moves or is covered; `false` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
    /// What is waited for afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_for: Option<ActionWait>,
}

impl Validate for Click {
    fn validate(&self) -> Result<(), FieldError> {
        match (&self.selector, self.x, self.y) {
            (None, Some(_), Some(_)) if self.position.is_some() => {
                return broken(
                    "position",
                    "a position goes with a selector, not with x and y",
                );
            }
            (Some(_), None, None) | (None, Some(_), Some(_)) => {}
            (Some(_), Some(_), _) => return broken("x", "either a selector, or x and y"),
            (Some(_), None, Some(_)) => return broken("y", "either a selector, or x and y"),
            (None, None, Some(_)) => return broken("x", "y needs x"),
            (None, Some(_), None) => return broken("y", "x needs y"),
            (None, None, None) => return broken("selector", "expected a selector, or x and y"),
        }
        self.click_count
            .map_or(Ok(()), |count| within("clickCount", count, 1, 3))?;
        check_action(self.wait_for.as_ref(), self.trial)
    }
}

impl Validate for Type {
    fn validate(&self) -> Result<(), FieldError> {
        self.delay_ms
            .map_or(Ok(()), |delay| within("delayMs", delay, 0, 1000))?;
        check_action(self.wait_for.as_ref(), self.trial)
    }
}

impl Validate for Press {
    fn validate(&self) -> Result<(), FieldError> {
        check_action(self.wait_for.as_ref(), self.trial)?;
        self.hold_ms
            .map_or(Ok(()), |hold| within("holdMs", hold, 0, MAX_HOLD_MS))
    }
}

impl Validate for Scroll {
    fn validate(&self) -> Result<(), FieldError> {
        match (&self.by, &self.to) {
            (Some(_), None) | (None, Some(_)) => Ok(()),
            (Some(_), Some(_)) => broken("to", "either by or to"),
            (None, None) => broken("by", "expected by or to"),
        }
    }
}

macro_rules! waits_afterwards {
    ($($name:ident),*) => {
        $(impl Validate for $name {
            fn validate(&self) -> Result<(), FieldError> {
                check_action(self.wait_for.as_ref(), self.trial)
            }
        })*
    };
}

waits_afterwards!(Hover, Check, Uncheck, Fill, Select, Drag);

impl Validate for Focus {}
impl Validate for ScrollIntoView {}
