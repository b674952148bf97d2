//! An image as Chromium sends it, with the size from its header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// How much of the base64 is decoded for the size: a multiple of four.
const HEAD_CHARS: usize = 4096;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// Base64: a slice of the CDP frame that it came in.
    pub data: Bytes,
    pub width: u32,
    pub height: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an image of a known format")]
pub struct UnknownImageFormat;

impl Picture {
    /// Reads the size of the image in this base64.
    pub fn new(data: Bytes) -> Result<Self, UnknownImageFormat> {
        let head = &data[..data.len().min(HEAD_CHARS) / 4 * 4];
        let head = STANDARD.decode(head).map_err(|_| UnknownImageFormat)?;
        let size = imagesize::blob_size(&head).map_err(|_| UnknownImageFormat)?;
        let pixels = |count| u32::try_from(count).map_err(|_| UnknownImageFormat);
        Ok(Self {
            width: pixels(size.width)?,
            height: pixels(size.height)?,
            data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_read_from_the_image() {
        let png = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAYAAACddGYaAAAAEElEQVR4nGP4DwUMcAYEAHVuD/FIVXrTAAAAAElFTkSuQmCC";
        let picture = Picture::new(Bytes::from_static(png.as_bytes())).unwrap();
        assert_eq!((picture.width, picture.height), (3, 2));
        assert_eq!(
            Picture::new(Bytes::from_static(b"AAAA")),
            Err(UnknownImageFormat)
        );
    }
}
