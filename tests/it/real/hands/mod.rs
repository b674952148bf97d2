//! Actions on real pages.
//!
//! | module | holds |
//! | --- | --- |
//! | [`steps`] | a tab with a page to act on, and helpers for requests about it |
//! | [`rows`] | a matrix of requests and failures |
//! | [`awkward`] | pages that are hard to act on |
//! | [`locators`] | every kind of segment |
//! | [`acting`] | clicks and their like, on elements that move, hide and are covered |
//! | [`fields`] | filling, typing, choosing, uploading |
//! | [`frames`] | frames of other origins and processes, turned and scaled |
//! | [`looking`] | waiting, asking, evaluating, reading |
//! | [`outline`] | the outline, and its refs |
//! | [`history`] | back, forward, reload |
//! | [`choosers`] | file choosers |
//! | [`downloads`] | downloads |
//! | [`console`] | console messages |
//! | [`pictures`] | screenshots of elements and areas |
//! | [`secrets`] | typed text is in no log, metric or error |

mod acting;
mod awkward;
mod choosers;
mod console;
mod downloads;
mod fields;
mod frames;
mod history;
mod locators;
mod looking;
mod outline;
mod pictures;
mod rows;
mod secrets;
mod steps;
