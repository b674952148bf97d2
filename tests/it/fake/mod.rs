//! A fake Chromium. Its messages and their order were observed on the real one; where the real one
//! does not answer, it does not either. Tests control what happens to its pages.
//!
//! | module | contents |
//! | --- | --- |
//! | [`handle`] | what tests call: control of pages, and the received commands |
//! | [`browser`] | state: contexts, pages, frames to send |
//! | [`root`], [`page`] | commands to the browser and to a page |
//! | [`navigation`], [`capture`] | navigations, snapshots and screenshots |
//! | [`page_script`] | results of the bridge's script in a page |
//! | [`site`] | the pages that can be visited |
//! | [`rules`] | which answers are held back, and which commands fail |
//! | [`memory`], [`websocket`] | transports |

mod browser;
mod capture;
mod handle;
pub(crate) mod memory;
mod navigation;
mod page;
mod page_script;
mod root;
mod rules;
mod site;
mod target;
mod websocket;

pub(crate) use handle::Fake;
