//! Sessions that clients create, on the fake Chromium.

mod house;
mod line;
mod limits;
mod lives;
mod random;
mod random_restarts;
mod restarts;
