//! The operations that read a page.

use cdp_bridge_protocol::Request;

use super::answers::{self, PictureView};
use super::queries::{ContentQuery, PdfQuery, ScreenshotQuery};
use super::requests;
use crate::server::problem::Problem;
use crate::server::rest::request::RestRequest;
use crate::server::rest::route::{RestResult, Route};
use crate::server::rest::{command_result, pages};
use crate::server::wire::WireAnswer;

const LENGTH: (&str, &str) = ("Content-Length", "How many bytes there are.");

/// The media types of pictures.
pub(crate) const PICTURES: &[&str] = &["image/png", "image/jpeg", "image/webp"];

/// The headers of a picture.
pub(crate) const PICTURE_HEADERS: &[(&str, &str)] = &[
    LENGTH,
    ("X-Image-Width", "Width of the picture in its own pixels."),
    ("X-Image-Height", "Height of the picture in its own pixels."),
];

/// The media types of content.
pub(crate) const CONTENTS: &[&str] = &[
    "text/html",
    "text/plain",
    "text/markdown",
    "application/json",
];

/// The headers of content.
pub(crate) const CONTENT_HEADERS: &[(&str, &str)] = &[
    LENGTH,
    (
        "X-Truncated",
        "`true` where the end is missing because it would be too long, `false` otherwise.",
    ),
];

/// The headers of a PDF.
pub(crate) const PDF_HEADERS: &[(&str, &str)] =
    &[LENGTH, ("Content-Disposition", "A name for the file.")];

pub(crate) fn routes() -> Vec<Route> {
    const TAG: &str = "pages";
    vec![
        Route::get("/pages/{pageId}/screenshot", "getScreenshot", screenshot)
            .summary(TAG, "A picture of a page")
            .query::<ScreenshotQuery>()
            .answers_json_or::<PictureView>("The picture", PICTURES, PICTURE_HEADERS),
        Route::get("/pages/{pageId}/content", "getContent", content)
            .summary(
                TAG,
                "The content of a page as HTML, text, Markdown, outline or JSON",
            )
            .query::<ContentQuery>()
            .answers_media("The content", CONTENTS, CONTENT_HEADERS),
        Route::get("/pages/{pageId}/pdf", "getPdf", pdf)
            .summary(TAG, "A page on paper")
            .query::<PdfQuery>()
            .answers_media("The PDF", &["application/pdf"], PDF_HEADERS),
    ]
}

async fn screenshot(request: RestRequest) -> RestResult {
    let query: ScreenshotQuery = request.query()?;
    let asked = requests::screenshot(&pages::named(&request)?, &query)?;
    let as_json = request.accepts_only("application/json");
    answers::picture(run(&request, asked).await?, as_json)
}

async fn content(request: RestRequest) -> RestResult {
    let query: ContentQuery = request.query()?;
    let asked = requests::content(&pages::named(&request)?, &query)?;
    answers::content(query.form, run(&request, asked).await?)
}

async fn pdf(request: RestRequest) -> RestResult {
    let query: PdfQuery = request.query()?;
    let asked = requests::pdf(&pages::named(&request)?, &query)?;
    answers::pdf(run(&request, asked).await?)
}

async fn run(request: &RestRequest, asked: Request) -> Result<WireAnswer, Problem> {
    let entered = request.entered()?;
    let (caller, arrival) = (&entered.caller, entered.arrival.clone());
    command_result::run(request.state.operations(), caller, arrival, asked).await
}
