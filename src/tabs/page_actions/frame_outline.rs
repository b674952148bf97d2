//! The outline of one frame, as its script records it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::error::PageActionError;
use super::listeners::ListeningNodes;
use super::world::{World, parse};

/// The maximum number of nodes that are looked up for one outline. The script remembers them, so that the
/// next outline looks up others.
const MAX_LOOKUPS: usize = 500;

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OutlineArgs {
    pub(super) interactive_only: bool,
    /// Whether only what can be used gets a ref.
    pub(super) usable_refs: bool,
    /// The next ref number.
    pub(super) next: u64,
    pub(super) limit: u64,
    /// The depth of its lines.
    pub(super) inner: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutlineCall<'a> {
    /// The number of an element; the whole document without one.
    held: Option<u64>,
    /// What listens for clicks: `DOM.BackendNodeId`.
    listening: &'a [i64],
    /// Whether those that the script does not know are returned, to be looked up.
    may_look_up: bool,
    #[serde(flatten)]
    args: OutlineArgs,
}

#[derive(Serialize)]
struct FoundNodes<'a> {
    ids: &'a [i64],
    args: OutlineCall<'a>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OutlineAnswer {
    Gone {
        #[serde(rename = "isGone")]
        _is_gone: bool,
    },
    Unknown {
        unknown: Vec<i64>,
    },
    Outline(FrameOutline),
}

/// The outline of a frame, without the frames in it that the script cannot read.
#[derive(Deserialize)]
pub(super) struct FrameOutline {
    pub(super) url: String,
    /// Records of nodes, one a line.
    pub(super) records: String,
    pub(super) frames: Vec<FramePlaceholder>,
    pub(super) omitted: u64,
    pub(super) next: u64,
    pub(super) length: u64,
    /// How many nodes that listen have not been looked up.
    #[serde(skip)]
    pub(super) not_looked_up: u64,
}

/// The position of a cross-origin frame in the outline around it.
#[derive(Deserialize)]
pub(super) struct FramePlaceholder {
    pub(super) held: u64,
    /// The frame's lines follow after this number of lines.
    pub(super) line: usize,
    pub(super) depth: usize,
}

impl World {
    /// The outline of the frame, or of an element that the script holds under a number.
    pub(super) async fn outline(
        &self,
        held: Option<u64>,
        args: OutlineArgs,
        deadline: Instant,
    ) -> Result<FrameOutline, PageActionError> {
        match self.outline_of_document(held, args, deadline).await {
            // An object of a document that was replaced in between.
            Err(PageActionError::Call(error)) if error.is_refusal() => {
                tracing::debug!(%error, "the objects of a document are gone");
                self.invalidate();
                Err(PageActionError::PageLeft)
            }
            outcome => outcome,
        }
    }

    async fn outline_of_document(
        &self,
        held: Option<u64>,
        args: OutlineArgs,
        deadline: Instant,
    ) -> Result<FrameOutline, PageActionError> {
        let root = match held {
            None => self.document(deadline).await?.main,
            Some(number) => {
                let element = self.handle(number, deadline).await?;
                self.in_main_world(&element, deadline).await?.map(Arc::new)
            }
        };
        let listening = match root {
            Some(root) => self.listening_nodes(&root, deadline).await?,
            None => ListeningNodes::new(),
        };
        let mut call = OutlineCall {
            held,
            listening: &listening,
            may_look_up: true,
            args,
        };
        let unknown = match self.call("outline", &call, deadline).await? {
            OutlineAnswer::Unknown { unknown } => unknown,
            OutlineAnswer::Outline(outline) => return Ok(outline),
            OutlineAnswer::Gone { .. } => return Err(PageActionError::PageLeft),
        };
        call.may_look_up = false;
        let (ids, rest) = unknown.split_at(unknown.len().min(MAX_LOOKUPS));
        let found = FoundNodes { ids, args: call };
        let called = self.call_with_nodes("outlineWith", &found, ids, deadline);
        match parse(&called.await?)? {
            OutlineAnswer::Outline(outline) => Ok(FrameOutline {
                not_looked_up: rest.len() as u64,
                ..outline
            }),
            _ => Err(PageActionError::PageLeft),
        }
    }
}
