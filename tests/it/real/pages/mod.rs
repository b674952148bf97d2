//! Faults that real pages showed.

mod captures;
mod choosers;
mod evaluate;
mod network_idle;
mod open_page;
mod slow_servers;
mod tab_updates;
