//! `--remote-debugging-pipe`: frames that end in a NUL byte, over two pipes.

use std::os::fd::OwnedFd;

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr;
use tokio::net::unix::pipe;
use tokio_util::codec::{Decoder, Encoder, FramedRead, FramedWrite};

use super::pair::{MAX_FRAME_BYTES, Transport, TransportError};

/// How much is read at a time: what a pipe holds.
const READ_BYTES: usize = 64 * 1024;

/// Takes over both ends. Must be called within a tokio runtime.
pub fn open(reader: OwnedFd, writer: OwnedFd) -> Result<Transport, TransportError> {
    let reader = pipe::Receiver::from_owned_fd(reader)?;
    let writer = pipe::Sender::from_owned_fd(writer)?;
    Ok(Transport {
        sink: Box::pin(FramedWrite::new(writer, NulFrames::default())),
        stream: Box::pin(FramedRead::with_capacity(
            reader,
            NulFrames::default(),
            READ_BYTES,
        )),
    })
}

/// Splits a byte stream at NUL bytes.
#[derive(Debug, Default)]
struct NulFrames {
    /// Bytes at the start of the buffer that are known to hold no NUL.
    searched: usize,
}

impl Decoder for NulFrames {
    type Item = Bytes;
    type Error = TransportError;

    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, TransportError> {
        let Some(found) = memchr(0, &buffer[self.searched..]) else {
            self.searched = buffer.len();
            if buffer.len() > MAX_FRAME_BYTES {
                return Err(TransportError::FrameTooLarge);
            }
            buffer.reserve(READ_BYTES);
            return Ok(None);
        };
        let frame = buffer.split_to(self.searched + found).freeze();
        buffer.advance(1);
        self.searched = 0;
        Ok(Some(frame))
    }

    fn decode_eof(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, TransportError> {
        // Half a frame at the end of the stream is of no use to anybody.
        let frame = self.decode(buffer)?;
        if frame.is_none() {
            buffer.clear();
            self.searched = 0;
        }
        Ok(frame)
    }
}

impl Encoder<Bytes> for NulFrames {
    type Error = TransportError;

    fn encode(&mut self, frame: Bytes, buffer: &mut BytesMut) -> Result<(), TransportError> {
        buffer.reserve(frame.len() + 1);
        buffer.extend_from_slice(&frame);
        buffer.extend_from_slice(&[0]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_however_the_bytes_arrive() {
        let bytes = b"{\"a\":1}\0{}\0{\"long\":\"xxxxxxxxxxxxxxxx\"}\0tail";
        for step in 1..bytes.len() {
            let mut codec = NulFrames::default();
            let mut buffer = BytesMut::new();
            let mut frames = Vec::new();
            for piece in bytes.chunks(step) {
                buffer.extend_from_slice(piece);
                while let Some(frame) = codec.decode(&mut buffer).unwrap() {
                    frames.push(frame);
                }
            }
            assert_eq!(frames.len(), 3, "in pieces of {step}");
            assert_eq!(&frames[2][..], b"{\"long\":\"xxxxxxxxxxxxxxxx\"}");
            assert_eq!(codec.decode_eof(&mut buffer).unwrap(), None);
        }
    }
}
