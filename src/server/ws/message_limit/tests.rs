//! What comes out of the limiter is read by the library that reads it in the bridge.

use std::io::{self, Read, Write};

use proptest::prelude::*;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::Control;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::*;

const LIMIT: usize = 100;

/// Only reads.
struct ReadOnly<'a>(&'a [u8]);

impl Read for ReadOnly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Write for ReadOnly<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a connection receives.
#[derive(Debug, Clone, PartialEq)]
enum Heard {
    Whole(Message),
    /// A prefix of a message, and how long that was.
    Shortened(Message, Shortened),
    Ping(Vec<u8>),
}

/// Everything that is heard until the bytes end, and the error if there is another one.
fn hear(chunks: &[&[u8]]) -> (Vec<Heard>, Option<Error>) {
    let shortened = ShortenedMessages::default();
    let mut limiter = MessageLimiter::new(LIMIT, shortened.clone());
    let mut out = BytesMut::new();
    for chunk in chunks {
        limiter.filter(chunk, &mut out);
    }
    let most = Some(longest_output(LIMIT));
    let config = WebSocketConfig::default()
        .max_message_size(most)
        .max_frame_size(most);
    let mut context = WebSocketContext::new(Role::Server, Some(config));
    let mut stream = ReadOnly(&out);
    let (mut heard, mut number) = (Vec::new(), 0);
    loop {
        match context.read(&mut stream) {
            Ok(Message::Ping(payload)) => heard.push(Heard::Ping(payload.to_vec())),
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                heard.push(match shortened.take(number) {
                    Some(how) => Heard::Shortened(message, how),
                    None => Heard::Whole(message),
                });
                number += 1;
            }
            Ok(_) => {}
            Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => {
                return (heard, None);
            }
            Err(error) => return (heard, Some(error)),
        }
    }
}

fn frame(opcode: OpCode, payload: &[u8], is_final: bool) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let header = FrameHeader {
        is_final,
        opcode,
        mask: Some(mask),
        ..FrameHeader::default()
    };
    let mut bytes = Vec::new();
    header.format(payload.len() as u64, &mut bytes).unwrap();
    let masked = payload.iter().zip(mask.iter().cycle());
    bytes.extend(masked.map(|(byte, mask)| byte ^ mask));
    bytes
}

fn ping(payload: &[u8]) -> Vec<u8> {
    frame(OpCode::Control(Control::Ping), payload, true)
}

/// A message in fragments that end at these places, each with a ping behind it where there is another fragment.
fn message(kind: Data, payload: &[u8], ends: &[usize], pings: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut ends: Vec<usize> = ends.iter().map(|end| end % (payload.len() + 1)).collect();
    ends.sort_unstable();
    ends.push(payload.len());
    let (mut start, mut kind) = (0, kind);
    for (index, end) in ends.iter().enumerate() {
        let is_final = index + 1 == ends.len();
        bytes.extend(frame(OpCode::Data(kind), &payload[start..*end], is_final));
        if pings && !is_final {
            bytes.extend(ping(b"p"));
        }
        (start, kind) = (*end, Data::Continue);
    }
    bytes
}

#[derive(Debug, Clone)]
struct Sent {
    text: String,
    ends: Vec<usize>,
    pings: bool,
    is_binary: bool,
}

fn sent() -> impl Strategy<Value = Sent> {
    let chars = prop_oneof![Just('a'), Just('é'), Just('€'), Just('𝄞'), any::<char>()];
    let text = prop_oneof![
        prop::collection::vec(chars.clone(), 0..120),
        prop::collection::vec(chars, 600..900),
    ];
    let ends = prop::collection::vec(0..3000_usize, 0..6);
    (text, ends, any::<bool>(), any::<bool>()).prop_map(|(text, ends, pings, is_binary)| Sent {
        text: text.into_iter().collect(),
        ends,
        pings,
        is_binary,
    })
}

