//! The commands that read and act on the content of a page, typed.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::client::shape;
use super::error::CallError;
use super::ids::FrameId;
use super::methods::{EmptyResult, Method, methods};
use super::objects::objects;

methods! {
    /// Creates an isolated world, whose scripts the page can neither see nor break, or finds the one of
    /// that name in the frame's current document.
    CreateIsolatedWorld<'a> = "Page.createIsolatedWorld" -> IsolatedWorld {
        frame_id: Cow<'a, str>,
        world_name: &'static str,
    }

    EvaluateIn<'a> = "Runtime.evaluate" -> EmptyResult {
        expression: Cow<'a, str>,
        /// The page's main world if absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        context_id: Option<i64>,
        /// Whether the result is JSON instead of a remote object id.
        return_by_value: bool,
        await_promise: bool,
        /// Whether it counts as a user gesture.
        user_gesture: bool,
        /// In milliseconds.
        timeout: u64,
    }

    /// Calls a function on a remote object.
    CallOn<'a> = "Runtime.callFunctionOn" -> EmptyResult {
        /// `this` in the function.
        object_id: &'a str,
        function_declaration: Cow<'a, str>,
        arguments: Vec<FunctionArgument<'a>>,
        /// Whether the result is JSON instead of a remote object id.
        return_by_value: bool,
        await_promise: bool,
        /// Whether it counts as a user gesture.
        user_gesture: bool,
    }

    /// Adds a function to the global object of an execution context; each call of it is a
    /// `Runtime.bindingCalled`.
    AddBinding = "Runtime.addBinding" -> EmptyResult {
        name: &'static str,
        execution_context_id: i64,
    }

    DescribeNode<'a> = "DOM.describeNode" -> DescribedNode {
        object_id: &'a str,
    }

    /// Resolves a node to a remote object.
    ResolveNode = "DOM.resolveNode" -> ResolvedNode {
        backend_node_id: i64,
        /// The page's main world if absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        execution_context_id: Option<i64>,
    }

    /// The boxes of a node, in CSS pixels relative to the viewport of its local root frame.
    GetBoxModel<'a> = "DOM.getBoxModel" -> BoxModel {
        object_id: &'a str,
    }

    /// Makes a page behave as if it had the focus.
    SetFocusEmulation = "Emulation.setFocusEmulationEnabled" -> EmptyResult {
        enabled: bool,
    }

    DispatchMouseEvent = "Input.dispatchMouseEvent" -> EmptyResult {
        /// `mouseMoved`, `mousePressed`, `mouseReleased`.
        r#type: &'static str,
        /// From the left, in CSS pixels.
        x: f64,
        /// From the top, in CSS pixels.
        y: f64,
        /// Alt 1, Control 2, Meta 4, Shift 8.
        modifiers: u8,
        /// `none`, `left`, `middle`, `right`.
        button: &'static str,
        /// Left 1, right 2, middle 4.
        buttons: u8,
        /// 2 for a double click.
        click_count: u8,
        /// `PointerEvent.pressure`.
        force: f64,
    }

    /// Turns the wheel. It may scroll after it was answered.
    DispatchWheelEvent = "Input.dispatchMouseEvent" -> EmptyResult {
        /// `mouseWheel`.
        r#type: &'static str,
        /// From the left, in CSS pixels.
        x: f64,
        /// From the top, in CSS pixels.
        y: f64,
        /// Alt 1, Control 2, Meta 4, Shift 8.
        modifiers: u8,
        /// In CSS pixels.
        delta_x: f64,
        /// In CSS pixels.
        delta_y: f64,
    }

    DispatchKeyEvent<'a> = "Input.dispatchKeyEvent" -> EmptyResult {
        /// `keyDown`, `rawKeyDown`, `keyUp`.
        r#type: &'static str,
        /// Alt 1, Control 2, Meta 4, Shift 8.
        modifiers: u8,
        /// `KeyboardEvent.key`.
        key: Cow<'a, str>,
        /// `KeyboardEvent.code`.
        code: &'static str,
        /// The virtual key code of Windows.
        windows_virtual_key_code: u32,
        /// `KeyboardEvent.location`.
        location: u8,
        /// Whether it is a key of the number pad.
        is_keypad: bool,
        /// Whether it was down already.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        auto_repeat: bool,
        /// What Chromium's editor executes instead of its own command for the key.
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        commands: &'static [&'static str],
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<Cow<'a, str>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        unmodified_text: Option<Cow<'a, str>>,
    }

    /// Inserts text at the caret without key events.
    InsertText<'a> = "Input.insertText" -> EmptyResult {
        text: Cow<'a, str>,
    }

    /// Reports drags of the page instead of performing them.
    SetInterceptDrags = "Input.setInterceptDrags" -> EmptyResult {
        enabled: bool,
    }

    DispatchDragEvent = "Input.dispatchDragEvent" -> EmptyResult {
        /// `dragEnter`, `dragOver`, `drop`, `dragCancel`.
        r#type: &'static str,
        /// From the left, in CSS pixels.
        x: f64,
        /// From the top, in CSS pixels.
        y: f64,
        /// `Input.DragData`, as the page gave it.
        data: Arc<RawValue>,
        /// Alt 1, Control 2, Meta 4, Shift 8.
        modifiers: u8,
    }

    GetNavigationHistory = "Page.getNavigationHistory" -> NavigationHistory {}

    NavigateToHistoryEntry = "Page.navigateToHistoryEntry" -> EmptyResult {
        entry_id: i64,
    }

    ReloadPage = "Page.reload" -> EmptyResult {}

    /// Reports the lifecycle of documents, and past events of current documents first.
    SetLifecycleEvents = "Page.setLifecycleEventsEnabled" -> EmptyResult {
        enabled: bool,
    }
}

