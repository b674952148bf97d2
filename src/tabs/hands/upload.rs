//! `upload`: files are made in the page, out of bytes. No path of the server is ever named.

use cdp_bridge_protocol::request::UploadFile;
use serde::Serialize;
use tokio::time::Instant;

use super::error::HandsError;
use super::page::HandsOn;
use crate::locator::Locator;

impl HandsOn {
    /// Puts files into an `<input type=file>`.
    pub async fn upload(
        &self,
        locator: &Locator,
        files: &[UploadFile],
        deadline: Instant,
    ) -> Result<(), HandsError> {
        #[derive(Serialize)]
        struct Upload<'a> {
            files: &'a [UploadFile],
        }
        self.follow("upload", locator, &Upload { files }, deadline)
            .await?;
        Ok(())
    }
}
