//! `upload`: creates the files in the page from their bytes. No server path is involved, so that it works with a
//! browser on another machine, and a page gets the name and the media type that the client chose.

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::actions::UploadTarget;
use super::call::PAUSE;
use super::driver::PageDriver;
use super::error::PageActionError;
use super::page_files::{FilesOfCall, PageFile, PartOutcome, need_parts};
use super::world::{World, parse};
use crate::locator::Locator;

/// How many files there are.
#[derive(Serialize)]
struct Count {
    count: usize,
}

impl PageDriver {
    pub(super) async fn upload(
        &self,
        target: &UploadTarget,
        files: &[PageFile],
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        match target {
            UploadTarget::Element(locator) if need_parts(files) => {
                self.upload_parts(locator, files, deadline).await
            }
            UploadTarget::Element(locator) => {
                let call = FilesOfCall::whole(files);
                let upload = self.call_on_element("upload", locator, &call, deadline);
                self.by_script(upload).await.map(drop)
            }
            UploadTarget::Chooser(id) => self.answer_chooser(id, files, deadline).await,
        }
    }

    /// Waits until an element takes so many files.
    pub(super) async fn could_upload(
        &self,
        target: &UploadTarget,
        files: &[PageFile],
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        match target {
            UploadTarget::Element(locator) => {
                let count = Count { count: files.len() };
                let target = self.call_on_element("uploadTarget", locator, &count, deadline);
                target.await.map(drop)
            }
            UploadTarget::Chooser(id) => match self.chooser(id) {
                Some(chooser) if chooser.is_alive().await => Ok(()),
                _ => Err(PageActionError::NoChooser {
                    chooser: id.to_owned(),
                }),
            },
        }
    }

    /// Sends the files to the document of the element, then sets them there; once more where the document has been
    /// replaced in between.
    async fn upload_parts(
        &self,
        locator: &Locator,
        files: &[PageFile],
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        let target = Count { count: files.len() };
        loop {
            let (world, _) = self
                .call_on_element("uploadTarget", locator, &target, deadline)
                .await?;
            let call = match FilesOfCall::send(files, &world, deadline).await {
                // The session of the page itself does not come back.
                Err(error)
                    if (matches!(error, PageActionError::PageLeft)
                        || world.owner().is_some() && is_document_gone(&error))
                        && Instant::now() + PAUSE < deadline =>
                {
                    sleep(PAUSE).await;
                    continue;
                }
                call => call?,
            };
            let upload = self.call_on_element("upload", locator, &call, deadline);
            match self.by_script(upload).await {
                Ok((_, result)) if parse::<PartOutcome>(&result)?.lost => self.input_sent.clear(),
                Ok(_) => return Ok(()),
                Err(error) => {
                    drop_parts(&world, deadline).await;
                    return Err(error);
                }
            }
        }
    }

    /// Sets the files of the input that a chooser was opened for, wherever it is.
    async fn answer_chooser(
        &self,
        id: &str,
        files: &[PageFile],
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        let gone = || PageActionError::NoChooser {
            chooser: id.to_owned(),
        };
        let chooser = self.chooser(id).ok_or_else(gone)?;
        if !chooser.is_alive().await {
            return Err(gone());
        }
        let world = &chooser.world;
        let call = if need_parts(files) {
            let sent = FilesOfCall::send(files, world, deadline).await;
            sent.map_err(|error| {
                if is_document_gone(&error) {
                    gone()
                } else {
                    error
                }
            })?
        } else {
            FilesOfCall::whole(files)
        };
        let set = async {
            let node = chooser.backend_node_id;
            let refused: Option<Refused> =
                match world.call_on_node("setFiles", node, &call, deadline).await {
                    Err(error) if is_document_gone(&error) => return Err(gone()),
                    outcome => outcome?,
                };
            match refused {
                None => Ok(()),
                Some(refused) if refused.lost => Err(gone()),
                Some(refused) => Err(PageActionError::NotActionable {
                    locator: id.to_owned(),
                    element: refused.element,
                    reason: refused.reason,
                    by: refused.because,
                    course: Vec::new(),
                }),
            }
        };
        let outcome = self.by_script(set).await;
        if outcome.is_err() && need_parts(files) {
            drop_parts(world, deadline).await;
        }
        outcome
    }
}

/// Why the script did not set the files.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refused {
    lost: bool,
    reason: String,
    because: Option<String>,
    element: String,
}

/// Whether a call failed because its document is gone: replaced, or removed with its frame.
fn is_document_gone(error: &PageActionError) -> bool {
    match error {
        PageActionError::PageLeft => true,
        PageActionError::Call(error) => error.is_session_gone() || error.is_refusal(),
        _ => false,
    }
}

/// Frees the memory of parts that no call has used. Those of an upload that was given up are dropped with the next
/// upload in their document, at the latest.
async fn drop_parts(world: &World, deadline: Instant) {
    // A document that is gone has none.
    let _ = world.call_raw("dropParts", &(), deadline).await;
}
