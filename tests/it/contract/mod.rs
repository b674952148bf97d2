//! The contract: what stands in `schemas/` is what the code does, and the rooms know only whom they
//! may know.

mod asyncapi;
mod committed;
mod deploy;
pub(crate) mod documents;
mod events;
mod instances;
mod layers;
mod openapi;
mod redaction;
mod release;
mod requests;
pub(crate) mod schemas;
mod session_instances;
mod sizes;
mod source;
mod words;
