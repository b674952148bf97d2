//! The file inputs that a page has opened choosers for, so that `upload` reaches inputs that no locator
//! does: those outside the document, and those in closed shadow roots.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};

use super::driver::PageDriver;
use super::world::{ObjectHandle, World};
use crate::cdp::TargetSession;
use crate::cdp::page_methods::ResolveNode;
use crate::lock::lock;
use crate::tabs::page::FileInput;

/// How many choosers of a document can be answered.
const KEPT: usize = 16;

/// The time limit for resolving an input; no request waits for it.
const RESOLVE_LIMIT: Duration = Duration::from_secs(5);

/// No id is used again while the bridge runs.
static NEXT_ID: AtomicU64 = AtomicU64::new(1);

#[derive(Debug, Default)]
pub(super) struct Choosers(VecDeque<(String, Chooser)>);

#[derive(Debug, Clone)]
pub(super) struct Chooser {
    /// The world of the input's frame.
    pub(super) world: Arc<World>,
    pub(super) backend_node_id: i64,
    /// Keeps the input alive: the page may have no other reference to it. `None` if it was gone at once.
    input: Shared<BoxFuture<'static, Option<Arc<ObjectHandle>>>>,
}

impl Chooser {
    /// Whether the input still exists.
    pub(super) async fn is_alive(&self) -> bool {
        self.input.clone().await.is_some()
    }
}

impl PageDriver {
    /// Keeps the input of a chooser, and returns the id for `upload`.
    pub(crate) fn chooser_opened(&self, session: &TargetSession, input: FileInput) -> String {
        let FileInput {
            frame,
            backend_node_id,
        } = input;
        let resolve = ResolveNode {
            backend_node_id,
            execution_context_id: None,
        };
        let resolving = session.start_call(&resolve, RESOLVE_LIMIT);
        let holder = session.clone();
        let input = async move {
            let id = resolving.await.ok()?.object.object_id?;
            Some(Arc::new(ObjectHandle::new(holder, id.into())))
        };
        let input = input.boxed().shared();
        tokio::spawn(input.clone());
        let chooser = Chooser {
            world: Arc::new(World::new(session.clone(), frame.as_str())),
            backend_node_id,
            input,
        };
        let id = format!("f{}", NEXT_ID.fetch_add(1, Ordering::Relaxed));
        let Choosers(all) = &mut *lock(&self.shared.choosers);
        if all.len() == KEPT {
            all.pop_front();
        }
        all.push_back((id.clone(), chooser));
        id
    }

    pub(super) fn chooser(&self, id: &str) -> Option<Chooser> {
        let Choosers(all) = &*lock(&self.shared.choosers);
        let (_, chooser) = all.iter().find(|(known, _)| known == id)?;
        Some(chooser.clone())
    }

    /// The document of the choosers is gone.
    pub(super) fn forget_choosers(&self) {
        lock(&self.shared.choosers).0.clear();
    }
}
