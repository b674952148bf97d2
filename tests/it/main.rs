//! The bridge seen from outside: against a fake Chromium, and against the real one.

#[cfg(test)]
mod actor;
#[cfg(test)]
mod fake;
