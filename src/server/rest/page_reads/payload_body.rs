//! Payloads as bodies of HTTP answers: decoded piece by piece as the socket takes them, never encoded again.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use cdp_bridge_protocol::payload::Payload;
use futures::stream;

/// The most bytes that are decoded at a time; a multiple of four, so that base64 is cut between its groups.
const PIECE: usize = 64 * 1024;

/// The bytes of a payload: text as UTF-8, pictures and files as they are.
pub(crate) struct PayloadBody {
    pub(crate) body: Body,
    /// How many there are.
    pub(crate) length: usize,
}

impl PayloadBody {
    pub(crate) fn new(payload: Payload) -> Self {
        match payload {
            Payload::Text(text) => {
                let length = text.decoded_len();
                let pieces = text.into_decoded_pieces(PIECE);
                let pieces = pieces.map(Ok::<_, std::convert::Infallible>);
                Self {
                    length,
                    body: Body::from_stream(stream::iter(pieces)),
                }
            }
            Payload::Base64(data) => Self {
                length: decoded_length(&data),
                body: Body::from_stream(stream::iter(decoded(data))),
            },
            Payload::Raw(data) => Self {
                length: data.len(),
                body: data.into(),
            },
        }
    }
}

/// The pieces of base64. A piece that is not base64 breaks the answer off: its head was sent already.
fn decoded(data: Bytes) -> impl Iterator<Item = Result<Bytes, base64::DecodeError>> + Send {
    let starts = (0..data.len()).step_by(PIECE);
    starts.map(move |start| {
        let piece = data.slice(start..data.len().min(start + PIECE));
        STANDARD.decode(piece).map(Bytes::from)
    })
}

fn decoded_length(data: &[u8]) -> usize {
    let padding = data.iter().rev().take_while(|byte| **byte == b'=');
    (data.len() / 4 * 3).saturating_sub(padding.count())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;
    use cdp_bridge_protocol::payload::EscapedText;

    async fn bytes_of(payload: Payload) -> Vec<u8> {
        let PayloadBody { body, length } = PayloadBody::new(payload);
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        assert_eq!(bytes.len(), length);
        bytes.into()
    }

    #[tokio::test]
    async fn a_payload_is_the_bytes_that_it_stands_for() {
        for length in [0, 1, 2, 3, 4, 49_151, 49_152, 49_153, 300_000] {
            let bytes: Vec<u8> = (0..length).map(|at: u32| at.to_be_bytes()[3]).collect();
            let base64 = Bytes::from(STANDARD.encode(&bytes));
            assert_eq!(bytes_of(Payload::Base64(base64)).await, bytes, "{length}");
            assert_eq!(bytes_of(Payload::Raw(bytes.clone().into())).await, bytes);
        }
        let text = "Grüße \"aus\" 日本 😀\n".repeat(20_000);
        let payload = Payload::Text(EscapedText::from_text(&text));
        assert_eq!(bytes_of(payload).await, text.as_bytes());
    }

    #[tokio::test]
    async fn what_is_not_base64_breaks_the_answer_off() {
        let payload = Payload::Base64(Bytes::from_static(b"AAAA!AAA"));
        let body = PayloadBody::new(payload).body;
        assert!(to_bytes(body, usize::MAX).await.is_err());
    }
}
