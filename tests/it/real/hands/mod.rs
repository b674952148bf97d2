//! Hands on awkward pages.
//!
//! | module | holds |
//! | --- | --- |
//! | [`steps`] | a tab with a page to act on, and short ways to ask it |
//! | [`rows`] | each request with each of its failures |
//! | [`awkward`] | pages that are hard to act on |
//! | [`locators`] | every kind of segment |
//! | [`acting`] | clicks and their like, on elements that move, hide and are covered |
//! | [`fields`] | filling, typing, choosing, uploading |
//! | [`frames`] | frames of other origins and processes, turned and scaled |
//! | [`looking`] | waiting, asking, evaluating, reading |
//! | [`outline`] | the outline, and its refs |
//! | [`history`] | back, forward, anew |
//! | [`choosers`] | what asks for files |
//! | [`downloads`] | files that pages hand out |
//! | [`console`] | what pages write to their consoles |
//! | [`pictures`] | pictures of elements and parts |
//! | [`secrets`] | what is typed is in no log, metric or error |

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
