//! The store: one list of what every database does, and what happens when one fails.
//!
//! | module | holds |
//! | --- | --- |
//! | `contract` | the list, run against each database |
//! | `databases`, `rows` | a database of each kind; rows |
//! | `outages` | a database that is away, without one |
//! | `disasters` | databases that are locked, killed, frozen or refuse |
//! | `crashes` | a process that is killed while it writes |
//! | `upgrades` | databases of other releases |
//! | `load` | as many rows as a busy bridge writes |

mod contract;
mod crashes;
mod databases;
mod disasters;
mod load;
mod outages;
mod rows;
mod upgrades;
