//! Clients, in other languages and in Rust: their generated types are those of `schemas/`, and their own tests
//! pass with the bridge that was built. Where a language or its packages are not on the machine,
//! stderr says what was not tested.

pub(crate) mod program;
pub(crate) mod python;
mod rust;
pub(crate) mod typescript;
