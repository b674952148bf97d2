//! Durations, sizes and times as an operator writes and reads them; serde adapters for the settings of the other modules.

pub(crate) mod byte_size;
pub(crate) mod duration;
pub(crate) mod utc;
