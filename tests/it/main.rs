//! The bridge seen from outside, in one program: against its contract, a fake Chromium, and the
//! real one. `cfg(test)` makes the lints count all of it as tests.

#[cfg(test)]
mod actor;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod real;
#[cfg(test)]
mod support;
