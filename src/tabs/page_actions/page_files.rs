//! Sends files into a page. Small ones go with the call that uses them; larger ones before it, in parts, so that
//! no message to Chromium is as large as a file.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::error::PageActionError;
use super::world::World;

/// The most bytes in one message to Chromium, in which they are longer by a third.
const PART: usize = 384 * 1024;

/// Tells uploads apart, in whatever document their parts are.
static NEXT_UPLOAD: AtomicU64 = AtomicU64::new(1);

/// A file for a page.
#[derive(Clone, PartialEq, Eq)]
pub struct PageFile {
    /// The name that the page sees.
    pub name: String,
    /// The media type that the page sees.
    pub mime: Option<String>,
    pub bytes: Bytes,
}

/// Its content must not reach a log.
impl fmt::Debug for PageFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PageFile({} bytes)", self.bytes.len())
    }
}

/// The files of a call of the script.
#[derive(Serialize)]
pub(super) struct FilesOfCall<'a> {
    files: Vec<FileOfCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    upload: Option<u64>,
}

#[derive(Serialize)]
struct FileOfCall<'a> {
    name: &'a str,
    mime: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parts: Option<usize>,
}

#[derive(Serialize)]
struct PartOfFile {
    upload: u64,
    file: usize,
    index: usize,
    data: String,
}

/// What the script says of a part, or of the call that uses the parts.
#[derive(Deserialize)]
pub(super) struct PartOutcome {
    /// The document is not the one that has the parts.
    #[serde(default)]
    pub(super) lost: bool,
}

/// Whether the files are too large for one call.
pub(super) fn need_parts(files: &[PageFile]) -> bool {
    files.iter().map(|file| file.bytes.len()).sum::<usize>() > PART
}

impl<'a> FilesOfCall<'a> {
    /// With the bytes in it.
    pub(super) fn whole(files: &'a [PageFile]) -> Self {
        Self::of(files, None)
    }

    fn of(files: &'a [PageFile], upload: Option<u64>) -> Self {
        let files = files.iter().map(|file| {
            // A file without bytes has no parts either.
            let parts = upload.map(|_| file.bytes.len().div_ceil(PART));
            let parts = parts.filter(|parts| *parts > 0);
            FileOfCall {
                name: &file.name,
                mime: file.mime.as_deref(),
                data: parts.is_none().then(|| STANDARD.encode(&file.bytes)),
                parts,
            }
        });
        Self {
            files: files.collect(),
            upload,
        }
    }

    /// Sends the bytes to the script, which keeps them for the call. [`PageActionError::PageLeft`] where another
    /// document came in between.
    pub(super) async fn send(
        files: &'a [PageFile],
        world: &World,
        deadline: Instant,
    ) -> Result<Self, PageActionError> {
        let upload = NEXT_UPLOAD.fetch_add(1, Ordering::Relaxed);
        for (number, file) in files.iter().enumerate() {
            for (index, part) in file.bytes.chunks(PART).enumerate() {
                let part = PartOfFile {
                    upload,
                    file: number,
                    index,
                    data: STANDARD.encode(part),
                };
                let kept: PartOutcome = world.call("keepPart", &part, deadline).await?;
                if kept.lost {
                    return Err(PageActionError::PageLeft);
                }
            }
        }
        Ok(Self::of(files, Some(upload)))
    }
}
