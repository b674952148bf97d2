//! Frames of a client as bytes, right and wrong ones, and frames of the server read strictly.

use tokio::io::{AsyncRead, AsyncReadExt as _};

pub(super) const CONTINUATION: u8 = 0x0;
pub(super) const TEXT: u8 = 0x1;
pub(super) const BINARY: u8 = 0x2;
pub(super) const CLOSE: u8 = 0x8;
pub(super) const PING: u8 = 0x9;
pub(super) const PONG: u8 = 0xa;

/// Instead of a length: that one of two or of eight bytes follows.
const LENGTH_16: u8 = 126;
const LENGTH_64: u8 = 127;

const FIN: u8 = 0x80;
const MASKED: u8 = 0x80;
const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// One frame that a client sends.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    /// FIN, the reserved bits and the opcode.
    first: u8,
    masked: bool,
    payload: Vec<u8>,
}

impl Frame {
    /// A frame as it should be.
    pub(super) fn new(opcode: u8, payload: impl Into<Vec<u8>>) -> Self {
        Self {
            first: FIN | opcode,
            masked: true,
            payload: payload.into(),
        }
    }

    /// The same with more to come.
    pub(super) fn unfinished(mut self) -> Self {
        self.first &= !FIN;
        self
    }

    /// The same with these reserved bits, from 1 to 7.
    pub(super) fn reserved(mut self, bits: u8) -> Self {
        self.first |= bits << 4;
        self
    }

    /// The same as only a server may send it.
    pub(super) fn unmasked(mut self) -> Self {
        self.masked = false;
        self
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.first];
        let flag = if self.masked { MASKED } else { 0 };
        let length = self.payload.len();
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(short @ ..LENGTH_16), _) => bytes.push(flag | short),
            (_, Ok(length)) => {
                bytes.push(flag + LENGTH_16);
                bytes.extend(length.to_be_bytes());
            }
            _ => {
                bytes.push(flag + LENGTH_64);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        if self.masked {
            bytes.extend(MASK);
            let masked = self.payload.iter().zip(MASK.iter().cycle());
            bytes.extend(masked.map(|(byte, mask)| byte ^ mask));
        } else {
            bytes.extend(&self.payload);
        }
        bytes
    }
}

/// A message in frames of at most `size` bytes.
pub(super) fn fragments(opcode: u8, message: &[u8], size: usize) -> Vec<Frame> {
    let mut frames: Vec<_> = message
        .chunks(size)
        .map(|part| Frame::new(CONTINUATION, part).unfinished())
        .collect();
    if let Some(first) = frames.first_mut() {
        first.first |= opcode;
    }
    if let Some(last) = frames.last_mut() {
        last.first |= FIN;
    }
    frames
}

/// A frame of the server.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Received {
    pub(super) opcode: u8,
    pub(super) payload: Vec<u8>,
}

/// Reads a frame; none where the connection has ended. The server may send nothing that breaks the
/// rules: no mask, no reserved bits, no fragments where it needs none, no long control frames.
pub(super) async fn read(socket: &mut (impl AsyncRead + Unpin)) -> Option<Received> {
    let first = socket.read_u8().await.ok()?;
    let second = socket.read_u8().await.unwrap();
    assert_eq!(first & 0xf0, FIN, "a whole frame without reserved bits");
    assert_eq!(second & MASKED, 0, "a server masks nothing");
    let length = match second {
        LENGTH_16 => u64::from(socket.read_u16().await.unwrap()),
        LENGTH_64 => socket.read_u64().await.unwrap(),
        short => u64::from(short),
    };
    let opcode = first & 0x0f;
    assert!(opcode < CLOSE || length < 126, "a short control frame");
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    socket.read_exact(&mut payload).await.unwrap();
    Some(Received { opcode, payload })
}
