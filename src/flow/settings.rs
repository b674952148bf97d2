//! Section `flow`: pace and size of snapshots, screenshots, downloads, staged files and requests.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::units::byte_size::{self, ByteSizeText};
use crate::units::duration::{self, DurationText};

/// Rates and sizes of snapshots, screenshots, downloads, staged files and requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FlowConfig {
    /// Snapshot requests for one tab within this time share one capture: from 300ms to 60s.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub snapshot_debounce: Duration,
    /// Screenshots per second and tab: from 1 to 2.
    #[schemars(range(min = 1.0, max = 2.0))]
    pub screenshot_max_fps: f64,
    /// Queued screenshots per tab, from 1 to 64; beyond that the oldest is dropped.
    #[schemars(range(min = 1, max = 64))]
    pub screenshot_queue: usize,
    /// Payloads larger than this are sent in parts: from 4KiB to 64MiB.
    #[serde(with = "byte_size")]
    #[schemars(with = "ByteSizeText")]
    pub chunk_bytes: usize,
    /// Limit on the unanswered requests of one client, over all of its connections: from 1 to 4096.
    /// Without tokens each connection counts as one client.
    #[schemars(range(min = 1, max = 4096))]
    pub max_inflight: usize,
    /// Limit on the requests per second of one client, over all of its connections; 0 is no limit.
    /// Without tokens each connection counts as one client.
    pub rate_per_second: u32,
    /// Pages with more nodes than this are not captured, at least 1.
    #[schemars(range(min = 1))]
    pub max_snapshot_nodes: u32,
    /// Snapshots larger than this are refused: from 64KiB to 1GiB.
    #[serde(with = "byte_size")]
    #[schemars(with = "ByteSizeText")]
    pub max_snapshot_bytes: usize,
    /// Screenshots of more pixels than this are refused, at least 1.
    #[schemars(range(min = 1))]
    pub max_screenshot_pixels: u64,
    /// PDFs larger than this are refused: from 64KiB to 1GiB.
    #[serde(with = "byte_size")]
    #[schemars(with = "ByteSizeText")]
    pub max_pdf_bytes: usize,
    /// Downloads larger than this are cancelled: from 1KiB to 1GiB.
    #[serde(with = "byte_size")]
    #[schemars(with = "ByteSizeText")]
    pub max_download_bytes: usize,
    /// Downloads kept for one client, running ones included, from 1 to 1024; the oldest are deleted
    /// first.
    #[schemars(range(min = 1, max = 1024))]
    pub kept_downloads: usize,
    /// Disk space for the kept downloads of one client: from 1KiB to 64GiB; the oldest are deleted
    /// first.
    #[serde(with = "byte_size")]
    #[schemars(with = "ByteSizeText")]
    pub kept_download_bytes: usize,
    /// Files that one client may have staged for uploads (`stageFile`): from 1 to 1024. Those that were
    /// uploaded give way to new ones.
    #[schemars(range(min = 1, max = 1024))]
    pub staged_files: usize,
    /// Memory for the staged files of one client, and so the largest one: from 1KiB to 16GiB.
    #[serde(with = "byte_size")]
    #[schemars(with = "ByteSizeText")]
    pub staged_file_bytes: usize,
    /// Memory for the staged files of all clients: from 1KiB to 64GiB.
    #[serde(with = "byte_size")]
    #[schemars(with = "ByteSizeText")]
    pub staged_file_bytes_of_all: usize,
    /// Staged files that were not used for this long are dropped: from 1s to 24h.
    #[serde(with = "duration")]
    #[schemars(with = "DurationText")]
    pub staged_file_time: Duration,
}

impl FlowConfig {
    /// The shortest time between the starts of two screenshots of a tab.
    pub fn screenshot_interval(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.screenshot_max_fps)
    }
}

impl Default for FlowConfig {
    fn default() -> Self {
        Self {
            snapshot_debounce: Duration::from_millis(300),
            screenshot_max_fps: 2.0,
            screenshot_queue: 4,
            chunk_bytes: 262_144,
            max_inflight: 64,
            rate_per_second: 0,
            max_snapshot_nodes: 200_000,
            max_snapshot_bytes: 64 << 20,
            max_screenshot_pixels: 100_000_000,
            max_pdf_bytes: 64 << 20,
            max_download_bytes: 32 << 20,
            kept_downloads: 32,
            kept_download_bytes: 256 << 20,
            staged_files: 32,
            staged_file_bytes: 64 << 20,
            staged_file_bytes_of_all: 256 << 20,
            staged_file_time: Duration::from_mins(10),
        }
    }
}
