//! What a burst took is given back: huge messages of every kind, one after the other, and then nothing.
//!
//! Buffers that keep the size of the largest message so far, and an allocator that keeps what was freed, show only
//! after large messages; random faults move small ones.

pub(crate) mod memory;
pub(crate) mod pages;
pub(crate) mod run;
