//! Files that a client hands over by multipart: they are staged as those of `stageFile`, piece by piece as they arrive.

use std::time::Duration;

use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use cdp_bridge_protocol::{ErrorCode, ErrorDetails, RequestKind};
use multer::{Constraints, Field, Multipart, SizeLimit};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::timeout;

use super::metered_body::{Allowance, Exceeded, MeteredBody};
use crate::operations::OperationError;
use crate::operations::staged_files::{StagedInfo, StagingError};
use crate::operations::uploads::ReceivedFile;
use crate::server::problem::{HttpCode, Problem};
use crate::server::rest::answer;
use crate::server::rest::disposition::plain_name;
use crate::server::rest::request::RestRequest;
use crate::server::rest::route::RestResult;

/// The most bytes of an uploaded file.
pub(crate) const MAX_UPLOAD: u64 = 64 << 20;

/// What a multipart body may have beside its file.
const FRAMING: u64 = 64 << 10;

/// How long a client may send nothing of its file.
const SILENCE: Duration = Duration::from_mins(1);

/// The longest media type, in characters.
const MAX_MIME: usize = 255;

/// An uploaded file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UploadView {
    /// Names it: the `fileId` of the action `upload`.
    pub(crate) upload_id: String,
    /// The name that pages see.
    pub(crate) name: String,
    /// Its bytes.
    pub(crate) bytes: u64,
    /// Names it to a CDP client, which would name a file here.
    pub(crate) path: String,
}

impl From<StagedInfo> for UploadView {
    fn from(info: StagedInfo) -> Self {
        Self {
            path: format!("/uploads/{}/{}", info.file_id, info.name),
            upload_id: info.file_id,
            name: info.name,
            bytes: info.size,
        }
    }
}

/// Receives the one file of a multipart body. If the client hangs up or sends something else, nothing of it is kept.
pub(super) async fn create(mut request: RestRequest) -> RestResult {
    let entered = request.in_session()?;
    let boundary = boundary(&request.headers)?;
    check_length(&request.headers)?;
    let whole = SizeLimit::new().whole_stream(MAX_UPLOAD + FRAMING);
    let constraints = Constraints::new().size_limit(whole);
    let left = Allowance::of(FRAMING);
    let body = MeteredBody::new(request.raw_body(), left.clone());
    let mut parts = Multipart::with_constraints(body, boundary, constraints);
    let operations = request.state.operations();
    let mut received = None;
    while let Some(part) = arrives(parts.next_field()).await? {
        let Some(name) = part.file_name().map(plain_name) else {
            let detail = "expected one part with a filename, and no others";
            return Err(bad_part(&part, detail));
        };
        if received.is_some() {
            let detail = "one file a request: send the others in requests of their own";
            return Err(bad_part(&part, detail));
        }
        let mime = part.content_type().map(ToString::to_string);
        let mime = mime.filter(|mime| mime.len() <= MAX_MIME);
        let file = operations.receive_file(&entered.access.principal, name, mime);
        let file = file.map_err(|error| problem(&error))?;
        left.set(MAX_UPLOAD + FRAMING);
        received = Some(stream(part, file).await?);
        left.set(FRAMING);
    }
    let file = received
        .ok_or_else(|| Problem::bad_field("file", "file: expected a part with a filename"))?;
    let info = file.finish().map_err(staging)?;
    let view = UploadView::from(info);
    let location = format!("{}/{}", request.path, view.upload_id);
    let mut response = answer::json(StatusCode::CREATED, &view)?;
    answer::locate(&mut response, &location);
    Ok(response)
}

/// What is known of a file.
pub(super) async fn get(request: RestRequest) -> RestResult {
    let entered = request.in_session()?;
    let operations = request.state.operations();
    let info = operations.staged_file(entered.caller.scope(), request.param("uploadId"));
    let info = info.map_err(|error| problem(&error))?;
    answer::json(StatusCode::OK, &UploadView::from(info))
}

/// Drops a file.
pub(super) async fn delete(request: RestRequest) -> RestResult {
    let entered = request.in_session()?;
    let operations = request.state.operations();
    let id = request.param("uploadId");
    let dropped = operations.drop_staged_file(&entered.access.principal, id);
    dropped.map_err(|error| problem(&error))?;
    answer::nothing()
}

fn bad_part(part: &Field<'_>, rule: &str) -> Problem {
    let field: String = part.name().unwrap_or("file").chars().take(64).collect();
    let detail = format!("{field}: {rule}");
    Problem::bad_field(&field, detail)
}

async fn stream(mut part: Field<'static>, mut file: ReceivedFile) -> Result<ReceivedFile, Problem> {
    let mut length = 0;
    while let Some(piece) = arrives(part.chunk()).await? {
        length += piece.len() as u64;
        if length > MAX_UPLOAD {
            return Err(too_large(length));
        }
        file.push(&piece).map_err(staging)?;
    }
    Ok(file)
}

/// Waits for more of the body.
async fn arrives<T>(
    more: impl Future<Output = multer::Result<Option<T>>>,
) -> Result<Option<T>, Problem> {
    match timeout(SILENCE, more).await {
        Ok(Ok(more)) => Ok(more),
        Ok(Err(
            multer::Error::StreamSizeExceeded { limit }
            | multer::Error::FieldSizeExceeded { limit, .. },
        )) => Err(too_large(limit + 1)),
        Ok(Err(multer::Error::StreamReadFailed(error))) if error.is::<Exceeded>() => {
            let detail = format!("the body may have {FRAMING} bytes beside its file");
            Err(Problem::bad_field("file", format!("file: {detail}")))
        }
        Ok(Err(error)) => Err(Problem::protocol(
            ErrorCode::BadRequest,
            format!("the body is not multipart/form-data as it should be: {error}"),
        )),
        Err(_) => Err(Problem::http(
            HttpCode::RequestTimeout,
            format!("nothing of the file arrived for {} s", SILENCE.as_secs()),
        )),
    }
}

fn boundary(headers: &HeaderMap) -> Result<String, Problem> {
    let kind = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let found = kind.and_then(|kind| multer::parse_boundary(kind).ok());
    found.ok_or_else(|| {
        Problem::http(
            HttpCode::UnsupportedMediaType,
            "expected Content-Type: multipart/form-data, with a boundary",
        )
    })
}

/// Refuses a body that states that it is too long, before any of it is read.
fn check_length(headers: &HeaderMap) -> Result<(), Problem> {
    let length = headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok());
    match length.and_then(|length| length.parse::<u64>().ok()) {
        Some(length) if length > MAX_UPLOAD + FRAMING => Err(too_large(length)),
        _ => Ok(()),
    }
}

fn too_large(bytes: u64) -> Problem {
    let detail =
        format!("an upload may have {MAX_UPLOAD} bytes; larger files go in parts, with stageFile");
    Problem::protocol(ErrorCode::TooLarge, detail).with_details(ErrorDetails {
        bytes: Some(bytes),
        max_bytes: Some(MAX_UPLOAD),
        ..ErrorDetails::default()
    })
}

fn staging(error: StagingError) -> Problem {
    problem(&OperationError::from(error))
}

fn problem(error: &OperationError) -> Problem {
    let problem = Problem::of_operation(RequestKind::StageFile, error, None);
    match error {
        OperationError::Staging(StagingError::Unknown { .. }) => {
            problem.with_status(StatusCode::NOT_FOUND)
        }
        _ => problem,
    }
}
