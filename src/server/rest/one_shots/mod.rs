//! One-shots: a picture, the content or a PDF of a URL or of HTML, in one request and a session of its own that is gone afterwards.
//!
//! | module | holds |
//! | --- | --- |
//! | [`bodies`] | what a request may say, with the names that browserless has where they mean the same |
//! | [`plan`] | the requests of the protocol that carry it out. No I/O |
//! | [`run`] | carries a plan out, and cleans up whatever happens |
//! | [`routes`] | the operations |

pub(crate) mod bodies;
pub(crate) mod plan;
pub(crate) mod routes;
pub(crate) mod run;
