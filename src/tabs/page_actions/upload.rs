//! `upload`: creates the files in the page from their bytes. No server path is involved.

use cdp_bridge_protocol::request::UploadFile;
use serde::Serialize;
use tokio::time::Instant;

use super::driver::PageDriver;
use super::error::PageActionError;
use crate::locator::Locator;

impl PageDriver {
    pub(super) async fn upload(
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
}
