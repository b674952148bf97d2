//! What may be done to a page, and asked of it, as data.

use cdp_bridge_protocol::TypedText;
use cdp_bridge_protocol::request::{
    Choice, ContentFormat, LoadState, Modifier, MouseButton, Point, ScrollTo, UploadFile,
    WaitState, What,
};
use serde_json::Value;

use super::keys::Chord;
use crate::locator::Locator;

/// Where the mouse goes.
#[derive(Debug, Clone, PartialEq)]
pub enum PointerTarget {
    /// To an element: its middle, or a place on it.
    Element(Locator, Option<Point>),
    /// To a point of the visible part of the page.
    Point(Point),
}

/// Something that is done to a page. It may change it, so that it has its turn among the changes, and
/// is never done twice.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// `click`.
    Click {
        /// Where.
        target: PointerTarget,
        /// With which button.
        button: MouseButton,
        /// How often.
        count: u8,
        /// Which keys are held.
        modifiers: Vec<Modifier>,
    },
    /// `hover`.
    Hover(Locator),
    /// `focus`.
    Focus(Locator),
    /// `check` and `uncheck`.
    Toggle {
        /// The checkbox.
        locator: Locator,
        /// How it shall stand.
        on: bool,
    },
    /// `scrollIntoView`.
    Reveal(Locator),
    /// `fill`.
    Fill {
        /// The field.
        locator: Locator,
        /// What shall stand in it.
        value: TypedText,
    },
    /// `type`.
    Type {
        /// Where; what has the keyboard if absent.
        locator: Option<Locator>,
        /// What.
        text: TypedText,
        /// Milliseconds between two keys.
        delay_ms: u32,
    },
    /// `press`.
    Press {
        /// Where; what has the keyboard if absent.
        locator: Option<Locator>,
        /// Which keys.
        chord: Chord,
    },
    /// `select`.
    Select {
        /// The `<select>`.
        locator: Locator,
        /// The options.
        values: Vec<Choice>,
    },
    /// `scroll`.
    Scroll {
        /// What; the page if absent.
        locator: Option<Locator>,
        /// How far or where to.
        target: ScrollTarget,
        /// Whether it moves there.
        smooth: bool,
    },
    /// `drag`.
    Drag {
        /// Where the button goes down.
        from: PointerTarget,
        /// Where it goes up.
        to: PointerTarget,
    },
    /// `upload`.
    Upload {
        /// The `<input type=file>`.
        locator: Locator,
        /// The files.
        files: Vec<UploadFile>,
    },
    /// `evaluate`.
    Evaluate {
        /// The script.
        expression: TypedText,
        /// What it is called with.
        args: Vec<Value>,
        /// The element that it is called with first.
        locator: Option<Locator>,
    },
}

/// How far, or where to, something is scrolled.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ScrollTarget {
    /// From where it is.
    By(Point),
    /// To a place.
    To(ScrollTo),
}

/// Something that is asked of a page, or waited for. It changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageQuery {
    /// `waitFor` with `selector`.
    WaitElement(Locator, WaitState),
    /// `waitFor` with `loadState`.
    WaitLoad(LoadState),
    /// `waitFor` with `url`.
    WaitUrl(String),
    /// `waitFor` with `text`.
    WaitText(String),
    /// `query`.
    Query(Locator, What),
    /// `getAxSnapshot`.
    AxSnapshot {
        /// The element; the whole page if absent.
        locator: Option<Locator>,
        /// Only what can be operated.
        interactive_only: bool,
    },
    /// `getContent`.
    Content {
        /// The element; the whole page if absent.
        locator: Option<Locator>,
        /// How it is written down.
        format: ContentFormat,
    },
}