proptest! {
    #[test]
    fn messages_up_to_the_limit_are_left_alone_and_longer_ones_shortened(
        all in prop::collection::vec(sent(), 1..6),
        piece in 1..300_usize,
    ) {
        let mut bytes = Vec::new();
        for sent in &all {
            let kind = if sent.is_binary { Data::Binary } else { Data::Text };
            bytes.extend(message(kind, sent.text.as_bytes(), &sent.ends, sent.pings));
        }
        let pieces: Vec<&[u8]> = bytes.chunks(piece).collect();
        let (heard, error) = hear(&pieces);
        prop_assert!(error.is_none(), "{:?}", error);
        let (pings, messages): (Vec<_>, Vec<_>) =
            heard.into_iter().partition(|heard| matches!(heard, Heard::Ping(_)));
        let expected: usize = all.iter().filter(|sent| sent.pings).map(|sent| sent.ends.len()).sum();
        prop_assert_eq!(pings.len(), expected);
        prop_assert_eq!(messages.len(), all.len());
        for (heard, sent) in messages.into_iter().zip(&all) {
            let whole = sent.text.as_bytes();
            match heard {
                Heard::Whole(heard) => {
                    prop_assert!(whole.len() <= LIMIT);
                    prop_assert_eq!(heard.is_binary(), sent.is_binary);
                    prop_assert_eq!(&heard.into_data()[..], whole);
                }
                Heard::Shortened(heard, how) => {
                    prop_assert!(whole.len() > LIMIT);
                    prop_assert_eq!(how.bytes, whole.len() as u64);
                    prop_assert_eq!(heard.is_binary(), sent.is_binary);
                    let heard = heard.into_data();
                    let (beginning, end) = heard.split_at(how.cut);
                    let kept = beginning.iter().zip(whole).take_while(|(a, b)| a == b).count();
                    prop_assert!(kept + MAX_COMPLETION >= beginning.len());
                    prop_assert!(whole.ends_with(end));
                    prop_assert!(end.len() <= END);
                    prop_assert!(sent.is_binary || end.is_empty() || end.len() + MAX_COMPLETION >= END);
                }
                Heard::Ping(_) => unreachable!(),
            }
        }
    }

    #[test]
    fn any_bytes_come_out_alike_however_they_are_cut_and_never_make_a_message_over_the_limit(
        bytes in prop::collection::vec(prop_oneof![Just(0x81_u8), Just(0x01), Just(0x80), Just(0xfe), any::<u8>()], 0..600),
        piece in 1..50_usize,
    ) {
        let (whole, error) = hear(&[&bytes]);
        let pieces: Vec<&[u8]> = bytes.chunks(piece).collect();
        let (cut, _) = hear(&pieces);
        prop_assert_eq!(&whole, &cut);
        let is_too_long = |heard: &Heard| matches!(heard, Heard::Whole(it) if it.len() > LIMIT);
        prop_assert!(!whole.iter().any(is_too_long), "{:?}", error);
    }
}

#[test]
fn what_stands_before_and_behind_a_long_message_is_heard_in_its_order() {
    let bytes = [
        message(Data::Text, b"one", &[], false),
        message(Data::Text, &[b'x'; 3000], &[], false),
        ping(b"between"),
        message(Data::Text, &[b'y'; LIMIT], &[], false),
        message(Data::Text, &[b'z'; LIMIT + 1], &[20, 40], false),
        message(Data::Text, b"two", &[], false),
    ]
    .concat();
    let (heard, error) = hear(&[&bytes]);
    assert!(error.is_none(), "{error:?}");
    let text =
        |byte: u8, length: usize| Message::text(String::from_utf8(vec![byte; length]).unwrap());
    let shortened = |number, bytes, cut| Shortened { number, bytes, cut };
    let expected = [
        Heard::Whole(Message::text("one")),
        Heard::Shortened(text(b'x', LIMIT + END), shortened(1, 3000, LIMIT)),
        Heard::Ping(b"between".to_vec()),
        Heard::Whole(text(b'y', LIMIT)),
        // Nothing of it is missing.
        Heard::Shortened(
            text(b'z', LIMIT + 1),
            shortened(3, LIMIT as u64 + 1, LIMIT + 1),
        ),
        Heard::Whole(Message::text("two")),
    ];
    assert_eq!(heard, expected);
}

#[test]
fn a_message_that_is_far_too_long_is_refused_at_its_header_also_in_fragments() {
    let most = LIMIT * usize::try_from(SKIPPED_LIMITS).unwrap();
    let whole = frame(OpCode::Data(Data::Text), &vec![b'x'; most + 1], true);
    let header = &whole[..14];
    let (heard, error) = hear(&[header]);
    assert!(
        heard.is_empty() && matches!(error, Some(Error::Capacity(_))),
        "{error:?}"
    );
    let mut fragments = frame(OpCode::Data(Data::Text), b"x", false);
    fragments.extend(frame(
        OpCode::Data(Data::Continue),
        &vec![b'x'; most - 1],
        false,
    ));
    fragments.extend(frame(OpCode::Data(Data::Continue), b"x", true));
    let (heard, error) = hear(&[&fragments]);
    assert!(
        heard.is_empty() && matches!(error, Some(Error::Capacity(_))),
        "{error:?}"
    );
}

#[test]
fn a_long_message_takes_no_memory_while_it_is_skipped() {
    let mut limiter = MessageLimiter::new(LIMIT, ShortenedMessages::default());
    let mut out = BytesMut::new();
    let bytes = frame(OpCode::Data(Data::Text), &[b'x'; LIMIT * 60], true);
    for chunk in bytes.chunks(50) {
        limiter.filter(chunk, &mut out);
    }
    assert!(out.len() < LIMIT + END + 30, "{}", out.len());
}

#[test]
fn mistakes_in_the_middle_of_a_long_message_reach_the_library() {
    let long = frame(OpCode::Data(Data::Text), &[b'x'; LIMIT + 1], false);
    let mut reserved = frame(OpCode::Data(Data::Continue), b"x", true);
    reserved[0] |= 0x40;
    let mut unmasked = frame(OpCode::Data(Data::Continue), b"", true);
    unmasked.truncate(2);
    unmasked[1] = 0;
    for mistake in [
        frame(OpCode::Data(Data::Text), b"x", true),
        reserved,
        unmasked,
        // An opcode without a meaning.
        vec![0x83, 0x80, 0, 0, 0, 0],
    ] {
        let bytes = [long.clone(), mistake, ping(b"never")].concat();
        let (heard, error) = hear(&[&bytes]);
        assert_eq!(heard, []);
        assert!(error.is_some());
    }
}
