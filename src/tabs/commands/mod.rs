//! The CDP calls behind the requests.

pub mod history;
pub mod html;
pub mod http_auth;
pub mod navigate;
pub mod print;
pub mod retry;
pub mod screenshot;
pub mod set_up;
pub mod snapshot;
pub mod surface_picture;
pub mod target;
pub mod title_change;
pub mod too_large;
pub mod travel;
