//! The whole bridge with a real Chromium. Every test runs on both builds of it.

mod bad_input;
mod conversation;
mod crashes;
mod cuts;
mod documents;
mod edge;
mod egress;
mod faults;
mod hands;
mod isolation;
mod logged_out;
mod miniwob;
mod navigation;
mod page_driven;
mod page_setup;
mod pages;
mod payloads;
mod process;
mod rest;
mod rest_bytes;
mod screencasts;
mod screenshots;
mod soak;
mod twenty_tabs;
mod urls;
mod vectors;
