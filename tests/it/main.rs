//! The bridge seen from outside, in one program: against its contract, a fake Chromium, the
//! real one, and by clients in other languages. `cfg(test)` makes the lints count all of it as tests.

#[cfg(test)]
mod actor;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod engines;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod real;
#[cfg(test)]
mod store;
#[cfg(test)]
mod support;
