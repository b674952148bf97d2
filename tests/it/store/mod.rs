//! The store: one list of what every database does, and what happens when one fails.
//!
//! | module | holds |
//! | --- | --- |
//! | `contract` | the list, run against each database |
//! | `databases` | a database of each kind |
//! | `rows` | rows for tests |

mod contract;
mod databases;
mod rows;
