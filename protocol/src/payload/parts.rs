//! Splits a payload into messages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::binary::BinaryFrame;
use super::escaped::EscapedText;
use crate::event::{Envelope, PayloadHead};
use crate::ids::{RequestId, TabId};

/// A payload in the form in which Chromium sent it. Cloning copies no bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// Text, escaped for a JSON string.
    Text(EscapedText),
    /// A picture in base64.
    Base64(Bytes),
    /// The bytes of a file.
    Raw(Bytes),
}

impl Payload {
    /// Size in memory, in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.as_bytes().len(),
            Self::Base64(data) | Self::Raw(data) => data.len(),
        }
    }

    /// Whether the size is 0.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The encoding of messages with a payload, negotiated as the subprotocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// JSON text (`cdp-bridge.v1`).
    Text,
    /// Binary frames (`cdp-bridge.v1.binary`).
    Binary,
}

/// One message on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// For a text frame: UTF-8.
    Text(Bytes),
    /// For a binary frame.
    Binary(Bytes),
}

/// The payload is not valid base64.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a picture is not base64: {0}")]
pub struct NotBase64(#[from] base64::DecodeError);

/// The messages of one payload, built one at a time as the socket accepts them, so that a large payload needs memory for
/// itself and one message, not twice its size.
#[derive(Debug, Clone)]
pub struct Parts {
    head: PayloadHead,
    request_id: Option<RequestId>,
    encoding: Encoding,
    /// Escaped text or base64 for text messages; the raw payload for binary ones.
    bytes: Bytes,
    /// The end offset of each part.
    cuts: Vec<usize>,
    next: usize,
}

impl Parts {
    /// Splits a payload into parts of at most `chunk_bytes`, counted in unescaped UTF-8, in base64, or, for binary frames, in
    /// raw bytes.
    pub fn new(
        head: PayloadHead,
        request_id: Option<RequestId>,
        payload: &Payload,
        encoding: Encoding,
        chunk_bytes: usize,
    ) -> Result<Self, NotBase64> {
        let (bytes, cuts) = match (payload, encoding) {
            (Payload::Text(text), Encoding::Text) => {
                (text.as_bytes().clone(), text.cuts(chunk_bytes))
            }
            (Payload::Text(text), Encoding::Binary) => {
                let raw = text.decode();
                let cuts = utf8_cuts(&raw, chunk_bytes);
                (raw, cuts)
            }
            (Payload::Base64(data), Encoding::Text) => {
                (data.clone(), base64_cuts(data, chunk_bytes))
            }
            (Payload::Raw(data), Encoding::Text) => {
                let data = Bytes::from(STANDARD.encode(data));
                let cuts = base64_cuts(&data, chunk_bytes);
                (data, cuts)
            }
            (Payload::Raw(data), Encoding::Binary) => {
                (data.clone(), even_cuts(data.len(), chunk_bytes))
            }
            (Payload::Base64(data), Encoding::Binary) => {
                let raw = Bytes::from(STANDARD.decode(data)?);
                let cuts = even_cuts(raw.len(), chunk_bytes);
                (raw, cuts)
            }
        };
        Ok(Self {
            head,
            request_id,
            encoding,
            bytes,
            cuts,
            next: 0,
        })
    }

    /// The number of messages.
    pub fn total(&self) -> usize {
        self.cuts.len()
    }

    /// Payload bytes of the remaining messages.
    pub fn remaining_bytes(&self) -> usize {
        self.bytes.len() - self.start()
    }

    /// Bytes of the whole payload, which stay in memory until the last message is built.
    pub fn held_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// The tab that the payload was taken from.
    pub fn tab(&self) -> TabId {
        self.head.tab()
    }

    /// The next message, with this `cursor`; `None` after the last one.
    pub fn next_numbered(&mut self, cursor: Option<u64>) -> Option<Part> {
        let end = *self.cuts.get(self.next)?;
        let slice = &self.bytes[self.start()..end];
        // A payload of 4 billion parts would not fit into memory.
        let seq = u32::try_from(self.next).unwrap_or(u32::MAX);
        let total = u32::try_from(self.cuts.len()).unwrap_or(u32::MAX);
        self.head.set_part(seq, total);
        self.next += 1;
        let head = Envelope {
            r#type: self.head.name(),
            request_id: self.request_id.as_ref(),
            body: &self.head,
            cursor,
        }
        .to_json();
        Some(match self.encoding {
            Encoding::Text => Part::Text(text_message(&head, self.head.field(), slice)),
            Encoding::Binary => Part::Binary(BinaryFrame::encode(&head, slice)),
        })
    }

    fn start(&self) -> usize {
        self.next.checked_sub(1).map_or(0, |last| self.cuts[last])
    }
}

impl Iterator for Parts {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        self.next_numbered(None)
    }
}

/// Appends the payload as the last field of the head's object.
fn text_message(head: &str, field: &str, payload: &[u8]) -> Bytes {
    let open = head.strip_suffix('}').unwrap_or(head);
    let mut message = Vec::with_capacity(open.len() + field.len() + payload.len() + 8);
    message.extend_from_slice(open.as_bytes());
    message.extend_from_slice(b",\"");
    message.extend_from_slice(field.as_bytes());
    message.extend_from_slice(b"\":\"");
    message.extend_from_slice(payload);
    message.extend_from_slice(b"\"}");
    message.into()
}

/// Cuts base64 at multiples of four characters, so that each part can be decoded alone.
fn base64_cuts(data: &Bytes, chunk_bytes: usize) -> Vec<usize> {
    even_cuts(data.len(), (chunk_bytes / 4 * 4).max(4))
}

fn even_cuts(len: usize, step: usize) -> Vec<usize> {
    let step = step.max(1);
    let mut cuts: Vec<_> = (step..len).step_by(step).collect();
    cuts.push(len);
    cuts
}

fn utf8_cuts(text: &[u8], max: usize) -> Vec<usize> {
    let max = max.max(4);
    let mut cuts = Vec::with_capacity(text.len() / max + 1);
    let mut start = 0;
    while text.len() - start > max {
        let mut end = start + max;
        while text[end] & 0xC0 == 0x80 {
            end -= 1;
        }
        cuts.push(end);
        start = end;
    }
    cuts.push(text.len());
    cuts
}
