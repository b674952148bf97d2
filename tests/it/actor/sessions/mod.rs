//! Sessions that clients create, on the fake Chromium.

mod house;
mod limits;
mod line;
mod lives;
mod random;
mod random_restarts;
mod restarts;
