//! Shortens messages over the limit before the WebSocket library sees them: it ends the connection at such a
//! message, and would have to buffer it to do otherwise. Works on the bytes of frames and keeps none of
//! them. No I/O.

use std::collections::VecDeque;
use std::io::Cursor;
use std::sync::{Arc, Mutex};

use bytes::{BufMut as _, BytesMut};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use super::utf8_tail::{MAX_COMPLETION, Utf8Tail};
use crate::lock::lock;

/// What is left of the beginning of a message whose first frame is over the limit: enough to find its `requestId`,
/// where that stands before the long fields.
const HEAD: u64 = 4 * 1024;

/// What is left of the end of a long message, where a `requestId` may stand too.
const END: usize = 512;

/// A message longer than so many times the limit is not skipped; it ends the connection, as its sender could
/// otherwise keep it busy for ever with one message.
pub const SKIPPED_LIMITS: u64 = 64;

/// The mask of frames that the limiter adds: it leaves the payload as it is.
const NO_MASK: [u8; 4] = [0; 4];

/// The length of the longest message that comes out of a limiter: the library's own limit.
pub fn longest_output(limit: usize) -> usize {
    limit.saturating_add(MAX_COMPLETION + END)
}

/// The messages that were shortened and not yet read from the library.
#[derive(Debug, Clone, Default)]
pub struct ShortenedMessages(Arc<Mutex<VecDeque<Shortened>>>);

/// A message of which the middle was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shortened {
    number: u64,
    /// The bytes that it had.
    pub bytes: u64,
    /// Where the part that was left out stood in what is there.
    pub cut: usize,
}

impl ShortenedMessages {
    /// If this text or binary message of the connection, counted from 0, was shortened: how.
    pub fn take(&self, number: u64) -> Option<Shortened> {
        lock(&self.0).pop_front_if(|first| first.number == number)
    }
}

/// The filter of one connection.
#[derive(Debug)]
pub struct MessageLimiter {
    limit: u64,
    /// The beginning of a frame's header.
    header: Vec<u8>,
    state: State,
    /// The message whose frames are arriving.
    message: Option<CurrentMessage>,
    /// Finished text and binary messages.
    finished: u64,
    shortened: ShortenedMessages,
}

#[derive(Debug)]
enum State {
    Header,
    Payload(FramePayload),
    /// The library ends the connection at what it has been passed; so it gets the rest as it is.
    Broken,
}

#[derive(Debug)]
struct FramePayload {
    /// Bytes that are passed on.
    pass: u64,
    /// Bytes after them that are not.
    skip: u64,
    mask: [u8; 4],
    /// How many bytes have arrived.
    at: usize,
    /// Whether it belongs to `message`, and whether it is the last frame of it.
    of_message: bool,
    is_final: bool,
}

#[derive(Debug)]
struct CurrentMessage {
    is_text: bool,
    bytes: u64,
    is_shortened: bool,
    /// How much was passed on, and the end of it.
    passed: usize,
    tail: Utf8Tail,
    skipped: Skipped,
}

/// What was not passed on.
#[derive(Debug, Default)]
struct Skipped {
    bytes: u64,
    /// The last of them, without their mask.
    end: Vec<u8>,
}

impl Skipped {
    fn push(&mut self, masked: &[u8], mask: [u8; 4], at: usize) {
        self.bytes += masked.len() as u64;
        let first = masked.len().saturating_sub(END);
        let last = masked.iter().enumerate().skip(first);
        self.end
            .extend(last.map(|(offset, byte)| byte ^ mask[at.wrapping_add(offset) % 4]));
        let old = self.end.len().saturating_sub(END);
        self.end.drain(..old);
    }

    /// What of the end can follow something that ends with a whole character.
    fn whole_characters(&self) -> &[u8] {
        let is_inside = |byte: &u8| (0x80..0xc0).contains(byte);
        let inside = self.end.iter().take_while(|byte| is_inside(byte)).count();
        &self.end[inside..]
    }
}

impl MessageLimiter {
    /// A limiter at the beginning of a connection.
    pub fn new(limit: usize, shortened: ShortenedMessages) -> Self {
        Self {
            limit: limit as u64,
            header: Vec::with_capacity(16),
            state: State::Header,
            message: None,
            finished: 0,
            shortened,
        }
    }

    /// Takes the next bytes of the connection; those for the library are appended to `out`.
    pub fn filter(&mut self, mut input: &[u8], out: &mut BytesMut) {
        while !input.is_empty() {
            match &mut self.state {
                State::Broken => {
                    out.extend_from_slice(input);
                    return;
                }
                State::Header => {
                    let (byte, rest) = input.split_at(1);
                    self.header.extend_from_slice(byte);
                    input = rest;
                    match FrameHeader::parse(&mut Cursor::new(&self.header)) {
                        Ok(None) => {}
                        Ok(Some((header, length))) => self.begin(&header, length, out),
                        Err(_) => self.give_up(out),
                    }
                }
                State::Payload(payload) => {
                    let (passed, rest) = split(input, payload.pass);
                    out.extend_from_slice(passed);
                    let (skipped, rest) = split(rest, payload.skip);
                    let skipped_at = payload.at.wrapping_add(passed.len());
                    if payload.of_message
                        && let Some(message) = &mut self.message
                    {
                        message.tail.push(passed, payload.mask, payload.at);
                        message.passed += passed.len();
                        message.skipped.push(skipped, payload.mask, skipped_at);
                    }
                    payload.pass -= passed.len() as u64;
                    payload.skip -= skipped.len() as u64;
                    payload.at = skipped_at.wrapping_add(skipped.len());
                    input = rest;
                }
            }
            self.end_of_frame(out);
        }
    }

