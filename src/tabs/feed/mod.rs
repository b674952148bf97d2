//! A stream that a page sends to everyone who subscribes to it.
//!
//! The life of every such stream is the same and is written down here once: it is opened at the page
//! for the first listener and shared by all; more may join while it is being opened, each within the
//! time limit of its own request; it is closed with the last; it goes on in the page that replaces
//! the present one; and when it cannot be opened, all pending listeners are answered.
//!
//! | module | holds |
//! | --- | --- |
//! | [`listeners`] | the state machine: confirmed and pending listeners, and the next step. No I/O |
//! | [`subscription`] | one listener and the reply that is owed to it |
//! | [`task`] | the task that drives one stream at one page |
//! | [`feeds`] | what a tab's actor keeps: the subscriptions of the tab and their tasks |
//! | [`stream`] | the traits that a kind of stream implements |
//! | [`page`] | a CDP session that ends with its stream |
//!
//! # Adding a stream
//!
//! 1. A listener: a [`StreamListener`] with a key, a way to notice that its subscriber left, and the
//!    answer that confirms it.
//! 2. A [`PageStream`]: `open` attaches a session and enables what reports, `next` waits for one
//!    report and hands it to the listeners, `close` drops the session. `retry_after` says whether a
//!    failed opening is repeated; the default is that it is not.
//! 3. A [`StreamFactory`], which holds what outlives a page, such as a counter. Listeners with equal
//!    specs share a stream; `()` is the spec of a kind that has only one.
//! 4. A [`Feeds`] of that factory in the tab's actor, beside the others.

mod feeds;
mod listeners;
mod page;
mod stream;
mod subscription;
mod task;
#[cfg(test)]
mod tests;

pub(super) use feeds::Feeds;
pub(super) use page::{PageSession, StreamPage};
pub(super) use stream::{PageStream, StreamError, StreamFactory, StreamListener};
pub(super) use subscription::Subscription;
