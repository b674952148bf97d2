//! What listens for clicks in a frame. No role says so, and a script in the isolated world does not see the
//! listeners of the page. Chromium does: one call returns those of the whole document, by node.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesOrdered;
use serde::Serialize;
use tokio::time::Instant;

use super::error::PageActionError;
use super::world::{ObjectHandle, World};
use crate::cdp::TargetSession;
use crate::cdp::client::shape;
use crate::cdp::listener_methods::{
    EventListener, GetEventListeners, ReleaseObjectGroup, ResolveNodeInGroup,
};
use crate::cdp::page_methods::{CallOn, FunctionArgument};
use crate::cdp::results::{EvaluateResult, evaluated, exception};
use crate::runtime::spawn_from_drop;
use crate::timer::remaining;

/// How many nodes are looked up at a time.
const LOOKUPS_AT_A_TIME: usize = 64;

/// The time limit of the release of looked up nodes, which no request waits for.
const RELEASE_LIMIT: Duration = Duration::from_secs(30);

/// Listeners of these types make an element one to click, press or drag.
const CLICK_TYPES: [&str; 10] = [
    "click",
    "auxclick",
    "dblclick",
    "mousedown",
    "mouseup",
    "pointerdown",
    "pointerup",
    "touchstart",
    "touchend",
    "dragstart",
];

/// A node that listens to so many types listens for all elements inside: it is the root of a framework.
const TYPES_OF_A_ROOT: usize = 20;

/// Groups of remote objects are numbered, so that releasing one does not release another.
static NEXT_GROUP: AtomicU64 = AtomicU64::new(1);

/// The nodes of a frame that listen for clicks, in document order: `DOM.BackendNodeId`.
pub(super) type ListeningNodes = Vec<i64>;

/// Nodes as remote objects, which are released on drop.
struct NodeGroup {
    session: TargetSession,
    name: Arc<str>,
    /// `None` for nodes of other documents and those that are gone.
    nodes: Vec<Option<String>>,
}

impl World {
    /// The nodes below an object of the page's main world that listen for clicks. None if Chromium refuses to tell.
    ///
    /// Of an object of the isolated world it tells as well, but its renderer crashes at a later garbage collection
    /// (Chromium 156): it creates the listeners' functions in a world that is not theirs.
    pub(super) async fn listening_nodes(
        &self,
        root: &ObjectHandle,
        deadline: Instant,
    ) -> Result<ListeningNodes, PageActionError> {
        let listeners = GetEventListeners {
            object_id: root.id(),
            depth: -1,
            pierce: true,
        };
        match self.session.call(listeners, remaining(deadline)).await {
            Ok(found) => Ok(clickable(&found.listeners)),
            Err(error) if error.is_refusal() => Ok(ListeningNodes::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// Calls a function of the script with its arguments and these nodes.
    pub(super) async fn call_with_nodes(
        &self,
        function: &'static str,
        args: &(impl Serialize + Sync),
        nodes: &[i64],
        deadline: Instant,
    ) -> Result<bytes::Bytes, PageActionError> {
        let document = self.document(deadline).await?;
        let nodes = self.look_up(nodes, deadline).await?;
        let mut arguments = vec![FunctionArgument::value(args)?];
        for node in &nodes.nodes {
            arguments.push(match node {
                Some(id) => FunctionArgument::object(id),
                None => FunctionArgument::value(&())?,
            });
        }
        let call = CallOn {
            object_id: document.isolated.id(),
            function_declaration: Cow::Owned(format!(
                "function(...args) {{ return cdpBridge.{function}(...args); }}"
            )),
            arguments,
            return_by_value: true,
            await_promise: true,
            user_gesture: true,
        };
        let result = self.session.call_raw(call, remaining(deadline)).await;
        let result = result.map_err(|error| {
            if error.is_context_gone() {
                PageActionError::PageLeft
            } else {
                error.into()
            }
        })?;
        match evaluated(&result)? {
            EvaluateResult::Value(value) => Ok(value),
            EvaluateResult::Threw => Err(PageActionError::Script(exception(&result))),
            _ => Err(shape::<CallOn<'_>>(&"expected an object").into()),
        }
    }

    async fn look_up(
        &self,
        nodes: &[i64],
        deadline: Instant,
    ) -> Result<NodeGroup, PageActionError> {
        let context = self.context().ok_or(PageActionError::PageLeft)?;
        let number = NEXT_GROUP.fetch_add(1, Ordering::Relaxed);
        let mut group = NodeGroup {
            session: self.session.clone(),
            name: format!("cdp-bridge-nodes-{number}").into(),
            nodes: Vec::with_capacity(nodes.len()),
        };
        let mut running = FuturesOrdered::new();
        let mut waiting = nodes.iter();
        loop {
            while running.len() < LOOKUPS_AT_A_TIME
                && let Some(node) = waiting.next()
            {
                let resolve = ResolveNodeInGroup {
                    backend_node_id: *node,
                    execution_context_id: context,
                    object_group: Arc::clone(&group.name),
                };
                running.push_back(self.session.start_call(&resolve, remaining(deadline)));
            }
            let found = match running.next().await {
                None => break,
                Some(Ok(found)) => found.object.object_id,
                Some(Err(error)) if error.is_refusal() => None,
                Some(Err(error)) => return Err(error.into()),
            };
            group.nodes.push(found);
        }
        Ok(group)
    }
}

impl Drop for NodeGroup {
    fn drop(&mut self) {
        let (session, name) = (self.session.clone(), Arc::clone(&self.name));
        spawn_from_drop(async move {
            let release = ReleaseObjectGroup {
                object_group: &name,
            };
            // A closed page has released its objects; the error is ignored.
            let _ = session.call(release, RELEASE_LIMIT).await;
        });
    }
}

fn clickable(listeners: &[EventListener]) -> ListeningNodes {
    let mut types: HashMap<i64, Vec<&str>> = HashMap::new();
    let mut order = Vec::new();
    for listener in listeners {
        let Some(node) = listener.backend_node_id else {
            continue;
        };
        let known = types.entry(node).or_insert_with(|| {
            order.push(node);
            Vec::new()
        });
        if !known.contains(&listener.r#type.as_str()) {
            known.push(&listener.r#type);
        }
    }
    order.retain(|node| {
        let known = types.get(node).map_or(&[][..], Vec::as_slice);
        known.len() < TYPES_OF_A_ROOT && known.iter().any(|it| CLICK_TYPES.contains(it))
    });
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(node: i64, kind: &str) -> EventListener {
        EventListener {
            r#type: kind.to_owned(),
            backend_node_id: Some(node),
        }
    }

    #[test]
    fn what_listens_for_clicks_is_found_once_and_in_order() {
        let listeners = [
            listener(7, "keydown"),
            listener(7, "click"),
            listener(3, "pointerdown"),
            listener(5, "scroll"),
            listener(3, "click"),
            EventListener {
                r#type: "click".to_owned(),
                backend_node_id: None,
            },
        ];
        assert_eq!(clickable(&listeners), [7, 3]);
    }

    #[test]
    fn the_root_of_a_framework_is_no_element_to_click() {
        let types = (0..TYPES_OF_A_ROOT).map(|number| format!("type{number}"));
        let mut listeners: Vec<_> = types.map(|kind| listener(1, &kind)).collect();
        listeners[0].r#type = "click".to_owned();
        listeners.push(listener(2, "click"));
        assert_eq!(clickable(&listeners), [2]);
    }
}
