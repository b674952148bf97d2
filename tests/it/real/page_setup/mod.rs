//! What every document of a tab starts with, what a page may do, and how it is pictured and printed.
//!
//! | module | holds |
//! | --- | --- |
//! | [`steps`] | a tab, and helpers for requests about it |
//! | [`emulation`] | each field of `emulate`, as scripts and servers see it |
//! | [`children`] | frames of other processes, workers and popups |
//! | [`rebuilds`] | crashes, and the end of the browser |
//! | [`init_scripts`] | scripts that run before those of the page |
//! | [`permissions`] | what pages may do |
//! | [`picture_look`] | what is stilled, hidden and covered in a screenshot |
//! | [`printing`] | pages on paper |
//! | [`secrets`] | values of headers and scripts are in no log, metric or error |

mod children;
mod emulation;
mod init_scripts;
mod permissions;
mod picture_look;
mod printing;
mod rebuilds;
mod secrets;
mod steps;
