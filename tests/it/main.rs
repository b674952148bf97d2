//! The bridge seen from outside: against its contract, a fake Chromium, and the real one.

#[cfg(test)]
mod contract;
