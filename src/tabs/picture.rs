//! A picture as Chromium sends it, with the size that its own first bytes tell.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// How much of a picture's base64 is looked at for its size: a multiple of four.
const HEAD_CHARS: usize = 4096;

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// In base64: a slice of the frame that brought it.
    pub data: Bytes,
    /// In pixels of the picture.
    pub width: u32,
    /// In pixels of the picture.
    pub height: u32,
}

/// The bytes are no picture of a known format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no picture")]
pub struct NotAPicture;

impl Picture {
    /// Takes over base64, and reads the size of the picture in it.
    pub fn new(data: Bytes) -> Result<Self, NotAPicture> {
        let head = &data[..data.len().min(HEAD_CHARS) / 4 * 4];
        let head = STANDARD.decode(head).map_err(|_| NotAPicture)?;
        let size = imagesize::blob_size(&head).map_err(|_| NotAPicture)?;
        let pixels = |count| u32::try_from(count).map_err(|_| NotAPicture);
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
    fn the_size_is_read_from_the_picture_itself() {
        let png = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAYAAACddGYaAAAAEElEQVR4nGP4DwUMcAYEAHVuD/FIVXrTAAAAAElFTkSuQmCC";
        let picture = Picture::new(Bytes::from_static(png.as_bytes())).unwrap();
        assert_eq!((picture.width, picture.height), (3, 2));
        assert_eq!(Picture::new(Bytes::from_static(b"AAAA")), Err(NotAPicture));
    }
}
