//! Durations and sizes as an operator writes them: serde adapters for the settings of the other modules.

pub(crate) mod byte_size;
pub(crate) mod duration;
