//! What clients prove themselves with: signed tokens of sessions, and API keys (pure).
//!
//! A token says who may do what for how long, in a text that needs no table to be checked. An API key is random, and found
//! in a table.
//!
//! A token is a JWT with HMAC-SHA256. Its header is one of two fixed texts, compared byte for byte, so that a token cannot
//! choose how it is checked; its MAC is checked before its claims are parsed. Whether what it names still exists is
//! checked afterwards, by the door that accepts it.
//!
//! | module | holds |
//! | --- | --- |
//! | [`claims`] | what a token says |
//! | [`keys`] | signs and verifies with the secrets in force |
//! | [`api_key`] | the text of an API key, and what is kept of one |
//! | [`key_ring`] | the API keys that are known |

pub mod api_key;
pub mod claims;
pub mod key_ring;
pub mod keys;

pub use api_key::{ApiKey, NewApiKey};
pub use claims::{Audience, Claims, TokenScope, TokenScopes};
pub use key_ring::{KeyError, KeyRing};
pub use keys::{TokenError, TokenKeys};
