//! Tests of the crate from outside: the contract, the layers, and the bridge at work.

mod contract;