/// An argument of [`CallOn`].
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum FunctionArgument<'a> {
    Value {
        value: Box<RawValue>,
    },
    #[serde(rename_all = "camelCase")]
    Object {
        object_id: &'a str,
    },
}

impl<'a> FunctionArgument<'a> {
    pub fn value(value: &(impl Serialize + ?Sized)) -> Result<Self, CallError> {
        let value = to_raw_value(value).map_err(|error| shape::<CallOn<'_>>(&error))?;
        Ok(Self::Value { value })
    }

    /// A remote object of the same world.
    pub fn object(object_id: &'a str) -> Self {
        Self::Object { object_id }
    }
}

objects! {
    /// Result of [`CreateIsolatedWorld`].
    #[derive(Copy)]
    pub struct IsolatedWorld {
        /// `Runtime.ExecutionContextId`.
        pub execution_context_id: i64,
    }

    /// Result of [`DescribeNode`].
    pub struct DescribedNode {
        pub node: Node,
    }

    /// `DOM.Node`, as far as it is read.
    pub struct Node {
        /// `DOM.BackendNodeId`.
        pub backend_node_id: i64,
        /// The frame of an `<iframe>`.
        pub frame_id: Option<FrameId>,
        /// The document in that frame, if it is in the same process.
        pub content_document: Option<serde::de::IgnoredAny>,
    }

    /// Result of [`ResolveNode`].
    pub struct ResolvedNode {
        pub object: Handle,
    }

    /// `Runtime.RemoteObject`, as far as it is read.
    pub struct Handle {
        /// `Runtime.RemoteObjectId`.
        pub object_id: Option<String>,
    }
}

/// Four corners, clockwise from the top left: `x1, y1, x2, y2, …`.
pub type Quad = [f64; 8];

objects! {
    /// Result of [`GetBoxModel`].
    pub struct BoxModel {
        pub model: Boxes,
    }

    /// `DOM.BoxModel`, as far as it is read.
    #[derive(Copy)]
    pub struct Boxes {
        /// Inside of borders and padding.
        pub content: Quad,
    }

    /// Result of [`GetNavigationHistory`].
    pub struct NavigationHistory {
        /// Index into `entries`.
        pub current_index: usize,
        pub entries: Vec<HistoryEntry>,
    }

    /// `Page.NavigationEntry`, as far as it is read.
    pub struct HistoryEntry {
        pub id: i64,
        pub url: String,
    }
}
