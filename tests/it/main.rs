//! The bridge seen from outside: against a fake Chromium, and against the real one.

#[cfg(test)]
mod real;
#[cfg(test)]
mod support;
