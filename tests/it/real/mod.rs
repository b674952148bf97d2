//! The whole bridge with a real Chromium. Every test runs on both builds of it.

mod conversation;
