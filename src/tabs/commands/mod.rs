//! The CDP calls behind the requests, one file for each.

pub mod activate;
pub mod close;
pub mod history;
pub mod html;
pub mod navigate;
pub mod retry;
pub mod screenshot;
pub mod set_up;
pub mod snapshot;
pub mod title;
pub mod title_change;
pub mod too_large;
pub mod travel;
