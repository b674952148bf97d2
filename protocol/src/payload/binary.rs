//! Binary frames: a 4-byte big-endian length N, N bytes of JSON, then the raw payload.

use bytes::{BufMut, Bytes, BytesMut};

/// A binary frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinaryFrame {
    /// The JSON of the message without its payload.
    pub head: String,
    /// UTF-8 text, or the bytes of a picture or file.
    pub payload: Bytes,
}

/// The bytes are not a binary frame of this protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotABinaryFrame {
    /// The frame is shorter than its length field says, or than the field itself.
    #[error("a binary frame of {0} bytes is too short for its head")]
    TooShort(usize),
    /// The head was not UTF-8.
    #[error("the head of a binary frame is not UTF-8")]
    NotUtf8,
}

impl BinaryFrame {
    /// Encodes a frame in one allocation of the exact size.
    pub fn encode(head: &str, payload: &[u8]) -> Bytes {
        #[expect(clippy::expect_used, reason = "a head is a few hundred bytes")]
        let len = u32::try_from(head.len()).expect("a head is shorter than 4 GiB");
        let mut frame = BytesMut::with_capacity(4 + head.len() + payload.len());
        frame.put_u32(len);
        frame.put_slice(head.as_bytes());
        frame.put_slice(payload);
        frame.freeze()
    }

    /// Decodes a frame; the payload is a slice of it, not a copy.
    pub fn decode(frame: &Bytes) -> Result<Self, NotABinaryFrame> {
        let too_short = || NotABinaryFrame::TooShort(frame.len());
        let (len, _) = frame.split_first_chunk::<4>().ok_or_else(too_short)?;
        let len = usize::try_from(u32::from_be_bytes(*len)).map_err(|_| too_short())?;
        let end = 4_usize
            .checked_add(len)
            .filter(|end| *end <= frame.len())
            .ok_or_else(too_short)?;
        let head = std::str::from_utf8(&frame[4..end]).map_err(|_| NotABinaryFrame::NotUtf8)?;
        Ok(Self {
            head: head.to_owned(),
            payload: frame.slice(end..),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_its_length_its_head_and_its_payload() {
        let frame = BinaryFrame::encode("{}", &[1, 2, 3]);
        assert_eq!(&frame[..], [0, 0, 0, 2, b'{', b'}', 1, 2, 3]);
        let decoded = BinaryFrame::decode(&frame).unwrap();
        assert_eq!(
            (decoded.head.as_str(), &decoded.payload[..]),
            ("{}", &[1, 2, 3][..])
        );
    }

    #[test]
    fn a_frame_that_lies_about_its_length_is_refused() {
        for frame in [
            &[][..],
            &[0, 0, 0],
            &[0, 0, 0, 9, b'{'],
            &[255, 255, 255, 255, 0],
        ] {
            let error = BinaryFrame::decode(&Bytes::copy_from_slice(frame)).unwrap_err();
            assert_eq!(error, NotABinaryFrame::TooShort(frame.len()));
        }
    }
}
