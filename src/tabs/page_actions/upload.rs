//! `upload`: files are made in the page, out of bytes. No path of the server is ever named.

use cdp_bridge_protocol::request::UploadFile;
use serde::Serialize;
use tokio::time::Instant;

use super::driver::PageDriver;
use super::error::PageActionError;
use crate::locator::Locator;

impl PageDriver {
    /// Puts files into an `<input type=file>`.
    pub async fn upload(
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
