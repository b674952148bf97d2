//! Clients in other languages: their generated types are those of `schemas/`, and their own tests
//! pass with the bridge that was built. Where a language or its packages are not on the machine,
//! stderr says what was not tested.

mod program;
mod python;
mod typescript;
