//! What is written to a page's console, told to whoever subscribed to it (protocol section 9).
//!
//! Only while somebody is subscribed does Chromium report it. A [`feed`] is the task that listens,
//! with a CDP session of its own, so that a flood fills no other inbox; [`frames`] are the parts of
//! the page that it hears; [`entry`] reads what it hears; [`subscribers`] is what the tab's actor
//! keeps: who is subscribed, and the feed that runs for them; `join` is what both hold of each; `shorten` bounds
//! the size of what waits to be read.

pub mod entry;
pub mod feed;
pub mod frames;
mod join;
mod shorten;
pub mod subscribers;

pub use feed::Subscriber;
pub use subscribers::Subscribers;
