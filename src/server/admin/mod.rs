//! The HTTP endpoints for operators, and the reload of clients and certificate.
//!
//! | module | holds |
//! | --- | --- |
//! | [`endpoints`] | `/health`, `/livez`, `/readyz`, `/metrics`, `/version` |
//! | [`health`] | the round trip to Chromium behind `/health` |
//! | [`reload`] | replaces clients and certificate of a running server |

pub mod endpoints;
pub mod health;
pub mod reload;
