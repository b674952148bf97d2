//! The error of a page that is over the limits of a capture.

use serde::Deserialize;

use crate::cdp::client::shape;
use crate::cdp::methods::Evaluate;
use crate::tabs::error::SnapshotError;
use crate::tabs::settings::CaptureLimits;

/// What the expressions of the snapshots evaluate to for such a page.
#[derive(Deserialize)]
struct Counts {
    nodes: u64,
    /// Only if it is the bytes that are over the limit.
    #[serde(default)]
    bytes: Option<u64>,
}

/// Says which limit the counts are over.
pub fn too_large(counts: &[u8], limits: CaptureLimits) -> SnapshotError {
    match serde_json::from_slice(counts) {
        Ok(Counts { nodes, bytes: None }) => SnapshotError::TooManyNodes {
            nodes,
            max: limits.snapshot_nodes,
        },
        Ok(Counts {
            bytes: Some(bytes), ..
        }) => SnapshotError::TooManyBytes {
            bytes,
            max: limits.snapshot_bytes,
        },
        Err(error) => shape::<Evaluate<'_>>(&error).into(),
    }
}
