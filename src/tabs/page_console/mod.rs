//! What a page writes to its console, sent to its subscribers.
//!
//! Chromium reports it only while someone is subscribed. `stream` is the console as a
//! `feed`; `frames` are the processes that a page's frames live in, each with a
//! console; `entry` reads their reports; `subscriber` is a connection that is subscribed.

mod entry;
mod frames;
mod shorten;
mod stream;
mod subscriber;

pub(crate) use stream::ConsoleSubscriptions;
pub use subscriber::Subscriber;
