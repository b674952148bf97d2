//! `upload`: creates the files in the page from their bytes. No server path is involved.

use cdp_bridge_protocol::request::UploadFile;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::actions::UploadTarget;
use super::driver::PageDriver;
use super::error::PageActionError;
use crate::locator::Locator;

impl PageDriver {
    pub(super) async fn upload(
        &self,
        target: &UploadTarget,
        files: &[UploadFile],
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        match target {
            UploadTarget::Element(locator) => {
                self.upload_to_element(locator, files, deadline).await
            }
            UploadTarget::Chooser(id) => self.answer_chooser(id, files, deadline).await,
        }
    }

    async fn upload_to_element(
        &self,
        locator: &Locator,
        files: &[UploadFile],
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        #[derive(Serialize)]
        struct Upload<'a> {
            files: &'a [UploadFile],
        }
        self.call_on_element("upload", locator, &Upload { files }, deadline)
            .await?;
        Ok(())
    }

    /// Sets the files of the input that a chooser was opened for, wherever it is.
    async fn answer_chooser(
        &self,
        id: &str,
        files: &[UploadFile],
        deadline: Instant,
    ) -> Result<(), PageActionError> {
        #[derive(Deserialize)]
        struct Refused {
            reason: String,
            #[serde(default)]
            because: Option<String>,
            element: String,
        }
        let gone = || PageActionError::NoChooser {
            chooser: id.to_owned(),
        };
        let chooser = self.chooser(id).ok_or_else(gone)?;
        if !chooser.is_alive().await {
            return Err(gone());
        }
        let (world, node) = (&chooser.world, chooser.backend_node_id);
        // The page has nothing to wait for.
        self.input_sent.set();
        let refused: Option<Refused> = match world
            .call_on_node("setFiles", node, files, deadline)
            .await
        {
            // The document of its frame is gone.
            Err(PageActionError::PageLeft) => return Err(gone()),
            Err(PageActionError::Call(error)) if error.is_session_gone() || error.is_refusal() => {
                return Err(gone());
            }
            outcome => outcome?,
        };
        match refused {
            None => Ok(()),
            Some(refused) => Err(PageActionError::NotActionable {
                locator: id.to_owned(),
                element: refused.element,
                reason: refused.reason,
                by: refused.because,
                course: Vec::new(),
            }),
        }
    }
}
