//! What pages have downloaded.

use axum::http::StatusCode;
use cdp_bridge_protocol::{RequestKind, TabId};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Map;

use crate::operations::failure::{DownloadError, TabError};
use crate::operations::{KeptDownload, OperationError};
use crate::server::problem::Problem;
use crate::server::rest::page_reads::{answers, requests};
use crate::server::rest::request::{Entered, RestRequest};
use crate::server::rest::route::RestResult;
use crate::server::rest::{answer, command_result};

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

/// The downloads of a session.
pub(super) async fn list(request: RestRequest) -> RestResult {
    let entered = request.in_session()?;
    let listed = listed(&request, &entered).await?;
    let downloads = listed.into_iter().map(DownloadView::from).collect();
    answer::json(StatusCode::OK, &DownloadList { downloads })
}

/// The bytes of one, by the request that the WebSocket has too.
pub(super) async fn bytes(request: RestRequest) -> RestResult {
    let entered = request.in_session()?;
    let id = request.param("downloadId");
    let listed = listed(&request, &entered).await?;
    let Some(found) = listed.into_iter().find(|it| it.id == id) else {
        let id = id.chars().take(ID_CHARS).collect();
        let unknown = TabError::Download(DownloadError::Unknown { id });
        return Err(problem(&unknown.into()).with_status(StatusCode::NOT_FOUND));
    };
    let fields = Map::from_iter([("downloadId".to_owned(), found.id.as_str().into())]);
    let asked = requests::request(RequestKind::GetDownload, &found.tab.to_string(), fields)?;
    let operations = request.state.operations();
    let (caller, arrival) = (&entered.caller, entered.arrival.clone());
    answers::download(command_result::run(operations, caller, arrival, asked).await?)
}

async fn listed(request: &RestRequest, entered: &Entered) -> Result<Vec<KeptDownload>, Problem> {
    let operations = request.state.operations();
    let listed = operations.downloads(&entered.access.principal).await;
    let only = entered.access.page();
    let is_shown = |it: &KeptDownload| only.is_none_or(|only| it.tab.to_string() == only);
    let listed = listed.map_err(|error| problem(&error))?;
    Ok(listed.into_iter().filter(is_shown).collect())
}

fn problem(error: &OperationError) -> Problem {
    Problem::of_operation(RequestKind::GetDownload, error, None)
}
