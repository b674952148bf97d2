//! Tabs and their connection to Chromium, against the fake in memory with the clock paused.

mod bursts;
mod captures;
mod closes;
mod connection;
mod console;
mod contexts;
mod crashes;
mod cuts;
mod describe;
mod downloads;
mod hands;
mod hangs;
mod harness;
mod late;
mod loopback;
mod navigations;
mod operations;
mod outages;
mod outlets;
mod pages;
mod popups;
mod random;
mod refusals;
mod second_door;
mod stops;
