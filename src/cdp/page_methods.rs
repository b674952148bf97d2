//! The commands with which what is in a page is looked at and acted on, typed.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::ids::FrameId;
use super::methods::{Done, Method, methods};

methods! {
    /// Makes a world for scripts that the page can neither see nor break; or finds the one of that
    /// name, for as long as the frame's document lives.
    CreateIsolatedWorld<'a> = "Page.createIsolatedWorld" -> World {
        /// The frame.
        frame_id: Cow<'a, str>,
        /// The world's name.
        world_name: &'static str,
    }

    /// Evaluates an expression in a world.
    EvaluateIn<'a> = "Runtime.evaluate" -> Done {
        /// The expression.
        expression: Cow<'a, str>,
        /// The world; the page's own if absent.
        #[serde(skip_serializing_if = "Option::is_none")]
        context_id: Option<i64>,
        /// Whether the value itself comes, or a handle to it.
        return_by_value: bool,
        /// Whether a promise is awaited.
        await_promise: bool,
        /// Whether it counts as something that the user did.
        user_gesture: bool,
        /// Milliseconds after which the script is ended.
        timeout: u64,
    }

    /// Calls a function on an object that the page holds for the bridge.
    CallOn<'a> = "Runtime.callFunctionOn" -> Done {
        /// The object, which is `this`.
        object_id: &'a str,
        /// The function.
        function_declaration: Cow<'a, str>,
        /// Its arguments.
        arguments: Vec<&'a RawArgument>,
        /// Whether the value itself comes, or a handle to it.
        return_by_value: bool,
        /// Whether a promise is awaited.
        await_promise: bool,
        /// Whether it counts as something that the user did.
        user_gesture: bool,
    }

    /// Asks what a node is.
    DescribeNode<'a> = "DOM.describeNode" -> DescribedNode {
        /// The node.
        object_id: &'a str,
    }

    /// Asks for a node in the page's own world.
    ResolveNode = "DOM.resolveNode" -> ResolvedNode {
        /// The node.
        backend_node_id: i64,
    }

    /// Asks where a node is, in CSS pixels of the visible part of its process's page.
    GetContentQuads<'a> = "DOM.getContentQuads" -> ContentQuads {
        /// The node.
        object_id: &'a str,
    }

    /// Asks for the boxes of a node.
    GetBoxModel<'a> = "DOM.getBoxModel" -> BoxModel {
        /// The node.
        object_id: &'a str,
    }

    /// Has a page believe that it has the keyboard, though its window may not.
    SetFocusEmulation = "Emulation.setFocusEmulationEnabled" -> Done {
        /// Whether it does.
        enabled: bool,
    }

    /// The mouse does something.
    DispatchMouseEvent = "Input.dispatchMouseEvent" -> Done {
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
        /// How many clicks it is the end of.
        click_count: u8,
    }

    /// The keyboard does something.
    DispatchKeyEvent<'a> = "Input.dispatchKeyEvent" -> Done {
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
        /// What it types.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<Cow<'a, str>>,
        /// What it would type without modifiers.
        #[serde(skip_serializing_if = "Option::is_none")]
        unmodified_text: Option<Cow<'a, str>>,
    }

    /// Puts text in where the keyboard is, without keys.
    InsertText<'a> = "Input.insertText" -> Done {
        /// The text.
        text: Cow<'a, str>,
    }

    /// Whether drags that a page begins are reported instead of carried out.
    SetInterceptDrags = "Input.setInterceptDrags" -> Done {
        /// Whether they are.
        enabled: bool,
    }

    /// Something that is dragged does something.
    DispatchDragEvent = "Input.dispatchDragEvent" -> Done {
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

    /// Asks for a tab's history.
    GetNavigationHistory = "Page.getNavigationHistory" -> History {}

    /// Goes to an entry of a tab's history.
    NavigateToHistoryEntry = "Page.navigateToHistoryEntry" -> Done {
        /// The entry.
        entry_id: i64,
    }

    /// Loads a page anew.
    ReloadPage = "Page.reload" -> Done {}

    /// Whether it is told how far documents have come; what has been so already is told again.
    SetLifecycleEvents = "Page.setLifecycleEventsEnabled" -> Done {
        /// Whether it is.
        enabled: bool,
    }
}

/// An argument of [`CallOn`]: JSON.
#[derive(Debug, Serialize)]
pub struct RawArgument {
    /// The JSON.
    pub value: Box<RawValue>,
}

/// Result of [`CreateIsolatedWorld`].
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct World {
    /// `Runtime.ExecutionContextId`.
    pub execution_context_id: i64,
}

/// Result of [`DescribeNode`].
#[derive(Debug, Clone, Deserialize)]
pub struct DescribedNode {
    /// The node.
    pub node: Node,
}

/// `DOM.Node`, as far as it is read.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// `DOM.BackendNodeId`.
    pub backend_node_id: i64,
    /// The frame that it holds.
    #[serde(default)]
    pub frame_id: Option<FrameId>,
    /// The document in that frame, if it is of the same process.
    #[serde(default)]
    pub content_document: Option<serde::de::IgnoredAny>,
}

/// Result of [`ResolveNode`].
#[derive(Debug, Clone, Deserialize)]
pub struct ResolvedNode {
    /// The handle.
    pub object: Handle,
}

/// `Runtime.RemoteObject`, as far as it is read.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handle {
    /// `Runtime.RemoteObjectId`.
    #[serde(default)]
    pub object_id: Option<String>,
}

/// Four corners, clockwise from the top left: `x1, y1, x2, y2, …`.
pub type Quad = [f64; 8];

/// Result of [`GetContentQuads`].
#[derive(Debug, Clone, Deserialize)]
pub struct ContentQuads {
    /// One for each box.
    pub quads: Vec<Quad>,
}

/// Result of [`GetBoxModel`].
#[derive(Debug, Clone, Deserialize)]
pub struct BoxModel {
    /// The boxes.
    pub model: Boxes,
}

/// `DOM.BoxModel`, as far as it is read.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Boxes {
    /// What is inside of borders and padding.
    pub content: Quad,
}

/// Result of [`GetNavigationHistory`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// Where the tab is among them.
    pub current_index: usize,
    /// The entries.
    pub entries: Vec<HistoryEntry>,
}

/// `Page.NavigationEntry`, as far as it is read.
#[derive(Debug, Clone, Deserialize)]
pub struct HistoryEntry {
    /// Its id.
    pub id: i64,
    /// Its URL.
    pub url: String,
}
