//! Page actions and page queries as data.

use cdp_bridge_protocol::TypedText;
use cdp_bridge_protocol::request::{
    Choice, ContentFormat, LoadState, Modifier, MouseButton, Point, ScrollTo, UploadFile,
    WaitState, What,
};
use serde_json::Value;

use super::keys::Chord;
use crate::locator::Locator;

/// The target of a pointer action.
#[derive(Debug, Clone, PartialEq)]
pub enum PointerTarget {
    /// An element: its middle, or an offset in it.
    Element(Locator, Option<Point>),
    /// A point in viewport coordinates.
    Point(Point),
}

/// The `<input type=file>` of an upload.
#[derive(Debug, Clone, PartialEq)]
pub enum UploadTarget {
    Element(Locator),
    /// The input of a file chooser, by the id of the chooser.
    Chooser(String),
}

/// An action on a page. It may change the page, so it runs in the order of the tab's changes and is
/// never retried after it may have taken effect.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// `click`.
    Click {
        target: PointerTarget,
        button: MouseButton,
        count: u8,
        modifiers: Vec<Modifier>,
    },
    /// `hover`.
    Hover(Locator),
    /// `focus`.
    Focus(Locator),
    /// `check` and `uncheck`.
    Toggle {
        locator: Locator,
        /// The wanted state.
        on: bool,
    },
    /// `scrollIntoView`.
    ScrollIntoView(Locator),
    /// `fill`.
    Fill { locator: Locator, value: TypedText },
    /// `type`.
    Type {
        /// The focused element if absent.
        locator: Option<Locator>,
        text: TypedText,
        delay_ms: u32,
    },
    /// `press`.
    Press {
        /// The focused element if absent.
        locator: Option<Locator>,
        chord: Chord,
    },
    /// `select`.
    Select {
        locator: Locator,
        values: Vec<Choice>,
    },
    /// `scroll`.
    Scroll {
        /// The page if absent.
        locator: Option<Locator>,
        target: ScrollTarget,
        smooth: bool,
    },
    /// `drag`.
    Drag {
        from: PointerTarget,
        to: PointerTarget,
    },
    /// `upload`.
    Upload {
        target: UploadTarget,
        files: Vec<UploadFile>,
    },
    /// `evaluate`.
    Evaluate {
        expression: TypedText,
        args: Vec<Value>,
        /// The element that is passed as the first argument.
        locator: Option<Locator>,
    },
}

/// A relative or an absolute scroll position.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ScrollTarget {
    By(Point),
    To(ScrollTo),
}

/// A query of a page, or a condition to wait for. It changes nothing.
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
        /// The whole page if absent.
        locator: Option<Locator>,
        interactive_only: bool,
    },
    /// `getContent`.
    Content {
        /// The whole page if absent.
        locator: Option<Locator>,
        format: ContentFormat,
    },
}
