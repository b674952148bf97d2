//! The operations on files.

use super::downloads::{self, DownloadList};
use super::uploads::{self, UploadView};
use crate::server::rest::route::Route;

pub(crate) fn routes() -> Vec<Route> {
    const TAG: &str = "files";
    vec![
        Route::post(
            "/sessions/{sessionId}/uploads",
            "createUpload",
            uploads::create,
        )
        .summary(
            TAG,
            "Hand over a file for pages of the session: one part with a filename",
        )
        .raw(&["multipart/form-data"])
        .answers::<UploadView>(201, "The file, for the action `upload` by its id")
        .with_headers(&[("Location", "The path of the file.")]),
        Route::get(
            "/sessions/{sessionId}/uploads/{uploadId}",
            "getUpload",
            uploads::get,
        )
        .summary(TAG, "One file that was handed over")
        .answers::<UploadView>(200, "The file"),
        Route::delete(
            "/sessions/{sessionId}/uploads/{uploadId}",
            "deleteUpload",
            uploads::delete,
        )
        .summary(TAG, "Drop a file that was handed over")
        .of_whole_session()
        .answers_nothing(204, "It is gone, now or before"),
        Route::get(
            "/sessions/{sessionId}/downloads",
            "listDownloads",
            downloads::list,
        )
        .summary(TAG, "What the pages of the session have downloaded")
        .answers::<DownloadList>(200, "The downloads, oldest first"),
        Route::get(
            "/sessions/{sessionId}/downloads/{downloadId}",
            "getDownload",
            downloads::bytes,
        )
        .summary(TAG, "The bytes of a download")
        .answers_media(
            "The bytes",
            &["application/octet-stream"],
            &[
                ("Content-Length", "How many bytes there are."),
                ("Content-Disposition", "The name of the file."),
            ],
        ),
    ]
}
