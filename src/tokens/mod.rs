//! Signed tokens: who may do what for how long, in a text that needs no table to be checked (pure).
//!
//! A token is a JWT with HMAC-SHA256. Its header is one of two fixed texts, compared byte for byte, so that a token cannot
//! choose how it is checked; its MAC is checked before its claims are parsed. Whether what it names still exists is
//! checked afterwards, by the door that accepts it.
//!
//! | module | holds |
//! | --- | --- |
//! | [`claims`] | what a token says |
//! | [`keys`] | signs and verifies with the secrets in force |

pub mod claims;
pub mod keys;

pub use claims::{Audience, Claims, TokenScope, TokenScopes};
pub use keys::{TokenError, TokenKeys};
