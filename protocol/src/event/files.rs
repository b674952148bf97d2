//! The fields of events about files: those that pages ask for, those that are handed to them, and those that they
//! offer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::TabId;

/// A page asked its user to choose files, by an `<input type=file>` that was clicked. No dialog
/// opens, and the page does not wait; `upload` puts files into that element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileChooserOpened {
    /// The tab.
    pub id: TabId,
    /// Whether several files may be chosen.
    pub multiple: bool,
    /// Names the element for `upload`, until the tab has another document; absent where a script asked
    /// without an element.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub chooser: Option<String>,
}

/// A part of a file has been received.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileStaged {
    /// Names the file for further parts and for `upload`, for as long as the bridge keeps it: until it was
    /// not used for `flow.staged_file_time`, or no connection of the client is left.
    pub file_id: String,
    /// How many of its bytes have been received; the next part begins there.
    pub received: u64,
    /// How many it has.
    pub size: u64,
}

/// How a download ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DownloadState {
    /// All of it is there: `getDownload` has it.
    Completed,
    /// The page, the server or the network broke it off.
    Canceled,
    /// Policy has none of it (`policy.downloads`), and nothing was written.
    Denied,
    /// It is larger than what is kept (`flow.max_download_bytes`, `flow.kept_download_bytes`).
    TooLarge,
    /// As many as are kept are under way already (`flow.kept_downloads`).
    TooMany,
}

/// A page hands out a file, instead of a document or by a link. `downloadFinished` follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DownloadStarted {
    /// The tab.
    pub id: TabId,
    /// What the bridge calls it: `d1`, `d2`, …, never used again while the bridge runs.
    pub download_id: String,
    /// Where it comes from, at most 1024 characters.
    pub url: String,
    /// The file's name, as the server or the page says: no path, and at most 255 characters.
    pub name: String,
}

/// A download has come to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DownloadFinished {
    /// The tab.
    pub id: TabId,
    /// The download.
    pub download_id: String,
    /// The file's name.
    pub name: String,
    /// How many bytes there are; 0 where none is kept.
    pub bytes: u64,
    /// How it ended.
    pub state: DownloadState,
}
