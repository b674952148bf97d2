//! The browser: where it is found, how it is started, and how it is ended.

pub mod connect;
pub mod custodian;
pub mod custody;
pub mod endpoint;
pub mod find;
pub mod flags;
pub mod launch;
pub mod options;
pub mod prepare;
pub mod profile;
pub mod sandbox;
pub mod spawn;
pub mod stderr;
pub mod supervisor;
