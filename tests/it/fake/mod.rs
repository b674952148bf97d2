//! A fake Chromium. It speaks the protocol as the real one was observed to speak it, it is as
//! silent as the real one where that never answers, and tests tell it what happens to its pages.
//!
//! | module | holds |
//! | --- | --- |
//! | [`handle`] | what tests do with it: the verbs, and what it was asked |
//! | [`browser`] | its state: contexts, pages, and the frames that leave |
//! | [`root`], [`page`] | the commands to the browser and to a page |
//! | [`navigation`], [`capture`] | what a page does when it is sent somewhere or looked at |
//! | [`hands`] | what the bridge's script in a page says |
//! | [`site`] | the pages there are to visit |
//! | [`rules`] | which answers are withheld, and which commands fail |
//! | [`memory`], [`websocket`] | how the bridge reaches it |

mod browser;
mod capture;
mod handle;
mod hands;
mod memory;
mod navigation;
mod page;
mod root;
mod rules;
mod site;
mod target;
mod websocket;

pub(crate) use handle::Fake;