    /// A frame begins; its header is passed on, changed or left out.
    fn begin(&mut self, header: &FrameHeader, length: u64, out: &mut BytesMut) {
        let OpCode::Data(kind) = header.opcode else {
            return self.pass_frame(length, out);
        };
        let starts = kind != Data::Continue;
        let has_reserved = header.rsv1 || header.rsv2 || header.rsv3;
        let (Some(mask), false) = (header.mask, has_reserved) else {
            return self.give_up(out);
        };
        if starts != self.message.is_none() {
            return self.give_up(out);
        }
        let message = self.message.get_or_insert_with(|| CurrentMessage {
            is_text: kind == Data::Text,
            bytes: 0,
            is_shortened: false,
            passed: 0,
            tail: Utf8Tail::default(),
            skipped: Skipped::default(),
        });
        message.bytes = message.bytes.saturating_add(length);
        if message.bytes > self.limit.saturating_mul(SKIPPED_LIMITS) {
            // The library finds its own limit exceeded by the header alone.
            write_header(header, u64::MAX >> 1, out);
            self.header.clear();
            self.state = State::Broken;
            return;
        }
        let mut payload = FramePayload {
            pass: length,
            skip: 0,
            mask,
            at: 0,
            of_message: true,
            is_final: header.is_final,
        };
        message.is_shortened |= message.bytes > self.limit;
        if !message.is_shortened {
            out.extend_from_slice(&self.header);
        } else if starts {
            payload.pass = HEAD.min(self.limit);
            payload.skip = length - payload.pass;
            let unfinished = FrameHeader {
                is_final: false,
                ..header.clone()
            };
            write_header(&unfinished, payload.pass, out);
        } else {
            payload.pass = 0;
            payload.skip = length;
        }
        self.header.clear();
        self.state = State::Payload(payload);
    }

    /// Passes on a whole frame that is no part of a message.
    fn pass_frame(&mut self, length: u64, out: &mut BytesMut) {
        out.extend_from_slice(&self.header);
        self.header.clear();
        self.state = State::Payload(FramePayload {
            pass: length,
            skip: 0,
            mask: NO_MASK,
            at: 0,
            of_message: false,
            is_final: false,
        });
    }

    /// What has arrived breaks the WebSocket protocol.
    fn give_up(&mut self, out: &mut BytesMut) {
        out.extend_from_slice(&self.header);
        self.header.clear();
        self.state = State::Broken;
    }

    fn end_of_frame(&mut self, out: &mut BytesMut) {
        let State::Payload(payload) = &self.state else {
            return;
        };
        if payload.pass > 0 || payload.skip > 0 {
            return;
        }
        let message = self.message.take_if(|_| payload.is_final);
        self.state = State::Header;
        let Some(message) = message else {
            return;
        };
        let number = self.finished;
        self.finished += 1;
        if message.is_shortened {
            self.finish_shortened(number, &message, out);
        }
    }

    /// Ends a message with the last bytes of what was skipped.
    fn finish_shortened(&self, number: u64, message: &CurrentMessage, out: &mut BytesMut) {
        let skipped = &message.skipped;
        let nothing_is_missing = skipped.bytes == skipped.end.len() as u64;
        // A text must not be cut within a character.
        let (completion, end): (&[u8], &[u8]) = if nothing_is_missing {
            (&[], &skipped.end)
        } else if message.is_text {
            (message.tail.completion(), skipped.whole_characters())
        } else {
            (&[], &[])
        };
        let header = FrameHeader {
            opcode: OpCode::Data(Data::Continue),
            mask: Some(NO_MASK),
            ..FrameHeader::default()
        };
        write_header(&header, (completion.len() + end.len()) as u64, out);
        out.extend_from_slice(completion);
        out.extend_from_slice(end);
        let cut = if nothing_is_missing {
            message.passed + end.len()
        } else {
            message.passed + completion.len()
        };
        lock(&self.shortened.0).push_back(Shortened {
            number,
            bytes: message.bytes,
            cut,
        });
    }
}

fn split(bytes: &[u8], most: u64) -> (&[u8], &[u8]) {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    bytes.split_at(most.min(bytes.len()))
}

fn write_header(header: &FrameHeader, length: u64, out: &mut BytesMut) {
    // Writing to memory cannot fail.
    let _ = header.format(length, &mut out.writer());
}

#[cfg(test)]
mod tests;
