//! The commands that find the event listeners of a page, typed.

use std::sync::Arc;

use serde::Serialize;

use super::methods::{EmptyResult, Method, methods};
use super::objects::objects;
use super::page_methods::ResolvedNode;

methods! {
    /// The event listeners of a node, those in the page's own world included.
    GetEventListeners<'a> = "DOMDebugger.getEventListeners" -> EventListeners {
        object_id: &'a str,
        /// How deep to look below the node; -1 for all of it.
        depth: i64,
        /// Whether to look into shadow roots and frames of the same process.
        pierce: bool,
    }

    /// Resolves a node to a remote object that is released with its group.
    ResolveNodeInGroup = "DOM.resolveNode" -> ResolvedNode {
        backend_node_id: i64,
        execution_context_id: i64,
        object_group: Arc<str>,
    }

    /// Releases the remote objects of a group.
    ReleaseObjectGroup<'a> = "Runtime.releaseObjectGroup" -> EmptyResult {
        object_group: &'a str,
    }
}

objects! {
    /// Result of [`GetEventListeners`].
    pub struct EventListeners {
        pub listeners: Vec<EventListener>,
    }

    /// `DOMDebugger.EventListener`, as far as it is read.
    pub struct EventListener {
        pub r#type: String,
        /// `DOM.BackendNodeId`, unless it listens on something other than a node.
        pub backend_node_id: Option<i64>,
    }
}
