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

/// What is left of a message whose first frame is over the limit: enough to find its `requestId`.
const HEAD: u64 = 4 * 1024;

/// A message longer than so many times the limit is not skipped; it ends the connection, as its sender could
/// otherwise keep it busy for ever with one message.
pub const SKIPPED_LIMITS: u64 = 64;

/// The mask of frames that the limiter adds: it leaves the payload as it is.
const NO_MASK: [u8; 4] = [0; 4];

/// The length of the longest message that comes out of a limiter: the library's own limit.
pub fn longest_output(limit: usize) -> usize {
    limit.saturating_add(MAX_COMPLETION)
}

/// The messages that were shortened and not yet read from the library.
#[derive(Debug, Clone, Default)]
pub struct ShortenedMessages(Arc<Mutex<VecDeque<Shortened>>>);

#[derive(Debug)]
struct Shortened {
    number: u64,
    bytes: u64,
}

impl ShortenedMessages {
    /// If this text or binary message of the connection, counted from 0, was shortened: the bytes that it had.
    pub fn take(&self, number: u64) -> Option<u64> {
        let mut all = lock(&self.0);
        all.pop_front_if(|first| first.number == number)
            .map(|first| first.bytes)
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
    /// How many bytes have been passed on.
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
    /// The end of what was passed on.
    tail: Utf8Tail,
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
                        Ok(Some((header, length))) => self.begin(header, length, out),
                        Err(_) => self.give_up(out),
                    }
                }
                State::Payload(payload) => {
                    let (passed, rest) = split(input, payload.pass);
                    out.extend_from_slice(passed);
                    if payload.of_message
                        && let Some(message) = &mut self.message
                    {
                        message.tail.push(passed, payload.mask, payload.at);
                    }
                    payload.pass -= passed.len() as u64;
                    payload.at += passed.len();
                    let (skipped, rest) = split(rest, payload.skip);
                    payload.skip -= skipped.len() as u64;
                    input = rest;
                }
            }
            self.end_of_frame(out);
        }
    }

    /// A frame begins; its header is passed on, changed or left out.
    fn begin(&mut self, header: FrameHeader, length: u64, out: &mut BytesMut) {
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
            tail: Utf8Tail::default(),
        });
        message.bytes = message.bytes.saturating_add(length);
        if message.bytes > self.limit.saturating_mul(SKIPPED_LIMITS) {
            // The library finds its own limit exceeded by the header alone.
            write_header(&header, u64::MAX >> 1, out);
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
                ..header
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
            // A text must not end within a character.
            let completion = if message.is_text {
                message.tail.completion()
            } else {
                &[]
            };
            let end = FrameHeader {
                opcode: OpCode::Data(Data::Continue),
                mask: Some(NO_MASK),
                ..FrameHeader::default()
            };
            write_header(&end, completion.len() as u64, out);
            out.extend_from_slice(completion);
            let bytes = message.bytes;
            lock(&self.shortened.0).push_back(Shortened { number, bytes });
        }
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
