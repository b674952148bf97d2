//! `--remote-debugging-pipe`: frames that end in a NUL byte, over two pipes.

use std::os::fd::OwnedFd;

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr;
use tokio::net::unix::pipe;
use tokio_util::codec::{Decoder, Encoder, FramedRead, FramedWrite};

use super::pair::{CdpTransport, MAX_FRAME_BYTES, TransportError};

/// The capacity of a pipe.
const READ_BYTES: usize = 64 * 1024;

/// The most that an idle buffer keeps. `BytesMut` would reuse the allocation of the largest frame so far,
/// which is tens of megabytes after one large snapshot.
const KEPT_BYTES: usize = 1024 * 1024;

/// Opens a transport over both pipe ends. Must be called within a tokio runtime.
pub fn open(reader: OwnedFd, writer: OwnedFd) -> Result<CdpTransport, TransportError> {
    let reader = pipe::Receiver::from_owned_fd(reader)?;
    let writer = pipe::Sender::from_owned_fd(writer)?;
    Ok(CdpTransport {
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
pub struct NulFrames {
    /// How many bytes at the start of the buffer contain no NUL.
    searched: usize,
    /// The current frame is too large and is discarded as it arrives: a call that waits for it times out,
    /// and everything else continues.
    skipping: bool,
}

impl Decoder for NulFrames {
    type Item = Bytes;
    type Error = TransportError;

    fn decode(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, TransportError> {
        loop {
            let Some(found) = memchr(0, &buffer[self.searched..]) else {
                self.searched = buffer.len();
                if self.skipping || buffer.len() > MAX_FRAME_BYTES {
                    self.skip(buffer);
                }
                buffer.reserve(READ_BYTES);
                return Ok(None);
            };
            let frame = buffer.split_to(self.searched + found);
            buffer.advance(1);
            self.searched = 0;
            if frame.len() > KEPT_BYTES {
                *buffer = BytesMut::from(&buffer[..]);
            }
            let frame = frame.freeze();
            if !std::mem::take(&mut self.skipping) {
                return Ok(Some(frame));
            }
        }
    }

    fn decode_eof(&mut self, buffer: &mut BytesMut) -> Result<Option<Bytes>, TransportError> {
        // An incomplete frame at the end of the stream is discarded.
        let frame = self.decode(buffer)?;
        if frame.is_none() {
            buffer.clear();
            self.searched = 0;
        }
        Ok(frame)
    }
}

impl NulFrames {
    fn skip(&mut self, buffer: &mut BytesMut) {
        if !self.skipping {
            tracing::warn!(
                "Chromium sent a CDP message of more than {MAX_FRAME_BYTES} bytes; it is discarded"
            );
        }
        self.skipping = true;
        self.searched = 0;
        // This also frees the memory.
        *buffer = BytesMut::new();
    }
}

impl Encoder<Bytes> for NulFrames {
    type Error = TransportError;

    fn encode(&mut self, frame: Bytes, buffer: &mut BytesMut) -> Result<(), TransportError> {
        if buffer.is_empty() && buffer.capacity() > KEPT_BYTES {
            *buffer = BytesMut::new();
        }
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
    fn a_discarded_frame_ends_at_its_nul() {
        let mut codec = NulFrames::default();
        let mut buffer = BytesMut::from(&b"the start"[..]);
        assert_eq!(codec.decode(&mut buffer).unwrap(), None);
        codec.skip(&mut buffer);
        buffer.extend_from_slice(b"more of it");
        assert_eq!(codec.decode(&mut buffer).unwrap(), None);
        buffer.extend_from_slice(b"its end\0{}\0");
        assert_eq!(
            codec.decode(&mut buffer).unwrap().as_deref(),
            Some(&b"{}"[..])
        );
    }

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
