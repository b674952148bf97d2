//! Sessions that clients create, on the fake Chromium.

mod house;
mod limits;
mod lives;
mod random;
