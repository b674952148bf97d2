//! What a page that is too large says of itself instead of being taken.

use serde::Deserialize;

use crate::cdp::client::shape;
use crate::cdp::methods::Evaluate;
use crate::tabs::error::SnapshotError;
use crate::tabs::settings::CaptureLimits;

/// The counts that the expressions of the snapshots come to.
#[derive(Deserialize)]
struct Counts {
    nodes: u64,
    /// Only where it is these that are too many.
    #[serde(default)]
    bytes: Option<u64>,
}

/// Reads the counts, and says which limit they are over.
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
        Err(error) => SnapshotError::Call(shape::<Evaluate<'_>>(&error)),
    }
}
