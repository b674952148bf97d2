//! What pages have downloaded.

use axum::http::StatusCode;
use axum::response::Response;
use cdp_bridge_protocol::{Request, RequestKind, TabId};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Map;

use crate::operations::failure::{DownloadError, TabError};
use crate::operations::{Caller, KeptDownload, OperationError, Operations};
use crate::server::problem::Problem;
use crate::server::rest::page_reads::{answers, requests};

/// The longest id that an error repeats, in characters.
const ID_CHARS: usize = 64;

/// The downloads of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DownloadList {
    /// Oldest first.
    pub(crate) downloads: Vec<DownloadView>,
}

/// How far a download is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum DownloadProgressView {
    /// More of it arrives.
    InProgress,
    /// All of it is there.
    Completed,
}

/// A download that is kept, or in progress.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DownloadView {
    /// Names it, as in the event `downloadFinished`.
    pub(crate) download_id: String,
    /// The page that handed it out. It goes with that.
    pub(crate) page_id: TabId,
    /// The file's name.
    pub(crate) name: String,
    /// The bytes that are there.
    pub(crate) bytes: u64,
    /// How far it is.
    pub(crate) state: DownloadProgressView,
}

impl From<KeptDownload> for DownloadView {
    fn from(kept: KeptDownload) -> Self {
        Self {
            download_id: kept.id,
            page_id: kept.tab,
            name: kept.name,
            bytes: kept.bytes,
            state: if kept.is_complete {
                DownloadProgressView::Completed
            } else {
                DownloadProgressView::InProgress
            },
        }
    }
}

/// The downloads of the caller's session.
pub(crate) async fn list(
    operations: &Operations,
    caller: &Caller,
) -> Result<DownloadList, Problem> {
    let listed = operations.downloads(caller.principal()).await;
    let listed = listed.map_err(|error| problem(&error))?;
    Ok(DownloadList {
        downloads: listed.into_iter().map(DownloadView::from).collect(),
    })
}

/// The bytes of one, by the request that the WebSocket has too.
pub(crate) async fn bytes(
    operations: &Operations,
    caller: &Caller,
    id: &str,
) -> Result<Response, Problem> {
    let listed = operations.downloads(caller.principal()).await;
    let listed = listed.map_err(|error| problem(&error))?;
    let Some(found) = listed.into_iter().find(|it| it.id == id) else {
        let id = id.chars().take(ID_CHARS).collect();
        return Err(problem(&TabError::Download(DownloadError::Unknown { id }).into()));
    };
    let request = request(&found)?;
    match operations.execute(caller, request).await {
        Err(error) => Err(problem(&error)),
        outcome => answers::download(outcome),
    }
}

fn request(found: &KeptDownload) -> Result<Request, Problem> {
    let fields = Map::from_iter([("downloadId".to_owned(), found.id.as_str().into())]);
    requests::request(RequestKind::GetDownload, &found.tab.to_string(), fields)
}

fn problem(error: &OperationError) -> Problem {
    let problem = Problem::of_operation(RequestKind::GetDownload, error, None);
    let is_unknown = matches!(
        error,
        OperationError::Failed(failure)
            if matches!(failure.error, TabError::Download(DownloadError::Unknown { .. }))
    );
    if is_unknown {
        problem.with_status(StatusCode::NOT_FOUND)
    } else {
        problem
    }
}
