//! Server-sent events: what happens in a session, over plain HTTP.
//!
//! | module | holds |
//! | --- | --- |
//! | [`event_log`] | the recent events of one session, with their numbers. No I/O |
//! | [`event_logs`] | the listener of the event bus that keeps them, within a bound for each client |
//! | [`encode`] | the text of the stream |
//! | [`query`] | what a request for a stream asks for |
//! | [`stream`] | one stream, from its first line to the end of its session |

pub mod encode;
pub mod event_log;
pub mod event_logs;
pub mod query;
pub mod stream;
