//! The built binary as a process: how it starts, what it says, and what it leaves behind.

mod api_keys;
mod canary;
mod configuration;
mod console;
mod custody;
mod doctor;
mod endings;
mod inheritance;
mod log_floods;
mod manual;
mod metrics;
mod policies;
mod reload;
mod restarts;
mod secrets;
mod serving;
mod startup;
mod state;
mod systemd;
