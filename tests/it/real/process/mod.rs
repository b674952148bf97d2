//! The built binary as a process: how it starts, what it says, and what it leaves behind.

mod custody;
mod endings;
mod metrics;
mod policies;
mod reload;
mod secrets;
mod serving;
mod startup;
mod systemd;
