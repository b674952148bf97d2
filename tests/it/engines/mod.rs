//! Servers that tests start for themselves.
//!
//! | module | holds |
//! | --- | --- |
//! | `postgres` | a private Postgres on a unix socket |

pub(crate) mod postgres;
