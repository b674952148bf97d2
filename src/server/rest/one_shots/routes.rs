//! The operations of one-shots.

use super::bodies::{ContentOptions, OneShotBody, PdfOptions, ShotOptions};
use super::plan::OneShotPlan;
use super::run;
use crate::server::problem::Problem;
use crate::server::rest::page_reads::answers::{self, PictureView};
use crate::server::rest::page_reads::routes::{
    CONTENT_HEADERS, CONTENTS, PDF_HEADERS, PICTURE_HEADERS, PICTURES,
};
use crate::server::rest::request::RestRequest;
use crate::server::rest::route::{RestResult, Route, RouteAuth};
use crate::server::wire::WireAnswer;

pub(crate) fn routes() -> Vec<Route> {
    const TAG: &str = "one-shots";
    vec![
        Route::post("/screenshot", "takeScreenshot", screenshot)
            .summary(TAG, "A picture of a URL or of HTML")
            .auth(RouteAuth::Client)
            .ends_with_client()
            .json::<OneShotBody<ShotOptions>>()
            .answers_json_or::<PictureView>("The picture", PICTURES, PICTURE_HEADERS),
        Route::post("/content", "readContent", content)
            .summary(
                TAG,
                "The content of a URL or of HTML, after its scripts have run",
            )
            .auth(RouteAuth::Client)
            .ends_with_client()
            .json::<OneShotBody<ContentOptions>>()
            .answers_media("The content", CONTENTS, CONTENT_HEADERS),
        Route::post("/pdf", "printPdf", pdf)
            .summary(TAG, "A URL or HTML on paper")
            .auth(RouteAuth::Client)
            .ends_with_client()
            .json::<OneShotBody<PdfOptions>>()
            .answers_media("The PDF", &["application/pdf"], PDF_HEADERS),
    ]
}

async fn screenshot(mut request: RestRequest) -> RestResult {
    let body: OneShotBody<ShotOptions> = request.json()?;
    let as_json = request.accepts_only("application/json");
    answers::picture(carry_out(&request, body.plan()?).await?, as_json)
}

async fn content(mut request: RestRequest) -> RestResult {
    let body: OneShotBody<ContentOptions> = request.json()?;
    let form = body.options.as_ref().map(|options| options.form);
    let answer = carry_out(&request, body.plan()?).await?;
    answers::content(form.unwrap_or_default(), answer)
}

async fn pdf(mut request: RestRequest) -> RestResult {
    let body: OneShotBody<PdfOptions> = request.json()?;
    answers::pdf(carry_out(&request, body.plan()?).await?)
}

async fn carry_out(request: &RestRequest, plan: OneShotPlan) -> Result<WireAnswer, Problem> {
    let principal = &request.entered()?.access.principal;
    run::run(request.state.operations(), principal, plan).await
}
