//! Files of a session: those that a client hands over for pages, and those that pages have handed out.
//!
//! | module | holds |
//! | --- | --- |
//! | [`uploads`] | files by multipart, streamed into the staged files of the session |
//! | [`metered_body`] | bounds what such a body has beside its file |
//! | [`downloads`] | what pages have downloaded: the list, and the bytes |
//! | [`routes`] | the operations |

pub(crate) mod downloads;
mod metered_body;
pub(crate) mod routes;
pub(crate) mod uploads;
